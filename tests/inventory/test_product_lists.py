"""Lists of products: the same rows whichever way a page is found, what runs low is marked, and the search box."""

from html import unescape
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.core.audit import audit
from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory import service
from dashboard.inventory.models import Product
from dashboard.inventory.queries import product_lists
from dashboard.inventory.queries.product_lists import ListedProduct, ProductFilter, list_products
from dashboard.inventory.service import transfers
from dashboard.inventory.service.claims import Holder, Pieces, take
from dashboard.inventory.service.departures import ship
from dashboard.inventory.service.products import (
    ProductFacts,
    archive_product,
    change_product,
    create_category,
    create_product,
)
from dashboard.inventory.service.transfers import Sent
from tests.conftest import Merchants, sign_in
from tests.inventory.shop import Shop, imei, open_shop

HTMX = {"HX-Request": "true"}


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    """Beside the usual, twelve capacitors: every second has stock, every third runs low, the last is archived."""
    shop = open_shop(merchants.alice)
    category = create_category(shop.by, "Capacitors", [])
    for n in range(12):
        facts = ProductFacts(f"CAP-{n:02d}", f"Gaming Capacitor {12 - n} uF", "counted", 100, category_id=category.id,
                             min_stock=5 if n % 3 == 0 else None, barcode=f"40063813{n:05d}")  # fmt: skip
        made = create_product(shop.by, facts)
        if n % 2:
            shop.add_pieces(made, 3, shop.other_place)
    last = reads(shop.by).scalars(select(Product.id).where(Product.sku_key == "CAP-11")).one()
    archive_product(shop.by, last, archived=True)
    return shop


def everything(shop: Shop, where: ProductFilter, sort: str, size: int) -> list[ListedProduct]:
    seen: list[ListedProduct] = []
    after: str | None = None
    while True:
        page, _ = list_products(shop.by, where, sort=sort, after=after, size=size)
        seen += page.items
        if (after := page.after) is None:
            return seen


FILTERS = (
    ProductFilter(),
    ProductFilter(kinds=("counted",)),
    ProductFilter(kinds=product_lists.STOCKED),
    ProductFilter(category="capacitors"),
    ProductFilter(place="van_1"),
    ProductFilter(low=True),
    ProductFilter(archived=True),
    ProductFilter(text="capacitor"),
    ProductFilter(text="CAP-0"),
    ProductFilter(kinds=("counted",), category="capacitors", place="van_1", low=True, text="gaming"),
)


@pytest.mark.parametrize("where", FILTERS, ids=repr)
@pytest.mark.parametrize("sort", ["sku", "name"])
def test_walking_and_sorting_find_the_same_rows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, where: ProductFilter, sort: str
) -> None:
    few = everything(shop, where, sort, 2)
    monkeypatch.setattr(product_lists, "COUNTED_TO", 0)
    walked = everything(shop, where, sort, 2)
    assert [each.sku for each in few] == [each.sku for each in walked]
    assert few
    keys = [each.sku if sort == "sku" else each.name.lower() for each in few]
    assert all(a <= b for a, b in pairwise(keys)) or sort == "name"
    assert len(set(keys)) == len(keys)


def test_products_are_counted_up_to_a_limit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(list_products(shop.by, ProductFilter())[1]) == "15"
    monkeypatch.setattr(product_lists, "COUNTED_TO", 3)
    assert str(list_products(shop.by, ProductFilter())[1]) == "3+"
    assert str(list_products(shop.by, ProductFilter(archived=True))[1]) == "1"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("capacitor 7", "CAP-05"),
        ("7 uf", "CAP-05"),
        ("cap-05", "CAP-05"),
        ("4006381300005", "CAP-05"),
        ("4090", "GPU-1"),
        ("pacitor", None),
    ],
)
def test_a_name_is_found_by_words_that_follow_each_other(shop: Shop, text: str, first: str | None) -> None:
    found = everything(shop, ProductFilter(text=text), "sku", 50)
    assert (found[0].sku if found else None) == first


def test_a_product_is_found_by_its_new_name_alone(shop: Shop) -> None:
    change_product(shop.by, shop.part.id, {"name": "Großer Lüfter"})
    assert [each.sku for each in everything(shop, ProductFilter(text="lufter"), "sku", 50)] == ["GPU-1"]
    assert everything(shop, ProductFilter(text="rtx"), "sku", 50) == []


def test_an_order_that_no_index_has_is_not_offered(shop: Shop) -> None:
    with pytest.raises(Invalid):
        list_products(shop.by, ProductFilter(), sort="price")


