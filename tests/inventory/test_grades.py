"""The tenant's own list of grades."""

import pytest

from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.queries import UnitFilter, count_units, product_by_sku, show_unit
from dashboard.inventory.service.grades import add_grade, change_grade, list_grades, move_grade, remove_grade
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def codes(shop: Shop) -> list[str]:
    return [grade.code for grade in list_grades(shop.by)]


def test_every_tenant_begins_with_the_usual_grades_and_changes_its_own_alone(shop: Shop, merchants: Merchants) -> None:
    assert codes(shop) == ["A+", "A", "B", "C", "D"]
    add_grade(shop.by, "E", "For spares")
    move_grade(shop.by, "E", up=True)
    assert codes(shop) == ["A+", "A", "B", "C", "E", "D"]
    assert [grade.code for grade in list_grades(merchants.charlie)] == ["A+", "A", "B", "C", "D"]


def test_renaming_a_grade_renames_it_on_units_and_products(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    assert change_grade(shop.by, "A", "Gold", "As good as new") == 1
    shown = show_unit(shop.by, unit)
    assert (shown.grade, shown.sku) == ("Gold", "APP-IP14P-256-A")
    assert product_by_sku(shop.by, "APP-IP14P-256-A").on_hand == 1
    assert count_units(shop.by, UnitFilter(grade="Gold")) == 1
    assert codes(shop) == ["A+", "Gold", "B", "C", "D"]


def test_a_grade_that_is_taken_or_in_use_stays(shop: Shop) -> None:
    shop.add_units(1)
    with pytest.raises(Conflict, match="already"):
        change_grade(shop.by, "A", "B", "Good")
    with pytest.raises(Conflict, match="1 units and 1 products"):
        remove_grade(shop.by, "A")
    with pytest.raises(Invalid):
        add_grade(shop.by, " ", "Nameless")
    remove_grade(shop.by, "D")
    assert codes(shop) == ["A+", "A", "B", "C"]
