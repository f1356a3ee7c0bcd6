"""Transfers: out now, sold at the other place once they arrived, and all states add up in between."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dashboard.core.audit import audit
from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed
from dashboard.core.events import Event
from dashboard.inventory import queries
from dashboard.inventory.models import StockLevel, StockMove, Transfer, Unit
from dashboard.inventory.queries import UnitFilter
from dashboard.inventory.queries.movements import show_transfer
from dashboard.inventory.queries.stock import PlaceStock, show_stocked
from dashboard.inventory.service import claims, transfers
from dashboard.inventory.service.claims import Holder, OutOfStock, Pieces
from dashboard.inventory.service.ledger import HeldStock
from dashboard.inventory.service.products import change_product
from dashboard.inventory.service.transfers import Sent
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 10)
    return shop


def send(shop: Shop, *lines: Sent) -> Transfer:
    return transfers.send(shop.by, shop.place.id, shop.other_place.id, lines)


def there(shop: Shop, number: int) -> dict[str, tuple[int, int, int]]:
    """On hand, held and on their way, by place."""
    places: list[PlaceStock] = list(show_stocked(shop.by, number).places)
    return {place.name: (place.on_hand, place.held, place.in_transit) for place in places}


def available(shop: Shop) -> int:
    return queries.count_units(shop.by, UnitFilter(available=True))


def test_pieces_leave_at_once_and_can_be_sold_there_after_they_arrived(shop: Shop) -> None:
    sent = send(shop, Sent(shop.part.id, 4))
    assert sent.code.startswith("TR-")
    assert there(shop, shop.part.number) == {"Main stock": (6, 0, 0), "Van 1": (0, 0, 4)}
    with pytest.raises(OutOfStock):
        claims.take(shop.by, Holder("order", 1), pieces=[Pieces(shop.part.id, 1, shop.other_place.id)], until=None)
    transfers.arrive(shop.by, sent.id)
    assert there(shop, shop.part.number) == {"Main stock": (6, 0, 0), "Van 1": (4, 0, 0)}
    claims.take(shop.by, Holder("order", 1), pieces=[Pieces(shop.part.id, 4, shop.other_place.id)], until=None)


def test_a_cancelled_transfer_is_back_where_it_was(shop: Shop) -> None:
    (name,) = shop.add_units(1)
    sent = send(shop, Sent(shop.part.id, 4), Sent(unit_id=shop.units[name]))
    transfers.cancel(shop.by, sent.id)
    assert there(shop, shop.part.number) == {"Main stock": (10, 0, 0)}
    assert there(shop, shop.phone.number) == {"Main stock": (1, 0, 0)}
    unit = reads(shop.by).scalars(select(Unit)).one()
    assert (unit.state, unit.location_id) == ("in_stock", shop.place.id)
    assert available(shop) == 1


def test_a_unit_on_its_way_can_be_sold_by_nobody(shop: Shop) -> None:
    (name,) = shop.add_units(1)
    unit = shop.units[name]
    sent = send(shop, Sent(unit_id=unit))
    assert available(shop) == 0
    assert queries.count_units(shop.by, UnitFilter()) == 1
    assert there(shop, shop.phone.number) == {"Van 1": (0, 0, 1)}
    with pytest.raises(OutOfStock):
        claims.take(shop.by, Holder("order", 1), units=[unit], until=None)
    transfers.arrive(shop.by, sent.id)
    assert available(shop) == 1
    assert there(shop, shop.phone.number) == {"Van 1": (1, 0, 0)}
    kinds = reads(shop.by).scalars(select(StockMove.kind).where(StockMove.unit_id == unit).order_by(StockMove.id)).all()
    assert kinds == ["receive", "transfer_out", "transfer_in"]


def test_what_is_held_for_somebody_stays(shop: Shop) -> None:
    (name,) = shop.add_units(1)
    order = Holder("order", 1)
    claims.take(shop.by, order, units=[shop.units[name]], pieces=[Pieces(shop.part.id, 8, shop.place.id)], until=None)
    with pytest.raises(HeldStock):
        send(shop, Sent(shop.part.id, 3))
    with pytest.raises(OutOfStock):
        send(shop, Sent(unit_id=shop.units[name]))
    assert there(shop, shop.part.number) == {"Main stock": (10, 8, 0)}
    assert reads(shop.by).scalars(select(Transfer)).all() == []


def test_a_transfer_ends_once(shop: Shop) -> None:
    sent = send(shop, Sent(shop.part.id, 4))
    transfers.arrive(shop.by, sent.id)
    for again in (transfers.arrive, transfers.cancel):
        with pytest.raises(Conflict, match="arrived already"):
            again(shop.by, sent.id)
    assert there(shop, shop.part.number) == {"Main stock": (6, 0, 0), "Van 1": (4, 0, 0)}


def test_moving_between_places_is_no_shortage(shop: Shop) -> None:
    change_product(shop.by, shop.part.id, {"min_stock": 8})
    sent = send(shop, Sent(shop.part.id, 9))
    assert show_stocked(shop.by, shop.part.number).low is False
    transfers.arrive(shop.by, sent.id)
    low = select(func.count()).select_from(Event).where(Event.name == "inventory.low-stock")
    assert reads(shop.by).scalar(low) == 0


def test_the_books_add_up_at_every_step(shop: Shop, merchants: Merchants) -> None:
    first, second = shop.add_units(2)
    for end, unit in ((transfers.arrive, first), (transfers.cancel, second)):
        sent = send(shop, Sent(shop.part.id, 2), Sent(unit_id=shop.units[unit]))
        assert [found for found in audit(merchants.operator) if found.offenders] == []
        end(shop.by, sent.id)
        assert [found for found in audit(merchants.operator) if found.offenders] == []


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [((), "1 to 500 lines"), ((Sent(1, 1),), "counted"), ((Sent(2, 0),), "at least one")],
    ids=["nothing", "units by pieces", "no pieces"],
)
def test_a_wrong_transfer_is_refused(shop: Shop, lines: tuple[Sent, ...], sentence: str) -> None:
    chosen = {1: shop.phone.id, 2: shop.part.id}
    with pytest.raises(Invalid, match=sentence):
        send(shop, *(Sent(chosen[line.product_id or 0], line.quantity) for line in lines))


def test_a_transfer_goes_to_another_place(shop: Shop) -> None:
    with pytest.raises(Invalid, match="another place"):
        transfers.send(shop.by, shop.place.id, shop.place.id, [Sent(shop.part.id, 1)])


def test_who_may_not_change_stock_sends_nothing(shop: Shop, merchants: Merchants) -> None:
    sent = send(shop, Sent(shop.part.id, 1))
    for attempt in (
        lambda: transfers.send(merchants.bob, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 1)]),
        lambda: transfers.arrive(merchants.bob, sent.id),
        lambda: transfers.cancel(merchants.bob, sent.id),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_the_transfers_page_reads_its_lines(shop: Shop) -> None:
    (name,) = shop.add_units(1)
    sent = send(shop, Sent(shop.part.id, 4), Sent(unit_id=shop.units[name]))
    row, lines = show_transfer(shop.by, sent.id)
    assert (row.from_name, row.to_name, row.pieces) == ("Main stock", "Van 1", 5)
    assert [(line.sku, line.quantity, line.unit) for line in lines] == [("GPU-1", 4, None), (shop.phone.sku, 1, name)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.sampled_from(["arrive", "cancel", "wait"])), max_size=8))
def test_whatever_is_sent_and_cancelled_the_sum_stays(shop: Shop, trips: list[tuple[bool, int, str]]) -> None:
    for back, pieces, then in trips:
        places = (shop.other_place.id, shop.place.id) if back else (shop.place.id, shop.other_place.id)
        try:
            sent = transfers.send(shop.by, *places, [Sent(shop.part.id, pieces)])
        except HeldStock:
            db.session.rollback()
            continue
        if then != "wait":
            {"arrive": transfers.arrive, "cancel": transfers.cancel}[then](shop.by, sent.id)
        now = show_stocked(shop.by, shop.part.number)
        assert now.on_hand + now.in_transit == 10
        assert all(place.free >= 0 for place in now.places)
        levels = reads(shop.by).scalar(
            select(func.sum(StockLevel.on_hand)).where(StockLevel.product_id == shop.part.id)
        )
        moved = reads(shop.by).scalar(select(func.sum(StockMove.quantity)).where(StockMove.product_id == shop.part.id))
        assert (int(levels or 0), int(moved or 0)) == (10, 10)


# In parts


def line_ids(shop: Shop, transfer: Transfer) -> dict[str, int]:
    """Lines of a transfer by SKU, or by the unit's id."""
    return {line.unit or line.sku: line.id for line in show_transfer(shop.by, transfer.id)[1]}


