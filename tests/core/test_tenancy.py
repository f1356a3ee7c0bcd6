"""The walls between tenants: whatever a statement's shape, one tenant never reaches another's rows."""

import ast
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import (
    CTE,
    Executable,
    ForeignKey,
    ForeignKeyConstraint,
    Select,
    UniqueConstraint,
    delete,
    exists,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    text,
    union,
    union_all,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    contains_eager,
    joinedload,
    load_only,
    mapped_column,
    relationship,
    selectinload,
    subqueryload,
)

from dashboard.catalog import service as catalog
from dashboard.catalog.models import Category, Device, DeviceProposal, Make
from dashboard.catalog.service import DeviceFacts
from dashboard.core import clock
from dashboard.core.context import NOBODY, SYSTEM, Principal
from dashboard.core.db import CommandSession, TenantOwned, atomic, db, reads, table_of
from dashboard.core.tenancy import EVERY_TENANT, OWN_TENANT, TenantMissing, UnguardedStatement, tenant_tables
from tests.conftest import Merchants

ROOT = Path(__file__).parents[2]
P = DeviceProposal
proposals = table_of(DeviceProposal)


@dataclass(frozen=True)
class Proposed:
    """A device that only alice's tenant has a proposal for, and one that only charlie's has."""

    alice: Principal
    charlie: Principal
    operator: Principal
    of_alice: int
    of_charlie: int

    def turns(self) -> list[tuple[Principal, int]]:
        """Both tenants by turns, twice: what was cached for the first must not serve the second."""
        return [(self.alice, self.of_alice), (self.charlie, self.of_charlie)] * 2


def add_devices(*names: str) -> list[int]:
    """Ids of new phones of these names."""
    with atomic(SYSTEM) as session:
        session.add(Make(name="Apple", slug="apple", search_name="apple"))
        session.add(Category(name="Smartphones", slug="smartphones", search_name="smartphones"))
    source = catalog.add_source(SYSTEM, "test", kind="shipped")
    facts = [DeviceFacts(make="Apple", name=name, category="Smartphones") for name in names]
    catalog.save_batch(SYSTEM, facts, source_id=source.id)
    return list(reads(SYSTEM).scalars(select(Device.id).order_by(Device.id)))


def proposal(device_id: int, **columns: object) -> DeviceProposal:
    return DeviceProposal(
        device_id=device_id,
        field="ram_gb",
        value="8 GB",
        reason="",
        proposed_by="user:1",
        proposer="Somebody",
        created_at=clock.now(),
        **columns,
    )


@pytest.fixture
def proposed(merchants: Merchants) -> Proposed:
    first, second = add_devices("iPhone 1", "iPhone 2")
    for by, device_id in ((merchants.alice, first), (merchants.charlie, second)):
        with atomic(by) as session:
            session.add(proposal(device_id))
    return Proposed(merchants.alice, merchants.charlie, merchants.operator, first, second)


def cte() -> CTE:
    return select(P.device_id).cte("known")


def recursive() -> Select[int]:
    steps = select(P.device_id.label("device_id")).cte("steps", recursive=True)
    return select(steps.union(select(P.device_id).join(steps, steps.c.device_id == P.device_id)).c.device_id)


A = aliased(P)
B = aliased(P, name="b")
SUB = select(P).subquery()
FROM_SUB = aliased(P, SUB)

