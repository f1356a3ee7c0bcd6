"""The floor of the list of units: hand-written SQL through the driver, rows to orjson, nothing else."""

import os
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Flask, Response, request

from benchmarks.floor import Driver, driver_of

TENANT_ID = "FLOOR_TENANT_ID"

_FREE = """
NOT EXISTS (SELECT 1 FROM claim c WHERE c.tenant_id = u.tenant_id AND c.unit_id = u.id AND c.ended_at IS NULL
            AND (c.expires_at IS NULL OR c.expires_at > :now))
"""
PAGE = f"""
SELECT u.public_id, u.imei, u.model, u.storage, u.color, u.grade, u.battery_health, u.carrier_locked, u.carrier,
       u.price, l.code, u.created_at, u.updated_at
FROM unit u JOIN location l ON l.tenant_id = u.tenant_id AND l.id = u.location_id
WHERE u.tenant_id = :tenant AND u.gone_at IS NULL AND u.grade = :grade AND u.state = 'in_stock' AND {_FREE}
ORDER BY u.id DESC LIMIT 50
"""
TOTAL = """
SELECT (SELECT coalesce(sum(t.in_stock), 0) FROM unit_tally t JOIN product p ON p.tenant_id = t.tenant_id
        AND p.id = t.product_id WHERE t.tenant_id = :tenant AND p.grade = :grade)
     - (SELECT count(*) FROM claim c JOIN unit u ON u.tenant_id = c.tenant_id AND u.id = c.unit_id
        WHERE c.tenant_id = :tenant AND c.ended_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > :now)
        AND u.state = 'in_stock' AND u.grade = :grade)
"""
_NAMES = (
    "id", "imei", "model", "storage", "color", "grade", "battery_health", "carrier_locked", "carrier", "price",
    "warehouse_id", "created_at", "updated_at",
)  # fmt: skip


def create_floor() -> Flask:
    """The app over FLOOR_DATABASE_URL and the tenant of FLOOR_TENANT_ID, for granian's `--factory`."""
    address = os.environ["FLOOR_DATABASE_URL"]
    driver, _ = driver_of(address)
    return app_over(driver, int(os.environ[TENANT_ID]), sqlite=address.startswith("sqlite"))


def app_over(driver: Driver, tenant_id: int, *, sqlite: bool) -> Flask:
    """The app over `driver`."""
    app = Flask("stock floor", static_folder=None)
    page, total = (each if sqlite else _named(each) for each in (PAGE, TOTAL))

    @app.get("/api/v1/inventory")
    def units() -> Response:
        values: dict[str, Any] = {"tenant": tenant_id, "grade": request.args["grade"], "now": _now(sqlite=sqlite)}
        rows = driver.rows(page, values)
        data = [dict(zip(_NAMES, row, strict=True), currency="USD", available=True) for row in rows]
        found = int(driver.rows(total, values)[0][0])
        body = {"data": data, "meta": {"page": 1, "per_page": 50, "total": found, "total_pages": -(-found // 50)}}
        return Response(orjson.dumps(body), mimetype="application/json")

    return app


def _now(*, sqlite: bool) -> Any:
    moment = datetime.now(UTC)
    return moment.replace(tzinfo=None).isoformat(" ") if sqlite else moment


def _named(statement: str) -> str:
    for name in ("tenant", "grade", "now"):
        statement = statement.replace(f":{name}", f"%({name})s")
    return statement
