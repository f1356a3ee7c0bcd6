"""Each equation holds after an ordinary day, and sees a violation that is planted for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from dashboard.core import clock
from dashboard.core.audit import audit, equations
from dashboard.core.context import SYSTEM
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.numbers import Counter
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Claim, Product, StockLevel, Unit, UnitTally
from dashboard.orders import service
from dashboard.orders.models import Order, OrderLine, OrderPayment
from dashboard.orders.service import Wanted
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop


@pytest.fixture
def day(merchants: Merchants) -> Shop:
    """A shop after a day: one order of each state, mixed lines."""
    shop = open_shop(merchants.alice)
    shop.add_units(6)
    shop.add_pieces(shop.cable, 40)

    def place(unit: str) -> int:
        lines = [Wanted(unit=unit), Wanted(product="PROD-CAB-1", quantity=3), Wanted(product="PROD-WORK-1")]
        return service.place(shop.by, customer=shop.buyer.code, lines=lines, door="page").id

    pending, confirmed, shipped, delivered, cancelled = (place(f"inv_{n}") for n in range(1, 6))
    assert pending
    for each in (confirmed, shipped, delivered):
        service.confirm(shop.by, each)
    for each in (shipped, delivered):
        service.ship(shop.by, each)
    service.deliver(shop.by, delivered)
    service.cancel(shop.by, cancelled)
    return shop


def wrong() -> set[str]:
    return {found.equation.name for found in audit(SYSTEM) if found.offenders}


def test_everything_holds_after_an_ordinary_day(day: Shop) -> None:
    assert day.units
    assert wrong() == set()


Plant = Callable[[CommandSession], object]


def another_order(session: CommandSession) -> None:
    counters = table_of(Counter)
    statement = update(counters).where(counters.c.scope.like("order %")).values(n=counters.c.n + 1)
    session.execute(statement, execution_options=OWN_TENANT)


def paid_back(session: CommandSession) -> None:
    order = session.query(Order).first()
    assert order is not None
    session.add(OrderPayment(order_id=order.id, amount=-5, method="cash", actor="user:1", at=clock.now()))


def live_claim(session: CommandSession, **changes: object) -> None:
    row = {"quantity": 1, "holder": "order", "created_at": clock.now(), **changes}
    session.execute(insert(table_of(Claim)).values(row), execution_options=OWN_TENANT)


def claim_too_many(session: CommandSession) -> None:
    level = session.query(StockLevel).first()
    assert level is not None
    live_claim(
        session,
        tenant_id=level.tenant_id,
        product_id=level.product_id,
        location_id=level.location_id,
        quantity=10_000,
        holder="job",
        holder_id=1,
    )


def claim_what_is_sold(session: CommandSession) -> None:
    unit = session.query(Unit).filter(Unit.state == "sold").first()
    assert unit is not None
    live_claim(
        session,
        tenant_id=unit.tenant_id,
        product_id=unit.product_id,
        location_id=unit.location_id,
        unit_id=unit.id,
        holder="job",
        holder_id=1,
    )


def claim_for_an_ended_order(session: CommandSession) -> None:
    order = session.query(Order).filter(Order.status == "cancelled").one()
    level = session.query(StockLevel).first()
    assert level is not None
    live_claim(
        session,
        tenant_id=order.tenant_id,
        product_id=level.product_id,
        location_id=level.location_id,
        holder_id=order.id,
    )


def lose_a_claim(session: CommandSession) -> None:
    order = session.query(Order).filter(Order.status == "confirmed").one()
    session.execute(delete(Claim).where(Claim.holder_id == order.id, Claim.unit_id.is_not(None)))


def gone_too_soon(session: CommandSession) -> None:
    session.execute(update(Unit).where(Unit.public_id == "inv_6").values(gone_at=clock.now() - timedelta(days=1)))


PLANTED: dict[str, Plant] = {
    "stock.levels": lambda session: session.execute(update(StockLevel).values(on_hand=StockLevel.on_hand + 1)),
    "stock.claims": claim_too_many,
    "stock.gone": claim_what_is_sold,
    "stock.states": gone_too_soon,
    "stock.unit_ledger": lambda session: session.execute(
        update(Unit).where(Unit.public_id == "inv_6").values(state="in_transit")
    ),
    "stock.low": lambda session: session.execute(update(Product).values(low=~Product.low)),
    "stock.tallies": lambda session: session.execute(update(UnitTally).values(in_stock=UnitTally.in_stock + 1)),
    "orders.subtotal": lambda session: session.execute(update(Order).values(items_count=Order.items_count + 1)),
    "orders.tax": lambda session: session.execute(update(Order).values(tax=Order.tax + 2, total=Order.total + 2)),
    "orders.claims": lose_a_claim,
    "orders.let_go": claim_for_an_ended_order,
    "orders.parcels": lambda session: session.execute(update(OrderLine).where(OrderLine.shipped > 0).values(shipped=0)),
    "orders.payments": paid_back,
    "orders.numbers": another_order,
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(day: Shop, name: str) -> None:
    with atomic(day.by) as session:
        PLANTED[name](session)
    assert name in wrong()


OF_JOBS = {"dispatch.claims", "dispatch.history"}
"""Those are planted where jobs are: tests/dispatch/test_parts.py."""


def test_every_equation_has_a_violation_planted_for_it() -> None:
    assert set(PLANTED) | OF_JOBS == set(equations)
