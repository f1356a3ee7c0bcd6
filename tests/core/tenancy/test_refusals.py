"""What the guard cannot confine to one tenant is refused before the database sees it."""

import pytest
from sqlalchemy import Executable, delete, func, insert, select, text, update

from dashboard.catalog.models import Device
from dashboard.core.context import NOBODY, SYSTEM, Principal
from dashboard.core.db import atomic, reads, table_of
from dashboard.core.tenancy import EVERY_TENANT, TenantMissing, UnguardedStatement
from tests.conftest import Merchants
from tests.core.tenancy.conftest import A, P, Proposed, proposals

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
