"""The second wall between tenants: every ORM statement on a tenant's table is confined to the session's tenant.

Known gaps of the mechanism (`Model.__table__` in an ORM select, `connection()`, bulk updates) are refused here or by
the contract tests; composite foreign keys and, on PostgreSQL, row-level security stand behind it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from sqlalchemy import Executable, Row, Table, event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement, TextClause

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, Base, CommandSession, TenantOwned, WriteOutsideCommand, db, reads

EVERY_TENANT = {"every_tenant": True}
"""Execution options of a statement that the operator or the system runs over all tenants, on purpose."""

OWN_TENANT = {"own_tenant": True}
"""Execution options of a Core statement that names the tenant itself: prebuilt statements on hot paths."""


class TenantMissing(RuntimeError):
    """A statement on a tenant's table without a tenant: a mistake in the program."""


class UnguardedStatement(RuntimeError):
    """A statement that the guard cannot confine to one tenant."""


_harmless: WeakSet[ClauseElement] = WeakSet()
"""Statements that were found to touch no tenant's table, as objects: those that are built once."""

_harmless_shapes: set[object] = set()
"""And as SQLAlchemy's cache keys, which tell tables apart but not values: those that are built for each call."""

_MAX_SHAPES = 4096


@lru_cache(maxsize=4096)
def _only(tenant_id: int) -> LoaderCriteriaOption:
    # The lambda closes over a plain int and is tracked: an untracked bind value froze the first tenant for all.
    return with_loader_criteria(
        TenantOwned,
        lambda cls: cls.tenant_id == tenant_id,
        include_aliases=True,
        propagate_to_loaders=True,  # joined eager loading is confined only so
    )


def install() -> None:
    """Put the guard on every session of this process. Installing twice is once."""
    for name, listener in (
        ("do_orm_execute", _confine),
        ("before_attach", _refuse_strangers),
        ("before_flush", _fill_in_tenant),
    ):
        if not event.contains(CommandSession, name, listener):
            event.listen(CommandSession, name, listener)
    tenant_tables.cache_clear()


def _confine(execution: ORMExecuteState) -> None:
    session = execution.session
    assert isinstance(session, CommandSession)
    state = session.transaction()
    if (execution.is_insert or execution.is_update or execution.is_delete) and state.depth == 0:
        raise WriteOutsideCommand("Rows are written inside atomic() only.")
    options = execution.execution_options
    if options.get("every_tenant"):
        if state.by is None or not state.by.operator:
            raise UnguardedStatement("Only the operator and the system work over all tenants.")
        return
    if options.get("own_tenant"):
        return
    _guard(execution, None if state.by is None else state.by.tenant_id)


def _guard(execution: ORMExecuteState, tenant_id: int | None) -> None:
    statement = execution.statement
    if not execution.is_orm_statement:
        if statement not in _harmless:
            _refuse_if_tenant_owned(statement)
        return
    by_rows = execution.is_insert or (execution.is_update and isinstance(execution.parameters, Sequence))
    if by_rows or execution.is_from_statement:
        _refuse_if_tenant_owned(statement)
        return
    if tenant_id is not None:
        execution.statement = statement.options(_only(tenant_id))
    else:
        _refuse_if_tenant_owned(statement, TenantMissing)


def read_shared(
    by: Principal, statement: AnySelect, values: Mapping[str, Any] | None = None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Rows of a Core SELECT on tables that all tenants share, for hot paths: one statement, one round trip.

    A single statement sees a single state of the database, so it needs no session and no BEGIN round it. Where the
    session is in a transaction already it is asked, and sees what its command has written so far. Raises
    UnguardedStatement for a tenant's table.
    """
    if db.session.registry.has() and db.session.registry().in_transaction():
        return reads(by).execute(statement, values).all()
    if statement not in _harmless:
        _refuse_if_tenant_owned(statement)
    with db.engine.connect() as connection:
        return connection.execute(statement, values).all()


def _refuse_if_tenant_owned(statement: Executable, error: type[RuntimeError] = UnguardedStatement) -> None:
    if isinstance(statement, TextClause):
        raise UnguardedStatement("Text cannot be confined to a tenant: use a Core or ORM statement.")
    assert isinstance(statement, ClauseElement)
    # SQLAlchemy keeps this key and needs it next, to find the compiled statement: it costs nothing to ask here.
    cache_key = statement._generate_cache_key()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    if cache_key is not None and cache_key.key in _harmless_shapes:
        return
    owned = tenant_tables()
    for element in visitors.iterate(statement):
        if isinstance(element, Table) and element.name in owned:
            raise error(f"A statement on {element.name!r} needs a tenant that the guard can see.")
    _harmless.add(statement)
    if cache_key is not None and len(_harmless_shapes) < _MAX_SHAPES:
        _harmless_shapes.add(cache_key.key)


@lru_cache(maxsize=1)
def tenant_tables() -> frozenset[str]:
    """Names of all tables whose rows belong to a tenant."""
    return frozenset(
        str(mapper.local_table.description)
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    )


def _refuse_strangers(session: Session, row: object) -> None:
    # A row that is in the session is refreshed and deleted by its key alone.
    if isinstance(row, TenantOwned) and row.__dict__.get("tenant_id") is not None:
        _refuse_if_of_another(session, row)


def _fill_in_tenant(session: Session, *_: object) -> None:
    for row in session.new:
        if isinstance(row, TenantOwned) and row.tenant_id is None:  # pyright: ignore[reportUnnecessaryComparison]
            assert isinstance(session, CommandSession)
            by = session.transaction().by
            row.tenant_id = None if by is None else by.tenant_id  # pyright: ignore[reportAttributeAccessIssue]
    for row in (*session.new, *session.dirty):
        if isinstance(row, TenantOwned):
            _refuse_if_of_another(session, row)


def _refuse_if_of_another(session: Session, row: TenantOwned) -> None:
    assert isinstance(session, CommandSession)
    by = session.transaction().by
    if by is not None and by.operator and by.tenant_id is None:
        return
    if by is None or row.tenant_id != by.tenant_id:
        raise UnguardedStatement("A row of another tenant cannot be written from here.")
