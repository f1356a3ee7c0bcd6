"""The stockroom as a browser sees it: pages open, forms do what they say, refusals keep what was typed."""

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.inventory.models import Location, Product, PurchaseOrder, Supplier, Transfer, Unit
from dashboard.inventory.queries.movements import show_transfer
from dashboard.inventory.queries.purchasing import show_purchase
from dashboard.inventory.queries.stock import StockedProduct, show_stocked
from dashboard.inventory.queries.stocktakes import counted_lines, show_stocktake
from dashboard.inventory.service import purchasing, stocktake, transfers
from dashboard.inventory.service.products import (
    ProductFacts,
    archive_product,
    change_product,
    create_category,
    create_product,
)
from dashboard.inventory.service.purchasing import Bought
from dashboard.inventory.service.suppliers import SupplierFacts, create_supplier
from dashboard.inventory.service.transfers import Sent
from tests.conftest import PASSWORD, Merchants, inputs, sign_in, token_at
from tests.inventory.shop import Shop, imei, open_shop

HTMX = {"HX-Request": "true"}
PAGES = (
    "/products", "/products?q=cable&kind=counted&sort=name", "/products/new", "/products/new?kind=serialised",
    "/products/2", "/products/2/edit", "/products/categories", "/products/sku-template", "/stock", "/stock?low=1",
    "/stock?place=main", "/stock/2/adjust", "/places", "/places/new", "/suppliers", "/suppliers/new", "/suppliers/1",
    "/purchase-orders", "/purchase-orders?status=open", "/purchase-orders/new", "/purchase-orders/1",
    "/purchase-orders/1/print", "/purchase-orders/1/receive", "/transfers", "/transfers/new", "/stocktakes",
    "/stocktakes/new",
)  # fmt: skip
EMPTY = ("/products", "/stock", "/places", "/suppliers", "/purchase-orders", "/purchase-orders/new", "/transfers",
         "/transfers/new", "/stocktakes", "/stocktakes/new")  # fmt: skip


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 10)
    shop.add_pieces(shop.cable, 20)
    create_supplier(shop.by, SupplierFacts("Acme Parts"))
    purchasing.create_purchase_order(
        shop.by, 1, [Bought(shop.part.number, 3, 90_000), Bought(shop.phone.number, 1, 40_000)], status="ordered"
    )
    db.session.remove()
    return shop


@pytest.fixture
def alice(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    sign_in(client, "alice", "FIRST")
    return client


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, url: str, data: dict[str, Any], **options: Any) -> TestResponse:
    """POST with the token of a page. What the test has read until then is forgotten."""
    answer = client.post(url, data={"csrf_token": token_at(client, "/"), **data}, **options)
    db.session.remove()
    return answer


def stocked(shop: Shop, product: Product) -> StockedProduct:
    return show_stocked(shop.by, product.number)


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens(alice: FlaskClient, shop: Shop, path: str) -> None:
    answer = alice.get(path)
    assert answer.status_code == 200, text(answer)


@pytest.mark.parametrize("path", EMPTY)
def test_each_page_helps_while_there_is_nothing(alice: FlaskClient, path: str) -> None:
    answer = alice.get(path)
    assert answer.status_code == 200
    assert 'class="empty"' in text(answer)


def test_a_viewer_sees_lists_without_what_they_may_not_do(client: FlaskClient, shop: Shop) -> None:
    sign_in(client, "bob", "FIRST")
    for path in ("/products", "/stock", "/purchase-orders", "/suppliers", "/places", "/transfers", "/stocktakes"):
        page = text(client.get(path))
        assert "/new" not in page, path
    assert client.get("/products/new").status_code == 403
    assert "$1,200.00" not in text(client.get("/products/2"))
    assert "$900.00" not in text(client.get("/purchase-orders/1"))


