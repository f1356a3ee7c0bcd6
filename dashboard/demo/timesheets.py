"""What the demo's crew has clocked in the last weeks, and the vans that it drives."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.core import clock, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.jobs import system_of
from dashboard.demo.crew import LINKED
from dashboard.inventory.models import Location
from dashboard.workforce.local_time import day_of, instant_at
from dashboard.workforce.models import Technician, TechnicianShift, TimeBreak, TimeEntry, Vehicle
from dashboard.workforce.service.corrections import Correction, correct_entry
from dashboard.workforce.service.fleet import Maintenance, Paper, VehicleFacts, create_vehicle
from dashboard.workforce.service.weeks import approve_weeks, submit_week
from dashboard.workforce.vin import check_digit_fits
from dashboard.workforce.week import Week

MANAGER = "Mona Manager"
WHOLE_WEEKS = 3
FORGETFUL, LATE = 10, 12
"""Numbers of who forgot to clock out on their last day of work, and of who has not handed in the last week."""

MODELS = (("Ford", "Transit", "1FTBR1C8_NKA10017", 2022), ("Ram", "ProMaster", "3C6LRVDG_ME501234", 2021),
          ("Chevrolet", "Express", "1GCWGAFP_K1101234", 2019))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where hours are written: whose, in which command, by which chance."""

    by: Principal
    session: CommandSession
    chance: random.Random
    now: datetime


def load(report: Callable[[str, int, int], None], *, seed: int) -> None:
    """Write the hours and vans of the first merchant, unless it has some."""
    tenant = accounts.find_tenant("MYCOMPANY")
    assert tenant is not None
    by = system_of(tenant.id)
    if reads(by).scalar(select(Vehicle.id).limit(1)) is not None:
        return
    report("the hours", 0, 1)
    fill(by, seed=seed)
    report("the hours", 1, 1)


def fill(by: Principal, *, seed: int = 42) -> None:
    """Write the hours and vans of a merchant as one command. The crew is there already."""
    time_zone = reads(by).scalars(select(Tenant.time_zone).where(Tenant.id == by.tenant_id)).one()
    by = replace(by, name=MANAGER, time_zone=time_zone)
    with atomic(by) as session:
        desk = _Desk(by, session, random.Random(seed), clock.now().replace(microsecond=0))
        crew = session.scalars(select(Technician).order_by(Technician.number)).all()
        shifts = session.scalars(select(TechnicianShift)).all()
        for technician in crew:
            _clock(desk, technician, {each.weekday: each for each in shifts if each.technician_id == technician.id})
        session.flush()
        _hand_in(desk, [each.number for each in crew])
        _vans(desk, crew)


def _clock(desk: _Desk, technician: Technician, shifts: dict[int, TechnicianShift]) -> None:
    """Some weeks of a technician, up to now. Whoever the samples act as has not clocked in today."""
    today = day_of(desk.now, desk.by.time_zone)
    first = Week.of(today).moved(-WHOLE_WEEKS).starts_on
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    working = [day for day in days if day.weekday() in shifts and (day < today or technician.number != LINKED)]
    for day in working:
        forgets = technician.number == FORGETFUL and day == max((each for each in working if each < today), default=day)
        _a_day(desk, technician, day, shifts[day.weekday()], forgets=forgets)
        if forgets:
            return


def _a_day(desk: _Desk, technician: Technician, day: date, shift: TechnicianShift, *, forgets: bool) -> None:
    begin = instant_at(day, shift.starts, desk.by.time_zone) + _some(desk, -9, 6)
    end = instant_at(day, shift.ends, desk.by.time_zone) + _some(desk, -80, 12)
    pause = instant_at(day, shift.break_from or shift.starts + 240, desk.by.time_zone) + _some(desk, 0, 20)
    resting = timedelta(minutes=desk.chance.randint(24, 38), seconds=desk.chance.randint(0, 59))
    if begin >= desk.now:
        return
    is_open = forgets or end >= desk.now
    rested = int(resting.total_seconds()) if pause + resting < desk.now and not forgets else 0
    entry = TimeEntry(
        number=numbers.take(desk.by, "time_entry"),
        technician_id=technician.id,
        clock_in=begin,
        clock_out=None if is_open else end,
        break_seconds=rested,
        in_latitude=technician.home_latitude,
        in_longitude=technician.home_longitude,
    )
    desk.session.add(entry)
    desk.session.flush()
    if rested:
        desk.session.add(TimeBreak(entry_id=entry.id, started_at=pause, ended_at=pause + resting))


def _some(desk: _Desk, least: int, most: int) -> timedelta:
    return timedelta(minutes=desk.chance.randint(least, most), seconds=desk.chance.randint(0, 59))


def _hand_in(desk: _Desk, numbers_of: Sequence[int]) -> None:
    """Weeks before the last are approved; the last is handed in by most, and something in it was put right."""
    present = Week.of(day_of(desk.now, desk.by.time_zone))
    for back in range(WHOLE_WEEKS, 0, -1):
        week = present.moved(-back)
        if back == 1:
            _put_right(desk, week)
        for number in numbers_of:
            still_in = number == FORGETFUL and back == 1
            if not still_in and not (back == 1 and number == LATE):
                submit_week(desk.by, week, number)
        if back > 1:
            approve_weeks(desk.by, week)


def _put_right(desk: _Desk, week: Week) -> None:
    start, end = week.span(desk.by.time_zone)
    some = select(TimeEntry.number).where(
        TimeEntry.clock_in >= start, TimeEntry.clock_in < end, TimeEntry.clock_out.is_not(None)
    )
    number = desk.session.scalar(some.order_by(TimeEntry.number).limit(1))
    if number is not None:
        correct_entry(desk.by, number, Correction("Forgot to end the break after the call", break_minutes=30))


def _vans(desk: _Desk, crew: Sequence[Technician]) -> None:
    today = day_of(desk.now, desk.by.time_zone)
    places = {place.id: place for place in desk.session.scalars(select(Location))}
    for technician in crew:
        place = places.get(technician.van_id or 0)
        if place is None:
            continue
        n = technician.number
        make, model, vin, year = MODELS[n % len(MODELS)]
        mileage = 18_400 + 7_310 * n
        facts = VehicleFacts(
            place.name, f"TPA {4100 + 37 * n}", _vin(vin, n), make, model, year, mileage, n, place.number
        )  # fmt: skip
        papers = [
            Paper("Insurance", f"FL-77{n:02}31", today + timedelta(days=[-4, 19, 210, 96, 301][n % 5])),
            Paper("Registration", "", today + timedelta(days=40 + 23 * n)),
        ]
        services = [
            Maintenance("Oil change", 5_000, 180, mileage - 600 * n, today - timedelta(days=12 * n)),
            Maintenance("Tyres", 40_000, None, max(0, mileage - 3_100 * n)),
        ]
        create_vehicle(desk.by, facts, papers=papers, services=services)


def _vin(pattern: str, number: int) -> str:
    """A VIN of this kind of van, its check digit as it has to be."""
    made = pattern[:-2] + f"{number:02}"
    return next(vin for digit in "0123456789X" if check_digit_fits(vin := made.replace("_", digit)))