# What runs low


def is_low(shop: Shop, product: Product) -> bool:
    return bool(reads(shop.by).scalar(select(Product.low).where(Product.id == product.id)))


def balanced(merchants: Merchants) -> bool:
    return [found.equation.name for found in audit(merchants.operator) if found.offenders] == []


def test_what_runs_low_is_marked_with_every_change(shop: Shop, merchants: Merchants) -> None:
    change_product(shop.by, shop.part.id, {"min_stock": 5})
    steps = [is_low(shop, shop.part)]
    shop.add_pieces(shop.part, 6)
    steps.append(is_low(shop, shop.part))
    transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 4)])
    steps.append(is_low(shop, shop.part))  # what is on its way is still ours
    change_product(shop.by, shop.part.id, {"min_stock": 7})
    steps.append(is_low(shop, shop.part))
    change_product(shop.by, shop.part.id, {"min_stock": None})
    steps.append(is_low(shop, shop.part))
    assert steps == [True, False, False, True, False]
    assert balanced(merchants)


def test_units_that_leave_mark_their_product_too(shop: Shop, merchants: Merchants) -> None:
    change_product(shop.by, shop.phone.id, {"min_stock": 2})
    assert is_low(shop, shop.phone)
    (name, _) = shop.add_units(2)
    assert not is_low(shop, shop.phone)
    unit, holder = shop.units[name], Holder("order", 1)
    take(shop.by, holder, units=[unit], until=None)
    ship(shop.by, holder, units=[unit], pieces=[], source="order:1")
    assert is_low(shop, shop.phone)
    assert balanced(merchants)


# Saying how many there are


def test_what_is_on_its_way_is_not_among_the_pieces_that_there_are(shop: Shop, merchants: Merchants) -> None:
    shop.add_pieces(shop.part, 10)
    sent = transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 4)])
    done = service.set_quantity(shop.by, "GPU-1", 8, expected=6)
    assert (done.before, done.after) == (6, 8)
    transfers.arrive(shop.by, sent.id)
    assert service.set_quantity(shop.by, "GPU-1", 12).before == 12
    assert balanced(merchants)


def test_no_fewer_can_be_there_than_are_held_but_those_on_their_way_are_held_by_nobody(shop: Shop) -> None:
    shop.add_pieces(shop.part, 10)
    transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 4)])
    take(shop.by, Holder("order", 1), pieces=[Pieces(shop.part.id, 2, shop.place.id)], until=None)
    assert service.set_quantity(shop.by, "GPU-1", 2).before == 6
    with pytest.raises(Conflict, match="2 are held"):
        service.set_quantity(shop.by, "GPU-1", 1)


# The search box


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gpu-1", ["Products", "GPU-1", "Stock of GPU-1", "6 at Main stock"]),
        ("GPU", ["GPU-1"]),
        ("app-ip14p-256-a", ["APP-IP14P-256-A", "Units of APP-IP14P-256-A", "1 at Main stock"]),
        ("4006381300005", ["CAP-05"]),
        ("work-1", ["WORK-1"]),
        (imei(1), ["Units", imei(1)]),
        ("phonevault", ["Customers", "PhoneVault Inc."]),
    ],
)
def test_skus_units_and_customers_are_found_from_anywhere(
    client: FlaskClient, shop: Shop, typed: str, found: list[str]
) -> None:
    shop.add_pieces(shop.part, 6)
    shop.add_units(1)
    sign_in(client, "alice", "FIRST")
    for headers in ({}, HTMX):
        page = unescape(client.get(f"/search?q={typed}", headers=headers).get_data(as_text=True))
        assert [each for each in found if each not in page] == []


def test_what_a_hit_leads_to_shows_what_is_there(client: FlaskClient, shop: Shop) -> None:
    shop.add_units(1)
    sign_in(client, "alice", "FIRST")
    units = client.get("/inventory?q=iPhone+14+Pro&grade=A").get_data(as_text=True)
    assert imei(1) in units
    stock = client.get("/stock?q=CAP-01").get_data(as_text=True)
    assert "CAP-01" in stock
    assert "Van 1" in stock


def test_whoever_may_not_see_products_finds_none(client: FlaskClient, shop: Shop, merchants: Merchants) -> None:
    sign_in(client, "bob", "FIRST")
    page = client.get("/search?q=gpu-1", headers=HTMX).get_data(as_text=True)
    assert ("GPU-1" in page) is merchants.bob.may("products:read")