def test_whoever_looks_after_the_warehouse_receives_without_seeing_costs(
    client: FlaskClient, merchants: Merchants, shop: Shop
) -> None:
    accounts.create_user(SYSTEM, merchants.tenant, username="wendy", password=PASSWORD, role="warehouse", name="Wendy")
    sign_in(client, "wendy", "FIRST")
    assert "$900.00" not in text(client.get("/purchase-orders/1"))
    line = show_purchase(shop.by, 1).lines[0].id
    assert send(client, "/purchase-orders/1/receive", {f"pieces-{line}": "1", "action": "receive"}).status_code == 303


# Products


def test_a_product_gets_its_sku_by_the_template_and_its_categorys_attributes(alice: FlaskClient, shop: Shop) -> None:
    create_category(shop.by, "Capacitors", [{"key": "voltage", "label": "Voltage", "unit": "V"}])
    assert "Voltage" in text(alice.get("/products/new?category=capacitors"))
    answer = send(
        alice,
        "/products/new?kind=serialised&category=capacitors",
        {"name": "Pixel 9 Pro", "manufacturer": "Google", "model": "Pixel 9 Pro", "storage": "128GB", "grade": "B",
         "price": "1,299.50", "tax_class": "standard", "attribute-voltage": "440"},
    )  # fmt: skip
    assert answer.status_code == 303, text(answer)
    made = reads(shop.by).scalars(select(Product).where(Product.sku == "GOO-P9P-128-B")).one()
    assert (made.price, made.attributes, made.kind) == (129_950, {"voltage": "440"}, "serialised")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Say what it is called"),
        ({"price": "12.345"}, "Write an amount"),
        ({"sku": "gpu-1"}, "SKU 'gpu-1' already"),
        ({"auto_reorder": "y"}, "needs a supplier and a minimum"),
        ({"min_stock": "-1"}, "between 0"),
    ],
)
def test_a_wrong_product_is_refused_and_keeps_what_was_typed(
    alice: FlaskClient, shop: Shop, typed: dict[str, str], sentence: str
) -> None:
    answer = send(
        alice, "/products/new", {"name": "Fuse 10A", "price": "1.00", "sku": "FUSE", "tax_class": "standard", **typed}
    )
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert inputs(text(answer))["sku"] == typed.get("sku", "FUSE")


def test_a_product_is_edited_and_another_edit_is_not_overwritten(alice: FlaskClient, shop: Shop) -> None:
    page = inputs(text(alice.get("/products/2/edit")))
    change_product(shop.by, shop.part.id, {"barcode": "4006381333931"})
    db.session.remove()
    typed = {name: page[name] for name in ("name", "sku", "price", "cost", "version")} | {"tax_class": "standard"}
    answer = send(alice, "/products/2/edit", {**typed, "price": "1500"})
    assert answer.status_code == 422
    assert "Somebody changed this product" in text(answer)
    again = {**typed, "version": inputs(text(alice.get("/products/2/edit")))["version"], "price": "1500"}
    assert send(alice, "/products/2/edit", again).status_code == 303
    assert stocked(shop, shop.part).product.price == 150_000


def test_a_price_is_edited_in_its_cell(alice: FlaskClient, shop: Shop) -> None:
    form = text(alice.get("/products/2/price", headers=HTMX))
    assert inputs(form)["value"] == "1599.99"
    wrong = send(alice, "/products/2/price", {"value": "much", "version": inputs(form)["version"]}, headers=HTMX)
    assert (wrong.status_code, inputs(text(wrong))["value"]) == (422, "much")
    right = send(alice, "/products/2/price", {"value": "1,650", "version": inputs(form)["version"]}, headers=HTMX)
    assert "$1,650.00" in text(right)
    late = send(alice, "/products/2/price", {"value": "1", "version": inputs(form)["version"]}, headers=HTMX)
    assert late.status_code == 409
    assert stocked(shop, shop.part).product.price == 165_000
    assert alice.get("/products/2/price").status_code == 303


