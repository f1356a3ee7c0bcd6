"""The three walls between tenants, taken away in every combination: while one stands, nobody gets across.

A wall is taken away here alone, never by a setting. Without the first a statement names no tenant; without the second
the guard's listeners are off the session; without the third, which only PostgreSQL has, the role may pass over
row-level security. An attempt that gets across where no wall is left shows that the others were stopped by one.
"""

import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, event, insert, inspect, select, true, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dashboard.core import tenancy
from dashboard.core.context import NOBODY, SYSTEM, Principal
from dashboard.core.db import CommandSession, atomic, db, reads
from dashboard.core.tenancy import EVERY_TENANT, OWN_TENANT, TenantMissing, UnguardedStatement
from tests.conftest import SERVER
from tests.core.tenancy.conftest import P, Proposed, proposal, proposals

LISTENERS = {
    "do_orm_execute": tenancy._confine,  # pyright: ignore[reportPrivateUsage]
    "before_attach": tenancy._refuse_strangers,  # pyright: ignore[reportPrivateUsage]
    "before_flush": tenancy._fill_in_tenant,  # pyright: ignore[reportPrivateUsage]
}
REFUSALS = (UnguardedStatement, TenantMissing, DBAPIError)


@dataclass(frozen=True)
class Walls:
    """Which of the walls stand: the tenant that statements name, the guard, row-level security."""

    named: bool
    guard: bool
    rows: bool

    @property
    def any(self) -> bool:
        return self.named or self.guard or self.rows

    def __str__(self) -> str:
        names = {"named": self.named, "guard": self.guard, "row-level security": self.rows}
        return " and ".join(name for name, stands in names.items() if stands) or "none"


# SQLite has no third wall: there it is never counted among those that stand.
COMBINATIONS = [
    Walls(*stands) for stands in product((True, False), (True, False), (True, False) if SERVER else (False,))
]


@contextmanager
def without_guard() -> Generator[None]:
    """Take the guard's listeners off the sessions of this process."""
    for name, listener in LISTENERS.items():
        event.remove(CommandSession, name, listener)
    try:
        yield
    finally:
        tenancy.install()


