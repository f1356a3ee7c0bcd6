"""Where technicians are: as they report it, thinned, and told to boards."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import FieldError, Invalid
from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.service.changes import tell_boards
from dashboard.dispatch.service.facts import place_faults
from dashboard.dispatch.service.workflow import change_status
from dashboard.workforce import service as workforce
from dashboard.workforce.queries.technicians import TechnicianRow

THINNED_TO = timedelta(seconds=5)
"""What is kept of a technician's reports is at least so far apart: what is known is never older by more than that."""

FASTEST = 200
MOST_POINTS = 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """Where somebody was `at` a time (None is now); `speed` in miles an hour, `heading` in degrees from north."""

    latitude: float
    longitude: float
    speed: float | None = None
    heading: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """How many reports were accepted, and the newest; `kept` is whether it was far enough from the last to be kept."""

    accepted: int
    kept: bool
    newest: Report


def report_locations(by: Principal, technician: TechnicianRow, reports: Sequence[Report]) -> Reported:
    """Take a technician's own reports: of them the newest is kept, and that where the last is some seconds old.

    Raises Invalid that names what is wrong, in `points[n]` where there are several.
    """
    by.require("tech")
    _check(reports)
    now = clock.now()
    newest = max(reports, key=lambda report: report.at or now)
    at = min(newest.at or now, now)
    if technician.seen_at is not None and at - technician.seen_at < THINNED_TO:
        return Reported(len(reports), kept=False, newest=newest)
    with atomic(by):
        kept = workforce.report_location(by, technician.id, newest.latitude, newest.longitude, at)
        if kept:
            told = {
                "technician_id": technician.number,
                "latitude": newest.latitude,
                "longitude": newest.longitude,
                "speed": newest.speed,
                "heading": newest.heading,
                "seen_at": at.isoformat().replace("+00:00", "Z"),
            }
            tell_boards(by, "location", None, told)
    return Reported(len(reports), kept, newest)


def say_status(
    by: Principal,
    technician: TechnicianRow,
    number: int,
    status: str,
    *,
    at_point: tuple[float, float] | None = None,
    at: datetime | None = None,
) -> JobRow:
    """A technician says how far they are with a job of theirs, and with `at_point` where they are.

    Raises NotFound, Invalid, Conflict as `workflow.change_status` does.
    """
    with atomic(by):
        if at_point is not None:  # first: whoever tells boards must wait for nobody's row any more
            workforce.report_location(by, technician.id, *at_point, at or clock.now())
        return change_status(by, number, status, at_point=at_point, technician_id=technician.id, at=at)


def _check(reports: Sequence[Report]) -> None:
    if not reports or len(reports) > MOST_POINTS:
        raise Invalid.field("points", f"Send 1 to {MOST_POINTS:,} points.")
    wrong: list[FieldError] = []
    for place, report in enumerate(reports):
        inside = f"points[{place}]." if len(reports) > 1 else ""
        wrong += [FieldError(inside + each.field, each.message) for each in _faults(report)]
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _faults(report: Report) -> list[FieldError]:
    wrong = place_faults(report.latitude, report.longitude)
    for name, value, most in (("speed", report.speed, FASTEST), ("heading", report.heading, 360)):
        if value is not None and not (math.isfinite(value) and 0 <= value <= most):
            unit = "miles an hour" if name == "speed" else "degrees from north"
            wrong.append(FieldError(name, f"A {name} is 0 to {most} {unit}."))
    if report.at is not None and report.at.tzinfo is None:
        wrong.append(FieldError("at", "Say the time with its zone, such as 2026-03-28T09:00:00Z."))
    return wrong
