"""Working hours through K (K393 to K410): clocking, the list, corrections, weeks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.web.answers import Bare, Many, One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect
from dashboard.workforce.local_time import exact_instant
from dashboard.workforce.queries import hours as queries
from dashboard.workforce.queries.hours import EntryFilter, EntryRow
from dashboard.workforce.queries.weeks import FULL_WEEK_S
from dashboard.workforce.schemas_hours import (
    CorrectionBody,
    EntryJson,
    EntryListQuery,
    SpotBody,
    WeekBody,
    WeekOfJson,
    WeeksJson,
)
from dashboard.workforce.service import corrections, hours, weeks
from dashboard.workforce.service.corrections import Correction
from dashboard.workforce.service.hours import Spot
from dashboard.workforce.service.weeks import HandedIn
from dashboard.workforce.week import Week

hours_api = ApiBlueprint(
    "hours_api", __name__, url_prefix="/api/v1/time-tracking", speaks="tradekitt", area="field"
)  # fmt: skip

OWN, READ, WRITE, APPROVE = "tech", "time:read", "time:write", "time:approve"


@hours_api.operation("POST", "/clock-in", needs=OWN, answer=EntryJson, status=201, body=SpotBody)
def clock_in(by: Principal, body: SpotBody) -> One[EntryRow]:
    """Clock in"""
    return _shown(by, hours.clock_in(by, Spot(body.latitude, body.longitude)).number)


@hours_api.operation("POST", "/clock-out", needs=OWN, answer=EntryJson, body=SpotBody)
def clock_out(by: Principal, body: SpotBody) -> One[EntryRow]:
    """Clock out"""
    return _shown(by, hours.clock_out(by, Spot(body.latitude, body.longitude)).number)


@hours_api.operation("POST", "/break-start", needs=OWN, answer=EntryJson, status=201)
def break_start(by: Principal) -> One[EntryRow]:
    """Start a break"""
    return _shown(by, hours.start_break(by).number)


@hours_api.operation("POST", "/break-end", needs=OWN, answer=EntryJson)
def break_end(by: Principal) -> One[EntryRow]:
    """End a break"""
    return _shown(by, hours.end_break(by).number)


@hours_api.operation("GET", "/entries", needs=READ, answer=EntryJson, shape="many", query=EntryListQuery)
def entry_list(by: Principal, page: PageRequest, query: EntryListQuery) -> Many[EntryRow]:
    """List time entries"""
    where = EntryFilter(query.date_from, query.date_to, query.technician_id)
    return Many(queries.entry_page(by, where, page), _entry)


@hours_api.operation("PATCH", "/entries/<int:entry_id>", needs=WRITE, answer=EntryJson, body=CorrectionBody)
def entry_correct(by: Principal, entry_id: int, body: CorrectionBody) -> One[EntryRow]:
    """Correct a time entry"""
    queries.show_entry(by, entry_id)
    for name in ("clock_in", "clock_out", "break_minutes"):
        if name in body.model_fields_set and getattr(body, name) is None:
            raise Invalid.field(name, f"Field '{name}' cannot be null: leave it out, and it stays as it is.")
    wanted = Correction(
        reason=body.reason,
        clock_in=_instant(by, body.clock_in, "clock_in"),
        clock_out=_instant(by, body.clock_out, "clock_out"),
        break_minutes=body.break_minutes,
    )
    corrections.correct_entry(by, entry_id, wanted, version=body.version)
    return _shown(by, entry_id)


@hours_api.operation("POST", "/weeks/<week>/submit", needs=OWN, answer=WeekOfJson)
def week_submit(by: Principal, week: str) -> One[HandedIn]:
    """Hand in your week"""
    return One(weeks.submit_week(by, Week.named(week)), lambda row, _: _week(row))


@hours_api.operation("POST", "/weeks/<week>/approve", needs=APPROVE, answer=WeeksJson, shape="bare", body=WeekBody)
def week_approve(by: Principal, week: str, body: WeekBody) -> Bare:
    """Approve a week"""
    found = Week.named(week)
    approved = weeks.approve_weeks(by, found, body.technician_id)
    return Bare({"week": found.name, "approved": [_week(each) for each in approved]})


def _instant(by: Principal, told: datetime | None, field: str) -> datetime | None:
    if told is None or told.tzinfo is not None:
        return told
    return exact_instant(told, by.time_zone, field)


def _shown(by: Principal, number: int) -> One[EntryRow]:
    return One(queries.show_entry(by, number), _entry)


def _entry(row: EntryRow, _: Dialect) -> Mapping[str, Any]:
    return {
        "id": row.number,
        "technician_id": row.technician,
        "technician_name": row.name,
        "clock_in": row.clock_in,
        "clock_out": row.clock_out,
        "break_minutes": row.break_seconds // 60,
        "duration_minutes": None if row.seconds is None else row.seconds // 60,
        "duration_seconds": row.seconds,
        "on_break_since": row.on_break_since,
        "clock_in_latitude": row.in_latitude,
        "clock_in_longitude": row.in_longitude,
        "clock_out_latitude": row.out_latitude,
        "clock_out_longitude": row.out_longitude,
        "corrected": row.corrections > 0,
        "version": row.version,
    }


def _week(row: HandedIn) -> Mapping[str, Any]:
    return {
        "technician_id": row.technician,
        "technician_name": row.name,
        "week": row.week.name,
        "status": row.status,
        "duration_minutes": row.seconds // 60,
        "overtime_minutes": max(0, row.seconds - FULL_WEEK_S) // 60,
    }
