"""Whatever the shape of a write, one tenant never changes another's rows."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, select, update

from dashboard.catalog.models import DeviceProposal
from dashboard.core.db import CommandSession, atomic, db, reads
from dashboard.core.tenancy import UnguardedStatement
from tests.core.tenancy.conftest import P, Proposed, id_of, proposal


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
