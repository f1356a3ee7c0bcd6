"""Orders, units and products over HTTP, in the words of F and P."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.inventory.service import ProductFacts, create_product
from dashboard.orders import queries
from tests.conftest import Api, Merchants
from tests.inventory.shop import Shop, imei, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ADDRESS = {"street": "123 Tech Lane", "city": "San Francisco", "state": "CA", "zip": "94105", "country": "US"}


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(3)
    shop.add_pieces(shop.part, 5)
    shop.add_pieces(shop.cable, 50)
    db.session.remove()
    return shop


@pytest.fixture
def parts(client: FlaskClient, merchants: Merchants) -> Api:
    return Api(client, accounts.create_key(SYSTEM, merchants.tenant, name="parts", dialect="techparts").secret)


@pytest.fixture
def fleet(client: FlaskClient, merchants: Merchants) -> Api:
    return Api(client, accounts.create_key(SYSTEM, merchants.tenant, name="fleet", dialect="techfleet").secret)


def device_order(shop: Shop, *units: str) -> dict[str, Any]:
    return {
        "buyer_id": shop.buyer.public_id,
        "line_items": [{"inventory_id": unit, "price": 54_900} for unit in units],
    }


def parts_order(shop: Shop, **quantities: int) -> dict[str, Any]:
    return {
        "customer_id": shop.buyer.code,
        "items": [{"product_id": f"PROD-{name}-1", "quantity": n} for name, n in quantities.items()],
        "shipping_address": ADDRESS,
    }


@pytest.mark.parametrize("path", ["/api/v1/orders", "/v1/orders"])
def test_a_device_order_is_placed_confirmed_shipped_and_delivered(api: Api, shop: Shop, path: str) -> None:
    with clock.frozen(NOON):
        placed = api.post(path, json=device_order(shop, "inv_1"))
    assert placed.status_code == 201, placed.json
    body = placed.get_json()
    assert body["line_items"] == [{"inventory_id": "inv_1", "price": 54_900, "reserved_until": "2026-03-10T12:15:00Z"}]
    with clock.frozen(NOON + timedelta(minutes=14)):
        for step, status in (("confirm", "confirmed"), ("ship", "shipped"), ("deliver", "delivered")):
            answer = api.post(f"/api/v1/orders/{body['id']}/{step}", json={})
            assert answer.status_code == 200, answer.json
            assert answer.get_json()["data"]["status"] == status
    assert api.get("/api/v1/inventory/inv_1").get_json()["data"]["available"] is False
    assert api.get("/v1/inventory?available=true").get_json()["meta"]["total"] == 2
    assert api.get("/api/v1/inventory").get_json()["meta"]["total"] == 2


def test_a_parts_order_adds_up_to_the_cent(parts: Api, shop: Shop) -> None:
    with clock.frozen(datetime(2024, 12, 28, 15, 30, tzinfo=UTC)):
        answer = parts.post("/v1/orders", json=parts_order(shop, GPU=1, CAB=2))
    assert answer.status_code == 201, answer.json
    assert b'"subtotal":1619.97' in answer.data
    assert answer.get_json()["estimated_delivery"] == "2024-12-31T23:59:00Z"
    assert answer.get_json()["items_count"] == 3


def test_too_little_stock_is_said_in_the_words_of_the_reference(parts: Api, shop: Shop) -> None:
    answer = parts.post("/v1/orders", json=parts_order(shop, GPU=10))
    assert answer.status_code == 409
    assert answer.get_json() == {
        "error": "insufficient_stock",
        "message": "Product 'PROD-GPU-1' has only 5 units available. Requested: 10",
        "available_quantity": 5,
    }


def test_a_missing_body_is_said_in_the_words_of_the_reference(parts: Api, shop: Shop) -> None:
    answer = parts.post("/v1/orders", json={"items": [], "shipping_address": ADDRESS})
    assert answer.status_code == 422
    assert answer.get_json() == {
        "error": "validation_error",
        "message": "Invalid request body",
        "details": ["Field 'customer_id' is required", "Field 'items' must contain at least 1 item"],
    }


@pytest.mark.parametrize("quantity", [0, 1000, -1, 1.5, "2", None, True])
def test_a_quantity_that_cannot_be_is_refused(parts: Api, shop: Shop, quantity: object) -> None:
    body = parts_order(shop, CAB=1)
    body["items"][0]["quantity"] = quantity
    assert parts.post("/v1/orders", json=body).status_code == 422


def test_a_unit_that_somebody_holds_is_a_conflict(api: Api, shop: Shop) -> None:
    assert api.post("/api/v1/orders", json=device_order(shop, "inv_1")).status_code == 201
    refused = api.post("/v1/orders", json=device_order(shop, "inv_2", "inv_1"))
    assert refused.status_code == 409
    assert refused.get_json()["error"]["code"] == "insufficient_stock"
    assert api.post("/v1/orders", json=device_order(shop, "inv_2")).status_code == 201


def test_both_bodies_at_once_are_refused_in_the_dialect_of_the_path(api: Api, shop: Shop) -> None:
    answer = api.post("/v1/orders", json=device_order(shop, "inv_1") | parts_order(shop, CAB=1))
    assert answer.status_code == 422
    assert answer.get_json()["error"] == "validation_error"


def test_orders_are_listed_by_status_day_and_buyer(api: Api, shop: Shop) -> None:
    with clock.frozen(NOON):
        first = api.post("/api/v1/orders", json=device_order(shop, "inv_1")).get_json()["id"]
        api.post(f"/api/v1/orders/{first}/confirm")
        api.post("/api/v1/orders", json=device_order(shop, "inv_2"))
    later = NOON + timedelta(minutes=15)
    with clock.frozen(later):
        for query, total in (
            ("status=confirmed", 1),
            ("status=pending", 0),
            ("status=cancelled", 1),
            ("from=2026-03-10&to=2026-03-10", 2),
            ("from=2026-03-11", 0),
            (f"buyer_id={shop.buyer.public_id}", 2),
            ("buyer_id=buy_nobody", 0),
        ):
            answer = api.get(f"/v1/orders?{query}", headers={"X-Test": query})
            assert answer.get_json()["meta"]["total"] == total, query
    assert api.get("/api/v1/orders?status=lost").status_code == 422


def test_a_quantity_is_set_as_documented_and_never_below_what_is_held(parts: Api, shop: Shop) -> None:
    answer = parts.call("PATCH", "/v1/inventory/GPU-1", json={"quantity": 45, "reason": "Received shipment"})
    assert answer.status_code == 200, answer.json
    assert {"quantity": 45, "previous_quantity": 5, "change": 40}.items() <= answer.get_json().items()
    parts.post("/v1/orders", json=parts_order(shop, GPU=3))
    assert parts.call("PATCH", "/v1/inventory/GPU-1", json={"quantity": 2}).status_code == 409
    assert parts.call("PATCH", "/v1/inventory/GPU-1", json={"quantity": 3}).get_json()["change"] == -42
    assert parts.call("PATCH", "/v1/inventory/APP-IP14P-256-A", json={"quantity": 3}).status_code == 409
    assert parts.call("PATCH", "/v1/inventory/GPU-1", json={"quantity": 9, "reason": "x" * 201}).status_code == 422
    assert parts.call("PATCH", "/v1/inventory/GPU-1", json={"quantity": 10_000}).status_code == 422
    missing = parts.call("PATCH", "/v1/inventory/NO-1", json={"quantity": 3})
    assert missing.get_json() == {"error": "not_found", "message": "SKU 'NO-1' does not exist in inventory system"}


def test_a_unit_is_taken_in_once(api: Api, shop: Shop) -> None:
    body = {"sku": "APP-IP14P-256-A", "imei": imei(77), "battery_health": 91}
    made = api.post("/api/v1/inventory", json=body)
    assert made.status_code == 201, made.json
    assert made.get_json()["data"]["price"] == 54_900
    assert api.post("/api/v1/inventory", json=body).status_code == 409
    assert api.post("/api/v1/inventory", json=body | {"imei": "352099001761480"}).status_code == 422


def test_skus_show_what_is_there_and_what_it_costs(api: Api, shop: Shop) -> None:
    api.post("/api/v1/orders", json=device_order(shop, "inv_1"))
    found = api.get("/v1/products?include_pricing=true").get_json()
    assert found["data"] == [
        {
            "sku": "APP-IP14P-256-A",
            "model": "iPhone 14 Pro",
            "storage": "256GB",
            "grade": "A",
            "quantity_available": 2,
            "quantity_total": 3,
            "pricing": {"min": 54_900, "max": 54_900, "avg": 54_900, "currency": "USD"},
        }
    ]


def test_what_cannot_be_in_an_order_is_named(parts: Api, api: Api, shop: Shop) -> None:
    many = parts_order(shop, CAB=1)
    many["items"] *= 51
    assert parts.post("/v1/orders", json=many).get_json()["details"] == ["Field 'items' must contain at most 50 items"]
    summed = parts_order(shop, CAB=1)
    summed["items"] = [{"product_id": "PROD-CAB-1", "quantity": 500}] * 2
    assert "all lines of a product together" in parts.post("/v1/orders", json=summed).get_json()["details"][0]
    nobody = parts_order(shop, CAB=1) | {"customer_id": "CUST-0"}
    assert parts.post("/v1/orders", json=nobody).status_code == 422
    nothing = parts_order(shop, NOT=1)
    assert parts.post("/v1/orders", json=nothing).status_code == 422
    twice = api.post("/api/v1/orders", json=device_order(shop, "inv_1", "inv_1"))
    assert (twice.status_code, twice.get_json()["error"]["field"]) == (422, "line_items[1]")
    dear = device_order(shop, "inv_1")
    dear["line_items"][0]["price"] = 549
    assert api.post("/api/v1/orders", json=dear).status_code == 422


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"country": "USA"}, "ISO 3166"),
        ({"country": "XX"}, "ISO 3166"),
        ({"state": ""}, "is required in US"),
        ({"street": "  "}, "'shipping_address.street' is required"),
        ({"zip": "9" * 21}, "at most 20 characters"),
    ],
)
def test_an_address_that_no_parcel_reaches_is_refused(
    parts: Api, shop: Shop, change: dict[str, str], said: str
) -> None:
    body = parts_order(shop, CAB=1)
    answer = parts.post("/v1/orders", json=body | {"shipping_address": ADDRESS | change})
    assert answer.status_code == 422
    assert any(said in detail for detail in answer.get_json()["details"]), answer.get_json()


@pytest.mark.parametrize("sku", ["A/B+C", "GPU 1/2", "Größe-3", "A%2FB"])
def test_a_sku_of_any_signs_is_found_by_its_address(parts: Api, shop: Shop, sku: str) -> None:
    create_product(shop.by, ProductFacts(sku, "Odd", "counted", 100))
    db.session.remove()
    answer = parts.call("PATCH", f"/v1/inventory/{quote(sku, safe='')}", json={"quantity": 4})
    assert (answer.status_code, answer.get_json().get("sku")) == (200, sku)


def test_somebody_who_was_slower_is_told(parts: Api, shop: Shop) -> None:
    path = "/v1/inventory/GPU-1"
    assert parts.call("PATCH", path, json={"quantity": 9, "expected_quantity": 4}).status_code == 409
    assert parts.call("PATCH", path, json={"quantity": 9}, headers={"If-Match": '"4"'}).status_code == 409
    assert parts.call("PATCH", path, json={"quantity": 9}, headers={"If-Match": '"5"'}).status_code == 200
    assert parts.call("PATCH", path, json={"quantity": 9}, headers={"If-Match": "soon"}).status_code == 422


def test_units_that_are_sold_by_the_piece_are_picked(parts: Api, shop: Shop) -> None:
    body = parts_order(shop, CAB=1)
    body["items"] = [{"product_id": shop.phone.code, "quantity": 2}]
    assert parts.post("/v1/orders", json=body).status_code == 201
    assert parts.get("/v1/inventory?available=true").get_json()["meta"]["total"] == 1
    body["items"][0]["quantity"] = 2
    assert parts.post("/v1/orders", json=body).get_json()["available_quantity"] == 1


@pytest.mark.parametrize("step", ["", "/confirm", "/cancel"])
def test_the_shared_path_answers_as_the_id_and_the_key_say(
    fleet: Api, parts: Api, api: Api, shop: Shop, step: str
) -> None:
    """C6: `ORD-…` is P's; `ord_…` is F's for a key of F, S's for any other."""
    placed = fleet.post("/v1/orders", json=device_order(shop, "inv_1")).get_json()["id"]
    code = queries.show_order(shop.by, placed).code
    db.session.remove()

    def keys(program: Api, ref: str) -> set[str]:
        answer = program.call("POST" if step else "GET", f"/v1/orders/{ref}{step}")
        assert answer.status_code == 200, answer.get_json()
        body = answer.get_json()
        return set(body.get("data", body))

    assert "line_items" in keys(fleet, placed)
    assert {"items", "store_id"} <= keys(api, placed)
    assert {"items", "store_id"} <= keys(parts, placed)
    for program in (fleet, api, parts):
        assert {"tracking_url", "items_count"} <= keys(program, code)
