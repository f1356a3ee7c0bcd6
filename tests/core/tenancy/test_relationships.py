"""Loading along relationships never leaves the tenant, proven on tables of this file.

They stand in a registry of their own, so that no migration and no other test knows of them.
"""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Select, UniqueConstraint, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    contains_eager,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    subqueryload,
)

from dashboard.core.context import SYSTEM
from dashboard.core.db import TenantOwned, atomic, db, reads
from tests.conftest import Merchants


class Shelves(DeclarativeBase):
    """Root of this file's own tables."""


class Shelf(TenantOwned, Shelves):
    __tablename__ = "test_shelf"
    __table_args__ = (UniqueConstraint("tenant_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column()
    books: Mapped[list["Book"]] = relationship(
        primaryjoin="foreign(Book.shelf_id) == Shelf.id", back_populates="shelf", order_by="Book.id"
    )


class Book(TenantOwned, Shelves):
    __tablename__ = "test_book"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column()
    shelf_id: Mapped[int] = mapped_column(ForeignKey("test_shelf.id"))
    shelf: Mapped[Shelf] = relationship(primaryjoin="foreign(Book.shelf_id) == Shelf.id", back_populates="books")


class Label(TenantOwned, Shelves):
    """Linked as tables of the house are: by a composite key, so that the database refuses another tenant's shelf."""

    __tablename__ = "test_label"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "shelf_id"], ["test_shelf.tenant_id", "test_shelf.id"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column()
    shelf_id: Mapped[int]


@pytest.fixture
def shelves(merchants: Merchants) -> Iterator[Merchants]:
    """One shelf a tenant; on alice's stands, by mistake, a book of charlie's beside her own."""
    with atomic(SYSTEM) as session:
        Shelves.metadata.create_all(session.connection())
    with atomic(merchants.alice) as session:
        session.add_all([Shelf(id=1), Book(id=11, shelf_id=1)])
    with atomic(merchants.charlie) as session:
        session.add_all([Shelf(id=2), Book(id=21, shelf_id=2), Book(id=22, shelf_id=1)])
    yield merchants
    with atomic(SYSTEM) as session:
        Shelves.metadata.drop_all(session.connection())


LOADERS: dict[str, Callable[[], Select[Shelf]]] = {
    "lazily": lambda: select(Shelf),
    "in a second select": lambda: select(Shelf).options(selectinload(Shelf.books)),
    "by a join": lambda: select(Shelf).options(joinedload(Shelf.books)),
    "by a subquery": lambda: select(Shelf).options(subqueryload(Shelf.books)),
    "by the statement's own join": lambda: (
        select(Shelf).join(Shelf.books).options(contains_eager(Shelf.books)).order_by(Book.id)
    ),
}


@pytest.mark.parametrize("make", LOADERS.values(), ids=LOADERS.keys())
def test_related_rows_are_those_of_their_own_tenant_only(shelves: Merchants, make: Callable[[], Select[Shelf]]) -> None:
    for by, expected in ((shelves.alice, [11]), (shelves.charlie, [21])) * 2:
        found = reads(by).scalars(make()).unique().one()
        assert [book.id for book in found.books] == expected
        db.session.expunge_all()


def test_an_expired_row_is_read_again_within_its_own_tenant(shelves: Merchants) -> None:
    session = reads(shelves.charlie)
    book = session.scalars(select(Book).where(Book.id == 22)).one()
    assert book.shelf is None  # it is another tenant's
    session.expire(book)
    assert book.shelf_id == 1


def test_a_composite_key_refuses_a_link_to_another_tenants_row(shelves: Merchants) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), atomic(shelves.alice) as session:
        session.add(Label(id=1, shelf_id=2))
