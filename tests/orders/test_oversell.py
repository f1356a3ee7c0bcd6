"""No oversell: real clients on several processes race for the last of it, through every door."""

import os

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.config import Settings
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.inventory.service.products import ProductFacts, create_product
from tests.conftest import FULL, Merchants
from tests.inventory.shop import Shop, open_shop
from tests.orders.racing import Round, race

pytestmark = pytest.mark.prove

ROUNDS = 500 if FULL else 50
PROCESSES, THREADS = 4, 8
DEVICE_DOORS = ("/api/v1/orders", "/v1/orders")
ADDRESS = {"street": "1 Main St", "city": "Tampa", "state": "FL", "zip": "33601", "country": "US"}


@pytest.fixture
def shop(app: Flask, merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def environment(app: Flask) -> dict[str, str]:
    settings: Settings = app.extensions["settings"]
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "INSTANCE_PATH": str(settings.instance_path),
        "SECRET_KEY": settings.secret_key,
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "critical",
        "RATE_LIMITS": "off",
    }


def run(app: Flask, merchants: Merchants, rounds: list[Round], broken: str = "") -> list[dict[int, int]]:
    token = accounts.create_key(SYSTEM, merchants.tenant, name="rivals").secret
    db.session.remove()
    found = race(environment(app), token, rounds, processes=PROCESSES, threads=THREADS, broken=broken)
    return [dict(each) for each in found]


def devices(shop: Shop, *units: str) -> dict[str, object]:
    lines = [{"inventory_id": unit, "price": 54_900} for unit in units]
    return {"buyer_id": shop.buyer.public_id, "line_items": lines}


def parts(shop: Shop, **quantities: int) -> dict[str, object]:
    items = [{"product_id": code.replace("_", "-"), "quantity": n} for code, n in quantities.items()]
    return {"customer_id": shop.buyer.code, "items": items, "shipping_address": ADDRESS}


def test_one_unit_is_sold_to_one(app: Flask, merchants: Merchants, shop: Shop) -> None:
    units = shop.add_units(ROUNDS)
    rounds = [Round(tuple((door, devices(shop, unit)) for door in DEVICE_DOORS)) for unit in units]
    for found in run(app, merchants, rounds):
        assert found == {201: 1, 409: PROCESSES * THREADS - 1}


def last_pieces(shop: Shop, left: int) -> list[Round]:
    rounds: list[Round] = []
    for number in range(ROUNDS):
        product = create_product(
            shop.by, ProductFacts(f"LAST-{number}", f"Last {number}", "counted", 100), code=f"PROD-LAST-{number}"
        )
        shop.add_pieces(product, left)
        rounds.append(Round((("/v1/orders", parts(shop, **{f"PROD_LAST_{number}": 1})),)))
    return rounds


def test_the_last_pieces_are_sold_once(app: Flask, merchants: Merchants, shop: Shop) -> None:
    for found in run(app, merchants, last_pieces(shop, 5)):
        assert found == {201: 5, 409: PROCESSES * THREADS - 5}


def test_overlapping_baskets_take_each_unit_once_and_wait_for_nobody_in_circles(
    app: Flask, merchants: Merchants, shop: Shop
) -> None:
    rounds: list[Round] = []
    for _ in range(ROUNDS):
        a, b, c, d = shop.add_units(4)
        baskets = ((a, b), (b, c), (c, d), (d, a), (c, a), (b, d))
        rounds.append(Round(tuple((DEVICE_DOORS[n % 2], devices(shop, *basket)) for n, basket in enumerate(baskets))))
    for found in run(app, merchants, rounds):
        assert set(found) == {201, 409}
        assert 1 <= found[201] <= 2


BROKEN = ["read, then write", "lock and look in one statement"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_claim_would_be_seen(app: Flask, merchants: Merchants, shop: Shop, broken: str) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("On SQLite commands run one after the other: even a claim without a lock holds.")
    found = run(app, merchants, last_pieces(shop, 1), broken)
    assert any(each.get(201, 0) > 1 for each in found)
