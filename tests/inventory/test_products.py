"""Products: what is refused, what stays as it was made, and how their SKUs are made."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.core.events import Event
from dashboard.inventory.models import Product
from dashboard.inventory.queries.product_lists import ProductFilter, list_products
from dashboard.inventory.queries.stock import show_stocked
from dashboard.inventory.service.products import (
    ProductFacts,
    archive_product,
    change_product,
    create_category,
    create_product,
)
from dashboard.inventory.service.sku import USUAL, make_sku, propose_sku, read_template, set_sku_template
from dashboard.inventory.service.suppliers import SupplierFacts, create_supplier
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sku": " "}, "sku"),
        ({"sku": "x" * 81}, "sku"),
        ({"name": ""}, "name"),
        ({"kind": "magic"}, "kind"),
        ({"price": -1}, "price"),
        ({"cost": 10**13}, "cost"),
        ({"kind": "serialised"}, "model"),
        ({"min_stock": -1}, "min_stock"),
        ({"reorder_quantity": 0}, "reorder_quantity"),
        ({"tax_class": "some"}, "tax_class"),
        ({"barcode": "9" * 41}, "barcode"),
        ({"category_id": 99}, "category_id"),
        ({"supplier_id": 99}, "supplier_id"),
        ({"auto_reorder": True, "min_stock": 5}, "auto_reorder"),
    ],
)
def test_a_wrong_fact_is_named(shop: Shop, changes: dict[str, Any], field: str) -> None:
    facts: dict[str, Any] = {"sku": "FUSE", "name": "Fuse", "kind": "counted", "price": 100, **changes}
    with pytest.raises(Invalid) as refused:
        create_product(shop.by, ProductFacts(**facts))
    assert field in [each.field for each in refused.value.fields]


def test_a_sku_is_taken_in_any_case(shop: Shop) -> None:
    with pytest.raises(Conflict, match="already"):
        create_product(shop.by, ProductFacts("gpu-1", "Another", "counted", 100))
    with pytest.raises(Conflict, match="already"):
        change_product(shop.by, shop.cable.id, {"sku": "GPU-1"})
    assert change_product(shop.by, shop.part.id, {"sku": "gpu-1"}).sku == "gpu-1"


def test_a_change_says_before_and_after(shop: Shop) -> None:
    changed = change_product(shop.by, shop.part.id, {"price": 150_000, "name": "RTX  4090 Ti"})
    assert (changed.price, changed.name, changed.version) == (150_000, "RTX 4090 Ti", 2)
    event = reads(shop.by).scalars(select(Event).where(Event.name == "product.changed")).one()
    assert event.data["price"] == [159_999, 150_000]


def test_what_a_sku_says_stays(shop: Shop) -> None:
    for name, value in (("kind", "unique"), ("model", "X"), ("storage", "1TB"), ("grade", "B")):
        with pytest.raises(Invalid, match="stays as it was made"):
            change_product(shop.by, shop.phone.id, {name: value})


def test_a_product_that_was_changed_meanwhile_is_not_overwritten(shop: Shop) -> None:
    change_product(shop.by, shop.part.id, {"price": 1}, version=1)
    with pytest.raises(Conflict, match="meanwhile"):
        change_product(shop.by, shop.part.id, {"price": 2}, version=1)


def test_who_may_not_change_products_is_refused(shop: Shop, merchants: Merchants) -> None:
    for attempt in (
        lambda: create_product(merchants.bob, ProductFacts("X", "X", "counted", 1)),
        lambda: change_product(merchants.bob, shop.part.id, {"price": 1}),
        lambda: archive_product(merchants.bob, shop.part.id, archived=True),
        lambda: create_category(merchants.bob, "X", []),
        lambda: set_sku_template(merchants.bob, USUAL),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    with pytest.raises(NotFound):
        change_product(merchants.charlie, shop.part.id, {"price": 1})


def test_another_tenants_supplier_is_none(shop: Shop, merchants: Merchants) -> None:
    theirs = create_supplier(merchants.charlie, SupplierFacts("Theirs"))
    with pytest.raises(Invalid, match="no such supplier"):
        change_product(merchants.alice, shop.part.id, {"supplier_id": theirs.id})


def test_a_category_is_there_once(shop: Shop) -> None:
    create_category(shop.by, "Spare parts", [{"key": "voltage", "label": "Voltage", "unit": "V"}])
    with pytest.raises(Conflict, match="already"):
        create_category(shop.by, "spare  Parts", [])


def test_what_runs_low_and_what_lies_where_is_found(shop: Shop) -> None:
    shop.add_pieces(shop.part, 5)
    shop.add_pieces(shop.cable, 5, shop.other_place)
    shop.add_units(1)
    change_product(shop.by, shop.part.id, {"min_stock": 6})
    change_product(shop.by, shop.cable.id, {"min_stock": 5})
    change_product(shop.by, shop.phone.id, {"min_stock": 2})

    def found(**where: Any) -> list[str]:
        found, count = list_products(shop.by, ProductFilter(**where))
        assert (count.total, count.more) == (len(found.items), False)
        return [row.sku for row in found.items]

    assert found(low=True) == ["APP-IP14P-256-A", "GPU-1"]
    assert found(place="van_1") == ["CAB-1"]
    assert found(place="main") == ["APP-IP14P-256-A", "GPU-1"]
    assert [show_stocked(shop.by, number).low for number in (1, 2, 3)] == [True, True, False]
    shop.add_units(1)
    assert found(low=True) == ["GPU-1"]


def test_sorting_by_name_goes_on_from_any_row(shop: Shop) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        page, _ = list_products(shop.by, ProductFilter(), sort="name", after=after, size=1)
        seen += [row.name for row in page.items]
        if (after := page.after) is None:
            break
    assert seen == ["Cable", "iPhone 14 Pro 256GB A", "RTX 4090", "Setting up"]


# SKUs


@pytest.mark.parametrize(
    ("template", "facts", "sku"),
    [
        (USUAL, ("Apple", "iPhone 14 Pro", "256GB", "A"), "APP-IP14P-256-A"),
        (USUAL, ("Google", "Pixel 9 Pro XL", "1TB", "A+"), "GOO-P9PXL-1TB-A+"),
        (USUAL, ("Apple", "MacBook Air", "", "B"), "APP-MBA-B"),
        (USUAL, ("", "Galaxy S24+", "128 GB", "C"), "GS24+-128-C"),
        ("{grade}/{model}", ("Apple", "iPhone 14", "", "A"), "A/IP14"),
        ("{make:3}", ("ZTE", "", "", ""), "ZTE"),
    ],
)
def test_a_sku_is_made_by_its_template(template: str, facts: tuple[str, ...], sku: str) -> None:
    assert make_sku(template, dict(zip(("make", "model", "storage", "grade"), facts, strict=True))) == sku


@pytest.mark.parametrize(
    "template", ["", "plain", "{colour}", "{make:x}", "{make:0}", "{make!r}", "{make", "{}", "x" * 121]
)
def test_a_template_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(Invalid, match="A template is made of"):
        read_template(template)


@given(st.dictionaries(st.sampled_from(["make", "model", "storage", "grade", "name"]), st.text(max_size=60)))
def test_whatever_is_known_a_sku_is_short_and_printable(facts: dict[str, str]) -> None:
    made = make_sku(USUAL, dict(facts))
    assert len(made) <= 80
    assert made == made.strip("-")


def test_the_second_of_its_kind_gets_a_number(shop: Shop) -> None:
    facts: dict[str, str | None] = {"make": "Apple", "model": "iPhone 14 Pro", "storage": "256GB", "grade": "A"}
    assert propose_sku(shop.by, facts) == "APP-IP14P-256-A-2"
    set_sku_template(shop.by, "{model}.{grade}")
    assert propose_sku(shop.by, facts) == "IP14P.A"
    assert reads(shop.by).scalars(select(Product.sku).where(Product.id == shop.phone.id)).one() == "APP-IP14P-256-A"
