"""Placing an order: what it holds, what it costs, what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.models import Claim, Unit
from dashboard.inventory.service.claims import HoldExpired, lock_levels
from dashboard.orders import queries, service
from dashboard.orders.models import Order, OrderLine
from dashboard.orders.service import Shortage, Wanted
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def place(shop: Shop, *lines: Wanted, door: str = "device_api") -> service.Placed:
    return service.place(shop.by, customer=shop.buyer.public_id, lines=lines, door=door)


def free(shop: Shop) -> int:
    with atomic(shop.by):
        return sum(level.free for level in lock_levels(shop.by, [shop.part.id]))


def test_an_order_holds_its_units_for_fifteen_minutes_and_its_parts_for_a_day(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    shop.add_pieces(shop.part, 3)
    with clock.frozen(NOON):
        phones = place(shop, Wanted(unit=unit))
        parts = place(shop, Wanted(product="PROD-GPU-1", quantity=2), door="parts_api")
    assert phones.reserved_until == NOON + timedelta(minutes=15)
    assert parts.reserved_until == NOON + timedelta(hours=24)
    assert phones.code == "ORD-2026-00001"
    assert parts.code == "ORD-2026-00002"
    with clock.frozen(NOON + timedelta(minutes=1)):
        assert free(shop) == 1
    with clock.frozen(NOON + timedelta(hours=24)):
        assert free(shop) == 3


def test_a_unit_that_is_held_is_refused_until_the_hold_lapses_and_then_its_order_is_cancelled(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    with clock.frozen(NOON) as move:
        first = place(shop, Wanted(unit=unit))
        move(timedelta(minutes=15) - timedelta(milliseconds=1))
        with pytest.raises(Shortage) as refused:
            place(shop, Wanted(unit=unit, field="line_items[0]"))
        assert refused.value.lines[0]["field"] == "line_items[0]"
        move(timedelta(milliseconds=1))
        second = place(shop, Wanted(unit=unit))
        order = reads(shop.by).get_one(Order, first.id)
        assert (order.status, order.cancel_reason) == ("cancelled", "hold_expired")
        with pytest.raises(Conflict):
            service.confirm(shop.by, first.id)
        service.confirm(shop.by, second.id)


def test_a_lapsed_hold_cannot_be_confirmed(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    with clock.frozen(NOON) as move:
        placed = place(shop, Wanted(unit=unit))
        move(timedelta(minutes=15))
        with pytest.raises(HoldExpired):
            service.confirm(shop.by, placed.id)
        assert service.lapse(shop.by, placed.id)
        assert not service.lapse(shop.by, placed.id)


def test_mixed_lines_add_up_and_pieces_of_one_product_are_summed(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    shop.add_pieces(shop.part, 2)
    shop.add_pieces(shop.part, 2, shop.other_place)
    placed = place(
        shop,
        Wanted(unit=unit),
        Wanted(product="PROD-GPU-1", quantity=1),
        Wanted(product="PROD-WORK-1"),
        Wanted(product=shop.part.public_id, quantity=2),
    )
    assert placed.totals.total == 54_900 + 3 * 159_999 + 8_000
    session = reads(shop.by)
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == placed.id)).all()
    assert sum(line.price * line.quantity for line in lines) == placed.totals.subtotal
    held = session.scalar(select(func.sum(Claim.quantity)).where(Claim.holder_id == placed.id))
    assert held == 4


def test_what_cannot_be_had_names_every_line_and_changes_nothing(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    shop.add_pieces(shop.part, 5)
    with pytest.raises(Shortage) as refused:
        place(shop, Wanted(unit=unit), Wanted(product="PROD-GPU-1", quantity=10), Wanted(product="PROD-CAB-1"))
    assert refused.value.message == "Product 'PROD-GPU-1' has only 5 units available. Requested: 10"
    assert refused.value.details["available_quantity"] == 5
    assert len(refused.value.lines) == 2
    session = reads(shop.by)
    assert session.scalar(select(func.count(Order.id))) == 0
    assert session.scalar(select(func.count(Claim.id))) == 0


@pytest.mark.parametrize("price", [54_899, 54_901, 0])
def test_a_price_that_is_not_todays_is_refused_without_the_right_to_discount(shop: Shop, price: int) -> None:
    (unit,) = shop.add_units(1)
    shop.by = replace(shop.by, scopes=shop.by.scopes - {"orders:discount"})
    with pytest.raises(Invalid):
        place(shop, Wanted(unit=unit, price=price))
    assert place(shop, Wanted(unit=unit, price=54_900)).totals.total == 54_900


def test_whoever_may_give_discounts_sells_for_less_and_never_for_more(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    with pytest.raises(Invalid):
        place(shop, Wanted(unit=unit, price=54_901))
    assert place(shop, Wanted(unit=unit, price=50_000)).totals.total == 50_000


def test_cancelling_lets_go(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    first = place(shop, Wanted(unit=unit))
    service.cancel(shop.by, first.id)
    service.confirm(shop.by, place(shop, Wanted(unit=unit)).id)
    assert reads(shop.by).scalar(select(Unit.state)) == "in_stock"


def test_a_hold_that_was_extended_lasts_for_its_stock_too(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    with clock.frozen(NOON) as move:
        first = place(shop, Wanted(unit=unit))
        service.extend(shop.by, first.id, minutes=10, reason="They fetch cash")
        move(timedelta(minutes=24))
        with pytest.raises(Shortage):
            place(shop, Wanted(unit=unit))
        service.confirm(shop.by, first.id)


@pytest.mark.parametrize("last", ["ship", "deliver"])
def test_what_has_arrived_is_not_cancelled_any_more(shop: Shop, last: str) -> None:
    (unit,) = shop.add_units(1)
    order = place(shop, Wanted(unit=unit))
    for step in (service.confirm, service.ship, service.deliver)[: 2 if last == "ship" else 3]:
        step(shop.by, order.id)
    if last == "ship":
        service.cancel(shop.by, order.id, reason="  Lost on its way ")
        service.cancel(shop.by, order.id, reason="Once more")
        shown = queries.show_order(shop.by, order.code)
        assert (shown.status, shown.cancel_reason) == ("cancelled", "Lost on its way")
    else:
        with pytest.raises(Conflict, match="delivered"):
            service.cancel(shop.by, order.id)


def test_numbers_have_no_gaps_and_begin_again_with_the_year_of_the_place(shop: Shop) -> None:
    accounts.change_settings(shop.by, {"time_zone": "America/New_York"})
    work = Wanted(product="PROD-WORK-1")
    codes: list[str] = []
    with clock.frozen(datetime(2027, 1, 1, 4, tzinfo=UTC)) as move:  # 23:00 of the last day of 2026 there
        codes.append(place(shop, work).code)
        with pytest.raises(Shortage):
            place(shop, work, Wanted(product="PROD-CAB-1"))
        codes.append(place(shop, work).code)
        move(timedelta(hours=1))
        codes.append(place(shop, work).code)
    assert codes == ["ORD-2026-00001", "ORD-2026-00002", "ORD-2027-00001"]
