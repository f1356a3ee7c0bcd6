"""Who should do a job: every technician with a score whose parts can be read, and why the others are out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.dispatch.models import Job, JobPart
from dashboard.dispatch.moments import today
from dashboard.dispatch.queries.jobs import JobRow, find_job
from dashboard.dispatch.queries.route_day import RouteDay, day_around
from dashboard.dispatch.queries.suggestion_words import why_not
from dashboard.dispatch.routing import Stop, Van, fits_at, not_for, timetable
from dashboard.inventory.models import StockLevel
from dashboard.workforce.queries.days import TechnicianDay

OF = {"skill": 20, "zone": 10, "drive": 30, "load": 15, "overtime": 10, "parts": 5, "customer": 10}
"""Points that each part of a score can bring; together 100."""

FAR_MINUTES = 60
"""From so many minutes of driving on, the way brings no points; so much overtime brings none either."""

LATEST = 4 * 3600
"""Seconds after the end of a shift until which somebody is suggested at all, with overtime."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a score: `points` of `of`, and why in a few words."""

    name: str
    points: int
    of: int
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A technician for a job. `rank` counts from 1; None, with a sentence in `excluded`, where they are out.

    They would set out at `drive_minutes` before they arrive, and work from `starts_at` to `ends_at`.
    """

    technician_id: int
    technician_number: int
    name: str
    rank: int | None = None
    score: int | None = None
    parts: tuple[Part, ...] = ()
    excluded: str | None = None
    drive_minutes: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    overtime_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All technicians for a job on `day`, the best first, then those who are out, by name. `problem`: nobody can be."""

    job: JobRow
    day: date
    all: tuple[Suggestion, ...]
    problem: str | None = None

    @property
    def ranked(self) -> tuple[Suggestion, ...]:
        """Those who could do it."""
        return tuple(each for each in self.all if each.rank is not None)

    @property
    def out(self) -> tuple[Suggestion, ...]:
        """Those who could not."""
        return tuple(each for each in self.all if each.rank is None)


@dataclass(frozen=True, slots=True)
class _Case:
    """What all technicians are judged by."""

    day: RouteDay
    job: JobRow
    stop: Stop
    time_zone: str
    needed: Mapping[int, int]
    on_vans: Mapping[tuple[int, int], int]
    visits: Mapping[int, int]


def suggest(by: Principal, job_number: int) -> Suggestions:
    """Who should do the job, on its day or else today. The same facts give the same answer. Raises NotFound.

    A fixed number of statements, whatever the number of technicians.
    """
    job = find_job(by, job_number)
    on = today(by) if job.scheduled_start is None else _local_day(by, job.scheduled_start)
    day = day_around(by, on, job)
    stop = next((each for each in day.problem.stops if each.key == job.id), None)
    if stop is None:
        problem = "The job has no place on the map. Add coordinates, or a ZIP code that is known."
        return Suggestions(job, on, (), problem)
    needed, on_vans = _parts(by, job)
    case = _Case(day, job, stop, by.time_zone, needed, on_vans, _visits(by, job))
    vans = {van.key: van for van in day.problem.vans}
    found = [_judged(case, person, vans.get(person.id)) for person in day.people.values()]
    could = sorted((each for each in found if each.score is not None), key=_order)
    ranked = [replace(each, rank=rank) for rank, each in enumerate(could, start=1)]
    return Suggestions(job, on, (*ranked, *(each for each in found if each.score is None)))


def _local_day(by: Principal, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(by.time_zone)).date()


def _order(each: Suggestion) -> tuple[int, int, int]:
    return -(each.score or 0), each.drive_minutes or 0, each.technician_number


