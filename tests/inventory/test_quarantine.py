"""Setting units aside."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dashboard.core import clock
from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.inventory.models import Claim, Quarantine, StockLevel, StockMove, Unit
from dashboard.inventory.queries import UnitFilter, count_units, set_aside, show_unit
from dashboard.inventory.service import ProductFacts, UnitChange, change_unit, create_product
from dashboard.inventory.service.claims import Holder, OutOfStock, Pieces, take
from dashboard.inventory.service.quarantine import let_go_pieces, quarantine, release, scrap
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
    assert release(shop.by, [unit]) == 1
    assert show_unit(shop.by, unit).available
    take(shop.by, Holder("order", 1), units=[shop.units[unit]], until=None)
    with pytest.raises(Conflict, match="not set aside"):
        release(shop.by, [unit])


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


def broken() -> list[str]:
    """Equations of the books that do not hold."""
    return [found.equation.says for found in audit(SYSTEM) if found.offenders]


def add_grade_b(shop: Shop) -> None:
    facts = ProductFacts("IP-B", "iPhone B", "serialised", 40_000, model="iPhone 14 Pro", storage="256GB", grade="B")
    create_product(shop.by, facts)


def test_a_unit_comes_back_to_stock_with_another_grade_and_everything_follows(shop: Shop) -> None:
    add_grade_b(shop)
    one, two, kept = shop.add_units(3)
    quarantine(shop.by, [one, two], "repair", "cracked")
    assert release(shop.by, [one, two], grade="B") == 2
    assert [(show_unit(shop.by, each).grade, show_unit(shop.by, each).available) for each in (one, two)] == [
        ("B", True)
    ] * 2
    assert count_units(shop.by, UnitFilter(grade="B", available=True)) == 2
    assert count_units(shop.by, UnitFilter(grade="A", available=True)) == 1
    row = reads(shop.by).scalars(select(Quarantine).order_by(Quarantine.id)).first()
    assert row is not None
    assert (row.released_at is not None, row.released_by) == (True, shop.by.label)
    assert broken() == []
    assert show_unit(shop.by, kept).grade == "A"


def test_a_grade_without_a_product_or_one_unit_that_is_not_set_aside_lets_none_of_them_go(shop: Shop) -> None:
    one, free = shop.add_units(2)
    quarantine(shop.by, [one], "damaged")
    with pytest.raises(Invalid, match="no product"):
        release(shop.by, [one], grade="C")
    with pytest.raises(Conflict, match="not set aside"):
        release(shop.by, [one, free])
    with pytest.raises(Conflict, match="not set aside"):
        scrap(shop.by, [one, free])
    with pytest.raises(Invalid, match="Select"):
        release(shop.by, [])
    assert count_units(shop.by, UnitFilter(status="quarantined")) == 1


def test_what_cannot_be_repaired_is_scrapped_and_leaves_the_books(shop: Shop) -> None:
    one, other = shop.add_units(2)
    quarantine(shop.by, [one], "repair")
    assert scrap(shop.by, [one], "board  broken") == 1
    unit = reads(shop.by).scalars(select(Unit).where(Unit.public_id == one)).one()
    assert (unit.state, unit.gone_at is not None) == ("scrapped", True)
    last = reads(shop.by).scalars(select(StockMove).order_by(StockMove.id.desc()).limit(1)).one()
    assert (last.kind, last.quantity, last.reason, last.unit_id) == ("scrap", -1, "board broken", shop.units[one])
    assert count_units(shop.by, UnitFilter()) == 1
    assert reads(shop.by).scalar(select(func.count()).select_from(Claim).where(Claim.ended_at.is_(None))) == 0
    assert broken() == []
    with pytest.raises(Conflict):
        scrap(shop.by, [one])
    assert show_unit(shop.by, other).available


def test_pieces_that_came_back_for_repair_go_to_the_shelf_or_to_scrap_in_parts(shop: Shop) -> None:
    shop.add_pieces(shop.part, 5)
    take(shop.by, Holder("repair", 7), pieces=[Pieces(shop.part.id, 4)], until=None)
    (kept,) = set_aside.pieces_aside(shop.by)
    assert (kept.quantity, kept.return_id, kept.sku) == (4, 7, "GPU-1")
    let_go_pieces(shop.by, kept.claim_id, 1, usable=True)
    let_go_pieces(shop.by, kept.claim_id, 2, usable=False, note="burnt")
    (kept,) = set_aside.pieces_aside(shop.by)
    assert kept.quantity == 1
    assert reads(shop.by).scalar(select(StockLevel.on_hand)) == 3
    for wrong in (0, 2):
        with pytest.raises(Invalid):
            let_go_pieces(shop.by, kept.claim_id, wrong, usable=True)
    let_go_pieces(shop.by, kept.claim_id, 1, usable=True)
    assert set_aside.pieces_aside(shop.by) == []
    with pytest.raises(NotFound):
        let_go_pieces(shop.by, kept.claim_id, 1, usable=True)
    assert broken() == []
    take(shop.by, Holder("order", 1), pieces=[Pieces(shop.part.id, 3)], until=None)


def test_the_list_of_what_is_set_aside_is_counted_by_reason_and_goes_on_page_by_page(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "PAGE", 2)
    names = shop.add_units(4)
    quarantine(shop.by, names[:3], "repair", "cracked")
    quarantine(shop.by, names[3:], "blacklisted")
    assert set_aside.count_aside(shop.by) == {"repair": 3, "blacklisted": 1}
    first = set_aside.units_aside(shop.by)
    rest = set_aside.units_aside(shop.by, after=first.after)
    assert [each.public_id for each in (*first.items, *rest.items)] == names[::-1]
    assert rest.after is None
    found = set_aside.units_aside(shop.by, reason="repair").items[0]
    assert (found.note, found.reason, found.who) == ("cracked", "repair", shop.by.label)


def test_whoever_may_not_change_stock_lets_nothing_go(shop: Shop, merchants: Merchants) -> None:
    (unit,) = shop.add_units(1)
    quarantine(shop.by, [unit], "repair")
    for act in (lambda: release(merchants.bob, [unit]), lambda: scrap(merchants.bob, [unit])):
        with pytest.raises(NotAllowed):
            act()