@pytest.fixture
def role(app: Flask) -> Iterator[str | None]:
    """A role without privileges in which every transaction works; None on SQLite, which has no roles."""
    if db.engine.dialect.name != "postgresql":
        yield None
        return
    name = f"tradecounter_walls_{uuid.uuid4().hex[:8]}"
    _on_server(
        f"CREATE ROLE {name} NOSUPERUSER NOBYPASSRLS",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}",
    )

    def become(_session: Session, _opened: object, connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL ROLE {name}")

    event.listen(CommandSession, "after_begin", become)
    yield name
    event.remove(CommandSession, "after_begin", become)
    db.session.remove()
    _on_server(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def _on_server(*statements: str) -> None:
    with db.engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def only(walls: Walls, role: str | None) -> Generator[None]:
    """Let `walls` stand and no other. The role bears row-level security, or may pass over it."""
    if role is not None:
        _on_server(f"ALTER ROLE {role} {'NOBYPASSRLS' if walls.rows else 'BYPASSRLS'}")
    db.session.remove()
    if walls.guard:
        yield
    else:
        with without_guard():
            yield
    db.session.remove()


@dataclass(frozen=True)
class Target:
    """A row of another tenant, and which tenant a statement names: its own, or none where that wall is away."""

    id: int
    device_id: int
    owner: int
    tenant: int
    named: bool

    @property
    def own(self) -> Any:
        return P.tenant_id == self.tenant if self.named else true()

    @property
    def own_in_table(self) -> Any:
        return proposals.c.tenant_id == self.tenant if self.named else true()

    def written_as(self) -> int:
        """The tenant that a careful function writes, or the one that somebody asked for."""
        return self.tenant if self.named else self.owner


def read(by: Principal, target: Target) -> bool:
    return reads(by).scalar(select(P.device_id).where(P.id == target.id, target.own)) is not None


def read_by_key(by: Principal, target: Target) -> bool:
    found = reads(by).get(P, target.id)
    return found is not None and (not target.named or found.tenant_id == target.tenant)


def read_the_table(by: Principal, target: Target) -> bool:
    statement = select(proposals.c.device_id).where(proposals.c.id == target.id, target.own_in_table)
    return reads(by).scalar(statement) is not None


def change(by: Principal, target: Target) -> None:
    with atomic(by) as session:
        session.execute(update(P).where(P.id == target.id, target.own).values(value="spoilt"))


def remove(by: Principal, target: Target) -> None:
    with atomic(by) as session:
        session.execute(delete(P).where(P.id == target.id, target.own))


def change_the_table(by: Principal, target: Target) -> None:
    with atomic(by) as session:
        session.execute(
            update(proposals).where(proposals.c.id == target.id, target.own_in_table).values(value="spoilt")
        )


def remove_from_the_table(by: Principal, target: Target) -> None:
    with atomic(by) as session:
        session.execute(delete(proposals).where(proposals.c.id == target.id, target.own_in_table))


def add(by: Principal, target: Target) -> None:
    with atomic(by) as session:
        session.add(proposal(target.device_id, tenant_id=target.written_as()))


def add_to_the_table(by: Principal, target: Target) -> None:
    row = proposal(target.device_id, tenant_id=target.written_as())
    values = {column.key: getattr(row, column.key) for column in inspect(P).columns if column.key != "id"}
    with atomic(by) as session:
        session.execute(insert(proposals).values(**values))


def change_the_object(by: Principal, target: Target) -> None:
    """A row is read by its key, changed and flushed: its UPDATE names the key alone."""
    with atomic(by) as session:
        row = session.get(P, target.id)
        if row is not None and (not target.named or row.tenant_id == target.tenant):
            row.value = "spoilt"


READS: dict[str, Callable[[Principal, Target], bool]] = {
    "a select": read,
    "a look-up by key": read_by_key,
    "a select from the table": read_the_table,
}
WRITES: dict[str, Callable[[Principal, Target], None]] = {
    "an update": change,
    "a deletion": remove,
    "a change of the object": change_the_object,
    "an update of the table": change_the_table,
    "a deletion from the table": remove_from_the_table,
    "a new row": add,
    "a new row in the table": add_to_the_table,
}


def rows_of(by: Principal) -> list[tuple[int, str]]:
    """All proposals of a tenant, asked past every wall."""
    statement = select(proposals.c.id, proposals.c.value).where(proposals.c.tenant_id == by.tenant_id)
    with db.engine.connect() as connection:
        return [(row.id, row.value) for row in connection.execute(statement.order_by(proposals.c.id))]


def target_of(proposed: Proposed, walls: Walls) -> Target:
    ((found, _),) = rows_of(proposed.charlie)
    assert proposed.charlie.tenant_id is not None
    assert proposed.alice.tenant_id is not None
    return Target(found, proposed.of_charlie, proposed.charlie.tenant_id, proposed.alice.tenant_id, walls.named)


@pytest.mark.parametrize("attempt", READS.values(), ids=READS.keys())
@pytest.mark.parametrize("walls", COMBINATIONS, ids=str)
def test_a_read_gets_across_only_where_no_wall_is_left(
    proposed: Proposed, role: str | None, walls: Walls, attempt: Callable[[Principal, Target], bool]
) -> None:
    target, crossed = target_of(proposed, walls), False
    with only(walls, role), suppress(*REFUSALS):
        crossed = attempt(proposed.alice, target)
    assert crossed is not walls.any


@pytest.mark.parametrize("attempt", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("walls", COMBINATIONS, ids=str)
def test_a_write_gets_across_only_where_no_wall_is_left(
    proposed: Proposed, role: str | None, walls: Walls, attempt: Callable[[Principal, Target], None]
) -> None:
    target, before = target_of(proposed, walls), rows_of(proposed.charlie)
    with only(walls, role), suppress(*REFUSALS):
        attempt(proposed.alice, target)
    assert (rows_of(proposed.charlie) != before) is not walls.any


@pytest.mark.parametrize("walls", [each for each in COMBINATIONS if not each.named], ids=str)
def test_where_nobody_is_named_nothing_is_seen_while_another_wall_stands(
    proposed: Proposed, role: str | None, walls: Walls
) -> None:
    found: list[int] = []
    with only(walls, role), suppress(*REFUSALS):
        found = list(reads(NOBODY).scalars(select(P.device_id)))
    assert bool(found) is not walls.any


@pytest.mark.parametrize("walls", [each for each in COMBINATIONS if each.named], ids=str)
def test_whoever_is_named_reaches_their_own_rows_behind_any_of_the_walls(
    proposed: Proposed, role: str | None, walls: Walls
) -> None:
    with only(walls, role):
        assert list(
            reads(proposed.alice).scalars(select(P.device_id).where(P.tenant_id == proposed.alice.tenant_id))
        ) == [proposed.of_alice]
        own = proposals.c.tenant_id == proposed.alice.tenant_id
        with atomic(proposed.alice) as session:
            session.execute(update(proposals).where(own).values(value="12 GB").execution_options(**OWN_TENANT))
    assert [value for _, value in rows_of(proposed.alice)] == ["12 GB"]


def test_the_guard_stands_again_afterwards(proposed: Proposed) -> None:
    with without_guard():
        assert len(reads(SYSTEM).scalars(select(P.device_id)).all()) == 2
    db.session.remove()
    with pytest.raises(TenantMissing):
        reads(SYSTEM).scalars(select(P.device_id))
    assert len(reads(SYSTEM).scalars(select(P.device_id), execution_options=EVERY_TENANT).all()) == 2
