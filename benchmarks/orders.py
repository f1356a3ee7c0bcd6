"""Orders a second, beside a floor of the leanest statements: three lines each, placed, then confirmed."""

import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import orjson
import psycopg
from sqlalchemy import select

from benchmarks import orders_floor
from benchmarks.load import Load, send
from benchmarks.report import Figure
from benchmarks.servers import Server, floor, house
from benchmarks.speed import Effort
from benchmarks.world import NO_LIMIT, World
from dashboard import config, create_app
from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.core.jobs import system_of
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.inventory.models import Product
from dashboard.inventory.service import ProductFacts, create_product, default_location
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.orders.models import Order

PRODUCTS = 500
PIECES = 10_000_000
SHARES = {"sqlite": 0.15, "postgresql": 0.35}
"""The least share of the floor's orders a second."""

CREATES = 200
"""Orders placed a second, at least, on PostgreSQL over 16 connections on two idle cores."""

P99_MS = 300
"""The longest that all but one in a hundred may wait, on PostgreSQL at 32 connections."""

CUSTOMER = "CUST-BENCH"


def figures(world: World, effort: Effort) -> list[Figure]:
    """Both servers in turn over one merchant's stock."""
    tenant_id, key = _prepare(world)
    headers = {"Authorization": f"Bearer {key}"}
    told = {**world.environment, orders_floor.TENANT_ID: str(tenant_id)}
    other = replace(world, login={**world.login}, key=key)
    bodies = _bodies()
    with house(other) as ours, floor(_told(other, told), "benchmarks.orders_floor:create_floor", "/healthz") as theirs:
        placed: list[tuple[Load, Load]] = []
        confirmed: list[tuple[Load, Load]] = []
        for _ in range(effort.rounds):
            _count(world)
            of_floor = send(theirs.address, bodies, {}, seconds=effort.seconds)
            placed.append((send(ours.address, bodies, headers, seconds=effort.seconds), of_floor))
            confirmed.append(
                (_confirm(world, tenant_id, ours, headers, "ORD-"), _confirm(world, tenant_id, theirs, {}, "FLR-"))
            )
        crowded = send(ours.address, bodies, headers, seconds=effort.seconds * 2, connections=32)
    return [
        _compared("order, 3 lines, placed", world.database, placed),
        _pair(world.database, placed, confirmed),
        _compared("order confirmed", world.database, confirmed),
        Figure(
            "placed at 32 connections",
            _words(crowded),
            target=f"p99 < {P99_MS} ms" if world.database == "postgresql" else "no answer over 2 s",
            met=crowded.p99 < (P99_MS if world.database == "postgresql" else 2000) and not crowded.wrong,
        ),
    ]


def _count(world: World) -> None:
    """Let PostgreSQL count what its tables have: autovacuum does so within a minute, where these grow in seconds."""
    if world.database == "postgresql":
        with psycopg.connect(world.database_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ANALYZE")


def _told(world: World, environment: dict[str, str]) -> World:
    class Told(World):
        @property
        def environment(self) -> dict[str, str]:
            return environment

    return Told(**{name: getattr(world, name) for name in World.__dataclass_fields__})


def _prepare(world: World) -> tuple[int, str]:
    """A merchant with many products, each in plenty; its id and a key."""
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    with app.app_context():
        try:
            tenant = accounts.find_tenant("ORDERS") or accounts.create_tenant(
                SYSTEM, business_code="ORDERS", name="Orders Inc.", plan="enterprise", requests_per_minute=NO_LIMIT
            )
            key = accounts.create_key(SYSTEM, tenant, name="orders", dialect="techparts").secret
            by = system_of(tenant.id)
            if reads(by).scalar(select(Product.id).limit(1)) is None:
                place = default_location(by)
                create_customer(by, CustomerFacts("Bench Buyer"), code=CUSTOMER)
                for number in range(PRODUCTS):
                    facts = ProductFacts(f"BENCH-{number}", f"Part {number}", "counted", 1_000 + number)
                    product = create_product(by, facts, code=f"PROD-BENCH-{number}")
                    post_pieces(by, [Move(product.id, place.id, PIECES, "receive")])
            return tenant.id, key
        finally:
            db.session.remove()
            db.engine.dispose()


def _bodies() -> list[tuple[str, str]]:
    chance = random.Random(5)
    address = {"street": "1 Main St", "city": "Tampa", "state": "FL", "zip": "33601", "country": "US"}
    bodies: list[tuple[str, str]] = []
    for _ in range(40_000):
        items = [
            {"product_id": f"PROD-BENCH-{number}", "quantity": chance.randrange(1, 4)}
            for number in chance.sample(range(PRODUCTS), 3)
        ]
        body = {"customer_id": CUSTOMER, "items": items, "shipping_address": address}
        bodies.append(("/v1/orders", orjson.dumps(body).decode()))
    return bodies


def _confirm(world: World, tenant_id: int, server: Server, headers: dict[str, str], prefix: str) -> Load:
    """Confirm orders that were placed just now, each once, for as long as they last."""
    _count(world)
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    with app.app_context():
        waiting = (
            select(Order.code).where(Order.status == "pending", Order.code.startswith(prefix)).order_by(Order.id.desc())
        )
        codes = list(reads(system_of(tenant_id)).scalars(waiting.limit(20_000)))
        db.session.remove()
        db.engine.dispose()
    requests = [(f"/v1/orders/{code}/confirm", "{}") for code in codes]
    return send(server.address, requests, headers, seconds=10)


def _pair(database: str, placed: Sequence[tuple[Load, Load]], confirmed: Sequence[tuple[Load, Load]]) -> Figure:
    """Both steps of an order, one after the other: how many come through a second."""

    def through(side: int) -> list[float]:
        steps = zip(placed, confirmed, strict=True)
        return [1 / (1 / first[side].per_second + 1 / second[side].per_second) for first, second in steps]

    ours, theirs = through(0), through(1)
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    least = SHARES[database]
    return Figure(
        "placed, then confirmed",
        f"{median(ours):,.0f}/s",
        f"{median(theirs):,.0f}/s",
        ratio,
        f"≥ {least} of the floor",
        ratio >= least,
    )


def _compared(what: str, database: str, pairs: Sequence[tuple[Load, Load]]) -> Figure:
    ratio = median(ours.per_second / theirs.per_second for ours, theirs in pairs)
    ours = sorted((pair[0] for pair in pairs), key=lambda load: load.per_second)[len(pairs) // 2]
    theirs = sorted((pair[1] for pair in pairs), key=lambda load: load.per_second)[len(pairs) // 2]
    least = SHARES[database]
    if not what.endswith("placed"):
        return Figure(what, _words(ours), _words(theirs), ratio)
    target, met = f"≥ {least} of the floor", ratio >= least
    if database == "postgresql":
        target, met = f"{target}, > {CREATES}/s", met and ours.per_second > CREATES
    return Figure(what, _words(ours), _words(theirs), ratio, target, met and not ours.wrong)


def _words(load: Load) -> str:
    failed = f", {load.wrong} FAILED" if load.wrong else ""
    return f"{load.per_second:,.0f}/s, p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms{failed}"