def balanced(merchants: Merchants) -> bool:
    return [found.equation.name for found in audit(merchants.operator) if found.offenders] == []


def test_a_part_arrives_and_the_rest_stays_on_its_way(shop: Shop, merchants: Merchants) -> None:
    first, second = shop.add_units(2)
    sent = send(shop, Sent(shop.part.id, 6), Sent(unit_id=shop.units[first]), Sent(unit_id=shop.units[second]))
    lines = line_ids(shop, sent)
    transfers.arrive(shop.by, sent.id, {lines["GPU-1"]: 4, lines[first]: 1})
    assert there(shop, shop.part.number) == {"Main stock": (4, 0, 0), "Van 1": (4, 0, 2)}
    assert there(shop, shop.phone.number) == {"Van 1": (1, 0, 1)}
    row, shown = show_transfer(shop.by, sent.id)
    assert (row.state, row.arrived, [line.left for line in shown]) == ("partial", 5, [2, 0, 1])
    assert balanced(merchants)
    claims.take(shop.by, Holder("order", 1), units=[shop.units[first]], until=None)
    with pytest.raises(OutOfStock):
        claims.take(shop.by, Holder("order", 2), pieces=[Pieces(shop.part.id, 5, shop.other_place.id)], until=None)
    db.session.rollback()
    transfers.arrive(shop.by, sent.id, {lines["GPU-1"]: 2, lines[second]: 1})
    row, _ = show_transfer(shop.by, sent.id)
    assert (row.state, row.ended_at is not None) == ("arrived", True)
    assert there(shop, shop.part.number) == {"Main stock": (4, 0, 0), "Van 1": (6, 0, 0)}
    assert balanced(merchants)


