"""Units in stocktakes: expected by number, scanned while selling goes on, and the books follow what was found."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.core.audit import audit
from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.models import ManifestLine, Quarantine, Stocktake, StocktakeUnit, Unit
from dashboard.inventory.queries.stocktakes import counted_units, last_scans, show_stocktake, unit_kinds
from dashboard.inventory.service import UnitChange, change_unit, claims, stocktake, transfers
from dashboard.inventory.service.claims import Holder
from dashboard.inventory.service.departures import ship
from dashboard.inventory.service.quarantine import quarantine
from dashboard.inventory.service.stocktake_units import UnitScan
from dashboard.inventory.service.transfers import Sent
from tests.conftest import Merchants
from tests.inventory.shop import Shop, imei, open_shop
from tests.inventory.test_reorder import together


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(5)
    return shop


@pytest.fixture
def take(shop: Shop) -> Stocktake:
    return stocktake.start_stocktake(shop.by, shop.place.id)


def scan(shop: Shop, take: Stocktake, number: str, quantity: int = 1) -> str:
    done = stocktake.scan(shop.by, take.id, number, quantity)
    assert isinstance(done, UnitScan)
    return done.kind


def scan_all(shop: Shop, take: Stocktake, *numbers: int) -> None:
    for number in numbers:
        scan(shop, take, imei(number))


def sell(shop: Shop, name: str) -> None:
    holder, unit = Holder("order", shop.units[name]), shop.units[name]
    claims.take(shop.by, holder, units=[unit], until=None)
    ship(shop.by, holder, units=[unit], pieces=[], source="order:1")


def unit(shop: Shop, name: str) -> Unit:
    db.session.remove()
    return reads(shop.by).scalars(select(Unit).where(Unit.id == shop.units[name])).one()


def held_by(shop: Shop, name: str) -> str | None:
    claim = select(claims.claims.c.holder).where(
        claims.claims.c.tenant_id == shop.by.tenant_id,
        claims.claims.c.unit_id == shop.units[name],
        claims.claims.c.ended_at.is_(None),
    )
    return reads(shop.by).execute(claim, execution_options={"own_tenant": True}).scalar_one_or_none()


def kinds(shop: Shop, take: Stocktake) -> dict[str, int]:
    return unit_kinds(shop.by, take.id)


def balanced(merchants: Merchants) -> bool:
    return [found.equation.name for found in audit(merchants.operator) if found.offenders] == []


def test_units_that_lie_there_are_expected_and_those_on_their_way_are_not(shop: Shop) -> None:
    transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(unit_id=shop.units["inv_1"])])
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    assert (take.units_expected, kinds(shop, take)) == (4, {"missing": 4})
    there = stocktake.start_stocktake(shop.by, shop.other_place.id)
    assert there.units_expected == 0


def test_a_scan_finds_a_unit_by_imei_or_serial_and_says_what_it_means(shop: Shop, take: Stocktake) -> None:
    assert scan(shop, take, imei(1)) == "matched"
    assert scan(shop, take, f" {imei(2)[:6]} {imei(2)[6:]} ") == "matched"
    assert scan(shop, take, imei(1)) == "again"
    assert scan(shop, take, imei(900)) == "unknown"
    row = show_stocktake(shop.by, take.id)
    assert (row.units, row.found, row.extra) == (5, 2, 1)
    assert [each.code for each in last_scans(shop.by, take.id)][:1] == [imei(900)]


def test_a_scan_is_taken_back(shop: Shop, take: Stocktake) -> None:
    scan_all(shop, take, 1, 900)
    assert scan(shop, take, imei(1), -1) == "back"
    assert scan(shop, take, imei(900), -1) == "back"
    row = show_stocktake(shop.by, take.id)
    assert (row.found, row.extra, kinds(shop, take)) == (0, 0, {"missing": 5})
    with pytest.raises(Invalid, match="nothing to take back"):
        scan(shop, take, imei(1), -1)
    with pytest.raises(Invalid, match="scan each"):
        scan(shop, take, imei(1), 3)


def test_a_serial_number_that_nobody_knows_may_be_a_slip(shop: Shop, take: Stocktake) -> None:
    with pytest.raises(stocktake.NothingKnown):
        stocktake.scan(shop.by, take.id, "C02XL0ABJGH5")
    done = stocktake.scan(shop.by, take.id, "C02XL0ABJGH5", any_serial=True)
    assert isinstance(done, UnitScan)
    assert (done.kind, done.number) == ("unknown", "C02XL0ABJGH5")


def test_what_is_missing_is_set_aside_and_nobody_can_sell_it(shop: Shop, take: Stocktake, merchants: Merchants) -> None:
    scan_all(shop, take, 1, 2, 3)
    done = stocktake.post_stocktake(shop.by, take.id, units_aside=True)
    assert done.units.missing == 2
    assert (held_by(shop, "inv_4"), held_by(shop, "inv_5"), held_by(shop, "inv_1")) == (
        "quarantine",
        "quarantine",
        None,
    )
    assert set(reads(shop.by).scalars(select(Quarantine.reason))) == {"missing"}
    assert kinds(shop, take) == {"matched": 3, "missing": 2}
    assert balanced(merchants)


def test_what_nobody_scanned_stays_unless_it_is_said(shop: Shop, take: Stocktake) -> None:
    scan_all(shop, take, 1)
    assert stocktake.post_stocktake(shop.by, take.id).units.missing == 0
    assert held_by(shop, "inv_4") is None
    assert kinds(shop, take) == {"matched": 1, "unscanned": 4}


def test_what_was_sold_promised_or_moved_meanwhile_is_not_missing(
    shop: Shop, take: Stocktake, merchants: Merchants
) -> None:
    scan_all(shop, take, 1)
    sell(shop, "inv_2")
    change_unit(shop.by, "inv_3", UnitChange(location_code=shop.other_place.code))
    claims.take(shop.by, Holder("order", 9), units=[shop.units["inv_4"]], until=None)
    assert kinds(shop, take) == {"matched": 1, "left": 3, "missing": 1}
    stocktake.post_stocktake(shop.by, take.id, units_aside=True)
    assert (held_by(shop, "inv_4"), held_by(shop, "inv_5")) == ("order", "quarantine")
    assert unit(shop, "inv_3").location_id == shop.other_place.id
    assert balanced(merchants)


def test_a_unit_that_is_sold_after_its_scan_is_found_all_the_same(shop: Shop, take: Stocktake) -> None:
    scan_all(shop, take, 1)
    sell(shop, "inv_1")
    assert kinds(shop, take) == {"matched": 1, "missing": 4}


def test_what_somebody_held_before_is_named_and_nothing_is_posted(shop: Shop) -> None:
    claims.take(shop.by, Holder("order", 9), units=[shop.units["inv_2"]], until=None)
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    scan_all(shop, take, 1, 3, 4)
    with pytest.raises(Conflict, match=imei(2)):
        stocktake.post_stocktake(shop.by, take.id, units_aside=True)
    db.session.remove()
    assert (held_by(shop, "inv_5"), show_stocktake(shop.by, take.id).status) == (None, "counting")


def test_what_was_in_quarantine_is_missing_with_its_old_reason_in_the_note(
    shop: Shop, take: Stocktake, merchants: Merchants
) -> None:
    quarantine(shop.by, ["inv_5"], "damaged")
    scan_all(shop, take, 1, 2, 3, 4)
    stocktake.post_stocktake(shop.by, take.id, units_aside=True)
    rows = reads(shop.by).scalars(select(Quarantine).order_by(Quarantine.id)).all()
    assert [(row.reason, row.note, row.released_at is None) for row in rows] == [
        ("damaged", "", False),
        ("missing", "Before: Damaged", True),
    ]
    assert balanced(merchants)


def test_what_lies_here_by_mistake_is_moved_here(shop: Shop, merchants: Merchants) -> None:
    take = stocktake.start_stocktake(shop.by, shop.other_place.id)
    claims.take(shop.by, Holder("order", 9), units=[shop.units["inv_2"]], until=None)
    assert [scan(shop, take, imei(1)), scan(shop, take, imei(2))] == ["elsewhere", "elsewhere"]
    done = stocktake.post_stocktake(shop.by, take.id, units_aside=True)
    assert done.units.moved == 1
    assert unit(shop, "inv_1").location_id == shop.other_place.id
    assert unit(shop, "inv_2").location_id == shop.place.id
    assert kinds(shop, take) == {"moved": 1, "held": 1}
    assert balanced(merchants)


def test_what_came_with_a_transfer_that_nobody_took_in_has_arrived(shop: Shop, merchants: Merchants) -> None:
    sent = [Sent(unit_id=shop.units[name]) for name in ("inv_1", "inv_2")]
    transfer = transfers.send(shop.by, shop.place.id, shop.other_place.id, sent)
    take = stocktake.start_stocktake(shop.by, shop.other_place.id)
    assert scan(shop, take, imei(1)) == "on_its_way"
    assert stocktake.post_stocktake(shop.by, take.id, units_aside=True).units.arrived == 1
    assert (unit(shop, "inv_1").state, unit(shop, "inv_2").state) == ("in_stock", "in_transit")
    transfers.arrive(shop.by, transfer.id)
    assert balanced(merchants)


def test_what_is_on_its_way_elsewhere_stays_in_its_transfer(shop: Shop, take: Stocktake, merchants: Merchants) -> None:
    transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(unit_id=shop.units["inv_1"])])
    assert scan(shop, take, imei(1)) == "matched"  # it was expected, and here it is
    again = stocktake.start_stocktake(shop.by, shop.other_place.id)
    stocktake.cancel_stocktake(shop.by, again.id)
    stocktake.post_stocktake(shop.by, take.id)
    assert unit(shop, "inv_1").state == "in_transit"
    assert balanced(merchants)


def test_what_the_books_do_not_have_is_listed_to_be_taken_in(shop: Shop, merchants: Merchants) -> None:
    sell(shop, "inv_1")
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    assert [scan(shop, take, imei(1)), scan(shop, take, imei(900))] == ["sold", "unknown"]
    assert stocktake.post_stocktake(shop.by, take.id).units.listed == 2
    row = show_stocktake(shop.by, take.id)
    numbers = reads(shop.by).scalars(select(ManifestLine.number).where(ManifestLine.manifest_id == row.manifest))
    assert sorted(numbers) == sorted([imei(1), imei(900)])
    assert unit(shop, "inv_1").state == "sold"
    assert balanced(merchants)


def test_what_came_after_the_count_began_is_no_surprise(shop: Shop, take: Stocktake) -> None:
    shop.add_units(1)
    assert scan(shop, take, imei(6)) == "came"
    scan_all(shop, take, 1, 2, 3, 4, 5)
    assert stocktake.post_stocktake(shop.by, take.id, units_aside=True).units.missing == 0
    assert kinds(shop, take) == {"matched": 5, "came": 1}


def test_several_people_scan_the_same_units_at_once(app: Flask, shop: Shop, take: Stocktake) -> None:
    db.session.remove()

    def count() -> None:
        for number in range(1, 6):
            stocktake.scan(shop.by, take.id, imei(number))

    assert together(app, count, count, count) == []
    db.session.remove()
    row = show_stocktake(shop.by, take.id)
    assert (row.found, row.extra) == (5, 0)


def test_units_are_read_kind_by_kind_and_from_any_row_on(shop: Shop, take: Stocktake) -> None:
    scan_all(shop, take, 3)
    first = counted_units(shop.by, take.id, "missing", size=3)
    rest = counted_units(shop.by, take.id, "missing", after=first.after, size=3)
    assert [each.number for each in (*first.items, *rest.items)] == [imei(n) for n in (1, 2, 4, 5)]
    assert rest.after is None
    assert first.items[0].place == shop.place.name


def test_an_ended_count_takes_no_scan(shop: Shop, take: Stocktake) -> None:
    scan_all(shop, take, 1)
    stocktake.post_stocktake(shop.by, take.id)
    attempt: Callable[[], object] = lambda: stocktake.scan(shop.by, take.id, imei(2))  # noqa: E731
    with pytest.raises(Conflict, match="posted already"):
        attempt()
    scanned = select(StocktakeUnit.number).where(StocktakeUnit.scanned_at.is_not(None))
    assert list(reads(shop.by).scalars(scanned)) == [imei(1)]