# Each answers the ids of the devices whose proposals it reached.
SELECTS: dict[str, Callable[[], Select[int]]] = {
    "a column": lambda: select(P.device_id),
    "a column by another order": lambda: select(P.device_id).order_by(P.id.desc()).limit(10),
    "distinct": lambda: select(P.device_id).distinct(),
    "a condition that is always true": lambda: select(P.device_id).where(or_(literal(1) == 1, P.id == 1)),
    "an or over all ids": lambda: select(P.device_id).where(or_(P.id > 0, P.id <= 0)),
    "an alias": lambda: select(A.device_id),
    "two aliases of one table": lambda: select(A.device_id).join(B, literal(1) == 1).where(B.id > 0).distinct(),
    "a cross join": lambda: select(B.device_id).select_from(A).join(B, literal(1) == 1).distinct(),
    "a join from a global table": lambda: select(Device.id).join(P, P.device_id == Device.id),
    "a join to a global table": lambda: select(P.device_id).join(Device, Device.id == P.device_id),
    "an outer join": lambda: select(P.device_id).select_from(Device).outerjoin(P).where(P.id.is_not(None)),
    "a subquery in from": lambda: select(select(P.device_id).subquery().c.device_id),
    "a subquery of a subquery": lambda: select(select(select(P.device_id).subquery()).subquery().c.device_id),
    "an alias of a subquery": lambda: select(FROM_SUB.device_id),
    "in a subquery": lambda: select(Device.id).where(Device.id.in_(select(P.device_id))),
    "in an aliased subquery": lambda: select(Device.id).where(Device.id.in_(select(A.device_id))),
    "exists": lambda: select(Device.id).where(exists().where(P.device_id == Device.id)),
    "exists of a select": lambda: select(Device.id).where(select(P.id).where(P.device_id == Device.id).exists()),
    "exists of an alias": lambda: select(Device.id).where(select(A.id).where(A.device_id == Device.id).exists()),
    "a scalar subquery": lambda: select(Device.id).where(
        Device.id == select(func.max(P.device_id)).scalar_subquery(),
    ),
    "a lateral subquery's column": lambda: select(
        select(P.device_id).where(P.device_id == Device.id).correlate(Device).scalar_subquery()
    ).where(Device.id.in_(select(P.device_id))),
    "a common table": lambda: select(cte().c.device_id),
    "a common table, joined": lambda: select(Device.id).join(known := cte(), known.c.device_id == Device.id),
    "a recursive common table": recursive,
    "a union": lambda: select(union(select(P.device_id), select(A.device_id)).subquery().c.device_id),
    "a union of all": lambda: select(
        union_all(select(P.device_id), select(A.device_id)).subquery().c.device_id
    ).distinct(),
    "a window": lambda: select(
        select(P.device_id, func.row_number().over(order_by=P.id).label("n")).subquery().c.device_id
    ),
    "grouped": lambda: select(P.device_id).group_by(P.device_id).having(func.count() > 0),
    "the greatest": lambda: select(func.max(P.device_id)),
    "the least": lambda: select(func.min(P.device_id)),
}  # fmt: skip


@pytest.mark.parametrize("make", SELECTS.values(), ids=SELECTS.keys())
def test_a_select_of_any_shape_reaches_the_rows_of_its_own_tenant_only(
    proposed: Proposed, make: Callable[[], Select[int]]
) -> None:
    for by, own in proposed.turns():
        assert list(reads(by).scalars(make())) == [own]


def test_a_statement_built_once_and_used_by_several_tenants_does_not_keep_the_first(proposed: Proposed) -> None:
    statement = select(P.device_id)
    for by, own in proposed.turns():
        assert list(reads(by).scalars(statement)) == [own]


def test_a_union_at_the_top_reaches_the_rows_of_its_own_tenant_only(proposed: Proposed) -> None:
    for by, own in proposed.turns():
        found = reads(by).execute(union(select(P.device_id), select(A.device_id)))
        assert [row[0] for row in found] == [own]


COUNTS: dict[str, Callable[[], Select[int]]] = {
    "of a model": lambda: select(func.count()).select_from(P),
    "of a column": lambda: select(func.count(P.id)),
    "of an alias": lambda: select(func.count()).select_from(A),
    "of a subquery": lambda: select(func.count()).select_from(select(P.id).subquery()),
    "of distinct values": lambda: select(func.count(P.device_id.distinct())),
}


@pytest.mark.parametrize("make", COUNTS.values(), ids=COUNTS.keys())
def test_a_count_counts_the_rows_of_its_own_tenant_only(proposed: Proposed, make: Callable[[], Select[int]]) -> None:
    for by, _ in proposed.turns():
        assert reads(by).scalar(make()) == 1