def test_an_archived_product_leaves_the_list_and_comes_back(alice: FlaskClient, shop: Shop) -> None:
    send(alice, "/products/3/archive", {"archived": "1"})
    assert "<code>CAB-1</code>" not in text(alice.get("/products"))
    assert "<code>CAB-1</code>" in text(alice.get("/products?archived=1"))
    send(alice, "/products/3/archive", {"archived": ""})
    assert "<code>CAB-1</code>" in text(alice.get("/products"))


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("q=cab", ["CAB-1"]),
        ("q=rtx", ["GPU-1"]),
        ("kind=service", ["WORK-1"]),
        ("kind=serialised", ["APP-IP14P-256-A"]),
        ("q=nothing", []),
    ],
)
def test_the_list_is_narrowed_by_its_address(alice: FlaskClient, shop: Shop, query: str, skus: list[str]) -> None:
    page = text(alice.get(f"/products?{query}"))
    assert re.findall(r"<code>([^<]+)</code>", page) == skus


def test_long_lists_go_on_where_they_stopped(alice: FlaskClient, shop: Shop) -> None:
    for n in range(60):
        create_product(shop.by, ProductFacts(f"ROW-{n:03d}", f"Row {n}", "counted", 100))
    db.session.remove()
    first = text(alice.get("/products"))
    more = re.search(r'hx-get="([^"]+)"[^>]*>Load more', first)
    assert more is not None
    rest = text(alice.get(more[1], headers=HTMX))
    shown = re.findall(r"<code>([^<]+)</code>", first + rest)
    assert shown == sorted(shown)
    assert (len(shown), len(set(shown))) == (64, 64)
    assert "<html" not in rest


def test_the_sku_template_is_changed_and_a_wrong_one_explained(alice: FlaskClient, shop: Shop) -> None:
    wrong = send(alice, "/products/sku-template", {"sku_template": "{colour}"})
    assert (wrong.status_code, inputs(text(wrong))["sku_template"]) == (422, "{colour}")
    send(alice, "/products/sku-template", {"sku_template": "{grade}/{model}"})
    assert "A/IP14P" in text(alice.get("/products/sku-template"))


# Stock and places


def test_low_stock_is_a_chip_that_shows_only_what_runs_low(alice: FlaskClient, shop: Shop) -> None:
    change_product(shop.by, shop.part.id, {"min_stock": 11})
    db.session.remove()
    page = text(alice.get("/stock?low=1"))
    assert re.findall(r"<code>([^<]+)</code>", page) == ["GPU-1"]
    assert "1 product runs low" in page


def test_a_correction_is_posted_and_too_much_refused(alice: FlaskClient, shop: Shop) -> None:
    correct = {"place": "main", "reason": "damaged", "quantity": "2", "note": "dropped"}
    assert send(alice, "/stock/2/adjust", correct).status_code == 303
    assert stocked(shop, shop.part).on_hand == 8
    wrong = send(alice, "/stock/2/adjust", {**correct, "quantity": "9"})
    assert wrong.status_code == 422
    assert inputs(text(wrong))["quantity"] == "9"
    assert "Damaged: dropped" in text(alice.get("/products/2"))


def test_a_place_is_added(alice: FlaskClient, shop: Shop) -> None:
    assert send(alice, "/places/new", {"name": "Shop 2", "kind": "shop", "code": ""}).status_code == 303
    assert reads(shop.by).scalars(select(Location.kind).where(Location.code == "shop_2")).one() == "shop"
    assert send(alice, "/places/new", {"name": "X", "kind": "shop", "code": "shop_2"}).status_code == 422


# Purchasing


def test_a_supplier_is_added_changed_and_put_away(alice: FlaskClient, shop: Shop) -> None:
    send(alice, "/suppliers/new", {"name": "Bolt & Co", "email": "no", "lead_days": "3"})
    send(alice, "/suppliers/new", {"name": "Bolt & Co", "email": "a@b.c", "lead_days": "3"})
    (made,) = reads(shop.by).scalars(select(Supplier).where(Supplier.name == "Bolt & Co")).all()
    db.session.remove()
    send(alice, f"/suppliers/{made.number}", {"name": "Bolt", "lead_days": "4", "archived": "y"})
    assert ">Bolt</a>" not in text(alice.get("/suppliers"))
    assert ">Bolt</a>" in text(alice.get("/suppliers?archived=1"))


