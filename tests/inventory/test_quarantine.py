"""Setting units aside."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.core import clock
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.queries import UnitFilter, count_units, show_unit
from dashboard.inventory.service import UnitChange, change_unit
from dashboard.inventory.service.claims import Holder, OutOfStock, take
from dashboard.inventory.service.quarantine import quarantine, release
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def test_nobody_can_take_a_unit_in_quarantine_until_it_is_released(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    quarantine(shop.by, [unit], "blacklisted", "police report")
    assert not show_unit(shop.by, unit).available
    assert count_units(shop.by, UnitFilter(status="quarantined")) == 1
    assert count_units(shop.by, UnitFilter(available=True)) == 0
    with pytest.raises(OutOfStock):
        take(shop.by, Holder("order", 1), units=[shop.units[unit]], until=None)
    change_unit(shop.by, unit, UnitChange(location_code=shop.other_place.code))
    release(shop.by, unit)
    assert show_unit(shop.by, unit).available
    take(shop.by, Holder("order", 1), units=[shop.units[unit]], until=None)
    with pytest.raises(Conflict, match="not in quarantine"):
        release(shop.by, unit)


def test_a_held_unit_cannot_be_set_aside_before_its_hold_lapses_and_all_or_none_are(shop: Shop) -> None:
    free, held = shop.add_units(2)
    with clock.frozen(NOON) as move:
        take(shop.by, Holder("order", 1), units=[shop.units[held]], until=NOON + timedelta(minutes=15))
        with pytest.raises(Conflict, match="held by somebody"):
            quarantine(shop.by, [free, held], "inspection")
        assert show_unit(shop.by, free).available
        move(timedelta(minutes=15))
        assert quarantine(shop.by, [free, held], "inspection") == 2


def test_a_reason_is_one_of_the_list_and_a_unit_one_that_is_known(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    with pytest.raises(Invalid):
        quarantine(shop.by, [unit], "because")
    with pytest.raises(NotFound):
        quarantine(shop.by, ["inv_none"], "inspection")
