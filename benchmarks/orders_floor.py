"""The floor under orders: a bare Flask app that places and confirms them by the leanest statements there are.

One transaction each, through the driver: the customer, the products with what is free of them (locked on PostgreSQL),
the number, the order, its claims, its lines. There is no credential, event, key, tax table or reading back.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg
from flask import Flask, Response, request

TENANT_ID = "FLOOR_TENANT_ID"

CLAIM = "(?, ?, ?, ?, 'order', ?, ?, ?)"
Run = Callable[[str, Sequence[Any]], Any]


def create_floor() -> Flask:
    """The app over FLOOR_DATABASE_URL, for granian's `--factory`."""
    connect = _connector(os.environ["FLOOR_DATABASE_URL"])
    return app_over(connect, int(os.environ[TENANT_ID]))


def _connector(url: str) -> Callable[[], "Connection"]:
    parts = urlsplit(url)
    own = threading.local()

    def connection() -> Connection:
        found: Connection | None = getattr(own, "connection", None)
        if found is None:
            sqlite = parts.scheme.startswith("sqlite")
            address = parts.path.removeprefix("/") if sqlite else urlunsplit(parts._replace(scheme="postgresql"))
            found = own.connection = _Sqlite(address) if sqlite else _Postgresql(address)
        return found

    return connection


class Connection:
    """A driver's connection: numbered marks become the driver's own."""

    mark = "?"
    begin = "BEGIN IMMEDIATE"
    lock = ""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[str, str] = {}

    def __call__(self, statement: str, *values: Any) -> Any:
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = statement.replace("?", self.mark)
        return self._run(known, values)


class _Sqlite(Connection):
    def __init__(self, path: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None, timeout=15)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        super().__init__(lambda statement, values: connection.execute(statement, values).fetchall())


class _Postgresql(Connection):
    mark = "%s"
    begin = "BEGIN"
    lock = " FOR UPDATE OF l"

    def __init__(self, address: str) -> None:
        connection = psycopg.connect(address, autocommit=True, prepare_threshold=0)

        def run(statement: str, values: Sequence[Any]) -> Any:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

        super().__init__(run)


def app_over(connect: Callable[[], Connection], tenant: int) -> Flask:
    """The app of one tenant."""
    app = Flask("floor", static_folder=None)

    @app.get("/healthz")
    def health() -> Response:
        return Response("{}", mimetype="application/json")

    @app.post("/v1/orders")
    def place() -> Response:
        return Response(
            orjson.dumps(_in_one(run := connect(), lambda: _place(run, tenant, request.get_json()))),
            201,
            mimetype="application/json",
        )

    @app.post("/v1/orders/<code>/confirm")
    def confirm(code: str) -> Response:
        return Response(
            orjson.dumps(_in_one(run := connect(), lambda: _confirm(run, tenant, code))), mimetype="application/json"
        )

    return app


def _in_one(run: Connection, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do it as one transaction."""
    run(run.begin)
    try:
        done = act()
    except BaseException:
        run("ROLLBACK")
        raise
    run("COMMIT")
    return done


def _place(run: Connection, tenant: int, body: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    until, at = now + timedelta(days=1), now.replace(tzinfo=None) if run.mark == "?" else now
    until = until.replace(tzinfo=None) if run.mark == "?" else until
    at, until = (str(at), str(until)) if run.mark == "?" else (at, until)
    wanted = {item["product_id"]: item["quantity"] for item in body["items"]}
    ((customer, name),) = run(
        "SELECT id, name FROM customer WHERE tenant_id = ? AND code = ?", tenant, body["customer_id"]
    )
    marks = ", ".join("?" for _ in wanted)
    rows = run(
        "SELECT p.id, p.code, p.sku, p.name, p.price, l.id, l.location_id, l.on_hand FROM product p JOIN stock_level l"
        " ON l.tenant_id = p.tenant_id AND l.product_id = p.id"
        f" WHERE p.tenant_id = ? AND p.code IN ({marks}) ORDER BY l.id{run.lock}",
        tenant,
        *wanted,
    )
    for row in rows:
        ((held,),) = run(
            "SELECT COALESCE(SUM(quantity), 0) FROM claim WHERE tenant_id = ? AND product_id = ? AND location_id = ?"
            " AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
            tenant, row[0], row[6], at,
        )  # fmt: skip
        assert row[7] - held >= wanted[row[1]]
    total = sum(row[4] * wanted[row[1]] for row in rows)
    ((number,),) = run(
        "INSERT INTO counter (tenant_id, scope, n) VALUES (?, ?, 1)"
        " ON CONFLICT (tenant_id, scope) DO UPDATE SET n = counter.n + 1 RETURNING n",
        tenant, f"floor {now.year}",
    )  # fmt: skip
    code = f"FLR-{now.year}-{number:05d}"
    ((order,),) = run(
        "INSERT INTO sales_order (tenant_id, public_id, code, status, door, customer_id, buyer_name, currency,"
        " subtotal, tax, shipping, total, tax_rate_bps, tax_rounding, items_count, reserved_until, notes,"
        " tracking_token,"
        " placed_by, version, created_at, updated_at)"
        " VALUES (?, ?, ?, 'pending', 'parts_api', ?, ?, 'USD', ?, 0, 0, ?, 0, 'half_even', ?, ?, '', ?, 'floor', 1,"
        " ?, ?)"
        " RETURNING id",
        tenant, f"ord_{os.urandom(8).hex()}", code, customer, name, total, total, sum(wanted.values()), until,
        os.urandom(12).hex(), at, at,
    )  # fmt: skip
    values: list[Any] = []
    for row in rows:
        values += [tenant, row[0], row[6], wanted[row[1]], order, until, at]
    run(
        "INSERT INTO claim (tenant_id, product_id, location_id, quantity, holder, holder_id, expires_at, created_at)"
        f" VALUES {', '.join([CLAIM] * len(rows))}",
        *values,
    )
    values = []
    for row in rows:
        values += [tenant, order, row[0], row[6], row[2], row[3], wanted[row[1]], row[4], row[4]]
    run(
        "INSERT INTO order_line (tenant_id, order_id, product_id, location_id, sku, name, quantity, list_price, price,"
        f" taxed, shipped, returned) VALUES {', '.join(['(?, ?, ?, ?, ?, ?, ?, ?, ?, true, 0, 0)'] * len(rows))}",
        *values,
    )
    return {"order_id": code, "status": "pending", "total": total / 100}


def _confirm(run: Connection, tenant: int, code: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    at: Any = str(now.replace(tzinfo=None)) if run.mark == "?" else now
    ((order, total),) = run(
        "UPDATE sales_order SET status = 'confirmed', confirmed_at = ?, reserved_until = NULL WHERE tenant_id = ?"
        " AND code = ? AND status = 'pending' AND reserved_until > ? RETURNING id, total",
        at, tenant, code, at,
    )  # fmt: skip
    run(
        "UPDATE claim SET expires_at = NULL WHERE tenant_id = ? AND holder = 'order' AND holder_id = ?"
        " AND ended_at IS NULL AND expires_at > ?",
        tenant, order, at,
    )  # fmt: skip
    return {"order_id": code, "status": "confirmed", "total": total / 100}
