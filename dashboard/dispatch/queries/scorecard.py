"""How technicians did over some days, who leads, and how fairly the work is spread."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import Invalid
from dashboard.dispatch.models import Job
from dashboard.dispatch.moments import day_bounds, today
from dashboard.dispatch.places import Point, of_zip, point_of
from dashboard.dispatch.roads import Roads, roads_of
from dashboard.workforce.models import Technician
from dashboard.workforce.queries.days import technicians_on

USUAL_DAYS = 30
MOST_DAYS = 366

GRACE = timedelta(minutes=15)
"""So long after a job should have begun its technician is still on time, where no arrival window was promised."""

COMES_BACK = timedelta(days=30)
"""A second job for the same customer within this time says that the first did not mend it."""

MOST_POINTS = 25
"""Points for each of completion, punctuality, first-time fix and rating; a part without figures is left out."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a technician did. Rates are 0 to 1, None where there is nothing to count; `value` is minor units.

    `given` are jobs that were theirs and whose time has come, cancelled ones left out. `drive_minutes` is reckoned from
    the places of their jobs in the order of their times.
    """

    number: int
    name: str
    active: bool
    given: int = 0
    completed: int = 0
    average_minutes: int | None = None
    rating: float | None = None
    rated: int = 0
    value: int = 0
    value_a_job: int | None = None
    on_time_rate: float | None = None
    fixed_rate: float | None = None
    work_minutes: int = 0
    drive_minutes: int = 0
    points: int = 0
    rank: int | None = None

    @property
    def completion_rate(self) -> float | None:
        """Completed of those given."""
        return _rate(self.completed, self.given)


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the middle and the most that a technician has of something; `even` is 1 where all have the same."""

    least: int
    middle: int
    most: int
    even: float | None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All technicians from `first` to `last` (tenant's days, both inclusive), by name."""

    first: date
    last: date
    scores: tuple[Score, ...]

    @property
    def leaderboard(self) -> tuple[Score, ...]:
        """Those who have completed something, the best first."""
        return tuple(sorted((each for each in self.scores if each.rank), key=lambda each: each.rank or 0))

    @property
    def completed(self) -> int:
        """Jobs completed in all."""
        return sum(each.completed for each in self.scores)

    @property
    def completion_rate(self) -> float | None:
        """Completed of all given."""
        return _rate(self.completed, sum(each.given for each in self.scores))

    @property
    def value(self) -> int:
        """Value of all completed jobs, in minor units."""
        return sum(each.value for each in self.scores)

    @property
    def work_spread(self) -> Spread:
        """How evenly minutes of work are spread."""
        return _spread(each.work_minutes for each in self._spread_over)

    @property
    def drive_spread(self) -> Spread:
        """How evenly minutes of driving are spread."""
        return _spread(each.drive_minutes for each in self._spread_over)

    @property
    def value_spread(self) -> Spread:
        """How evenly the value of jobs is spread."""
        return _spread(each.value for each in self._spread_over)

    @property
    def _spread_over(self) -> tuple[Score, ...]:
        return tuple(each for each in self.scores if each.active)


def scorecard(by: Principal, first: date | None = None, last: date | None = None) -> Scorecard:
    """How technicians did in these days, or in the last 30. Raises Invalid for days in the wrong order, or too many."""
    last = last or today(by)
    first = first or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise Invalid.field("date_from", "'date_from' must not be after 'date_to'.")
    if (last - first).days >= MOST_DAYS:
        raise Invalid.field("date_from", f"Ask for at most {MOST_DAYS} days at once.")
    rows = _rows(by, first, last)
    drives = _drives(by, last, rows)
    people = reads(by).execute(
        select(Technician.id, Technician.number, Technician.name, Technician.active)
        .order_by(Technician.search_name, Technician.id)
    )  # fmt: skip
    scores = [
        _score(Score(number, name, active), rows.get(key, ()), drives.get(key, 0))
        for key, number, name, active in people
        if active or key in rows
    ]
    return Scorecard(first, last, tuple(_ranked(scores)))


def _rows(by: Principal, first: date, last: date) -> dict[int, list[Any]]:
    """The jobs of each technician in these days, by time; each with whether the customer needed another one."""
    begin, end = day_bounds(first, by.time_zone)[0], day_bounds(last, by.time_zone)[1]
    again = aliased(Job)
    when = func.coalesce(again.scheduled_start, again.created_at)
    next_time = (
        select(func.min(when))
        .where(
            again.tenant_id == Job.tenant_id,
            again.customer_id == Job.customer_id,
            again.id != Job.id,
            again.status != "cancelled",
            or_(again.series_id.is_(None), Job.series_id.is_(None), again.series_id != Job.series_id),
            when > Job.resolved_at,
        )
        .correlate(Job)
        .scalar_subquery()
    )
    statement = select(
        Job.technician_id, Job.status, Job.scheduled_start, Job.scheduled_end, Job.arrive_until, Job.responded_at,
        Job.resolved_at, Job.rating, Job.value, Job.customer_id, Job.latitude, Job.longitude, Job.service_zip,
        next_time.label("next_time"),
    ).where(
        Job.technician_id.is_not(None),
        Job.status != "cancelled",
        or_(
            and_(Job.scheduled_start >= begin, Job.scheduled_start < end),
            and_(Job.scheduled_start.is_(None), Job.resolved_at >= begin, Job.resolved_at < end),
        ),
    )  # fmt: skip
    found: dict[int, list[Any]] = defaultdict(list)
    for row in reads(by).execute(statement.order_by(Job.scheduled_start, Job.id)):
        found[row.technician_id].append(row)
    return found


def _score(score: Score, rows: Sequence[Any], drive: int) -> Score:
    now = clock.now()
    done = [row for row in rows if row.status == "completed"]
    due = [
        row for row in rows if row.status == "completed" or (row.scheduled_end is not None and row.scheduled_end <= now)
    ]
    ratings = [row.rating for row in done if row.rating is not None]
    values = [row.value for row in done if row.value is not None]
    lengths = [minutes for row in done if (minutes := _minutes(row)) is not None]
    punctual = [row.responded_at <= _latest(row) for row in done if row.responded_at and row.scheduled_start]
    fixed = [not _came_back(row) for row in done if row.customer_id is not None and row.resolved_at is not None]
    mine = replace(
        score,
        given=len(due),
        completed=len(done),
        average_minutes=round(fmean(lengths)) if lengths else None,
        rating=round(fmean(ratings), 2) if ratings else None,
        rated=len(ratings),
        value=sum(values),
        value_a_job=round(sum(values) / len(values)) if values else None,
        on_time_rate=_rate(sum(punctual), len(punctual)),
        fixed_rate=_rate(sum(fixed), len(fixed)),
        work_minutes=sum(lengths),
        drive_minutes=drive,
    )
    return replace(mine, points=_points(mine))


def _minutes(row: Any) -> int | None:
    """From arriving to having completed it."""
    if row.responded_at is None or row.resolved_at is None or row.resolved_at < row.responded_at:
        return None
    return round((row.resolved_at - row.responded_at).total_seconds() / 60)


def _latest(row: Any) -> datetime:
    return row.arrive_until or row.scheduled_start + GRACE


def _came_back(row: Any) -> bool:
    return row.next_time is not None and row.next_time <= row.resolved_at + COMES_BACK


def _points(score: Score) -> int:
    rating = None if score.rating is None else score.rating / 5
    rates = (score.completion_rate, score.on_time_rate, score.fixed_rate, rating)
    known = [each for each in rates if each is not None]
    return round(4 * MOST_POINTS * fmean(known)) if score.completed and known else 0


def _ranked(scores: Sequence[Score]) -> list[Score]:
    order = sorted(
        (each for each in scores if each.completed), key=lambda each: (-each.points, -each.completed, each.number)
    )
    ranks = {each.number: rank for rank, each in enumerate(order, start=1)}
    return [replace(each, rank=ranks.get(each.number)) for each in scores]


def _drives(by: Principal, last: date, rows: Mapping[int, Sequence[Any]]) -> dict[int, int]:
    """Minutes that each technician drove, by the places of their jobs, from and to where they set out."""
    roads, zone = roads_of(by), ZoneInfo(by.time_zone)
    starts = {each.id: each.start or of_zip(each.start_zip) for each in technicians_on(by, last)}
    found: dict[int, int] = {}
    for key, jobs in rows.items():
        days: dict[date, list[tuple[datetime, Point]]] = defaultdict(list)
        for row in jobs:
            point = point_of(row.latitude, row.longitude, row.service_zip)
            if point is not None and row.scheduled_start is not None and row.status == "completed":
                local = row.scheduled_start.astimezone(zone)
                days[local.date()].append((local, point))
        found[key] = round(sum(_drive_of_day(roads, starts.get(key), stops) for stops in days.values()))
    return found


def _drive_of_day(roads: Roads, start: Point | None, stops: Sequence[tuple[datetime, Point]]) -> float:
    way = [(stops[0][0], start), *stops, (stops[-1][0], start)] if start else list(stops)
    return sum(roads.minutes(a, b, moment.hour) for (_, a), (moment, b) in pairwise(way) if a and b)


def _rate(some: int, of: int) -> float | None:
    return round(some / of, 4) if of else None


def _spread(figures: Iterable[int]) -> Spread:
    found = sorted(figures)
    if not found:
        return Spread(0, 0, 0, None)
    total = sum(found)
    apart = sum((2 * at - len(found) - 1) * figure for at, figure in enumerate(found, start=1))
    return Spread(
        found[0], round(median(found)), found[-1], round(1 - apart / (len(found) * total), 4) if total else None
    )