OBJECTS: dict[str, Callable[[], Select[DeviceProposal]]] = {
    "whole rows": lambda: select(P),
    "some columns of rows": lambda: select(P).options(load_only(P.device_id)),
    "rows of an alias": lambda: select(A),
    "rows of a subquery": lambda: select(FROM_SUB),
    "rows by a list of all ids": lambda: select(P).where(P.id.in_(range(100))),
    "rows read anew": lambda: select(P).execution_options(populate_existing=True),
}


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS.keys())
def test_objects_are_those_of_their_own_tenant_only(
    proposed: Proposed, make: Callable[[], Select[DeviceProposal]]
) -> None:
    for by, own in proposed.turns():
        assert [row.device_id for row in reads(by).scalars(make())] == [own]


def id_of(by: Principal) -> int:
    found = reads(by).scalar(select(P.id))
    assert found is not None
    return found


def test_a_row_got_by_its_key_is_of_its_own_tenant(proposed: Proposed) -> None:
    of_charlie = id_of(proposed.charlie)
    assert reads(proposed.charlie).get(P, of_charlie) is not None
    assert reads(proposed.alice).get(P, of_charlie) is None
    assert reads(proposed.charlie).get(P, of_charlie) is not None


def test_a_row_of_another_tenant_is_not_taken_into_a_session_to_be_refreshed(proposed: Proposed) -> None:
    row = reads(proposed.charlie).scalars(select(P)).one()
    session = reads(proposed.alice)
    with pytest.raises(UnguardedStatement):
        session.add(row)
    assert row not in session


def test_an_update_changes_the_rows_of_its_own_tenant_only(proposed: Proposed) -> None:
    for by, _ in proposed.turns():
        with atomic(by) as session:
            session.execute(update(P).values(value=f"of {by.name}"))
    for by, _ in proposed.turns():
        assert reads(by).scalars(select(P.value)).all() == [f"of {by.name}"]


def test_an_update_by_the_key_of_another_tenants_row_changes_nothing(proposed: Proposed) -> None:
    of_charlie = id_of(proposed.charlie)
    with atomic(proposed.alice) as session:
        session.execute(update(P).where(P.id == of_charlie).values(value="taken"))
    assert reads(proposed.charlie).scalar(select(P.value)) == "8 GB"


def test_a_deletion_takes_the_rows_of_its_own_tenant_only(proposed: Proposed) -> None:
    with atomic(proposed.alice) as session:
        session.execute(delete(P))
    assert reads(proposed.alice).scalar(select(func.count()).select_from(P)) == 0
    assert reads(proposed.charlie).scalar(select(func.count()).select_from(P)) == 1


def test_a_new_row_gets_the_tenant_of_its_session(proposed: Proposed) -> None:
    with atomic(proposed.alice) as session:
        row = proposal(proposed.of_alice)
        session.add(row)
        session.flush()
        assert row.tenant_id == proposed.alice.tenant_id


SMUGGLES: dict[str, Callable[[CommandSession, DeviceProposal, int], object]] = {
    "a new row of another tenant": lambda session, row, _: session.add(
        proposal(row.device_id, tenant_id=row.tenant_id)
    ),
    "a changed row of another tenant": lambda session, row, _: (session.add(row), setattr(row, "value", "taken")),
    "a deleted row of another tenant": lambda session, row, _: (session.add(row), session.delete(row)),
    "a copy of another tenant's row": lambda session, row, _: session.merge(row),
    "a row of another tenant, claimed": lambda session, row, own: (session.add(row), setattr(row, "tenant_id", own)),
}


@pytest.mark.parametrize("smuggle", SMUGGLES.values(), ids=SMUGGLES.keys())
def test_a_row_of_another_tenant_is_not_written_through_an_object(
    proposed: Proposed, smuggle: Callable[[CommandSession, DeviceProposal, int], object]
) -> None:
    row = reads(proposed.charlie).scalars(select(P)).one()
    db.session.expunge(row)
    own = proposed.alice.tenant_id
    assert own is not None
    with pytest.raises(UnguardedStatement), atomic(proposed.alice) as session:
        smuggle(session, row, own)
    left = reads(proposed.charlie).scalars(select(P)).all()
    assert [(each.value, each.tenant_id) for each in left] == [("8 GB", proposed.charlie.tenant_id)]