def test_a_purchase_order_is_typed_as_lines_and_scanned_twice_is_two(alice: FlaskClient, shop: Shop) -> None:
    typed = {
        "supplier": "1",
        "place": "main",
        "lines": "cab-1\nGPU-1, 4, 1100.50\ncab-1\n",
        "expected_on": "2026-12-01",
    }
    assert send(alice, "/purchase-orders/new", typed).status_code == 303
    order = show_purchase(shop.by, 2)
    assert [(line.sku, line.quantity, line.unit_cost) for line in order.lines] == [
        ("CAB-1", 2, 300),
        ("GPU-1", 4, 110_050),
    ]
    assert send(alice, "/purchase-orders/2/order", {}).status_code == 303
    assert show_purchase(shop.by, 2).status == "ordered"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [("", "at least one line"), ("NOPE, 1", "Line 1: nothing here"), ("GPU-1, x", "Line 1 reads"),
     ("GPU-1, 1, dear", "no amount"), ("WORK-1, 1", "can be bought")],
)  # fmt: skip
def test_wrong_lines_are_named_and_kept(alice: FlaskClient, shop: Shop, lines: str, sentence: str) -> None:
    answer = send(alice, "/purchase-orders/new", {"supplier": "1", "place": "main", "lines": lines})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert lines in text(answer)
    assert len(reads(shop.by).scalars(select(PurchaseOrder.id)).all()) == 1


def test_an_order_is_received_by_scanning_without_script(alice: FlaskClient, shop: Shop) -> None:
    address = "/purchase-orders/1/receive"
    part, phone = show_purchase(shop.by, 1).lines
    page = text(send(alice, address, {"scan": "gpu-1", "action": "scan"}))
    assert inputs(page)[f"pieces-{part.id}"] == "1"
    page = text(send(alice, address, {"scan": "GPU-1", "action": "scan", f"pieces-{part.id}": "1"}))
    assert (inputs(page)[f"pieces-{part.id}"], inputs(page)["scan"]) == ("2", "")
    page = text(send(alice, address, {"scan": imei(7), "action": "scan", f"pieces-{part.id}": "2"}))
    assert imei(7) in page
    unknown = send(alice, address, {"scan": "NOPE", f"serials-{phone.id}": imei(7), f"pieces-{part.id}": "2"})
    assert (unknown.status_code, inputs(text(unknown))[f"pieces-{part.id}"]) == (422, "2")
    done = send(alice, address, {f"pieces-{part.id}": "2", f"serials-{phone.id}": imei(7), "action": "receive"})
    assert done.status_code == 303
    assert stocked(shop, shop.part).on_hand == 12
    assert reads(shop.by).scalars(select(Unit.imei)).one() == imei(7)
    assert show_purchase(shop.by, 1).status == "partial"


def test_more_than_was_ordered_is_said_beside_its_line_and_can_be_kept(alice: FlaskClient, shop: Shop) -> None:
    part = show_purchase(shop.by, 1).lines[0].id
    typed = {f"pieces-{part}": "4", "action": "receive"}
    answer = send(alice, "/purchase-orders/1/receive", typed)
    assert answer.status_code == 422
    assert "Only 3 are outstanding" in text(answer)
    assert inputs(text(answer))[f"pieces-{part}"] == "4"
    assert send(alice, "/purchase-orders/1/receive", {**typed, "allow_over": "y"}).status_code == 303
    assert stocked(shop, shop.part).on_hand == 14


@pytest.mark.parametrize("typed", [{}, {"pieces": "many"}])
def test_nothing_or_nonsense_is_not_received(alice: FlaskClient, shop: Shop, typed: dict[str, str]) -> None:
    part = show_purchase(shop.by, 1).lines[0].id
    data = {f"{name}-{part}": value for name, value in typed.items()}
    assert send(alice, "/purchase-orders/1/receive", {**data, "action": "receive"}).status_code == 422
    assert show_purchase(shop.by, 1).status == "ordered"


