"""What comes back: where it goes, what is given back for it, its number."""

from datetime import UTC, datetime
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Invalid, NotAllowed, NotFound
from dashboard.inventory.models import Claim, StockMove, Unit
from dashboard.inventory.service.claims import OutOfStock, lock_levels
from dashboard.orders import queries, service
from dashboard.orders.models import OrderLine, OrderReturn
from dashboard.orders.service import Back, Wanted
from tests.conftest import Merchants
from tests.customers.racing import refusals, together
from tests.inventory.shop import Shop, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def sent(shop: Shop, *lines: Wanted) -> tuple[int, list[int]]:
    """An order that was sent whole: its id and those of its lines."""
    order = service.place(shop.by, customer=shop.buyer.public_id, lines=lines, door="page").id
    service.confirm(shop.by, order)
    service.ship(shop.by, order)
    ids = select(OrderLine.id).where(OrderLine.order_id == order).order_by(OrderLine.id)
    return order, list(reads(shop.by).scalars(ids))


def free(shop: Shop) -> tuple[int, int]:
    """Parts on hand, and those of them that nobody holds."""
    with atomic(shop.by):
        levels = lock_levels(shop.by, [shop.part.id])
        return sum(level.on_hand for level in levels), sum(level.free for level in levels)


def test_a_unit_comes_back_onto_the_shelf_and_can_be_sold_again(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    with clock.frozen(NOON):
        order, (line,) = sent(shop, Wanted(unit=unit))
        back = service.take_return(shop.by, order, Back(line, 1, "restock", "Wrong colour", 54_900))
    assert back.code == "RMA-2026-00001"
    assert reads(shop.by).scalar(select(Unit.state)) == "in_stock"
    assert reads(shop.by).get_one(OrderLine, line).returned == 1
    sent(shop, Wanted(unit=unit))


def test_a_unit_to_be_repaired_is_kept_from_everybody(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    order, (line,) = sent(shop, Wanted(unit=unit))
    service.take_return(shop.by, order, Back(line, 1, "repair", "Screen", 0))
    holder = reads(shop.by).scalar(select(Claim.holder).where(Claim.ended_at.is_(None)))
    assert holder == "quarantine"
    with pytest.raises(OutOfStock):
        sent(shop, Wanted(unit=unit))


def test_a_scrapped_unit_is_gone(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    order, (line,) = sent(shop, Wanted(unit=unit))
    service.take_return(shop.by, order, Back(line, 1, "scrap", "Drowned", 0))
    assert reads(shop.by).scalar(select(Unit.state)) == "scrapped"
    with pytest.raises(OutOfStock):
        sent(shop, Wanted(unit=unit))


@pytest.mark.parametrize(("outcome", "after"), [("restock", (5, 5)), ("repair", (5, 3)), ("scrap", (3, 3))])
def test_pieces_go_where_they_are_said_to_go(shop: Shop, outcome: str, after: tuple[int, int]) -> None:
    shop.add_pieces(shop.part, 6)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1", quantity=3))
    service.take_return(shop.by, order, Back(line, 2, outcome, "Too many", 0))
    assert free(shop) == after
    moves = reads(shop.by).scalar(select(func.sum(StockMove.quantity)).where(StockMove.product_id == shop.part.id))
    assert moves == after[0]


def test_work_comes_back_without_touching_stock(shop: Shop) -> None:
    order, (line,) = sent(shop, Wanted(product="PROD-WORK-1"))
    before = reads(shop.by).scalar(select(func.count(StockMove.id)))
    service.take_return(shop.by, order, Back(line, 1, "restock", "Not done", 8_000))
    assert reads(shop.by).scalar(select(func.count(StockMove.id))) == before
    assert queries.account_of(shop.by, order).due == 0


def test_money_goes_back_only_as_far_as_more_was_paid_than_is_due(shop: Shop) -> None:
    shop.add_pieces(shop.part, 2)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1", quantity=2))
    service.record_payment(shop.by, order, amount=200_000, method="card")
    service.take_return(shop.by, order, Back(line, 1, "restock", "Too many", 159_999, "card"))
    account = queries.account_of(shop.by, order)
    assert [each.amount for each in queries.payments_of(shop.by, order)] == [200_000, -40_001]
    assert (account.due, account.paid, account.balance) == (159_999, 159_999, 0)


def test_what_is_proposed_as_refund_is_the_price_with_its_share_of_the_tax(shop: Shop) -> None:
    accounts.change_settings(shop.by, {"tax_rate_bps": 800})
    shop.add_pieces(shop.part, 3)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1", quantity=3))
    assert service.worths(shop.by, order) == {line: 159_999 + 12_800}


@pytest.mark.parametrize(
    ("back", "field"),
    [
        ({"quantity": 3}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"outcome": "burn"}, "outcome"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"refund": -1}, "refund"),
        ({"refund": 2 * 159_999 + 1}, "refund"),
        ({"method": "shells"}, "method"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(shop: Shop, back: dict[str, object], field: str) -> None:
    shop.add_pieces(shop.part, 2)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1", quantity=2))
    given: dict[str, object] = {"line_id": line, "quantity": 1, "outcome": "restock", "reason": "Why", "refund": 0}
    with pytest.raises(Invalid) as refused:
        service.take_return(shop.by, order, Back(**given | back))  # pyright: ignore[reportArgumentType]
    assert [each.field for each in refused.value.fields] == [field]
    assert free(shop) == (0, 0)
    assert reads(shop.by).scalar(select(func.count(OrderReturn.id))) == 0


def test_what_was_not_sent_cannot_come_back(shop: Shop) -> None:
    shop.add_pieces(shop.part, 2)
    order = service.place(
        shop.by, customer=shop.buyer.public_id, lines=[Wanted(product="PROD-GPU-1", quantity=2)], door="page"
    ).id
    service.confirm(shop.by, order)
    line = reads(shop.by).scalars(select(OrderLine.id)).one()
    with pytest.raises(Invalid):
        service.take_return(shop.by, order, Back(line, 1, "restock", "Why", 0))
    service.ship(shop.by, order, lines={line: 1})
    service.take_return(shop.by, order, Back(line, 1, "restock", "Why", 0))


def test_a_cancelled_order_that_was_sent_comes_back(shop: Shop) -> None:
    shop.add_pieces(shop.part, 1)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1"))
    service.record_payment(shop.by, order, amount=100, method="card")
    service.cancel(shop.by, order)
    service.take_return(shop.by, order, Back(line, 1, "restock", "Refused at the door", 159_999))
    assert free(shop) == (1, 1)
    assert queries.account_of(shop.by, order).balance == 0


def test_who_may_not_and_what_is_not_there(shop: Shop, merchants: Merchants) -> None:
    shop.add_pieces(shop.part, 2)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1"))
    other, _ = sent(shop, Wanted(product="PROD-GPU-1"))
    back = Back(line, 1, "restock", "Why", 0)
    with pytest.raises(NotAllowed):
        service.take_return(merchants.bob, order, back)
    with pytest.raises(NotFound):
        service.take_return(merchants.charlie, order, back)
    with pytest.raises(NotFound):
        service.take_return(shop.by, other, back)


def test_a_piece_that_several_take_back_at_once_comes_back_once(app: Flask, shop: Shop) -> None:
    shop.add_pieces(shop.part, 3)
    order, (line,) = sent(shop, Wanted(product="PROD-GPU-1", quantity=3))
    service.record_payment(shop.by, order, amount=3 * 159_999, method="card")
    back = Back(line, 2, "restock", "Why", 2 * 159_999)
    results = together(app, *[partial(service.take_return, shop.by, order, back)] * 5)
    assert len(refusals(results)) == 4
    assert free(shop) == (2, 2)
    assert queries.account_of(shop.by, order).paid == 159_999
    codes = reads(shop.by).scalars(select(OrderReturn.code)).all()
    assert [code.split("-")[2] for code in codes] == ["00001"]