@pytest.mark.parametrize("pieces", [5, -1])
def test_no_more_arrives_than_is_on_its_way(shop: Shop, pieces: int) -> None:
    sent = send(shop, Sent(shop.part.id, 4))
    with pytest.raises(Invalid, match="Only 4"):
        transfers.arrive(shop.by, sent.id, {line_ids(shop, sent)["GPU-1"]: pieces})
    assert there(shop, shop.part.number) == {"Main stock": (6, 0, 0), "Van 1": (0, 0, 4)}


@pytest.mark.parametrize("parts", [{}, {999_999: 1}])
def test_what_arrives_is_named(shop: Shop, parts: dict[int, int]) -> None:
    sent = send(shop, Sent(shop.part.id, 4))
    with pytest.raises(Invalid):
        transfers.arrive(shop.by, sent.id, parts)


@pytest.mark.parametrize(("reason", "kind"), [("lost", "adjust"), ("damaged", "scrap")])
def test_the_rest_is_given_up_for_a_reason(shop: Shop, merchants: Merchants, reason: str, kind: str) -> None:
    first, second = shop.add_units(2)
    sent = send(shop, Sent(shop.part.id, 6), Sent(unit_id=shop.units[first]), Sent(unit_id=shop.units[second]))
    lines = line_ids(shop, sent)
    transfers.arrive(shop.by, sent.id, {lines["GPU-1"]: 4, lines[first]: 1})
    transfers.give_up(shop.by, sent.id, reason, "claim 17")
    assert there(shop, shop.part.number) == {"Main stock": (4, 0, 0), "Van 1": (4, 0, 0)}
    assert there(shop, shop.phone.number) == {"Van 1": (1, 0, 0)}
    gone = reads(shop.by).scalars(select(Unit).where(Unit.id == shop.units[second])).one()
    assert (gone.state, gone.gone_at is not None) == ("scrapped", True)
    pieces = select(StockMove.kind, StockMove.quantity).where(StockMove.reason.endswith("claim 17"))
    moves = reads(shop.by).execute(pieces.where(StockMove.unit_id.is_(None)))
    assert [tuple(row) for row in moves] == [(kind, -2)]
    row, shown = show_transfer(shop.by, sent.id)
    assert (row.state, row.lost, [line.left for line in shown]) == ("arrived", 3, [0, 0, 0])
    assert "claim 17" in row.notes
    assert balanced(merchants)
    with pytest.raises(Conflict, match="arrived already"):
        transfers.arrive(shop.by, sent.id)


def test_a_transfer_of_which_nothing_came_is_lost(shop: Shop) -> None:
    sent = send(shop, Sent(shop.part.id, 4))
    with pytest.raises(Invalid, match="what became of it"):
        transfers.give_up(shop.by, sent.id, "mood")
    transfers.give_up(shop.by, sent.id, "lost")
    assert show_transfer(shop.by, sent.id)[0].state == "lost"


def test_what_turns_back_after_a_part_arrived_is_where_it_was(shop: Shop, merchants: Merchants) -> None:
    sent = send(shop, Sent(shop.part.id, 6))
    transfers.arrive(shop.by, sent.id, {line_ids(shop, sent)["GPU-1"]: 4})
    transfers.cancel(shop.by, sent.id)
    assert there(shop, shop.part.number) == {"Main stock": (6, 0, 0), "Van 1": (4, 0, 0)}
    assert balanced(merchants)
