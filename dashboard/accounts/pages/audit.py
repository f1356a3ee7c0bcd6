"""The audit trail: who did what, when, from where, before and after."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import Response, request, stream_with_context, url_for

from dashboard.accounts import queries, service
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.queries import AuditFilter, AuditRow
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web.pages import render_page

AREAS = (
    "user", "session", "api_key", "oauth_client", "identity_client", "role", "tenant", "invitation", "work", "device",
    "customer", "product", "unit", "location", "supplier", "purchase_order", "transfer", "stocktake", "order",
)  # fmt: skip
FILTERS = ("area", "actor", "since", "until")
_EXPORT_PAGE = 500
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@pages.page("/settings/audit", needs="audit:read")
def audit(by: Principal) -> Response:
    found = queries.audit_trail(by, _filter(by), after=request.args.get("after") or None)
    kept: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    return render_page(
        "accounts/audit.html",
        fragment="accounts/_audit_rows.html",
        rows=found.items,
        more=url_for("accounts.audit", **kept, after=found.after) if found.after else "",
        filters={name: request.args.get(name, "") for name in FILTERS},
        areas=AREAS,
        people=service.list_people(by),
        export_url=url_for("accounts.audit_export", **kept),
    )


@pages.page("/settings/audit.csv", needs="audit:read")
def audit_export(by: Principal) -> Response:
    """The same, whole, as a file that a spreadsheet opens; cells cannot become formulas."""
    where = _filter(by)
    response = Response(stream_with_context(_lines(by, where)), mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=audit.csv"
    return response


def _lines(by: Principal, where: AuditFilter) -> Iterator[str]:
    yield _line(["time", "event", "subject", "who", "actor", "address", "data"])
    after: str | None = None
    while True:
        found = queries.audit_trail(by, where, after=after, size=_EXPORT_PAGE)
        for row in found.items:
            yield _line(_cells(row))
        after = found.after
        if after is None:
            return


def _cells(row: AuditRow) -> list[str]:
    at = row.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [at, row.name, row.subject, row.who, row.actor, row.address or "", orjson.dumps(row.data).decode()]


def _line(cells: list[str]) -> str:
    safe = [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(safe)
    return out.getvalue()


def _filter(by: Principal) -> AuditFilter:
    until = _day(by, "until")
    return AuditFilter(
        area=request.args.get("area", "")[:30],
        actor=request.args.get("actor", "")[:40],
        since=_day(by, "since"),
        until=None if until is None else until + timedelta(days=1),
    )


def _day(by: Principal, name: str) -> datetime | None:
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid.field(name, f"{name} must be a date such as 2026-03-01.") from error
    return datetime.combine(day, time(), ZoneInfo(by.time_zone))
