"""Jobs that come again: the next ones are made some weeks ahead, at the same time on the wall."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from dashboard.accounts.models import Tenant
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.jobs import system_of
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.dispatch.models import Job, JobSeries
from dashboard.dispatch.queries.jobs import JobRow, find_job
from dashboard.dispatch.service import parts, rows
from dashboard.dispatch.service.checks import Point, set_checklist
from dashboard.dispatch.service.facts import JobFacts, WantedSkill
from dashboard.dispatch.service.jobs import create_job
from dashboard.dispatch.service.workflow import cancel
from dashboard.workforce.local_time import instant_at

UNITS = ("day", "week", "month")
AHEAD = timedelta(days=28)
"""So far ahead jobs of a series are made: they can be planned, and a change of mind costs little."""

BATCH = 200
_TEXTS = (
    "title", "description", "priority", "customer", "customer_name", "customer_phone", "service_address",
    "service_city", "service_state", "service_zip", "latitude", "longitude", "duration_minutes", "value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every so many days, weeks or months; `until` is the last day (tenant's) on which one may start."""

    every: int
    unit: str
    until: date | None = None


def make_job(
    by: Principal,
    facts: JobFacts,
    *,
    needed: Mapping[int, int] | None = None,
    points: Sequence[Point] = (),
    again: Recurrence | None = None,
) -> JobRow:
    """Add a job with its parts (pieces by number), checklist, and recurrence. Raises Invalid, naming what is wrong."""
    with atomic(by):
        job = create_job(by, facts)
        if needed:
            parts.set_parts(by, job.number, needed)
        if points:
            set_checklist(by, job.number, points)
        if again is not None:
            _repeat(by, job, again, _pattern(facts, needed or {}, points))
        return find_job(by, job.number)


def stop_series(by: Principal, number: int) -> int:
    """Let a job come again no more; those of the series that nobody has been given are cancelled. How many they were.

    Raises NotFound, Conflict for a job that does not come again.
    """
    by.require(rows.MANAGE)
    with atomic(by) as session:
        job = find_job(by, number)
        if job.series_id is None:
            raise Conflict(f"Job {number} does not come again.")
        series = _locked(session, job.series_id)
        series.until = clock.now()
        waiting = select(Job.number).where(
            Job.series_id == series.id, Job.status == "pending", Job.scheduled_start > clock.now(), Job.id != job.id
        )
        numbers = session.scalars(waiting.order_by(Job.id)).all()
        for each in numbers:
            cancel(by, each, "The series was ended")
        events.record(by, "dispatch.series_ended", f"job:{job.id}", {"job_id": number, "cancelled": len(numbers)})
    return len(numbers)


def extend_series(by: Principal) -> int:
    """Make what is due of all series of all tenants; how many jobs those are."""
    last = (
        select(func.max(Job.scheduled_start))
        .where(Job.tenant_id == JobSeries.tenant_id, Job.series_id == JobSeries.id)
        .scalar_subquery()
    )
    due = (
        select(JobSeries.tenant_id, JobSeries.id, Tenant.clock_offset_s, Tenant.time_zone)
        .join(Tenant, Tenant.id == JobSeries.tenant_id)
        .where(or_(JobSeries.until.is_(None), JobSeries.until > last), last < clock.true_now() + AHEAD)
        .order_by(last)
        .limit(BATCH)
    )
    made = 0
    for tenant_id, series_id, ahead, zone in reads(by).execute(due, execution_options=EVERY_TENANT).all():
        owner = replace(system_of(tenant_id), time_zone=zone)
        with clock.ahead_by(ahead), atomic(owner) as session:
            made += _extend(owner, session, _locked(session, series_id))
    return made


def _pattern(facts: JobFacts, needed: Mapping[int, int], points: Sequence[Point]) -> dict[str, Any]:
    """What every job of the series is like, as plain JSON."""
    return {
        "facts": {name: getattr(facts, name) for name in _TEXTS},
        "skills": [[skill.name, skill.level] for skill in facts.skills],
        "parts": {str(part): quantity for part, quantity in needed.items()},
        "checklist": [[point.text, point.required] for point in points],
        "made": 1,
    }


def _repeat(by: Principal, job: JobRow, again: Recurrence, pattern: Mapping[str, Any]) -> None:
    if again.unit not in UNITS:
        raise Invalid.field("unit", f"A job comes again by {', '.join(UNITS)}.")
    if not 1 <= again.every <= 366:
        raise Invalid.field("every", "A job comes again after 1 to 366 days, weeks or months.")
    if job.scheduled_start is None or job.scheduled_end is None:
        raise Invalid.field("scheduled_start", "Say when the first one starts, so that the others can follow.")
    first = job.scheduled_start.astimezone(ZoneInfo(by.time_zone))
    if again.until is not None and again.until < first.date():
        raise Invalid.field("until", "The last one cannot be before the first.")
    when = {
        "day": first.date().isoformat(),
        "minute": first.hour * 60 + first.minute,
        "length": int((job.scheduled_end - job.scheduled_start).total_seconds() // 60),
    }
    with atomic(by) as session:
        series = JobSeries(
            unit=again.unit,
            every=again.every,
            until=None if again.until is None else instant_at(again.until + timedelta(days=1), 0, by.time_zone),
            pattern={**pattern, **when},
        )
        session.add(series)
        session.flush()
        rows.locked(by, session, job.number).series_id = series.id
        _extend(by, session, series)


def _extend(by: Principal, session: CommandSession, series: JobSeries) -> int:
    pattern = dict(series.pattern)
    made = 0
    while True:
        day = _day(date.fromisoformat(pattern["day"]), series.unit, series.every * pattern["made"])
        start = instant_at(day, pattern["minute"], by.time_zone)
        if start >= clock.now() + AHEAD or (series.until is not None and start >= series.until):
            break
        if start > clock.now():  # what was missed while nothing ran is not made up for
            _make(by, series.id, pattern, start)
            made += 1
        pattern["made"] += 1
    series.pattern = pattern
    session.flush()
    return made


def _make(by: Principal, series_id: int, pattern: Mapping[str, Any], start: datetime) -> None:
    facts = JobFacts(
        **pattern["facts"],
        skills=[WantedSkill(name, level) for name, level in pattern["skills"]],
        scheduled_start=start,
        scheduled_end=start + timedelta(minutes=pattern["length"]),
    )
    job = create_job(by, facts, series_id=series_id)
    if pattern["parts"]:
        parts.set_parts(by, job.number, {int(part): quantity for part, quantity in pattern["parts"].items()})
    if pattern["checklist"]:
        set_checklist(by, job.number, [Point(text, required) for text, required in pattern["checklist"]])


def _day(first: date, unit: str, many: int) -> date:
    """The day so many units after the first; the last of a month that is too short for it."""
    if unit != "month":
        return first + timedelta(days=many * (7 if unit == "week" else 1))
    year, month = divmod(first.year * 12 + first.month - 1 + many, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def _locked(session: CommandSession, series_id: int) -> JobSeries:
    statement = select(JobSeries).where(JobSeries.id == series_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()
