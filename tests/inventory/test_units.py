"""Taking units in one by one, bringing them back, correcting them, checking them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dashboard.core import clock
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.models import StockMove, Unit
from dashboard.inventory.queries import UnitFilter, count_units, show_unit
from dashboard.inventory.service import (
    DuplicateUnit,
    ProductFacts,
    UnitChange,
    UnitFacts,
    change_unit,
    create_product,
    departures,
    receive_unit,
    receive_units,
)
from dashboard.inventory.service.checks import Checks, record_checks
from dashboard.inventory.service.claims import Holder, take
from dashboard.inventory.service.corrections import ChangedMeanwhile, Promised
from dashboard.inventory.service.intake import (
    NoProductYet,
    Setup,
    make_product,
    read_scan,
    recently_taken_in,
    take_in,
    undo_receipt,
)
from dashboard.inventory.service.units import receive_some
from tests.conftest import Merchants
from tests.inventory.shop import Shop, imei, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PILE = Setup(model="iPhone 14 Pro", storage="256GB", grade="A")


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def in_stock(shop: Shop) -> int:
    return count_units(shop.by, UnitFilter())


def sell(shop: Shop, unit_id: int) -> None:
    with atomic(shop.by):
        take(shop.by, Holder("order", 1), units=[unit_id], until=None)
        departures.ship(shop.by, Holder("order", 1), units=[unit_id], pieces=[], source="order:1")


def row_of(shop: Shop, public_id: str) -> Unit:
    reads(shop.by).expire_all()
    return reads(shop.by).scalars(select(Unit).where(Unit.public_id == public_id)).one()


def test_a_scanned_imei_is_taken_in_under_the_sku_of_its_pile(shop: Shop) -> None:
    public_id = take_in(shop.by, imei(1), PILE)
    unit = show_unit(shop.by, public_id)
    assert (unit.sku, unit.imei, unit.grade, unit.price) == ("APP-IP14P-256-A", imei(1), "A", 54_900)
    assert unit.available
    assert in_stock(shop) == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (imei(1)[:-1] + str((int(imei(1)[-1]) + 1) % 10), "check digit"),
        ("35209900000010", "14 digits"),
        ("hello", "no IMEI"),
        ("", "no IMEI"),
    ],
)
def test_a_scan_that_is_nothing_says_so(shop: Shop, text: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        read_scan(shop.by, text, PILE)


def test_scanning_a_sku_or_a_place_sets_up_the_pile(shop: Shop) -> None:
    found = read_scan(shop.by, "app-ip14p-256-a", Setup())
    assert (found.kind, found.setup.model, found.setup.storage, found.setup.grade) == (
        "setup", "iPhone 14 Pro", "256GB", "A",
    )  # fmt: skip
    assert read_scan(shop.by, shop.other_place.code, PILE).setup.location_code == shop.other_place.code


def test_the_model_follows_from_another_unit_of_the_same_tac(shop: Shop) -> None:
    assert read_scan(shop.by, imei(2), Setup(grade="A")).setup.model == ""
    shop.add_units(1)
    found = read_scan(shop.by, imei(2), Setup(grade="A"))
    assert (found.kind, found.setup.model, found.setup.storage) == ("unit", "iPhone 14 Pro", "256GB")


def test_a_missing_sku_is_proposed_and_can_be_made(shop: Shop) -> None:
    pile = Setup(model="iPhone 14 Pro", storage="256GB", grade="B")
    with pytest.raises(NoProductYet) as refused:
        take_in(shop.by, imei(1), pile)
    assert refused.value.details["sku"]
    sku = make_product(shop.by, pile, 40_000)
    assert sku == refused.value.details["sku"]
    assert show_unit(shop.by, take_in(shop.by, imei(1), pile)).price == 40_000


def test_a_number_that_is_here_is_refused_and_one_that_was_sold_comes_back_as_the_same_unit(shop: Shop) -> None:
    (public_id,) = shop.add_units(1)
    with pytest.raises(DuplicateUnit):
        take_in(shop.by, imei(1), PILE)
    sell(shop, shop.units[public_id])
    assert in_stock(shop) == 0
    assert take_in(shop.by, imei(1), replace(PILE, cost=20_000)) == public_id
    unit = row_of(shop, public_id)
    assert (unit.state, unit.gone_at, unit.cost, unit.color) == ("in_stock", None, 20_000, None)
    assert in_stock(shop) == 1
    kinds = reads(shop.by).scalars(select(StockMove.kind).where(StockMove.unit_id == unit.id).order_by(StockMove.id))
    assert list(kinds) == ["receive", "sell", "receive"]


def test_of_a_batch_the_good_come_in_and_the_others_are_named(shop: Shop) -> None:
    shop.add_units(1)
    wrong = imei(5)[:-1] + str((int(imei(5)[-1]) + 1) % 10)
    numbers = [imei(1), imei(2), wrong, imei(2), imei(3)]
    batch = [UnitFacts(shop.phone.id, shop.place.id, imei=number) for number in numbers]
    done = receive_some(shop.by, batch)
    assert sorted(done.units) == [1, 4]
    assert "already" in done.refused[0].message
    assert "check digit" in done.refused[2].message
    assert "twice" in done.refused[3].message
    assert in_stock(shop) == 3


def test_a_batch_that_must_be_whole_leaves_nothing_behind(shop: Shop) -> None:
    batch = [UnitFacts(shop.phone.id, shop.place.id, imei=number) for number in (imei(1), imei(1))]
    with pytest.raises(DuplicateUnit):
        receive_units(shop.by, batch)
    assert in_stock(shop) == 0


def test_undoing_a_receipt_takes_the_unit_out_and_lets_the_number_in_again(shop: Shop) -> None:
    public_id = take_in(shop.by, imei(1), PILE)
    assert [taken.public_id for taken in recently_taken_in(shop.by)] == [public_id]
    assert undo_receipt(shop.by, public_id) == imei(1)
    assert recently_taken_in(shop.by) == []
    assert in_stock(shop) == 0
    booked = reads(shop.by).scalar(select(func.sum(StockMove.quantity)).where(StockMove.unit_id.is_not(None)))
    assert booked == 0
    assert take_in(shop.by, imei(1), PILE) == public_id
    assert in_stock(shop) == 1


def test_a_receipt_stays_once_the_unit_is_held_or_a_day_has_passed(shop: Shop) -> None:
    with clock.frozen(NOON) as move:
        held, old = take_in(shop.by, imei(1), PILE), take_in(shop.by, imei(2), PILE)
        take(shop.by, Holder("order", 1), units=[row_of(shop, held).id], until=NOON + timedelta(minutes=15))
        with pytest.raises(Conflict, match="held"):
            undo_receipt(shop.by, held)
        move(timedelta(days=1))
        with pytest.raises(Conflict, match="today"):
            undo_receipt(shop.by, old)


def test_a_held_unit_keeps_its_grade_and_place_but_its_price_may_change(shop: Shop) -> None:
    (public_id,) = shop.add_units(1)
    create_product(
        shop.by,
        ProductFacts("IP-B", "iPhone B", "serialised", 40_000, model="iPhone 14 Pro", storage="256GB", grade="B"),
    )
    with clock.frozen(NOON) as move:
        take(shop.by, Holder("order", 1), units=[shop.units[public_id]], until=NOON + timedelta(minutes=15))
        for change in (UnitChange(grade="B"), UnitChange(location_code=shop.other_place.code)):
            with pytest.raises(Promised):
                change_unit(shop.by, public_id, change)
        change_unit(shop.by, public_id, UnitChange(price=50_000))
        move(timedelta(minutes=15))
        change_unit(shop.by, public_id, UnitChange(grade="B", location_code=shop.other_place.code))
    unit = show_unit(shop.by, public_id)
    assert (unit.grade, unit.sku, unit.location_code, unit.price) == ("B", "IP-B", shop.other_place.code, 50_000)
    assert count_units(shop.by, UnitFilter(grade="B", location=shop.other_place.code)) == 1
    assert count_units(shop.by, UnitFilter(grade="A")) == 0


def test_a_change_that_rests_on_another_value_is_refused_with_theirs(shop: Shop) -> None:
    (public_id,) = shop.add_units(1)
    change_unit(shop.by, public_id, UnitChange(price=51_000), seen={"price": 54_900})
    with pytest.raises(ChangedMeanwhile) as refused:
        change_unit(shop.by, public_id, UnitChange(price=52_000), seen={"price": 54_900})
    assert refused.value.details["theirs"] == {"price": 51_000}


def test_unlocking_a_unit_moves_it_in_the_tallies(shop: Shop) -> None:
    public_id = receive_unit(shop.by, UnitFacts(shop.phone.id, shop.place.id, imei=imei(1), carrier_locked=True))
    change_unit(shop.by, public_id, UnitChange(carrier_locked=False, carrier="", notes="unlocked"))
    assert count_units(shop.by, UnitFilter(carrier_locked=False)) == 1
    assert count_units(shop.by, UnitFilter(carrier_locked=True)) == 0


def test_an_erasure_needs_its_certificate_and_a_day_that_has_been(shop: Shop) -> None:
    (public_id,) = shop.add_units(1)
    with clock.frozen(NOON):
        with pytest.raises(Invalid) as refused:
            record_checks(shop.by, public_id, Checks(erasure_standard="NIST 800-88", erased_on=date(2026, 3, 11)))
        assert {error.field for error in refused.value.fields} == {"erasure_certificate", "erased_on"}
        record_checks(shop.by, public_id, Checks("off", "clean", "NIST 800-88", "C-17", date(2026, 3, 9)))
    unit = row_of(shop, public_id)
    assert (unit.activation_lock, unit.blacklist) == ("off", "clean")
    assert unit.erasure == {"standard": "NIST 800-88", "certificate": "C-17", "at": "2026-03-09"}
