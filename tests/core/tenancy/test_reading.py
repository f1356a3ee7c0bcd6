"""Whatever the shape of a read, one tenant never reaches another's rows."""

from collections.abc import Callable

import pytest
from sqlalchemy import CTE, Select, exists, func, literal, or_, select, union, union_all
from sqlalchemy.orm import aliased, load_only

from dashboard.catalog.models import Device, DeviceProposal
from dashboard.core.db import reads
from dashboard.core.tenancy import UnguardedStatement
from tests.core.tenancy.conftest import A, P, Proposed, id_of

B = aliased(P, name="b")
FROM_SUB = aliased(P, select(P).subquery())


def cte() -> CTE:
    return select(P.device_id).cte("known")


def recursive() -> Select[int]:
    steps = select(P.device_id.label("device_id")).cte("steps", recursive=True)
    return select(steps.union(select(P.device_id).join(steps, steps.c.device_id == P.device_id)).c.device_id)


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
