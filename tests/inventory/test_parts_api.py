"""Parts, stock, suppliers, purchase orders and line items over HTTP, in the words of K (K346 to K392)."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.roles import KEY_SCOPES
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from tests.conftest import Api, Merchants
from tests.inventory.shop import imei, open_shop

ADMIN = "/api/v1/admin"
CAPACITOR = {
    "name": "Capacitor 35/5 MFD",
    "sku": "CAP-355-MFD",
    "cost_cents": 1200,
    "price_cents": 4500,
    "min_stock": 10,
}
"""K355 to K362, as printed."""


@pytest.fixture
def field(client: FlaskClient, merchants: Merchants) -> Api:
    """A program that speaks K, and may know what things cost."""
    key = accounts.create_key(SYSTEM, merchants.tenant, name="field", dialect="tradekitt", scopes=KEY_SCOPES)
    return Api(client, key.secret)


def data(answer: TestResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.json
    body = answer.get_json()
    assert body["ok"] is True
    return body["data"]


def refusal(answer: TestResponse, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.json
    body = answer.get_json()
    assert body["ok"] is False
    return body["error"]


def stocked(field: Api) -> None:
    """One part, one place, one supplier: the numbers that the samples of K use."""
    data(field.post(f"{ADMIN}/locations", json={"name": "Warehouse"}), 201)
    data(field.post(f"{ADMIN}/suppliers", json={"name": "Acme Parts", "email": "sales@acme.example"}), 201)
    data(field.post(f"{ADMIN}/parts", json=CAPACITOR), 201)


def test_the_samples_answer_as_printed(field: Api) -> None:
    stocked(field)
    part = data(field.get(f"{ADMIN}/parts/1"))
    assert {name: part[name] for name in CAPACITOR} == CAPACITOR
    assert (part["id"], part["quantity"], part["available"], part["low_stock"]) == (1, 0, 0, True)
    listed = data(field.get(f"{ADMIN}/parts?page=1&limit=50"))
    assert listed == {"items": [part], "total": 1, "page": 1, "limit": 50, "total_pages": 1}
    received = data(
        field.post(
            f"{ADMIN}/inventory/receive", json={"part_id": 1, "location_id": 1, "quantity": 50, "notes": "PO #1234"}
        ),
        201,
    )
    assert received == {
        "part_id": 1, "sku": "CAP-355-MFD", "location_id": 1, "location": "Warehouse", "quantity": 50,
        "quantity_on_hand": 50, "notes": "PO #1234",
    }  # fmt: skip
    (level,) = data(field.get(f"{ADMIN}/inventory/stock"))["items"]
    assert level == {
        "part_id": 1, "sku": "CAP-355-MFD", "name": "Capacitor 35/5 MFD", "location_id": 1, "location": "Warehouse",
        "quantity": 50, "held": 0, "available": 50, "in_transit": 0, "min_stock": 10, "low_stock": False,
    }  # fmt: skip
    items = [{"part_id": 1, "quantity": 100, "unit_cost_cents": 1100}]
    order = data(field.post(f"{ADMIN}/purchase-orders", json={"supplier_id": 1, "items": items}), 201)
    assert (order["id"], order["status"], order["total_cents"]) == (1, "ordered", 110_000)
    assert order["items"][0]["unit_cost_cents"] == 1100


def test_an_order_is_received_in_two_deliveries_and_costs_average(field: Api) -> None:
    stocked(field)
    field.post(f"{ADMIN}/inventory/receive", json={"part_id": 1, "quantity": 50, "unit_cost_cents": 1200})
    items = [{"part_id": 1, "quantity": 100, "unit_cost_cents": 1100}]
    field.post(f"{ADMIN}/purchase-orders", json={"supplier_id": 1, "items": items})
    came = {"items": [{"part_id": 1, "quantity": 50}]}
    first = data(field.post(f"{ADMIN}/purchase-orders/1/receive", json=came))
    assert (first["status"], first["items"][0]["received"]) == ("partial", 50)
    assert data(field.get(f"{ADMIN}/parts/1"))["cost_cents"] == 1150
    rest = data(field.post(f"{ADMIN}/purchase-orders/1/receive", json={}))
    assert (rest["status"], rest["items"][0]["received"]) == ("received", 100)
    error = refusal(field.post(f"{ADMIN}/purchase-orders/1/receive", json=came), 409)
    assert error["code"] == "CONFLICT"
    assert data(field.get(f"{ADMIN}/purchase-orders?status=open"))["total"] == 0


def test_more_than_was_ordered_needs_saying(field: Api) -> None:
    stocked(field)
    field.post(f"{ADMIN}/purchase-orders", json={"supplier_id": 1, "items": [{"part_id": 1, "quantity": 2}]})
    came: dict[str, Any] = {"items": [{"part_id": 1, "quantity": 3}]}
    error = refusal(field.post(f"{ADMIN}/purchase-orders/1/receive", json=came), 409)
    assert (error["code"], error["ordered"], error["fields"][0]["field"]) == ("OVER_RECEIVED", 2, "items[0].quantity")
    assert (
        data(field.post(f"{ADMIN}/purchase-orders/1/receive", json={**came, "allow_over": True}))["status"]
        == "received"
    )


def test_units_are_received_by_their_numbers(field: Api, merchants: Merchants) -> None:
    shop = open_shop(merchants.alice)
    db.session.remove()
    field.post(f"{ADMIN}/suppliers", json={"name": "Acme"})
    number = shop.phone.number
    field.post(f"{ADMIN}/purchase-orders", json={"supplier_id": 1, "items": [{"part_id": number, "quantity": 1}]})
    came = {"items": [{"part_id": number, "quantity": 1, "serials": [imei(3)]}]}
    assert data(field.post(f"{ADMIN}/purchase-orders/1/receive", json=came))["status"] == "received"
    assert field.get("/api/v1/inventory").get_json()["data"][0]["imei"] == imei(3)


def test_a_sale_below_the_minimum_drafts_one_order(field: Api) -> None:
    stocked(field)
    field.post(f"{ADMIN}/inventory/receive", json={"part_id": 1, "quantity": 10})
    change = {"supplier_id": 1, "auto_reorder": True, "reorder_quantity": 40}
    assert data(field.call("PATCH", f"{ADMIN}/parts/1", json=change))["supplier_id"] == 1
    for left in (9, 8):
        assert field.call("PATCH", "/v1/inventory/CAP-355-MFD", json={"quantity": left}).status_code == 200
    (order,) = data(field.get(f"{ADMIN}/purchase-orders"))["items"]
    assert (order["status"], order["supplier_id"], order["items"][0]["quantity"]) == ("draft", 1, 40)
    assert data(field.get(f"{ADMIN}/inventory/stock?low_stock=true"))["items"][0]["part_id"] == 1
    assert data(field.get(f"{ADMIN}/parts?low_stock=true"))["total"] == 1


def test_a_part_is_changed_field_by_field(field: Api) -> None:
    stocked(field)
    changed = data(field.call("PATCH", f"{ADMIN}/parts/1", json={"price_cents": 5000}))
    assert (changed["price_cents"], changed["cost_cents"], changed["min_stock"]) == (5000, 1200, 10)
    assert data(field.call("PATCH", f"{ADMIN}/parts/1", json={"min_stock": None}))["min_stock"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "names"),
    [
        ("parts", {**CAPACITOR, "sku": "cap-355-mfd"}, 409, "sku"),
        ("parts", {**CAPACITOR, "sku": "X", "price_cents": 12.5}, 422, "price_cents"),
        ("parts", {**CAPACITOR, "sku": "X", "price_cents": "4500"}, 422, "price_cents"),
        ("parts", {**CAPACITOR, "sku": "X", "supplier_id": 9}, 422, "supplier_id"),
        ("parts", {"name": "X"}, 422, "sku"),
        ("inventory/receive", {"part_id": 1, "quantity": 0}, 422, "quantity"),
        ("inventory/receive", {"part_id": 1, "quantity": 1.5}, 422, "quantity"),
        ("inventory/receive", {"part_id": 9, "quantity": 1}, 404, ""),
        ("inventory/receive", {"part_id": 1, "quantity": 1, "location_id": 9}, 422, "location_id"),
        ("purchase-orders", {"supplier_id": 9, "items": [{"part_id": 1, "quantity": 1}]}, 422, "supplier_id"),
        ("purchase-orders", {"supplier_id": 1, "items": []}, 422, "items"),
        ("purchase-orders", {"supplier_id": 1, "items": [{"part_id": 9, "quantity": 1}]}, 422, "items[0].part_id"),
        ("suppliers", {"name": "X", "email": "none"}, 422, "email"),
        ("locations", {"name": "X", "kind": "cellar"}, 422, "kind"),
        ("line-items", {"name": "X", "price_cents": -1}, 422, "price_cents"),
    ],
)
def test_what_is_wrong_is_named(field: Api, path: str, body: dict[str, Any], status: int, names: str) -> None:
    stocked(field)
    error = refusal(field.post(f"{ADMIN}/{path}", json=body), status)
    if status == 422:
        assert names in [each["field"] for each in error["fields"]]
    if status == 409:
        assert error["code"] == "SKU_TAKEN"


def test_line_items_are_products_of_any_kind_by_the_same_numbers(field: Api) -> None:
    stocked(field)
    labor = data(field.post(f"{ADMIN}/line-items", json={"name": "Installation Labor", "price_cents": 25_000}), 201)
    assert (labor["id"], labor["kind"], labor["sku"], labor["taxable"]) == (2, "service", "IL", True)
    again = data(field.post(f"{ADMIN}/line-items", json={"name": "Installation Labor", "price_cents": 1}), 201)
    assert again["sku"] == "IL-2"
    assert [item["id"] for item in data(field.get(f"{ADMIN}/line-items"))["items"]] == [1, 2, 3]
    assert [item["id"] for item in data(field.get(f"{ADMIN}/line-items?kind=service"))["items"]] == [2, 3]
    assert refusal(field.get(f"{ADMIN}/parts/2"), 404)["code"] == "NOT_FOUND"


def test_costs_are_for_those_who_may_know_them(api: Api, field: Api) -> None:
    stocked(field)
    field.post(f"{ADMIN}/purchase-orders", json={"supplier_id": 1, "items": [{"part_id": 1, "quantity": 1}]})
    assert data(api.get(f"{ADMIN}/parts/1"))["cost_cents"] is None
    order = data(api.get(f"{ADMIN}/purchase-orders/1"))
    assert (order["total_cents"], order["items"][0]["unit_cost_cents"]) == (None, None)


def test_a_receipt_that_is_sent_twice_is_received_once(field: Api) -> None:
    stocked(field)
    for _ in range(2):
        answer = field.post(
            f"{ADMIN}/inventory/receive", json={"part_id": 1, "quantity": 5}, headers={"Idempotency-Key": "receipt-1"}
        )
        assert data(answer, 201)["quantity_on_hand"] == 5


def test_another_tenant_sees_and_touches_nothing(field: Api, client: FlaskClient, merchants: Merchants) -> None:
    stocked(field)
    field.post(f"{ADMIN}/purchase-orders", json={"supplier_id": 1, "items": [{"part_id": 1, "quantity": 1}]})
    other = Api(client, accounts.create_key(SYSTEM, merchants.other_tenant, name="other").secret)
    for path in ("parts", "inventory/stock", "locations", "suppliers", "purchase-orders", "line-items"):
        assert data(other.get(f"{ADMIN}/{path}"))["total"] == 0, path
    for path in ("parts/1", "purchase-orders/1"):
        assert other.get(f"{ADMIN}/{path}").status_code == 404
    assert other.post(f"{ADMIN}/purchase-orders/1/receive", json={}).status_code == 404
