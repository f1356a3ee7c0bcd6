"""Changing many units at once, and taking it back."""

import pytest
from sqlalchemy import func, select

from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.models import BulkChange, StockMove
from dashboard.inventory.queries import UnitFilter, count_units, show_unit
from dashboard.inventory.service import ProductFacts, UnitChange, change_unit, create_product
from dashboard.inventory.service.bulk import Wanted, apply_bulk, last_bulk, preview_bulk, undo_bulk
from dashboard.inventory.service.claims import Holder, take
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    facts = ProductFacts("IP-B", "iPhone B", "serialised", 40_000, model="iPhone 14 Pro", storage="256GB", grade="B")
    create_product(shop.by, facts)
    return shop


def state(shop: Shop, unit: str) -> tuple[str, int, str]:
    row = show_unit(shop.by, unit)
    return row.grade, row.price, row.location_code


def test_a_preview_says_what_would_change_and_changes_nothing(shop: Shop) -> None:
    one, two = shop.add_units(2)
    report = preview_bulk(shop.by, [one, two], Wanted(percent=-10, grade="B"))
    assert report.changed == 2
    assert report.rows[0].changed == {"price": [54_900, 49_410], "grade": ["A", "B"]}
    assert state(shop, one) == ("A", 54_900, "main")
    assert reads(shop.by).scalar(select(func.count()).select_from(BulkChange)) == 0


def test_what_can_be_changed_is_and_the_report_names_the_others(shop: Shop) -> None:
    free, held = shop.add_units(2)
    take(shop.by, Holder("order", 1), units=[shop.units[held]], until=None)
    report = apply_bulk(shop.by, [free, held], Wanted(location_code=shop.other_place.code))
    assert (report.changed, report.refused) == (1, 1)
    assert {row.public_id: bool(row.problem) for row in report.rows} == {free: False, held: True}
    assert state(shop, free)[2] == shop.other_place.code
    assert state(shop, held)[2] == "main"
    assert count_units(shop.by, UnitFilter(location=shop.other_place.code)) == 1


def test_undo_restores_what_nobody_touched_since_and_says_what_it_could_not(shop: Shop) -> None:
    one, two = shop.add_units(2)
    done = apply_bulk(shop.by, [one, two], Wanted(price=10_000, grade="B", location_code=shop.other_place.code))
    change_unit(shop.by, two, UnitChange(price=11_000))
    assert done.bulk_id is not None
    report = undo_bulk(shop.by, done.bulk_id)
    assert (report.changed, report.refused) == (1, 1)
    assert state(shop, one) == ("A", 54_900, "main")
    assert state(shop, two) == ("B", 11_000, shop.other_place.code)
    assert count_units(shop.by, UnitFilter(grade="A", location="main")) == 1
    moved = select(func.sum(StockMove.quantity)).where(StockMove.unit_id == shop.units[one])
    assert reads(shop.by).scalar(moved) == 1
    with pytest.raises(Conflict):
        undo_bulk(shop.by, done.bulk_id)


def test_only_the_last_change_can_be_taken_back_and_by_its_own_actor_alone(shop: Shop, merchants: Merchants) -> None:
    (unit,) = shop.add_units(1)
    first = apply_bulk(shop.by, [unit], Wanted(price=10_000))
    apply_bulk(shop.by, [unit], Wanted(price=20_000))
    assert first.bulk_id is not None
    with pytest.raises(Conflict):
        undo_bulk(shop.by, first.bulk_id)
    assert last_bulk(merchants.bob) is None
    assert last_bulk(shop.by) is not None


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted(price=1, percent=1), Wanted(percent=-101), Wanted(location_code="x")]
)
def test_a_change_that_cannot_be_meant_is_refused(shop: Shop, wanted: Wanted) -> None:
    units = shop.add_units(1)
    with pytest.raises(Invalid):
        apply_bulk(shop.by, units, wanted)
    with pytest.raises(Invalid):
        apply_bulk(shop.by, [], Wanted(price=1))