def _judged(case: _Case, person: TechnicianDay, van: Van | None) -> Suggestion:
    mine = Suggestion(person.id, person.number, person.name)
    if van is None:
        return replace(mine, excluded=f"Does not work on {case.day.day:%A}s.")
    order = tuple(
        sorted(
            (stop for stop in case.day.problem.stops if stop.fixed is not None and stop.fixed.van == van.key),
            key=lambda stop: (stop.fixed.starts if stop.fixed else 0, stop.key),
        )
    )
    late = replace(van, ends=van.ends + LATEST)
    network = case.day.problem.network
    places = [] if not_for(van, case.stop) else list(fits_at(late, order, case.stop, network))
    if not places:
        return replace(mine, excluded=why_not(case.day, case.stop, person, late, order=order, time_zone=case.time_zone))
    _, at = min(places)
    route = timetable(late, [*order[:at], case.stop, *order[at:]], network)
    assert route is not None, "What fits has a timetable."
    visit = route.visits[at]
    overtime = max(route.back_at - van.ends, 0) // 60
    drive = round(visit.drive / 60)
    parts = _score(case, person, van, drive=drive, overtime=overtime, booked=sum(stop.service for stop in order))
    return replace(
        mine,
        score=sum(part.points for part in parts),
        parts=parts,
        drive_minutes=drive,
        starts_at=case.day.at(visit.starts),
        ends_at=case.day.at(visit.ends),
        overtime_minutes=overtime,
    )


def _score(case: _Case, person: TechnicianDay, van: Van, *, drive: int, overtime: int, booked: int) -> tuple[Part, ...]:
    shift = max(van.ends - van.begins, 1)
    load = min(booked / shift, 1.0)
    return (
        _skill(case, person),
        _zone(case, person),
        _part("drive", 1 - min(drive / FAR_MINUTES, 1), f"{drive} minutes to drive"),
        _part("load", 1 - load, f"{round(100 * load)} % of the shift is taken"),
        _part(
            "overtime",
            1 - min(overtime / FAR_MINUTES, 1),
            f"{overtime} minutes after the end of the shift" if overtime else "Back before the shift ends",
        ),
        _on_van(case, person),
        _customer(case, person),
    )


def _part(name: str, share: float, why: str) -> Part:
    return Part(name, round(OF[name] * share), OF[name], why)


def _skill(case: _Case, person: TechnicianDay) -> Part:
    if not case.job.skills:
        return _part("skill", 1, "The job needs no skill")
    spare = min(person.skills[each.id] - each.level for each in case.job.skills)
    words = ", ".join(f"{each.name} level {person.skills[each.id]}" for each in case.job.skills)
    return _part("skill", min(0.6 + 0.2 * spare, 1), f"{words} of {case.job.skills[0].level} needed")


def _zone(case: _Case, person: TechnicianDay) -> Part:
    if person.zone_ids & case.stop.zones:
        return _part("zone", 1, "In their zone")
    return _part("zone", 0.5, "Goes anywhere")


def _on_van(case: _Case, person: TechnicianDay) -> Part:
    wanted = sum(case.needed.values())
    if not wanted:
        return _part("parts", 1, "The job needs no parts")
    van = person.van_id
    there = sum(
        min(count, case.on_vans.get((van, product), 0)) for product, count in case.needed.items() if van is not None
    )
    return _part("parts", there / wanted, f"{there} of {wanted} parts on the van")


def _customer(case: _Case, person: TechnicianDay) -> Part:
    most = max(case.visits.values(), default=0)
    mine = case.visits.get(person.id, 0)
    if not most:
        return _part("customer", 0, "Nobody has been there yet")
    times = "once" if mine == 1 else f"{mine} times"
    return _part("customer", mine / most, f"Was at this customer's {times}" if mine else "Has not been there")


def _parts(by: Principal, job: JobRow) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Pieces that the job needs by product, and what is at which place of them."""
    statement = (
        select(JobPart.product_id, func.sum(JobPart.quantity))
        .where(JobPart.job_id == job.id)
        .group_by(JobPart.product_id)
    )
    needed = {product: int(count) for product, count in reads(by).execute(statement)}
    levels = select(StockLevel.location_id, StockLevel.product_id, StockLevel.on_hand).where(
        StockLevel.product_id.in_(needed)
    )
    return needed, {(place, product): count for place, product, count in reads(by).execute(levels)}


def _visits(by: Principal, job: JobRow) -> dict[int, int]:
    """How many jobs each technician has completed for the customer."""
    statement = (
        select(Job.technician_id, func.count(Job.id))
        .where(Job.customer_id == (job.customer_id or 0), Job.status == "completed", Job.id != job.id)
        .group_by(Job.technician_id)
    )
    return {technician: count for technician, count in reads(by).execute(statement) if technician is not None}
