"""A row in every table that belongs to tenants, for tests that must miss none: a table that is added is filled too."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import JSON, Column, Date, DateTime, LargeBinary, String, Table, func, insert, select

from dashboard.core.belongings import belongings
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.core.tenancy import OWN_TENANT

LATER = datetime(2027, 3, 2, 12, tzinfo=UTC)
"""Every moment in them: later than what nightly jobs forget."""

_numbers = count(1)

ALLOWED: dict[tuple[str, str], Any] = {
    ("external_identity", "provider"): "google",
    ("identity_client", "provider"): "google",
    ("one_time_link", "purpose"): "verify_email",
    ("user_session", "kind"): "page",
    ("customer", "terms_days"): 30,
    ("location", "kind"): "warehouse",
    ("location", "is_default"): False,
    ("manifest", "status"): "open",
    ("manifest_line", "decision"): "accept",
    ("order_line", "shipped"): 0,
    ("order_line", "returned"): 0,
    ("order_payment", "method"): "cash",
    ("order_return", "outcome"): "restock",
    ("order_draft_line", "quantity"): 1,
    ("product", "kind"): "counted",
    ("product", "tax_class"): "standard",
    ("purchase_order", "status"): "draft",
    ("sales_order", "status"): "pending",
    ("sales_order", "subtotal"): 0,
    ("sales_order", "tax"): 0,
    ("sales_order", "shipping"): 0,
    ("sales_order", "total"): 0,
    ("stocktake", "status"): "counting",
    ("transfer", "status"): "arrived",
    ("transfer_line", "quantity"): 1,
    ("transfer_line", "arrived"): 0,
    ("transfer_line", "lost"): 0,
    ("unit", "state"): "in_stock",
    ("unit", "imei"): "352099001761481",
    ("technician", "pay_type"): "hourly",
    ("technician", "start_from"): "home",
    ("technician_absence", "starts_at"): LATER - timedelta(hours=1),
    ("technician_shift", "weekday"): 0,
    ("technician_shift", "starts"): 480,
    ("technician_shift", "ends"): 1020,
    ("technician_skill", "level"): 3,
    ("service_zone", "zips"): ["33601"],
    ("service_zone", "polygon"): [],
    ("route_plan", "status"): "ready",
    ("work", "state"): "done",
    ("work", "ended_at"): LATER,
    # hours and the fleet
    ("work_week", "status"): "approved",
    ("vehicle_service", "every_miles"): 5_000,
    # jobs
    ("job", "priority"): "normal",
    ("job", "status"): "pending",
    ("job_series", "unit"): "week",
    ("job_series", "every"): 2,
    ("job_skill", "level"): 2,
    ("job_part", "quantity"): 10_000,
    ("job_part", "used"): 1,
    ("job_step", "before"): "pending",
    ("job_step", "after"): "dispatched",
    ("job_step", "skipped"): [],
    ("job_picture", "kind"): "photo",
    ("sla_policy", "response_minutes"): 60,
    ("sla_policy", "resolution_minutes"): 120,
}
"""Values where a check of the database allows a few alone."""

TWO_OF = {"location"}
"""Tables of which there are two rows, because something lies between two different ones."""

FROM_THE_FIRST = {("transfer", "from_id")}
"""What refers to the first of the two; all else refers to the second."""


def add_one_of_each(tenant_id: int) -> None:
    """Insert a row of this tenant into every table that belongs to tenants. Texts begin with `t<tenant_id>-`."""
    made: dict[str, dict[str, Any]] = {"tenant": {"id": tenant_id}}
    with atomic(SYSTEM) as session:
        for each in [table for table in belongings() for _ in range(2 if table.name in TWO_OF else 1)]:
            values = {
                column.name: _value(each.table, column, tenant_id, made)
                for column in each.table.c
                if _needs_value(each.table, column)
            }
            session.execute(insert(each.table).values(values), execution_options=OWN_TENANT)
            newest = select(each.table).where(each.of(tenant_id)).order_by(*(c.desc() for c in each.table.primary_key))
            row = session.execute(newest.limit(1), execution_options=OWN_TENANT).mappings().one()
            if each.name in made:
                made[f"first {each.name}"] = made[each.name]
            made[each.name] = {column.name: row[column] for column in each.table.c}


def _needs_value(table: Table, column: Column[Any]) -> bool:
    if column.name == "tenant_id" or (table.name, column.name) in ALLOWED or _secret(column):
        return True
    generated = column.primary_key and column.autoincrement is not False and not column.foreign_keys
    alone = len(table.primary_key.columns) == 1 and not isinstance(column.type, String)
    return not column.nullable and not (generated and alone)


def _secret(column: Column[Any]) -> bool:
    return column.name.endswith(("_secret", "_hash", "digest")) and isinstance(column.type, String)


def _value(table: Table, column: Column[Any], tenant_id: int, made: dict[str, dict[str, Any]]) -> Any:
    if column.name == "tenant_id":
        return tenant_id
    if (table.name, column.name) in ALLOWED:
        return ALLOWED[table.name, column.name]
    for key in column.foreign_keys:
        first = "first " if (table.name, column.name) in FROM_THE_FIRST else ""
        known = made.get(first + key.column.table.name)
        return known[key.column.name] if known else reads(SYSTEM).scalar(select(key.column).limit(1))
    return _plain(column, f"t{tenant_id}-{next(_numbers)}-{column.name}")


def _plain(column: Column[Any], text: str) -> Any:
    kind = column.type
    if isinstance(kind, LargeBinary):
        return text.encode()
    if isinstance(kind, String):
        return text[: kind.length or 200]
    if isinstance(kind, DateTime) or getattr(kind, "impl_instance", None).__class__ is DateTime:
        return LATER
    if isinstance(kind, Date):
        return LATER.date()
    if kind.python_type is bool:
        return True
    return {} if isinstance(kind, JSON) else next(_numbers)


def rows_of_each(tenant_id: int) -> dict[str, int]:
    """How many rows of this tenant there are, by table."""
    counts: dict[str, int] = {}
    for each in belongings():
        statement = select(func.count()).select_from(each.table).where(each.of(tenant_id))
        counts[each.name] = reads(SYSTEM).scalar(statement, execution_options=OWN_TENANT) or 0
    db.session.rollback()
    return counts
