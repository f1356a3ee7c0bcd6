"""A day of technicians: when they work, where they are, what they can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.workforce.local_time import day_bounds, instant_at
from dashboard.workforce.models import (
    Technician,
    TechnicianAbsence,
    TechnicianShift,
    TechnicianSkill,
    ZoneTechnician,
)
from dashboard.workforce.shapes import Point

Span = tuple[datetime, datetime]
"""From an instant until before another, both UTC."""


@dataclass(frozen=True, slots=True)
class TechnicianDay:
    """A technician on one day of the tenant.

    `start` is where they set out (home or a place of stock), `start_zip` its postal code where coordinates may be
    missing. `shift` is None on a day off; `pause` is kept free of jobs; in `absences` they get no work. `skills` gives
    the level by skill id, without those of `expired`, whose last day is given there. Whoever serves no zone (`zone_ids`
    empty) goes anywhere. `seen` is where they last reported to be: latitude, longitude, when.
    """

    id: int
    number: int
    name: str
    user_id: int | None
    start: Point | None
    start_zip: str
    van_id: int | None
    shift: Span | None
    pause: Span | None
    absences: tuple[Span, ...]
    skills: Mapping[int, int]
    expired: Mapping[int, date]
    zone_ids: frozenset[int]
    seen: tuple[float, float, datetime] | None


@dataclass(slots=True)
class _Around:
    """What the other tables say of one technician."""

    shift: Span | None = None
    pause: Span | None = None
    absences: list[Span] = field(default_factory=list[Span])
    skills: dict[int, int] = field(default_factory=dict[int, int])
    expired: dict[int, date] = field(default_factory=dict[int, date])
    zones: set[int] = field(default_factory=set[int])


def technicians_on(by: Principal, day: date) -> list[TechnicianDay]:
    """The active technicians on a day of the tenant, by name: five statements however many there are."""
    people = reads(by).scalars(
        select(Technician).where(Technician.active).order_by(Technician.search_name, Technician.id)
    )
    found = {each.id: (each, _Around()) for each in people}
    if found:
        around = {key: value for key, (_, value) in found.items()}
        _add_shifts(by, day, around)
        _add_absences(by, day, around)
        _add_skills(by, day, around)
        _add_zones(by, around)
    return [_day_of(technician, around) for technician, around in found.values()]


def _day_of(technician: Technician, around: _Around) -> TechnicianDay:
    at_home = technician.start_from == "home"
    return TechnicianDay(
        id=technician.id,
        number=technician.number,
        name=technician.name,
        user_id=technician.user_id,
        start=(
            _point(technician.home_latitude, technician.home_longitude)
            if at_home
            else _point(technician.start_latitude, technician.start_longitude)
        ),
        start_zip=technician.home_zip if at_home else technician.start_zip,
        van_id=technician.van_id,
        shift=around.shift,
        pause=around.pause,
        absences=tuple(around.absences),
        skills=around.skills,
        expired=around.expired,
        zone_ids=frozenset(around.zones),
        seen=_seen(technician),
    )


def _point(latitude: float | None, longitude: float | None) -> Point | None:
    return None if latitude is None or longitude is None else (latitude, longitude)


def _seen(technician: Technician) -> tuple[float, float, datetime] | None:
    point = _point(technician.seen_latitude, technician.seen_longitude)
    return None if point is None or technician.seen_at is None else (*point, technician.seen_at)


def _add_shifts(by: Principal, day: date, around: Mapping[int, _Around]) -> None:
    zone = by.time_zone
    shifts: Sequence[TechnicianShift] = (
        reads(by).scalars(select(TechnicianShift).where(TechnicianShift.weekday == day.weekday())).all()
    )
    for each in shifts:
        if (of := around.get(each.technician_id)) is None:
            continue
        of.shift = instant_at(day, each.starts, zone), instant_at(day, each.ends, zone)
        if each.break_from is not None and each.break_until is not None:
            of.pause = instant_at(day, each.break_from, zone), instant_at(day, each.break_until, zone)


def _add_absences(by: Principal, day: date, around: Mapping[int, _Around]) -> None:
    begin, end = day_bounds(day, by.time_zone)
    statement = select(TechnicianAbsence).where(TechnicianAbsence.starts_at < end, TechnicianAbsence.ends_at > begin)
    for each in reads(by).scalars(statement.order_by(TechnicianAbsence.starts_at, TechnicianAbsence.id)):
        if (of := around.get(each.technician_id)) is not None:
            of.absences.append((each.starts_at, each.ends_at))


def _add_skills(by: Principal, day: date, around: Mapping[int, _Around]) -> None:
    for each in reads(by).scalars(select(TechnicianSkill)):
        if (of := around.get(each.technician_id)) is None:
            continue
        if each.expires_on is not None and each.expires_on < day:
            of.expired[each.skill_id] = each.expires_on
        else:
            of.skills[each.skill_id] = each.level


def _add_zones(by: Principal, around: Mapping[int, _Around]) -> None:
    for zone_id, technician_id in reads(by).execute(select(ZoneTechnician.zone_id, ZoneTechnician.technician_id)):
        if (of := around.get(technician_id)) is not None:
            of.zones.add(zone_id)
