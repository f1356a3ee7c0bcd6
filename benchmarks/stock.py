"""What many units cost: the list of the API beside its floor, pages far down, the grid, a file of 100,000 units.

`python -m benchmarks.stock --database sqlite --units 200000`; databases are made once and kept between runs.
"""

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median, quantiles
from typing import Any

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import func, insert, select

from benchmarks import report, stock_floor
from benchmarks.counting import statements_of
from benchmarks.load import drive
from benchmarks.pages import sign_in
from benchmarks.report import Figure
from benchmarks.servers import floor, house
from benchmarks.world import NO_LIMIT, POSTGRESQL, RESULTS, World
from dashboard import config, create_app
from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads, table_of
from dashboard.core.jobs import system_of
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.imei import check_digit
from dashboard.inventory.models import Unit
from dashboard.inventory.service import ProductFacts, create_location, create_product, default_location, tallies
from dashboard.inventory.service.claims import Holder, take
from dashboard.inventory.service.unit_files import Row
from dashboard.inventory.service.unit_import import importer, keep_upload, take_part

CODE, PASSWORD = "STOCK", "measured by the clock"
MODELS = (
    "iPhone 13",
    "iPhone 14",
    "iPhone 14 Pro",
    "iPhone 15 Pro",
    "Galaxy S23",
    "Galaxy Z Flip5",
    "Pixel 8",
    "Pixel 9",
)
GRADES = ("A+", "A", "B", "C", "D")
LIST = "/api/v1/inventory?grade=A&available=true&per_page=50"
SHARES = {"sqlite": 0.25, "postgresql": 0.45}
"""The least share of the floor's lists a second."""

GRID_P95_MS = 60
QUERIES = 8
FAR = 2.0
"""How many times the first page's time page 1,000 may take."""

IMPORTED = 100_000
IMPORT_S = 60
HELD = 200


def prepare(database: str, units: int) -> tuple[World, int]:
    """A merchant with so many units, built where it is missing; the world and the tenant's id."""
    folder = RESULTS / f"stock-{database}-{units}"
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'tradecounter.db'}" if database == "sqlite" else _own_database(units)
    login = {"login": "owner", "password": PASSWORD, "business_code": CODE}
    world = World(database, units, folder, url, "", login, (), (), {})
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    with app.app_context():
        flask_migrate.upgrade()
        tenant = accounts.find_tenant(CODE)
        if tenant is None:
            tenant = accounts.create_tenant(
                SYSTEM, business_code=CODE, name="Stock Inc.", plan="enterprise", requests_per_minute=NO_LIMIT
            )
            accounts.create_user(SYSTEM, tenant, username="owner", password=PASSWORD, role="owner", name="Owner")
            _fill(system_of(tenant.id), units)
        key = accounts.create_key(SYSTEM, tenant, name="measured", dialect="techfleet").secret
        db.session.remove()
        db.engine.dispose()
    return replace(world, key=key), tenant.id


