"""Orders that are being typed: what they hold, what they keep, and how they become an order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dashboard.core import clock
from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.inventory.models import Claim
from dashboard.orders import service
from dashboard.orders.models import OrderDraft, OrderLine
from dashboard.orders.queries import entry as queries
from dashboard.orders.service import Shortage, Wanted, drafts
from tests.conftest import Merchants
from tests.inventory.shop import Shop, imei, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(3)
    shop.add_pieces(shop.cable, 10)
    return shop


@pytest.fixture
def draft(shop: Shop) -> str:
    return drafts.open_draft(shop.by).public_id


def live_claims(shop: Shop) -> int:
    statement = select(func.coalesce(func.sum(Claim.quantity), 0)).where(
        Claim.ended_at.is_(None), Claim.expires_at > clock.now()
    )
    return int(reads(shop.by).scalar(statement) or 0)


def test_each_line_is_held_from_when_it_was_added(shop: Shop, draft: str) -> None:
    with clock.frozen(NOON) as move:
        drafts.scan(shop.by, draft, imei(1))
        move(timedelta(minutes=10))
        drafts.scan(shop.by, draft, "cab-1", quantity=2)
        shown = queries.show_draft(shop.by, draft)
        assert [line.held_until for line in shown.lines] == [
            NOON + timedelta(minutes=60),
            NOON + timedelta(minutes=70),
        ]
        assert shown.totals.total == 54_900 + 2 * 999
        move(timedelta(minutes=50))
        assert [line.lapsed for line in queries.show_draft(shop.by, draft).lines] == [True, False]


def test_an_imei_is_found_however_it_was_typed_and_only_once(shop: Shop, draft: str) -> None:
    number = imei(2)
    drafts.scan(shop.by, draft, f" {number[:2]}-{number[2:8]} {number[8:14]}.{number[14]} ")
    with pytest.raises(Conflict, match="already"):
        drafts.scan(shop.by, draft, number)
    with pytest.raises(NotFound):
        drafts.scan(shop.by, draft, "nothing like it")


def test_a_sku_of_units_picks_free_ones_a_line_each(shop: Shop, draft: str) -> None:
    service.place(shop.by, customer=shop.buyer.code, lines=[Wanted(unit="inv_1")], door="page")
    drafts.scan(shop.by, draft, "APP-IP14P-256-A", quantity=2)
    lines = queries.show_draft(shop.by, draft).lines
    assert [line.imei for line in lines] == [imei(2), imei(3)]
    with pytest.raises(Conflict, match="0 of"):
        drafts.scan(shop.by, draft, "APP-IP14P-256-A")


def test_pieces_that_are_scanned_again_are_added_up_and_never_beyond_what_is_there(shop: Shop, draft: str) -> None:
    line = drafts.scan(shop.by, draft, "CAB-1", quantity=4)
    drafts.scan(shop.by, draft, "CAB-1", quantity=4)
    assert live_claims(shop) == 8
    with pytest.raises(Conflict):
        drafts.scan(shop.by, draft, "CAB-1", quantity=4)
    assert live_claims(shop) == 8
    drafts.set_quantity(shop.by, draft, line.id, 3)
    assert live_claims(shop) == 3
    drafts.set_quantity(shop.by, draft, line.id, 0)
    assert live_claims(shop) == 0


def test_placing_makes_an_order_of_the_same_stock_and_removes_the_draft(shop: Shop, draft: str) -> None:
    with clock.frozen(NOON):
        drafts.scan(shop.by, draft, imei(1))
        drafts.scan(shop.by, draft, "CAB-1", quantity=2)
        drafts.scan(shop.by, draft, "WORK-1")
        drafts.set_customer(shop.by, draft, shop.buyer.public_id)
        placed = drafts.place_draft(shop.by, draft)
        assert placed.reserved_until == NOON + timedelta(minutes=15)
        assert live_claims(shop) == 3
    session = reads(shop.by)
    assert session.scalar(select(func.count(OrderDraft.id))) == 0
    assert session.scalar(select(func.count(OrderLine.id)).where(OrderLine.order_id == placed.id)) == 3


def test_a_line_that_lapsed_and_was_sold_is_named_and_the_draft_is_kept(shop: Shop, draft: str) -> None:
    with clock.frozen(NOON) as move:
        drafts.scan(shop.by, draft, imei(1))
        drafts.scan(shop.by, draft, imei(2))
        drafts.set_customer(shop.by, draft, shop.buyer.code)
        move(timedelta(minutes=60))
        service.place(shop.by, customer=shop.buyer.code, lines=[Wanted(unit="inv_1")], door="page")
        with pytest.raises(Shortage) as refused:
            drafts.place_draft(shop.by, draft)
        assert [line["inventory_id"] for line in refused.value.lines] == ["inv_1"]
        assert len(queries.show_draft(shop.by, draft).lines) == 2


@pytest.mark.parametrize("missing", ["customer", "lines"])
def test_what_is_missing_is_said(shop: Shop, draft: str, missing: str) -> None:
    if missing == "customer":
        drafts.scan(shop.by, draft, imei(1))
    else:
        drafts.set_customer(shop.by, draft, shop.buyer.code)
    with pytest.raises(Invalid):
        drafts.place_draft(shop.by, draft)


def test_a_draft_is_ones_own(shop: Shop, draft: str, merchants: Merchants) -> None:
    other = replace(merchants.bob, scopes=merchants.alice.scopes)
    with pytest.raises(NotFound):
        drafts.scan(other, draft, imei(1))
    with pytest.raises(NotFound):
        queries.show_draft(other, draft)


def test_who_enters_no_orders_changes_no_draft(shop: Shop, draft: str) -> None:
    reader = replace(shop.by, scopes=shop.by.scopes - {"orders:write"})
    with pytest.raises(NotAllowed):
        drafts.set_customer(reader, draft, shop.buyer.code)
    with pytest.raises(NotAllowed):
        drafts.note(reader, draft, notes="x", address=None)
    with pytest.raises(NotAllowed):
        drafts.discard(reader, draft)


def test_throwing_it_away_lets_go(shop: Shop, draft: str) -> None:
    drafts.scan(shop.by, draft, imei(1))
    drafts.discard(shop.by, draft)
    assert live_claims(shop) == 0


def test_a_discount_needs_its_right(shop: Shop, draft: str) -> None:
    line = drafts.scan(shop.by, draft, imei(1))
    drafts.set_price(shop.by, draft, line.id, 50_000)
    assert queries.show_draft(shop.by, draft).totals.subtotal == 50_000
    seller = replace(shop.by, scopes=shop.by.scopes - {"orders:discount"})
    with pytest.raises(Invalid, match="orders:discount"):
        drafts.set_price(seller, draft, line.id, 49_000)
    with pytest.raises(Invalid):
        drafts.set_price(shop.by, draft, line.id, 60_000)


def test_a_lapsed_line_is_held_again_while_it_can_be_had(shop: Shop, draft: str) -> None:
    with clock.frozen(NOON) as move:
        line = drafts.scan(shop.by, draft, imei(1))
        move(timedelta(minutes=60))
        assert live_claims(shop) == 0
        drafts.renew(shop.by, draft, line.id)
        assert queries.show_draft(shop.by, draft).lines[0].held_until == NOON + timedelta(minutes=120)
        assert live_claims(shop) == 1
        move(timedelta(minutes=60))
        service.place(shop.by, customer=shop.buyer.code, lines=[Wanted(unit="inv_1")], door="page")
        with pytest.raises(Conflict, match="held by somebody else"):
            drafts.renew(shop.by, draft, line.id)
        assert queries.show_draft(shop.by, draft).lines[0].lapsed