def test_an_order_is_cancelled(alice: FlaskClient, shop: Shop) -> None:
    assert send(alice, "/purchase-orders/1/cancel", {}).status_code == 303
    assert show_purchase(shop.by, 1).status == "cancelled"
    assert send(alice, "/purchase-orders/1/cancel", {}).status_code == 409


# Transfers and stocktakes


def test_a_transfer_of_pieces_and_a_unit_is_sent_and_arrives(alice: FlaskClient, shop: Shop) -> None:
    shop.add_units(1)
    db.session.remove()
    typed = {"from_place": "main", "to_place": "van_1", "lines": f"GPU-1, 4\n{imei(1)}"}
    assert send(alice, "/transfers/new", typed).status_code == 303
    made = reads(shop.by).scalars(select(Transfer.id)).one()
    page = text(alice.get(f"/transfers/{made}"))
    assert imei(1) in page
    assert stocked(shop, shop.part).in_transit == 4
    assert send(alice, f"/transfers/{made}/arrive", {}).status_code == 303
    assert stocked(shop, shop.part).in_transit == 0
    assert send(alice, f"/transfers/{made}/cancel", {}).status_code == 409


@pytest.mark.parametrize(
    ("to", "lines"), [("main", "GPU-1, 1"), ("van_1", "GPU-1, 11"), ("van_1", "NOPE"), ("van_1", "WORK-1, 1")]
)
def test_a_transfer_that_cannot_be_keeps_what_was_typed(alice: FlaskClient, shop: Shop, to: str, lines: str) -> None:
    answer = send(alice, "/transfers/new", {"from_place": "main", "to_place": to, "lines": lines})
    assert answer.status_code == 422
    assert lines in text(answer)
    assert reads(shop.by).scalars(select(Transfer.id)).all() == []


def test_a_cancelled_transfer_is_undone(alice: FlaskClient, shop: Shop) -> None:
    made = transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 4)])
    db.session.remove()
    assert send(alice, f"/transfers/{made.id}/cancel", {}).status_code == 303
    assert stocked(shop, shop.part).in_transit == 0


def test_a_part_of_a_transfer_arrives_and_what_cannot_be_keeps_what_was_typed(alice: FlaskClient, shop: Shop) -> None:
    made = transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 4), Sent(shop.cable.id, 3)])
    lines = {line.sku: line.id for line in show_transfer(shop.by, made.id)[1]}
    db.session.remove()
    url = f"/transfers/{made.id}/receive"
    for typed, sentence in (("5", "Only 4 of this are on their way."), ("some", "Write a number of pieces.")):
        answer = send(alice, url, {f"line-{lines['GPU-1']}": typed, f"line-{lines['CAB-1']}": "2"})
        assert answer.status_code == 422
        assert sentence in text(answer)
        assert f'value="{typed}"' in text(answer)
    assert "Say what has come." in text(send(alice, url, {}))
    counted = send(alice, url, {"scan": "gpu-1", "action": "scan", f"line-{lines['CAB-1']}": "2"})
    assert "1 of GPU-1." in text(counted)
    assert inputs(text(counted))[f"line-{lines['CAB-1']}"] == "2"
    assert inputs(text(send(alice, url, {"action": "all"})))[f"line-{lines['GPU-1']}"] == "4"
    assert send(alice, url, {f"line-{lines['GPU-1']}": "3"}).status_code == 303
    page = text(alice.get(f"/transfers/{made.id}"))
    assert "Partly arrived" in page
    assert "3 of 7" in text(alice.get("/transfers"))
    assert send(alice, f"/transfers/{made.id}/close", {"reason": "mood"}).status_code == 422
    assert send(alice, f"/transfers/{made.id}/close", {"reason": "lost", "note": "claim 17"}).status_code == 303
    assert "claim 17" in text(alice.get(f"/transfers/{made.id}"))
    assert alice.get(url).status_code == 303
    assert stocked(shop, shop.part).on_hand == 9