def test_a_row_is_not_given_to_another_tenant(proposed: Proposed) -> None:
    with pytest.raises(UnguardedStatement), atomic(proposed.alice) as session:
        session.scalars(select(P)).one().tenant_id = proposed.charlie.tenant_id or 0
    assert reads(proposed.charlie).scalar(select(func.count()).select_from(P)) == 1


# Statements that the guard cannot confine are refused before the database sees them.
UNCONFINED: dict[str, Executable] = {
    "text": text("SELECT id FROM device_proposal"),
    "text on no table": text("SELECT 1"),
    "the table": select(proposals),
    "a column of the table": select(proposals.c.id),
    "a count of the table": select(func.count()).select_from(proposals),
    "a subquery on the table": select(select(proposals.c.id).subquery().c.id),
    "a global table beside the table": select(table_of(Device).c.id).where(
        table_of(Device).c.id.in_(select(proposals.c.device_id))
    ),
    "a common table of the table": select(select(proposals.c.id).cte().c.id),
    "exists on the table": select(select(proposals.c.id).exists()),
    "rows from a statement of tables": select(P).from_statement(select(proposals)),
    "rows from text": select(P).from_statement(text("SELECT * FROM device_proposal")),
}  # fmt: skip


@pytest.mark.parametrize("statement", UNCONFINED.values(), ids=UNCONFINED.keys())
def test_a_read_that_the_guard_cannot_confine_is_refused(proposed: Proposed, statement: Executable) -> None:
    with pytest.raises(UnguardedStatement):
        reads(proposed.alice).execute(statement)


UNCONFINED_WRITES: dict[str, tuple[Executable, list[dict[str, object]] | None]] = {
    "an update of the table": (update(proposals).values(value="x"), None),
    "a deletion from the table": (delete(proposals), None),
    "rows into the table": (insert(proposals), [{"value": "x"}]),
    "rows into the table from a select": (insert(proposals).from_select(["id"], select(proposals.c.id)), None),
    "values into the model": (insert(P).values(value="x"), None),
    "many rows into the model": (insert(P), [{"value": "x"}, {"value": "y"}]),
    "many rows by their keys": (update(P), [{"id": 1, "value": "x"}]),
}


@pytest.mark.parametrize(("statement", "rows"), UNCONFINED_WRITES.values(), ids=UNCONFINED_WRITES.keys())
def test_a_write_that_the_guard_cannot_confine_is_refused(
    proposed: Proposed, statement: Executable, rows: list[dict[str, object]] | None
) -> None:
    with pytest.raises(UnguardedStatement), atomic(proposed.alice) as session:
        session.execute(statement, rows)


def test_a_refused_statement_is_refused_again_the_second_time(proposed: Proposed) -> None:
    statement = select(proposals.c.id)
    for _ in range(2):
        with pytest.raises(UnguardedStatement):
            reads(proposed.alice).execute(statement)


@pytest.mark.parametrize("by", [NOBODY, SYSTEM], ids=["nobody", "the system"])
def test_without_a_tenant_a_statement_on_a_tenants_table_is_refused(proposed: Proposed, by: Principal) -> None:
    for statement in (select(P), select(A.id), select(Device.id).where(Device.id.in_(select(P.device_id)))):
        with pytest.raises(TenantMissing):
            reads(by).execute(statement)


def test_global_tables_are_read_without_a_tenant(proposed: Proposed) -> None:
    assert reads(NOBODY).scalar(select(func.count()).select_from(Device)) == 2


def test_the_operator_may_work_over_all_tenants_by_saying_so(proposed: Proposed) -> None:
    statement = select(P.device_id).order_by(P.id).execution_options(**EVERY_TENANT)
    for by in (proposed.operator, SYSTEM):
        assert list(reads(by).scalars(statement)) == [proposed.of_alice, proposed.of_charlie]


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_nobody_else_may_work_over_all_tenants(merchants: Merchants, proposed: Proposed, who: str) -> None:
    with pytest.raises(UnguardedStatement):
        reads(getattr(merchants, who)).execute(select(P), execution_options=EVERY_TENANT)


