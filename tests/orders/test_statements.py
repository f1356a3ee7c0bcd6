"""Placing and confirming ask the database a fixed number of times, whatever the order holds."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.counting import statements_of
from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from tests.conftest import Api, Merchants
from tests.inventory.shop import Shop, open_shop

MOST = 20
ADDRESS = {"street": "1 Main St", "city": "Tampa", "state": "FL", "zip": "33601", "country": "US"}


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    for product in (shop.part, shop.cable):
        shop.add_pieces(product, 500)
    shop.add_units(12)
    db.session.remove()
    return shop


def test_an_order_is_placed_and_confirmed_in_few_statements(
    app: Flask, client: FlaskClient, merchants: Merchants, shop: Shop
) -> None:
    parts = Api(client, accounts.create_key(SYSTEM, merchants.tenant, name="parts", dialect="techparts").secret)
    items = [{"product_id": f"PROD-{name}-1", "quantity": 2} for name in ("GPU", "CAB", "WORK")]
    body = {"customer_id": shop.buyer.code, "items": items, "shipping_address": ADDRESS}
    parts.get("/v1/products/PROD-GPU-1")  # the key is known from here on
    with statements_of(app) as placing:
        placed = parts.post("/v1/orders", json=body)
    assert placed.status_code == 201
    with statements_of(app) as confirming:
        assert parts.post(f"/v1/orders/{placed.get_json()['order_id']}/confirm").status_code == 200
    assert len(placing) <= MOST, placing
    assert len(confirming) <= MOST, confirming


@pytest.mark.parametrize("how_many", [1, 12])
def test_the_number_does_not_grow_with_the_lines(api: Api, app: Flask, shop: Shop, how_many: int) -> None:
    lines = [{"inventory_id": f"inv_{n}", "price": 54_900} for n in range(1, how_many + 1)]
    api.get("/api/v1/inventory/inv_1")
    with statements_of(app) as placing:
        placed = api.post("/api/v1/orders", json={"buyer_id": shop.buyer.public_id, "line_items": lines})
    assert placed.status_code == 201
    assert len(placing) <= 12, placing
