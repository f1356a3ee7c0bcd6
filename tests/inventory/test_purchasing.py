"""Suppliers and purchase orders: drafted, ordered, received piece by piece, what things cost on average."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dashboard.core import clock
from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed
from dashboard.inventory.models import Product, PurchaseOrder, StockLevel, StockMove, Unit
from dashboard.inventory.queries import purchasing as queries
from dashboard.inventory.service import purchasing
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.purchasing import Arrived, Bought, OverReceived
from dashboard.inventory.service.suppliers import SupplierFacts, change_supplier, create_supplier
from tests.conftest import Merchants
from tests.inventory.shop import Shop, imei, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    create_supplier(merchants.alice, SupplierFacts("Acme Parts"))
    return shop


def order(shop: Shop, *lines: Bought, status: str = "ordered") -> queries.PurchaseRow:
    made = purchasing.create_purchase_order(shop.by, 1, lines, status=status)
    return queries.show_purchase(shop.by, made.number)


def on_hand(shop: Shop, product: Product) -> int:
    statement = select(func.coalesce(func.sum(StockLevel.on_hand), 0)).where(StockLevel.product_id == product.id)
    return int(reads(shop.by).scalar(statement) or 0)


def cost(shop: Shop, product: Product) -> int:
    return reads(shop.by).scalars(select(Product.cost).where(Product.id == product.id)).one()


def test_codes_count_without_gaps_and_a_refused_order_takes_none(shop: Shop) -> None:
    with clock.frozen(datetime(2026, 3, 10, tzinfo=UTC)):
        first = order(shop, Bought(shop.part.number, 1))
        with pytest.raises(Invalid, match="no product 999"):
            order(shop, Bought(999, 1))
        second = order(shop, Bought(shop.part.number, 1))
    assert [first.code, second.code] == ["PO-2026-00001", "PO-2026-00002"]
    with clock.frozen(datetime(2027, 1, 1, 12, tzinfo=UTC)):
        assert order(shop, Bought(shop.part.number, 1)).code == "PO-2027-00001"


def test_what_comes_in_parts_is_on_the_shelf_at_once_and_the_order_says_what_is_outstanding(shop: Shop) -> None:
    made = order(shop, Bought(shop.part.number, 10, 90_000), Bought(shop.cable.number, 5, 200))
    part, cable = made.lines
    purchasing.receive_order(shop.by, made.number, [Arrived(part.id, 4)])
    now = queries.show_purchase(shop.by, made.number)
    assert (now.status, now.lines[0].outstanding, now.lines[1].outstanding) == ("partial", 6, 5)
    assert (on_hand(shop, shop.part), cost(shop, shop.part)) == (4, 90_000)
    purchasing.receive_order(shop.by, made.number, [Arrived(part.id, 6), Arrived(cable.id, 5)])
    assert queries.show_purchase(shop.by, made.number).status == "received"
    assert (on_hand(shop, shop.part), on_hand(shop, shop.cable)) == (10, 5)


def test_more_than_was_ordered_must_be_said(shop: Shop) -> None:
    made = order(shop, Bought(shop.part.number, 10))
    line = made.lines[0].id
    with pytest.raises(OverReceived, match="11 of 10") as refused:
        purchasing.receive_order(shop.by, made.number, [Arrived(line, 11)])
    assert refused.value.fields[0].field == "items[0].quantity"
    assert on_hand(shop, shop.part) == 0
    purchasing.receive_order(shop.by, made.number, [Arrived(line, 11)], allow_over=True)
    assert on_hand(shop, shop.part) == 11


def test_nothing_is_received_of_an_order_that_has_ended(shop: Shop) -> None:
    made = order(shop, Bought(shop.part.number, 2))
    arrived = [Arrived(made.lines[0].id, 2)]
    purchasing.receive_order(shop.by, made.number, arrived)
    with pytest.raises(Conflict, match="received, so nothing more"):
        purchasing.receive_order(shop.by, made.number, arrived)
    gone = order(shop, Bought(shop.part.number, 2))
    purchasing.cancel_order(shop.by, gone.number)
    with pytest.raises(Conflict, match="cancelled"):
        purchasing.receive_order(shop.by, gone.number, [Arrived(gone.lines[0].id, 2)], allow_over=True)
    assert on_hand(shop, shop.part) == 2


def test_units_come_with_their_numbers_and_what_they_cost(shop: Shop) -> None:
    made = order(shop, Bought(shop.phone.number, 2, 40_000))
    line = made.lines[0].id
    with pytest.raises(Invalid, match="Scan the IMEI"):
        purchasing.receive_order(shop.by, made.number, [Arrived(line, 2)])
    purchasing.receive_order(shop.by, made.number, [Arrived(line, 2, serials=(imei(1), "C02XK1"))])
    found = reads(shop.by).execute(select(Unit.imei, Unit.serial, Unit.cost).order_by(Unit.id)).all()
    assert [tuple(row) for row in found] == [(imei(1), None, 40_000), (None, "C02XK1", 40_000)]


def test_a_bad_number_among_the_units_leaves_nothing_received(shop: Shop) -> None:
    made = order(shop, Bought(shop.phone.number, 1), Bought(shop.part.number, 1))
    phone, part = made.lines
    with pytest.raises(Invalid):
        purchasing.receive_order(
            shop.by, made.number, [Arrived(part.id, 1), Arrived(phone.id, 1, serials=("352099001761482",))]
        )
    assert on_hand(shop, shop.part) == 0
    assert queries.show_purchase(shop.by, made.number).status == "ordered"


def test_drafts_are_ordered_once(shop: Shop) -> None:
    made = order(shop, Bought(shop.part.number, 1), status="draft")
    purchasing.place_order(shop.by, made.number)
    with pytest.raises(Conflict, match="ordered already"):
        purchasing.place_order(shop.by, made.number)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ((), "items"),
        ((Bought(2, 0),), "items[0].quantity"),
        ((Bought(2, 1, -1),), "items[0].unit_cost_cents"),
        ((Bought(2, 1), Bought(2, 1)), "items"),
        ((Bought(4, 1),), "items[0].part_id"),
    ],
    ids=["no lines", "no pieces", "negative cost", "twice", "a service"],
)
def test_a_wrong_line_is_named(shop: Shop, lines: tuple[Bought, ...], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        order(shop, *lines)
    assert field in [each.field for each in refused.value.fields]


def test_an_archived_supplier_is_ordered_from_no_more(shop: Shop) -> None:
    change_supplier(shop.by, 1, SupplierFacts("Acme Parts"), archived=True)
    with pytest.raises(Invalid, match="no supplier 1"):
        order(shop, Bought(shop.part.number, 1))


def test_who_may_not_buy_is_refused(shop: Shop, merchants: Merchants) -> None:
    made = order(shop, Bought(shop.part.number, 1))
    for attempt in (
        lambda: purchasing.create_purchase_order(merchants.bob, 1, [Bought(shop.part.number, 1)]),
        lambda: purchasing.receive_order(merchants.bob, made.number, [Arrived(made.lines[0].id, 1)]),
        lambda: purchasing.cancel_order(merchants.bob, made.number),
        lambda: create_supplier(merchants.bob, SupplierFacts("X")),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_another_tenants_order_is_not_found(shop: Shop, merchants: Merchants) -> None:
    order(shop, Bought(shop.part.number, 1))
    assert reads(merchants.charlie).scalars(select(PurchaseOrder)).all() == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 20_000), st.integers(0, 60)).map(lambda each: each),
        min_size=1,
        max_size=5,
    )
)
def test_cost_is_the_average_of_what_is_on_the_shelf(shop: Shop, deliveries: list[tuple[int, int, int]]) -> None:
    """Each delivery: pieces, cost of one, and how many are sold before the next. Rounded once a delivery, half to
    even.
    """
    there = on_hand(shop, shop.cable)
    average = cost(shop, shop.cable)
    for pieces, unit_cost, sold in deliveries:
        made = order(shop, Bought(shop.cable.number, pieces, unit_cost))
        purchasing.receive_order(shop.by, made.number, [Arrived(made.lines[0].id, pieces)])
        average = round(Fraction(there * average + pieces * unit_cost, there + pieces))
        there += pieces
        assert (cost(shop, shop.cable), on_hand(shop, shop.cable)) == (average, there)
        if gone := min(sold, there):
            post_pieces(shop.by, [Move(shop.cable.id, shop.place.id, -gone, "sell")])
            there -= gone
        assert cost(shop, shop.cable) == average
    moved = reads(shop.by).scalar(select(func.sum(StockMove.quantity)).where(StockMove.product_id == shop.cable.id))
    assert (on_hand(shop, shop.cable), int(moved or 0)) == (there, there)
    db.session.rollback()
