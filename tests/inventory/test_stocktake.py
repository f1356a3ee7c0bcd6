"""Stocktakes: what was there is frozen, several people count while selling goes on, differences are posted once."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.inventory.models import StockMove, Stocktake
from dashboard.inventory.queries.stock import show_stocked
from dashboard.inventory.queries.stocktakes import CountedLine, counted_lines, last_scans, show_stocktake
from dashboard.inventory.service import claims, stocktake, transfers
from dashboard.inventory.service.adjust import adjust_pieces, receive_pieces
from dashboard.inventory.service.claims import Holder, Pieces
from dashboard.inventory.service.ledger import HeldStock, Move, post_pieces
from dashboard.inventory.service.products import change_product
from dashboard.inventory.service.transfers import Sent
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop
from tests.inventory.test_reorder import together


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 10)
    shop.add_pieces(shop.cable, 20)
    return shop


@pytest.fixture
def take(shop: Shop) -> Stocktake:
    return stocktake.start_stocktake(shop.by, shop.place.id)


def line(shop: Shop, take: Stocktake, sku: str) -> CountedLine:
    return next(each for each in counted_lines(shop.by, take.id) if each.sku == sku)


def sell(shop: Shop, pieces: int) -> None:
    post_pieces(shop.by, [Move(shop.part.id, shop.place.id, -pieces, "sell")])


def on_hand(shop: Shop, number: int) -> int:
    return show_stocked(shop.by, number).on_hand


def test_expected_is_what_was_there_when_it_began(shop: Shop, take: Stocktake) -> None:
    sell(shop, 3)
    assert line(shop, take, "GPU-1").expected == 10
    assert [each.sku for each in counted_lines(shop.by, take.id)] == ["CAB-1", "GPU-1"]


def test_differences_are_posted_as_counts_and_the_rest_stays(shop: Shop, take: Stocktake) -> None:
    stocktake.count_pieces(shop.by, take.id, "gpu-1", 8)
    assert stocktake.post_stocktake(shop.by, take.id).products == 1
    assert (on_hand(shop, shop.part.number), on_hand(shop, shop.cable.number)) == (8, 20)
    moves = reads(shop.by).execute(select(StockMove.kind, StockMove.quantity, StockMove.source).order_by(StockMove.id))
    assert [tuple(row) for row in moves][-1] == ("count", -2, f"stocktake:{take.id}")


@pytest.mark.parametrize("when", ["before the count", "after the count"])
def test_what_is_sold_meanwhile_is_no_difference(shop: Shop, take: Stocktake, when: str) -> None:
    """Ten were there, three are sold: who counts afterwards finds seven, who counts before finds ten."""
    if when == "before the count":
        sell(shop, 3)
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 7 if when == "before the count" else 10)
    if when == "after the count":
        sell(shop, 3)
    assert line(shop, take, "GPU-1").difference == 0
    assert stocktake.post_stocktake(shop.by, take.id).products == 0
    assert on_hand(shop, shop.part.number) == 7


def test_a_real_difference_is_found_among_sales(shop: Shop, take: Stocktake) -> None:
    sell(shop, 2)
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 7)
    sell(shop, 1)
    receive_pieces(shop.by, shop.part.number, None, 5)
    stocktake.post_stocktake(shop.by, take.id)
    assert on_hand(shop, shop.part.number) == 11


def test_scans_add_up_whoever_makes_them_and_a_mistake_is_taken_back(shop: Shop, take: Stocktake) -> None:
    for _ in range(3):
        stocktake.count_pieces(shop.by, take.id, "GPU-1")
    stocktake.count_pieces(shop.by, take.id, "GPU-1", -1)
    assert line(shop, take, "GPU-1").counted == 2
    with pytest.raises(Invalid, match="Only 2 were counted"):
        stocktake.count_pieces(shop.by, take.id, "GPU-1", -3)
    assert [scan.quantity for scan in last_scans(shop.by, take.id)] == [-1, 1, 1, 1]


def test_a_barcode_is_scanned_as_well_as_a_sku(shop: Shop, take: Stocktake) -> None:
    change_product(shop.by, shop.part.id, {"barcode": "4006381333931"})
    stocktake.count_pieces(shop.by, take.id, "4006381333931", 4)
    assert line(shop, take, "GPU-1").counted == 4


def test_what_nobody_expected_is_counted_too(shop: Shop) -> None:
    take = stocktake.start_stocktake(shop.by, shop.other_place.id)
    assert counted_lines(shop.by, take.id) == []
    stocktake.count_pieces(shop.by, take.id, "CAB-1", 2)
    stocktake.post_stocktake(shop.by, take.id)
    assert on_hand(shop, shop.cable.number) == 22


@pytest.mark.parametrize("scanned", ["NOTHING", "", "APP-IP14P-256-A", "WORK-1"])
def test_what_cannot_be_counted_is_refused(shop: Shop, take: Stocktake, scanned: str) -> None:
    with pytest.raises(Invalid):
        stocktake.count_pieces(shop.by, take.id, scanned)


def test_what_moved_between_two_counts_of_it_is_marked_and_counted_again(shop: Shop, take: Stocktake) -> None:
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 4)
    sell(shop, 1)
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 5)
    assert line(shop, take, "GPU-1").moved is True
    stocktake.count_again(shop.by, take.id, shop.part.id)
    assert line(shop, take, "GPU-1").counted is None
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 9)
    assert (line(shop, take, "GPU-1").moved, line(shop, take, "GPU-1").difference) == (False, 0)


def test_what_is_on_its_way_is_not_expected_on_the_shelf(shop: Shop) -> None:
    transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 4)])
    take = stocktake.start_stocktake(shop.by, shop.other_place.id)
    assert counted_lines(shop.by, take.id)[0].expected == 0
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 1)
    stocktake.post_stocktake(shop.by, take.id)
    stock = show_stocked(shop.by, shop.part.number)
    assert (stock.on_hand, stock.in_transit) == (7, 4)


def test_what_nobody_counted_can_be_posted_as_none(shop: Shop, take: Stocktake) -> None:
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 10)
    assert stocktake.post_stocktake(shop.by, take.id, missing_is_none=True).products == 1
    assert (on_hand(shop, shop.part.number), on_hand(shop, shop.cable.number)) == (10, 0)


def test_fewer_than_are_held_is_refused_by_name_and_nothing_is_posted(shop: Shop, take: Stocktake) -> None:
    claims.take(shop.by, Holder("order", 1), pieces=[Pieces(shop.part.id, 8, shop.place.id)], until=None)
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 5)
    stocktake.count_pieces(shop.by, take.id, "CAB-1", 19)
    with pytest.raises(Conflict, match="GPU-1"):
        stocktake.post_stocktake(shop.by, take.id)
    assert (on_hand(shop, shop.part.number), on_hand(shop, shop.cable.number)) == (10, 20)
    assert show_stocktake(shop.by, take.id).status == "counting"


def test_it_is_posted_once(shop: Shop, take: Stocktake) -> None:
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 8)
    stocktake.post_stocktake(shop.by, take.id)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: stocktake.post_stocktake(shop.by, take.id),
        lambda: stocktake.count_pieces(shop.by, take.id, "GPU-1"),
        lambda: stocktake.count_again(shop.by, take.id, shop.part.id),
        lambda: stocktake.cancel_stocktake(shop.by, take.id),
    )
    for attempt in attempts:
        with pytest.raises(Conflict, match="posted already"):
            attempt()
    assert on_hand(shop, shop.part.number) == 8


def test_several_count_and_sell_at_once_and_two_post(app: Flask, shop: Shop, take: Stocktake) -> None:
    """Twenty cables are counted by two people while parts are sold; then two press Post."""
    db.session.remove()

    def count() -> None:
        for _ in range(10):
            stocktake.count_pieces(shop.by, take.id, "CAB-1")

    def buy() -> None:
        for _ in range(5):
            sell(shop, 1)

    assert together(app, count, count, buy) == []
    assert line(shop, take, "CAB-1").counted == 20
    stocktake.count_pieces(shop.by, take.id, "GPU-1", 4)
    db.session.remove()

    def post() -> None:
        stocktake.post_stocktake(shop.by, take.id)

    raised = together(app, post, post)
    assert [type(each) for each in raised] == [Conflict]
    assert (on_hand(shop, shop.part.number), on_hand(shop, shop.cable.number)) == (4, 20)


def test_a_place_is_counted_once_at_a_time(shop: Shop, take: Stocktake) -> None:
    with pytest.raises(Conflict, match="being counted already"):
        stocktake.start_stocktake(shop.by, shop.place.id)
    stocktake.cancel_stocktake(shop.by, take.id)
    stocktake.start_stocktake(shop.by, shop.place.id)


def test_a_count_without_any_scan_is_not_posted(shop: Shop, take: Stocktake) -> None:
    with pytest.raises(Conflict, match="Nothing has been counted"):
        stocktake.post_stocktake(shop.by, take.id, missing_is_none=True)


def test_who_may_not_change_stock_counts_nothing(shop: Shop, take: Stocktake, merchants: Merchants) -> None:
    attempts: tuple[Callable[[], object], ...] = (
        lambda: stocktake.start_stocktake(merchants.bob, shop.other_place.id),
        lambda: stocktake.count_pieces(merchants.bob, take.id, "GPU-1"),
        lambda: stocktake.post_stocktake(merchants.bob, take.id),
        lambda: adjust_pieces(merchants.bob, shop.part.id, shop.place.id, 1, "found"),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    with pytest.raises(NotFound):
        stocktake.count_pieces(merchants.charlie, take.id, "GPU-1")


@pytest.mark.parametrize(
    ("reason", "left", "kind"),
    [("found", 12, "adjust"), ("damaged", 8, "scrap"), ("scrap", 8, "scrap"), ("lost", 8, "adjust")],
)
def test_a_reason_says_which_way_and_stands_in_the_ledger(shop: Shop, reason: str, left: int, kind: str) -> None:
    assert adjust_pieces(shop.by, shop.part.id, shop.place.id, 2, reason, note="shelf 4") == left
    last = reads(shop.by).scalars(select(StockMove).order_by(StockMove.id.desc()).limit(1)).one()
    assert (last.kind, last.quantity) == (kind, left - 10)
    assert (last.reason or "").endswith(": shelf 4")


@pytest.mark.parametrize(("pieces", "reason", "place"), [(0, "found", True), (1, "mood", True), (1, "found", False)])
def test_a_wrong_correction_is_refused(shop: Shop, pieces: int, reason: str, place: bool) -> None:
    at = shop.place.id if place else 999_999
    with pytest.raises(Invalid):
        adjust_pieces(shop.by, shop.part.id, at, pieces, reason)


def test_no_more_is_taken_away_than_nobody_holds(shop: Shop) -> None:
    claims.take(shop.by, Holder("order", 1), pieces=[Pieces(shop.part.id, 8, shop.place.id)], until=None)
    with pytest.raises(HeldStock, match="8 of 10"):
        adjust_pieces(shop.by, shop.part.id, shop.place.id, 3, "lost")
    with pytest.raises(Conflict, match="not counted by pieces"):
        adjust_pieces(shop.by, shop.phone.id, shop.place.id, 1, "found")
