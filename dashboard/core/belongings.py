"""What belongs to a tenant, read off the tables themselves: a new domain is exported and erased without a word of its
own.

A table belongs to tenants when it names one (`tenant_id`), or when its rows die with rows that do (a foreign key that
cascades to such a table). Everything else is the installation's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    ForeignKeyConstraint,
    RowMapping,
    Select,
    Table,
    delete,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from dashboard.core.context import Principal
from dashboard.core.db import Base, reads
from dashboard.core.tenancy import OWN_TENANT

TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Belonging:
    """A table with rows of tenants; `by_way_of` is the cascading key to another such table where it names none itself.

    `module` is where its model is written, which says whose it is: a domain's, the accounts' or the core's.
    """

    table: Table
    module: str
    by_way_of: ForeignKeyConstraint | None = None

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.table.name)

    def of(self, tenant_id: int) -> ColumnElement[bool]:
        """The condition that a row belongs to this tenant."""
        if self.by_way_of is None:
            return self.table.c.tenant_id == tenant_id
        owner = _by_name()[self.by_way_of.referred_table.name]
        here = [element.parent for element in self.by_way_of.elements]
        there = [element.column for element in self.by_way_of.elements]
        return tuple_(*here).in_(select(*there).where(owner.of(tenant_id)))


def belongings() -> Sequence[Belonging]:
    """All tables with rows of tenants but `tenant` itself, each after those that it refers to."""
    return tuple(_by_name().values())


def _by_name() -> dict[str, Belonging]:
    return _found(len(Base.metadata.tables))


@lru_cache(maxsize=4)
def _found(_tables: int) -> dict[str, Belonging]:
    modules = {cast(Table, mapper.local_table).name: mapper.class_.__module__ for mapper in Base.registry.mappers}
    found: dict[str, Belonging] = {}
    for table in Base.metadata.sorted_tables:
        module = modules.get(table.name, "")
        if _names_its_tenant(table):
            found[table.name] = Belonging(table, module)
        elif (key := _dies_with(table, found)) is not None:
            found[table.name] = Belonging(table, module, key)
    return found


def _names_its_tenant(table: Table) -> bool:
    column = table.c.get("tenant_id")
    return column is not None and any(key.column.table.name == TENANT for key in column.foreign_keys)


def _dies_with(table: Table, found: dict[str, Belonging]) -> ForeignKeyConstraint | None:
    cascading = (
        key
        for key in table.foreign_key_constraints
        if (key.ondelete or "").upper() == "CASCADE"
        and key.referred_table.name in found
        and not any(element.parent.nullable for element in key.elements)
    )
    return next(cascading, None)


def rows_of(
    by: Principal, table: Table, which: ColumnElement[bool], *, size: int, but: Sequence[str] = ()
) -> Iterator[Sequence[RowMapping]]:
    """The rows of a table in batches of `size`, by their key, without the columns `but`.

    Each batch is a read of its own, so a writer is never kept waiting, and the rows are as they were when each was
    read. `which` names the tenant.
    """
    key = list(table.primary_key.columns)
    statement: Select[Any] = select(*(column for column in table.c if column.name not in but)).where(which)
    statement = statement.order_by(*key).limit(size)
    after: tuple[Any, ...] | None = None
    while True:
        asked = statement if after is None else statement.where(tuple_(*key) > after)
        rows = reads(by).execute(asked, execution_options=OWN_TENANT).mappings().all()
        if rows:
            after = tuple(rows[-1][column] for column in key)
            yield rows
        if len(rows) < size:
            return


def erase_some(session: Session, table: Table, which: ColumnElement[bool], limit: int) -> int:
    """Delete at most `limit` rows of a table, the newest first; how many. `which` names the tenant.

    The newest first, because a row that refers to one of its own table refers to an older one.
    """
    key = list(table.primary_key.columns)
    some = select(*key).where(which).order_by(*(column.desc() for column in key)).limit(limit)
    statement = delete(table).where(tuple_(*key).in_(some))
    return cast("CursorResult[Any]", session.execute(statement, execution_options=OWN_TENANT)).rowcount


def tenant_folder(instance_path: Path, tenant_id: int) -> Path:
    """Where files of a tenant are kept: exported with its rows and removed with them. It need not exist."""
    return instance_path / "tenants" / str(tenant_id)
