"""The samples of F's merchant part and of P, asked of the demo's shop, each on a fresh copy at its own time."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.core.jobs import system_of
from dashboard.demo import stock
from tests.conftest import Api

MARCH = datetime(2025, 3, 10, 9, 12, tzinfo=UTC)
DECEMBER = datetime(2024, 12, 28, 15, 30, tzinfo=UTC)
UNIT = {
    "id": "inv_01h9xmk2n3p5r7t9",
    "imei": "352099001761481",
    "model": "iPhone 14 Pro",
    "storage": "256GB",
    "color": "Space Black",
    "grade": "A",
    "battery_health": 88,
    "carrier_locked": False,
    "carrier": None,
    "price": 54900,
    "currency": "USD",
    "warehouse_id": "wh_toronto_01",
    "available": True,
    "created_at": "2025-01-15T10:23:00Z",
    "updated_at": "2025-03-10T14:55:00Z",
}
PARTS_ORDER = {
    "customer_id": "CUST-789012",
    "items": [
        {"product_id": "PROD-4090-MSI-001", "quantity": 1},
        {"product_id": "PROD-5950X-AMD-001", "quantity": 1},
    ],
    "shipping_address": {
        "street": "123 Tech Lane",
        "city": "San Francisco",
        "state": "CA",
        "zip": "94105",
        "country": "US",
    },
}


@pytest.fixture
def keys(app: Flask) -> dict[str, Api]:
    """Programs of a merchant whose shop was just filled, by dialect."""
    tenant = accounts.create_tenant(SYSTEM, business_code="MYCOMPANY", name="My Company LLC", plan="enterprise")
    with clock.frozen(DECEMBER):
        stock.fill(system_of(tenant.id))
    made = {
        name: accounts.create_key(SYSTEM, tenant, name=name, dialect=name).secret
        for name in ("techfleet", "techparts", "syncauction")
    }
    made["read"] = accounts.create_key(SYSTEM, tenant, name="read", dialect="techparts", access="read-only").secret
    db.session.remove()
    return {name: Api(app.test_client(), secret) for name, secret in made.items()}


def test_the_list_of_units_holds_the_documented_one(keys: dict[str, Api]) -> None:
    found = keys["techfleet"].get("/v1/inventory?grade=A&available=true&per_page=20").get_json()
    assert UNIT in found["data"] or found["meta"]["pages"] > 1
    assert set(found["meta"]) == {"page", "per_page", "total", "pages"}
    assert keys["techfleet"].get("/api/v1/inventory/inv_01h9xmk2n3p5r7t9").get_json()["data"] == UNIT


def test_the_total_of_the_list_is_the_number_of_its_rows(keys: dict[str, Api]) -> None:
    for query in (
        "",
        "grade=A&available=true",
        "model=iPhone+15",
        "carrier_locked=true",
        "available=false",
        "grade=A+",
    ):
        page = keys["techfleet"].get(f"/v1/inventory?per_page=200&{query}").get_json()
        rows = len(page["data"])
        if page["meta"]["pages"] > 1:
            rows += len(keys["techfleet"].get(f"/v1/inventory?per_page=200&page=2&{query}").get_json()["data"])
        assert page["meta"]["total"] == rows, query
        assert rows > 0 or query == "available=false"


def test_the_list_of_skus_is_as_documented(keys: dict[str, Api]) -> None:
    found = keys["techfleet"].get("/v1/products?include_pricing=true&per_page=200").get_json()
    sku = next(each for each in found["data"] if each["sku"] == "APP-IP14P-256-A")
    assert list(sku) == ["sku", "model", "storage", "grade", "quantity_available", "quantity_total", "pricing"]
    assert (sku["model"], sku["storage"], sku["grade"]) == ("iPhone 14 Pro", "256GB", "A")
    assert list(sku["pricing"]) == ["min", "max", "avg", "currency"]


def test_a_device_order_is_as_documented_and_stands_in_the_list_once_it_is_confirmed(keys: dict[str, Api]) -> None:
    program = keys["techfleet"]
    line = {"inventory_id": "inv_01h9xmk2n3p5r7t9", "price": 54900}
    with clock.frozen(MARCH):
        made = program.post("/v1/orders", json={"buyer_id": "buy_01h8abc123", "line_items": [line]})
        assert made.status_code == 201
        body = made.get_json()
        assert body.pop("id").startswith("ord_")
        assert body.pop("request_id")
        assert body == {
            "status": "pending",
            "buyer_id": "buy_01h8abc123",
            "line_items": [{**line, "reserved_until": "2025-03-10T09:27:00Z"}],
            "total": 54900,
            "currency": "USD",
            "created_at": "2025-03-10T09:12:00Z",
        }
        program.post(f"/v1/orders/{made.get_json()['id']}/confirm")
        listed = program.get("/v1/orders?status=confirmed&from=2025-03-01").get_json()
    assert listed["meta"]["total"] == 1
    assert (
        listed["data"][0]["line_items"][0].items()
        >= {
            "inventory_id": "inv_01h9xmk2n3p5r7t9",
            "imei": "352099001761481",
            "model": "iPhone 14 Pro",
            "grade": "A",
            "price": 54900,
        }.items()
    )
    assert listed["data"][0]["buyer_name"] == "PhoneVault Inc."


def test_a_part_is_shown_as_documented(keys: dict[str, Api]) -> None:
    answer = keys["techparts"].get("/v1/products/PROD-4090-MSI-001")
    body = answer.get_json()
    assert b'"price":1599.99' in answer.data
    assert list(body) == [
        "id", "sku", "name", "category", "manufacturer", "price", "currency", "stock", "in_stock", "specifications",
        "warranty", "created_at", "updated_at",
    ]  # fmt: skip
    assert body["specifications"]["cuda_cores"] == 16384
    assert (body["stock"], body["in_stock"], body["category"]) == (23, True, "graphics-cards")


def test_a_parts_order_comes_to_the_documented_cent(keys: dict[str, Api]) -> None:
    with clock.frozen(DECEMBER):
        answer = keys["techparts"].post("/v1/orders", json=PARTS_ORDER)
    assert answer.status_code == 201
    body: dict[str, Any] = answer.get_json()
    assert body.pop("order_id").startswith("ORD-2024-")
    assert "/track/ORD-2024-" in body.pop("tracking_url")
    assert body == {
        "status": "pending",
        "subtotal": 2149.98,
        "tax": 171.99,
        "shipping": 0.0,
        "total": 2321.97,
        "currency": "USD",
        "items_count": 2,
        "created_at": "2024-12-28T15:30:00Z",
        "estimated_delivery": "2024-12-31T23:59:00Z",
    }
    assert b'"shipping":0.00' in answer.data


def test_stock_is_set_as_documented(keys: dict[str, Api]) -> None:
    with clock.frozen(datetime(2024, 12, 28, 15, 45, tzinfo=UTC)):
        answer = keys["techparts"].call(
            "PATCH",
            "/v1/inventory/GPU-NV-4090-MSI-001",
            json={"quantity": 45, "reason": "Received shipment from warehouse"},
        )
    body = answer.get_json()
    assert body.pop("updated_by").startswith("key:")
    assert body == {
        "sku": "GPU-NV-4090-MSI-001",
        "product_id": "PROD-4090-MSI-001",
        "product_name": "NVIDIA GeForce RTX 4090 MSI Gaming X Trio",
        "quantity": 45,
        "previous_quantity": 23,
        "change": 22,
        "updated_at": "2024-12-28T15:45:00Z",
    }


def test_every_error_of_the_parts_store_is_in_its_words(keys: dict[str, Api], app: Flask) -> None:
    parts = keys["techparts"]
    said = parts.get("/v1/products/PROD-4090-MSI-009")
    assert (said.status_code, said.get_json()) == (
        404,
        {"error": "not_found", "message": "Product with ID 'PROD-4090-MSI-009' does not exist"},
    )
    said = Api(app.test_client(), None).get("/v1/products/PROD-4090-MSI-001")
    assert (said.status_code, said.get_json()) == (
        401,
        {
            "error": "unauthorized",
            "message": "Valid API key required. Include 'Authorization: Bearer YOUR_API_KEY' header.",
        },
    )
    parts.call("PATCH", "/v1/inventory/GPU-NV-4090-MSI-001", json={"quantity": 5})
    ten = {**PARTS_ORDER, "items": [{"product_id": "PROD-4090-MSI-001", "quantity": 10}]}
    said = parts.post("/v1/orders", json=ten)
    assert (said.status_code, said.get_json()) == (
        409,
        {
            "error": "insufficient_stock",
            "message": "Product 'PROD-4090-MSI-001' has only 5 units available. Requested: 10",
            "available_quantity": 5,
        },
    )
    said = parts.post("/v1/orders", json={"items": [], "shipping_address": PARTS_ORDER["shipping_address"]})
    assert (said.status_code, said.get_json()) == (
        422,
        {
            "error": "validation_error",
            "message": "Invalid request body",
            "details": ["Field 'customer_id' is required", "Field 'items' must contain at least 1 item"],
        },
    )
    said = parts.call("PATCH", "/v1/inventory/GPU-NONE", json={"quantity": 5})
    assert (said.status_code, said.get_json()) == (
        404,
        {"error": "not_found", "message": "SKU 'GPU-NONE' does not exist in inventory system"},
    )
    said = keys["read"].call("PATCH", "/v1/inventory/GPU-NV-4090-MSI-001", json={"quantity": 5})
    assert (said.status_code, said.get_json()) == (
        403,
        {
            "error": "forbidden",
            "message": "Insufficient permissions to update inventory. Requires 'inventory:write' scope.",
        },
    )


def test_the_auction_sample_shows_its_coin(keys: dict[str, Api]) -> None:
    answer = keys["syncauction"].get("/v1/products")
    coin = next(each for each in answer.get_json()["data"] if each["id"] == "prod_abc123")
    assert coin.items() >= {"title": "1921 Morgan Dollar MS65", "ha_lot": "123456"}.items()
    assert b'"price":430.50' in answer.data
