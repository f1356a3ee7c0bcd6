"""The instant at which a hold lapses: confirming against expiring and a rival buyer, never two outcomes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.core import clock
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict
from dashboard.orders import service
from dashboard.orders.models import Order
from dashboard.orders.service import Wanted
from dashboard.orders.service.sweeping import sweep_holds
from tests.conftest import FULL, Merchants
from tests.inventory.shop import Shop, open_shop

pytestmark = pytest.mark.prove

ROUNDS = 800 if FULL else 8
PLACED = datetime(2026, 3, 10, 12, tzinfo=UTC)
LAPSES = PLACED + timedelta(minutes=15)


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(ROUNDS)
    return shop


def at_once(app: Flask, *acts: tuple[datetime, Callable[[], object]]) -> list[str]:
    """Run each act in a thread of its own at its own time; `done` or the name of the refusal, in their order."""
    barrier = Barrier(len(acts))
    outcomes = [""] * len(acts)

    def run(number: int, moment: datetime, act: Callable[[], object]) -> None:
        with app.app_context(), clock.frozen(moment):
            barrier.wait(timeout=30)
            try:
                act()
                outcomes[number] = "done"
            except Conflict as error:
                outcomes[number] = type(error).__name__
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=(number, *act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


@pytest.mark.parametrize("sweeper", [True, False])
@pytest.mark.parametrize("milliseconds", [-1, 0, 1])
def test_confirming_and_buying_at_the_edge_have_one_winner(
    app: Flask, shop: Shop, milliseconds: int, *, sweeper: bool
) -> None:
    for number in range(1, ROUNDS + 1):
        wanted = [Wanted(unit=f"inv_{number}")]
        with clock.frozen(PLACED):
            first = service.place(shop.by, customer=shop.buyer.code, lines=wanted, door="device_api")
        db.session.remove()
        moment = LAPSES + timedelta(milliseconds=milliseconds)
        acts: list[tuple[datetime, Callable[[], object]]] = [
            (moment, lambda order=first.id: service.confirm(shop.by, order)),
            (LAPSES, lambda lines=wanted: service.place(shop.by, customer=shop.buyer.code, lines=lines, door="page")),
        ]
        if sweeper:
            acts.append((LAPSES, lambda: sweep_holds(SYSTEM)))
        confirmed, bought, *_ = at_once(app, *acts)
        assert [confirmed, bought].count("done") == 1, (confirmed, bought)
        if milliseconds >= 0:
            assert bought == "done"
        status = reads(shop.by).scalar(select(Order.status).where(Order.id == first.id))
        assert status == ("confirmed" if confirmed == "done" else "cancelled")
        db.session.remove()
    with clock.frozen(LAPSES):
        assert [found.equation.name for found in audit(SYSTEM) if found.offenders] == []


def test_the_sweeper_cancels_what_lapsed_and_nothing_else(shop: Shop) -> None:
    with clock.frozen(PLACED) as move:
        first = service.place(shop.by, customer=shop.buyer.code, lines=[Wanted(unit="inv_1")], door="page")
        move(timedelta(minutes=1))
        second = service.place(shop.by, customer=shop.buyer.code, lines=[Wanted(unit="inv_2")], door="page")
        move(timedelta(minutes=14))
        assert sweep_holds(SYSTEM) == 1
        session = reads(shop.by)
        found = dict(session.execute(select(Order.id, Order.status)).all())
        assert found == {first.id: "cancelled", second.id: "pending"}