def _own_database(units: int) -> str:
    name = f"tradecounter_bench_stock_{units}"
    with psycopg.connect(POSTGRESQL.replace("+psycopg", ""), autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            server.execute(f'CREATE DATABASE "{name}"'.encode())
    return POSTGRESQL.rpartition("/")[0] + "/" + name


def _fill(by: Principal, units: int) -> None:
    places = [default_location(by).id, create_location(by, "Dallas").id, create_location(by, "Van 7").id]
    made = [
        create_product(by, ProductFacts(f"SKU-{m}-{g}", f"{model} {grade}", "serialised", 40_000 + 1_000 * m,
                                        model=model, storage="128GB", grade=grade))
        for m, model in enumerate(MODELS) for g, grade in enumerate(GRADES)
    ]  # fmt: skip
    drawn = random.Random(17)
    now = made[0].created_at
    for start in range(0, units, 5_000):
        rows: list[dict[str, Any]] = [
            {
                "tenant_id": by.tenant_id, "public_id": f"inv_{n:09d}", "product_id": product.id,
                "location_id": drawn.choice(places), "state": "in_stock", "imei": number(n), "model": product.model,
                "model_key": product.model_key, "storage": "128GB", "color": "Black", "grade": product.grade,
                "battery_health": drawn.randint(70, 100), "carrier_locked": n % 9 == 0, "carrier": None,
                "price": product.price + drawn.randint(0, 9_999), "cost": 20_000, "activation_lock": "off",
                "blacklist": "clean", "notes": "", "version": 1, "created_at": now, "updated_at": now,
            }
            for n in range(start, min(start + 5_000, units))
            for product in (drawn.choice(made),)
        ]  # fmt: skip
        with atomic(by) as session:
            session.execute(insert(table_of(Unit)), rows, execution_options=OWN_TENANT)
            counted = [(r["product_id"], r["location_id"], r["carrier_locked"], 1, 0) for r in rows]
            tallies.add(by, session, counted)
    held = list(reads(by).scalars(select(Unit.id).order_by(Unit.id.desc()).limit(HELD)))
    take(by, Holder("stocktake", 1), units=held[::2], until=None)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def number(n: int) -> str:
    """The n-th IMEI."""
    first = f"35{n:012d}"
    return first + check_digit(first)


def figures(world: World, tenant_id: int, rounds: int, seconds: float) -> Iterator[Figure]:
    """The list of the API first, then the pages."""
    told = {**world.environment, stock_floor.TENANT_ID: str(tenant_id)}
    headers = {"Authorization": f"Bearer {world.key}"}
    pages = {"page 1": LIST, "page 1,000": f"{LIST}&page={min(1_000, world.devices // 5 // 60)}"}
    with house(world) as ours, floor(_told(world, told), "benchmarks.stock_floor:create_floor", LIST) as theirs:
        ratios: list[float] = []
        speeds: list[tuple[float, float]] = []
        for _ in range(rounds):
            floor_load = drive(theirs.address, [LIST], {}, seconds=seconds)
            load = drive(ours.address, [LIST], headers, seconds=seconds)
            ratios.append(load.per_second / floor_load.per_second)
            speeds.append((load.per_second, floor_load.per_second))
        mine, other = (median(each[side] for each in speeds) for side in (0, 1))
        least = SHARES[world.database]
        ratio = median(ratios)
        yield Figure(
            "units, grade A, available",
            f"{mine:,.0f}/s",
            f"{other:,.0f}/s",
            ratio,
            f"≥ {least} of the floor",
            ratio >= least,
        )
        near, far = (
            median(drive(ours.address, [path], headers, seconds=seconds).p50 for _ in range(rounds))
            for path in pages.values()
        )
        yield Figure(f"{pages['page 1,000'].rpartition('=')[2]}th page", f"p50 {far:.1f} ms", f"{near:.1f} ms (page 1)",
                     far / near, f"≤ {FAR:.0f} × page 1", far <= FAR * near)  # fmt: skip
    yield from _pages(world)


def _told(world: World, environment: dict[str, str]) -> World:
    class Told(World):
        @property
        def environment(self) -> dict[str, str]:
            return environment

    return Told(world.database, world.devices, world.folder, world.database_url, world.key, world.login, (), (), {})


GRIDS = (
    "/inventory",
    "/inventory?grade=A&status=available",
    "/inventory?status=held",
    "/inventory?sort=price",
    "/inventory?place=dallas&sort=model",
    "/inventory?q=iphone+14&grade=B",
    "/inventory?battery_min=80",
)
REPEATS = 30


def _pages(world: World) -> Iterator[Figure]:
    app = create_app(config.from_environment({**world.environment, "LOG_LEVEL": "warning"}))
    client = app.test_client()
    sign_in(client, world)
    took: list[float] = []
    queries, slowest = 0, ("", 0.0)
    for address in GRIDS:
        assert client.get(address).status_code == 200, address
        with statements_of(app) as executed:
            client.get(address)
        queries = max(queries, len(executed))
        own: list[float] = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            client.get(address)
            own.append((time.perf_counter() - started) * 1000)
        took += own
        slowest = max(slowest, (address, median(own)), key=lambda each: each[1])
    p95 = quantiles(took, n=20)[-1]
    words = f"p50 {median(took):.1f} ms, p95 {p95:.1f} ms; slowest {slowest[0]} {slowest[1]:.1f} ms"
    yield Figure("grid, seven lists", words, target=f"p95 < {GRID_P95_MS} ms", met=p95 < GRID_P95_MS)
    yield Figure("grid, statements", str(queries), target=f"≤ {QUERIES}", met=queries <= QUERIES)
    yield _import(app, world.devices)


def _import(app: Flask, units: int) -> Figure:
    """100,000 rows from reading to the last unit, in this process; they are numbered after those that are there."""
    with app.app_context():
        tenant = accounts.find_tenant(CODE)
        assert tenant is not None
        by = importer(system_of(tenant.id), "system", "USD")
        first = 10 * units + (reads(by).scalar(select(func.count()).select_from(Unit)) or 0)
        started = time.perf_counter()
        upload = keep_upload(by, _rows(first), filename="measured", location_id=default_location(by).id)
        while take_part(by, upload.id):
            pass
        took = time.perf_counter() - started
        db.session.remove()
        db.engine.dispose()
    return Figure(f"import of {IMPORTED:,} units", f"{took:.1f} s", target=f"< {IMPORT_S} s", met=took < IMPORT_S)


def _rows(first: int) -> Iterator[Row]:
    for n in range(IMPORTED):
        values = {"number": number(first + n), "sku": f"SKU-{n % 8}-{n % 5}", "price": "412.50", "battery_health": "88"}
        yield {"row": n + 2, "values": values}


def main() -> None:
    """Measure each database that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stock")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"], help="default: sqlite")
    parser.add_argument("--units", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    asked = parser.parse_args()
    print(f"Measured on {report.describe_machine()}; 16 connections, 2 processes of 2 threads.")
    for database in asked.database or ["sqlite"]:
        world, tenant_id = prepare(database, asked.units)
        found = list(figures(world, tenant_id, asked.rounds, asked.seconds))
        report.show(f"Stock on {database}, {asked.units:,} units", found)


if __name__ == "__main__":
    main()
