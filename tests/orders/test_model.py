"""Anything, in any order: a small shop against a model of it, its equations checked after every step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.models import Unit
from dashboard.inventory.service import set_quantity, transfers
from dashboard.inventory.service.claims import lock_levels
from dashboard.inventory.service.departures import take_back
from dashboard.inventory.service.transfers import Sent
from dashboard.orders import service
from dashboard.orders.service import Shortage, Wanted
from dashboard.orders.service.sweeping import sweep_holds
from tests.conftest import FULL, PASSWORD
from tests.inventory.shop import Shop, open_shop

pytestmark = pytest.mark.prove

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
UNITS = 3
CABLES = 6
HOLD = timedelta(minutes=15)


class ShopModel(RuleBasedStateMachine):
    """What should be true of units and cables, kept beside what the database says."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        self.frozen = clock.frozen(NOON)
        self.move = self.frozen.__enter__()
        self.on_hand = CABLES
        self.units = {f"inv_{n}": "" for n in range(1, UNITS + 1)}  # "sold", or nothing
        self.orders: dict[int, dict[str, Any]] = {}
        self.transfers: dict[int, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.frozen.__exit__(None, None, None)
        db.session.remove()

    def _lapse(self) -> None:
        for each in self.orders.values():
            if each["status"] == "pending" and each["until"] <= clock.now():
                each["status"] = "cancelled"

    def _free_cables(self) -> int:
        return self.on_hand - sum(each["cables"] for each in self._holders())

    def _free(self, unit: str) -> bool:
        return self.units[unit] != "sold" and not any(unit in each["units"] for each in self._holders())

    def _holders(self) -> list[dict[str, Any]]:
        """Orders and transfers that hold what they took."""
        live = ("pending", "confirmed", "on the way")
        return [each for each in (*self.orders.values(), *self.transfers.values()) if each["status"] in live]

    @rule(units=st.sets(st.sampled_from(sorted(f"inv_{n}" for n in range(1, UNITS + 1)))), cables=st.integers(0, 4))
    def place(self, units: set[str], cables: int) -> None:
        self._lapse()
        lines = [Wanted(unit=unit) for unit in sorted(units)]
        if cables:
            lines.append(Wanted(product="PROD-CAB-1", quantity=cables))
        possible = all(self._free(unit) for unit in units) and cables <= self._free_cables()
        try:
            made = service.place(self.shop.by, customer=self.shop.buyer.code, lines=lines, door="device_api")
        except Invalid:
            assert not lines
        except Shortage:
            assert not possible
        else:
            assert possible
            told = {"units": units, "cables": cables, "status": "pending", "until": made.reserved_until}
            self.orders[made.id] = told

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 50), act=st.sampled_from(["confirm", "cancel", "ship", "extend"]))
    def act(self, pick: int, act: str) -> None:
        self._lapse()
        number = sorted(self.orders)[pick % len(self.orders)]
        order = self.orders[number]
        by, before = self.shop.by, order["status"]
        try:
            if act == "confirm":
                service.confirm(by, number)
                assert before in ("pending", "confirmed", "shipped")
                order["status"] = "confirmed" if before == "pending" else before
            elif act == "cancel":
                service.cancel(by, number)
                order["status"] = "cancelled"
            elif act == "extend":
                service.extend(by, number, minutes=5, reason="asked")
                order["until"] += timedelta(minutes=5)
            else:
                service.ship(by, number)
                assert before == "confirmed"
                order["status"] = "shipped"
                self.on_hand -= order["cables"]
                self.units |= dict.fromkeys(order["units"], "sold")
        except Conflict:
            assert before == "cancelled" or (act, before) in {
                ("ship", "pending"), ("ship", "shipped"), ("extend", "pending"), ("extend", "confirmed"),
                ("extend", "shipped"),
            }  # fmt: skip

    @rule(units=st.sets(st.integers(1, UNITS)), cables=st.integers(0, 3), back=st.booleans())
    def send(self, units: set[int], cables: int, *, back: bool) -> None:
        """To the van, or back from there: whatever of it lies there and is free."""
        self._lapse()
        here, there = self.shop.place.id, self.shop.other_place.id
        from_id, to_id = (there, here) if back else (here, there)
        by, names = self.shop.by, {f"inv_{n}" for n in units}
        possible = (
            all(self._free(name) and self._place_of(name) == from_id for name in names)
            and cables <= self._free_cables_at(from_id)
        )  # fmt: skip
        lines = [Sent(unit_id=self.shop.units[name]) for name in sorted(names)]
        if cables:
            lines.append(Sent(product_id=self.shop.cable.id, quantity=cables))
        try:
            sent = transfers.send(by, from_id, to_id, lines)
        except Invalid:
            assert not lines
        except Conflict:
            assert not possible
        else:
            assert possible
            self.transfers[sent.id] = {"units": names, "cables": cables, "status": "on the way"}

    def _place_of(self, name: str) -> int:
        return reads(self.shop.by).execute(select(Unit.location_id).where(Unit.public_id == name)).scalar_one()

    def _free_cables_at(self, place: int) -> int:
        with atomic(self.shop.by):
            levels = lock_levels(self.shop.by, [self.shop.cable.id])
        return sum(level.free for level in levels if level.location_id == place)

    @precondition(lambda self: self.transfers)
    @rule(pick=st.integers(0, 50), arrives=st.booleans())
    def end_transfer(self, pick: int, *, arrives: bool) -> None:
        number = sorted(self.transfers)[pick % len(self.transfers)]
        transfer = self.transfers[number]
        try:
            (transfers.arrive if arrives else transfers.cancel)(self.shop.by, number)
        except Conflict:
            assert transfer["status"] == "ended"
        else:
            assert transfer["status"] == "on the way"
            transfer["status"] = "ended"

    @rule(minutes=st.sampled_from([1, 14, 15, 16]))
    def wait(self, minutes: int) -> None:
        self.move(timedelta(minutes=minutes))

    @rule()
    def sweep(self) -> None:
        sweep_holds(SYSTEM)

    @rule(quantity=st.integers(0, 9))
    def adjust(self, quantity: int) -> None:
        self._lapse()
        travelling = sum(each["cables"] for each in self.transfers.values() if each["status"] == "on the way")
        held = self.on_hand - self._free_cables() - travelling
        try:
            set_quantity(self.shop.by, "CAB-1", quantity)
        except Conflict:
            assert quantity < held
        else:
            assert quantity >= held
            self.on_hand = quantity + travelling

    @precondition(lambda self: "sold" in self.units.values())
    @rule()
    def unit_comes_back(self) -> None:
        unit = next(name for name, state in self.units.items() if state == "sold")
        take_back(
            self.shop.by, units=[self.shop.units[unit]], pieces=[], restock=True, source="order:0", reason="returned"
        )
        self.units[unit] = ""

    @invariant()
    def equations_hold(self) -> None:
        assert [found.equation.says for found in audit(SYSTEM) if found.offenders] == []

    @invariant()
    def as_much_is_free_as_the_model_says(self) -> None:
        self._lapse()
        with atomic(self.shop.by):
            free = sum(level.free for level in lock_levels(self.shop.by, [self.shop.cable.id]))
        assert free == self._free_cables()
        states = dict(reads(self.shop.by).execute(select(Unit.public_id, Unit.state)).all())
        travelling = {name for each in self.transfers.values() if each["status"] != "ended" for name in each["units"]}
        assert states == {
            name: "sold" if self.units[name] == "sold" else "in_transit" if name in travelling else "in_stock"
            for name in states
        }


def open_another_shop(number: int) -> Shop:
    """A shop of a business of its own, with all that the model begins with."""
    tenant = accounts.create_tenant(SYSTEM, business_code=f"MODEL{number}", name="Model Inc.")
    owner = accounts.create_user(SYSTEM, tenant, username="owner", password=PASSWORD, role="owner", name="Olga")
    db.session.expunge_all()
    shop = open_shop(accounts.principal_of_user(owner, tenant))
    shop.add_units(UNITS)
    shop.add_pieces(shop.cable, CABLES)
    return shop


@pytest.mark.usefixtures("app")
def test_whatever_happens_the_equations_hold() -> None:
    opened = 0

    class InAShopOfItsOwn(ShopModel):
        def __init__(self) -> None:
            nonlocal opened
            super().__init__()
            opened += 1
            self.move(timedelta(days=opened))  # after whatever other shops did: what lapsed there stays lapsed
            self.shop = open_another_shop(opened)

    steps = settings(max_examples=200 if FULL else 12, stateful_step_count=50 if FULL else 25)
    run_state_machine_as_test(InAShopOfItsOwn, settings=steps)
