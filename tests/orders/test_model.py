"""Anything, in any order: a small shop against a model of it, its equations checked after every step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.service import set_quantity
from dashboard.inventory.service.departures import take_back
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
        self.units = {f"inv_{n}": "" for n in range(1, UNITS + 1)}  # the order that has it, or "sold"
        self.orders: dict[int, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.frozen.__exit__(None, None, None)
        db.session.remove()

    def _lapse(self) -> None:
        for each in self.orders.values():
            if each["status"] == "pending" and each["until"] <= clock.now():
                each["status"] = "cancelled"

    def _free_cables(self) -> int:
        held = sum(each["cables"] for each in self.orders.values() if each["status"] in ("pending", "confirmed"))
        return self.on_hand - held

    def _free(self, unit: str) -> bool:
        live = ("pending", "confirmed")
        taken = any(unit in each["units"] and each["status"] in live for each in self.orders.values())
        return self.units[unit] != "sold" and not taken

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

    @rule(minutes=st.sampled_from([1, 14, 15, 16]))
    def wait(self, minutes: int) -> None:
        self.move(timedelta(minutes=minutes))

    @rule()
    def sweep(self) -> None:
        sweep_holds(SYSTEM)

    @rule(quantity=st.integers(0, 9))
    def adjust(self, quantity: int) -> None:
        self._lapse()
        held = self.on_hand - self._free_cables()
        try:
            set_quantity(self.shop.by, "CAB-1", quantity)
        except Conflict:
            assert quantity < held
        else:
            assert quantity >= held
            self.on_hand = quantity

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
            self.shop = open_another_shop(opened)

    steps = settings(max_examples=200 if FULL else 12, stateful_step_count=50 if FULL else 25)
    run_state_machine_as_test(InAShopOfItsOwn, settings=steps)
