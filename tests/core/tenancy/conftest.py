"""A device that only one tenant has a proposal for, and one that only another has."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from dashboard.catalog import service as catalog
from dashboard.catalog.models import Category, Device, DeviceProposal, Make
from dashboard.catalog.service import DeviceFacts
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads, table_of
from tests.conftest import Merchants

P = DeviceProposal
proposals = table_of(DeviceProposal)
A = aliased(P)


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


def id_of(by: Principal) -> int:
    found = reads(by).scalar(select(P.id))
    assert found is not None
    return found