def test_units_of_a_stocktake_are_scanned_reviewed_and_posted(alice: FlaskClient, shop: Shop) -> None:
    shop.add_units(2)
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    db.session.remove()
    count, review = f"/stocktakes/{take.id}/count", f"/stocktakes/{take.id}"
    answer = text(send(alice, count, {"scanned": imei(1)}, headers=HTMX))
    assert f"{imei(1)} is here." in answer
    assert 'data-tone="good"' in answer
    assert "<strong>1</strong> of 2 units found" in answer
    assert 'data-tone="warn"' in text(send(alice, count, {"scanned": imei(900)}, headers=HTMX))
    slip = text(send(alice, count, {"scanned": "C02XL0ABJGH5"}, headers=HTMX))
    assert "List it as a unit" in slip
    listed = text(send(alice, count, {"scanned": "C02XL0ABJGH5", "unknown": "1"}, headers=HTMX))
    assert "C02XL0ABJGH5 is not in the books" in listed
    page = text(alice.get(review))
    assert imei(2) in page
    assert imei(1) not in page
    assert imei(1) in text(alice.get(f"{review}?units=matched"))
    assert send(alice, f"{review}/post", {"units_aside": "y"}).status_code == 303
    page = text(alice.get(review))
    assert "Posted. 0 products differ, 1 set aside as missing, 2 listed to be taken in." in page
    assert "Open the manifest" in text(alice.get(f"{review}?units=intake"))


def test_a_stocktake_is_started_counted_reviewed_and_posted_without_script(alice: FlaskClient, shop: Shop) -> None:
    started = send(alice, "/stocktakes/new", {"place": "main"})
    address = started.headers["Location"]
    assert send(alice, "/stocktakes/new", {"place": "main"}).status_code == 422
    assert send(alice, f"{address}/count", {"scanned": "9*gpu-1"}).status_code == 303
    wrong = send(alice, f"{address}/count", {"scanned": "NOPE"})
    assert (wrong.status_code, inputs(text(wrong))["scanned"]) == (422, "NOPE")
    assert "−1" in text(alice.get(address))
    assert send(alice, f"{address}/post", {}).status_code == 303
    assert stocked(shop, shop.part).on_hand == 9
    assert "Posted" in text(alice.get(address))


def test_a_scan_answers_with_the_box_alone(alice: FlaskClient, shop: Shop) -> None:
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    db.session.remove()
    answer = send(alice, f"/stocktakes/{take.id}/count", {"scanned": "gpu-1"}, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in text(answer)
    assert "1 counted of gpu-1." in text(answer)
    wrong = send(alice, f"/stocktakes/{take.id}/count", {"scanned": "-2*gpu-1"}, headers=HTMX)
    assert (wrong.status_code, 'data-tone="bad"' in text(wrong)) == (200, True)
    send(alice, f"/stocktakes/{take.id}/again", {"product": str(shop.part.id)})
    assert all(line.counted is None for line in counted_lines(shop.by, take.id))
    send(alice, f"/stocktakes/{take.id}/cancel", {})
    assert show_stocktake(shop.by, take.id).status == "cancelled"


def test_a_stocktake_that_cannot_be_posted_says_why(alice: FlaskClient, shop: Shop) -> None:
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    db.session.remove()
    send(alice, f"/stocktakes/{take.id}/post", {})
    assert "Nothing has been counted yet" in text(alice.get(f"/stocktakes/{take.id}"))


def test_another_tenants_things_are_not_found(client: FlaskClient, shop: Shop) -> None:
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    made = transfers.send(shop.by, shop.place.id, shop.other_place.id, [Sent(shop.part.id, 1)])
    archive_product(shop.by, shop.cable.id, archived=True)
    db.session.remove()
    sign_in(client, "charlie", "SECOND")
    for path in (
        "/products/2",
        "/purchase-orders/1",
        "/suppliers/1",
        f"/transfers/{made.id}",
        f"/stocktakes/{take.id}",
    ):
        assert client.get(path).status_code == 404, path