# Loading along relationships, proven on two tables of this file. They stand in a registry of their own, so that no
# migration and no other test knows of them.
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


@pytest.fixture
def plain_role(app: Flask) -> Iterator[str]:
    """A role of PostgreSQL that row-level security binds, as an installation's should be."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security: composite keys and the guard stand alone there")
    name = f"tradecounter_plain_{uuid.uuid4().hex[:8]}"
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} NOSUPERUSER NOBYPASSRLS")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
    yield name
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


def as_role(session: Session, role: str) -> None:
    session.connection().exec_driver_sql(f"SET LOCAL ROLE {role}")


def all_without_guard(by: Principal, role: str) -> list[int]:
    session = reads(by)
    session.rollback()
    as_role(session, role)
    found = session.scalars(select(proposals.c.device_id).order_by(proposals.c.id), execution_options=OWN_TENANT)
    return list(found)


@pytest.mark.postgres
def test_row_level_security_alone_keeps_tenants_apart(proposed: Proposed, plain_role: str) -> None:
    for by, own in proposed.turns():
        assert all_without_guard(by, plain_role) == [own]
    assert all_without_guard(NOBODY, plain_role) == []
    assert all_without_guard(SYSTEM, plain_role) == [proposed.of_alice, proposed.of_charlie]


@pytest.mark.postgres
def test_row_level_security_alone_refuses_writes_for_another_tenant(proposed: Proposed, plain_role: str) -> None:
    other = proposed.charlie.tenant_id
    row = proposal(proposed.of_alice)
    values = {column.key: getattr(row, column.key) for column in inspect(P).columns if column.key != "id"}
    statement = insert(proposals).values(**{**values, "tenant_id": other}).execution_options(**OWN_TENANT)

    def smuggle() -> None:
        with atomic(proposed.alice) as session:
            as_role(session, plain_role)
            session.execute(statement)

    with pytest.raises(DBAPIError, match="row-level security"):
        smuggle()
    with atomic(proposed.alice) as session:
        as_role(session, plain_role)
        session.execute(update(proposals).values(value="changed").execution_options(**OWN_TENANT))
        session.execute(delete(proposals).where(proposals.c.tenant_id == other).execution_options(**OWN_TENANT))
    assert reads(proposed.charlie).scalars(select(P.value)).all() == ["8 GB"]


@pytest.mark.postgres
def test_every_table_of_tenants_is_under_row_level_security(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security")
    with db.engine.connect() as connection:
        forced = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relkind = 'r'"
        )
        assert tenant_tables() <= {name for (name,) in forced}


# What the guard is known not to catch (a session's bare connection, bulk methods, moving rows by UPDATE) is not
# written at all. `core/engines.py` and `core/db.py` are below the guard.
FORBIDDEN_CALLS = {
    "bulk_insert_mappings",
    "bulk_update_mappings",
    "bulk_save_objects",
    "connection",
    "exec_driver_sql",
    "from_statement",
    "text",
}
BELOW = {"core/engines.py", "core/db.py", "catalog/models.py", "accounts/models.py", "core/jobs/models.py"}


def violations(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name in FORBIDDEN_CALLS:
            found.append(f"line {node.lineno}: {name}()")
        if name == "values" and any(keyword.arg == "tenant_id" for keyword in node.keywords):
            found.append(f"line {node.lineno}: values(tenant_id=…)")
    return found


def test_nothing_is_written_that_the_guard_does_not_see() -> None:
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        if path.relative_to(ROOT / "dashboard").as_posix() not in BELOW:
            assert violations(path.read_text()) == [], path


@pytest.mark.parametrize(
    "source",
    [
        "session.connection().execute(x)",
        "session.execute(text('SELECT 1'))",
        "session.bulk_update_mappings(M, rows)",
        "session.scalars(select(M).from_statement(s))",
        "session.execute(update(M).values(tenant_id=2))",
    ],
)
def test_such_a_line_would_be_found(source: str) -> None:
    assert len(violations(source)) == 1
