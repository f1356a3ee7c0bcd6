"""Clocking in and out, and breaks: what a technician does with a thumb.

Whoever changes a technician's hours locks the technician first, so that two commands on them come one after the other.
All times are whole seconds. An entry belongs to the day and the week of the tenant in which it begins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from dashboard.core import clock, events, numbers
from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid
from dashboard.workforce.local_time import day_of
from dashboard.workforce.models import Technician, TimeBreak, TimeEntry, WorkWeek
from dashboard.workforce.shapes import point_fault
from dashboard.workforce.week import Week

RIGHT = "tech"
SECOND = timedelta(seconds=1)
A_MOMENT = timedelta(minutes=1)
"""So far ahead of the clock may entries be that were clocked one after the other within a second."""

Lock = Callable[[Principal, int, date], str | None]
"""Whether the hours that a technician (by id) began on a day are closed: a sentence that says by what, or None."""

_locks: list[Lock] = []


def on_lock(check: Lock) -> None:
    """Ask `check` in the transaction of each later change to hours. Adding it twice is once; called in create_app()."""
    if check not in _locks:
        _locks.append(check)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody is, in degrees; both or neither. Raises Invalid for what is no place on earth."""

    latitude: float | None = None
    longitude: float | None = None

    def __post_init__(self) -> None:
        if fault := point_fault(self.latitude, self.longitude):
            raise Invalid.field("longitude" if "longitude" in fault.split()[:2] else "latitude", fault)


NOWHERE = Spot()


def clock_in(by: Principal, spot: Spot = NOWHERE) -> TimeEntry:
    """The acting technician begins to work. Raises Conflict where they are at work already, or are no technician."""
    by.require(RIGHT)
    with atomic(by) as session:
        me = lock_me(session, by)
        if not me.active:
            raise Conflict("You get no work any more. Ask whoever looks after the technicians.", code="not_active")
        present = open_entry(session, me.id)
        if present is not None:
            raise _already_in(present.clock_in)
        now = this_second()
        last = session.scalar(
            select(TimeEntry.clock_out)
            .where(TimeEntry.technician_id == me.id, TimeEntry.clock_out > now)
            .order_by(TimeEntry.clock_out.desc())
            .limit(1)
        )
        if last is not None and last > now + A_MOMENT:
            raise Conflict("Your last entry ends later than now. Ask for it to be corrected first.")
        reopen_week(by, session, me.id, day_of(now, by.time_zone))
        entry = TimeEntry(
            number=numbers.take(by, "time_entry"),
            technician_id=me.id,
            clock_in=last or now,  # out and in again within one second
            break_seconds=0,
            in_latitude=spot.latitude,
            in_longitude=spot.longitude,
        )
        session.add(entry)
        try:
            session.flush()
        except IntegrityError as error:
            raise _already_in(now) from error
        _tell(by, "time.clocked_in", entry, me)
    return entry


def clock_out(by: Principal, spot: Spot = NOWHERE) -> TimeEntry:
    """The acting technician stops working; a break they are on ends too. Raises Conflict where they are not at work."""
    by.require(RIGHT)
    with atomic(by) as session:
        me, entry = _at_work(session, by)
        rested = last_break_end(session, entry.id) or entry.clock_in
        close(session, entry, max(this_second(), entry.clock_in + SECOND, rested))
        entry.out_latitude, entry.out_longitude = spot.latitude, spot.longitude
        entry.version += 1
        _tell(by, "time.clocked_out", entry, me)
    return entry


def start_break(by: Principal) -> TimeEntry:
    """The acting technician's break begins. Raises Conflict where they are not at work, or are on a break already."""
    by.require(RIGHT)
    with atomic(by) as session:
        me, entry = _at_work(session, by)
        if open_break(session, entry.id) is not None:
            raise Conflict("You are on a break already. End it first.", code="on_a_break")
        earliest = last_break_end(session, entry.id) or entry.clock_in
        session.add(TimeBreak(entry_id=entry.id, started_at=max(this_second(), earliest)))
        entry.version += 1
        _tell(by, "time.break_started", entry, me)
    return entry


def end_break(by: Principal) -> TimeEntry:
    """The acting technician goes on working. Raises Conflict where they are not at work, or on no break."""
    by.require(RIGHT)
    with atomic(by) as session:
        me, entry = _at_work(session, by)
        pause = open_break(session, entry.id)
        if pause is None:
            raise Conflict("You are on no break. Start one first.", code="on_no_break")
        _end(entry, pause, max(this_second(), pause.started_at + SECOND))
        entry.version += 1
        _tell(by, "time.break_ended", entry, me)
    return entry


# What other commands on hours share


def this_second() -> datetime:
    """The present moment, without the part of a second."""
    return clock.now().replace(microsecond=0)


def lock_me(session: CommandSession, by: Principal) -> Technician:
    """The technician who acts, locked until the command ends. Raises Conflict for somebody who is none."""
    if by.kind is not ActorKind.USER or by.actor_id is None:
        raise Conflict("Hours are a technician's own: sign in as one.", code="no_technician")
    found = _locked(session, Technician.user_id == by.actor_id)
    if found is None:
        raise Conflict("No technician is linked to you. Ask whoever looks after the technicians.", code="no_technician")
    return found


def lock_technician(session: CommandSession, technician_id: int) -> Technician | None:
    """The technician with this id, locked until the command ends."""
    return _locked(session, Technician.id == technician_id)


def _locked(session: CommandSession, which: ColumnElement[bool]) -> Technician | None:
    statement = select(Technician).where(which).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def open_entry(session: CommandSession, technician_id: int) -> TimeEntry | None:
    """The entry in which a technician is at work now."""
    statement = select(TimeEntry).where(TimeEntry.technician_id == technician_id, TimeEntry.clock_out.is_(None))
    return session.scalar(statement.execution_options(populate_existing=True))


def open_break(session: CommandSession, entry_id: int) -> TimeBreak | None:
    """The break of an entry that has not ended."""
    statement = select(TimeBreak).where(TimeBreak.entry_id == entry_id, TimeBreak.ended_at.is_(None))
    return session.scalar(statement.execution_options(populate_existing=True))


def last_break_end(session: CommandSession, entry_id: int) -> datetime | None:
    """When the last break of an entry ended."""
    return session.scalar(select(func.max(TimeBreak.ended_at)).where(TimeBreak.entry_id == entry_id))


def close(session: CommandSession, entry: TimeEntry, at: datetime) -> None:
    """End an entry at an instant, and the break that is open then. A break that begins then never was."""
    pause = open_break(session, entry.id)
    if pause is not None and pause.started_at < at:
        _end(entry, pause, at)
    elif pause is not None:
        session.delete(pause)
    entry.clock_out = at


def _end(entry: TimeEntry, pause: TimeBreak, at: datetime) -> None:
    pause.ended_at = at
    entry.break_seconds += int((at - pause.started_at).total_seconds())


def refuse_closed(by: Principal, session: CommandSession, technician_id: int, day: date) -> None:
    """Raises Conflict where the hours begun on a day can be changed no more: approved, or locked from above."""
    week = Week.of(day)
    status = session.scalar(
        select(WorkWeek.status).where(WorkWeek.technician_id == technician_id, WorkWeek.starts_on == week.starts_on)
    )
    if status == "approved":
        raise Conflict(f"Week {week.name} is approved, so its hours stay as they are.", code="week_approved")
    refuse_locked(by, technician_id, day)


def refuse_locked(by: Principal, technician_id: int, day: date) -> None:
    """Raises Conflict where something above, such as a pay period, has closed the hours of a day."""
    for check in _locks:
        if (reason := check(by, technician_id, day)) is not None:
            raise Conflict(reason, code="hours_locked")


def reopen_week(by: Principal, session: CommandSession, technician_id: int, day: date) -> None:
    """A week that was handed in and gets more hours is not finished after all."""
    week = session.scalar(
        select(WorkWeek).where(
            WorkWeek.technician_id == technician_id,
            WorkWeek.starts_on == Week.of(day).starts_on,
            WorkWeek.status == "submitted",
        )
    )
    if week is not None:
        session.delete(week)
        events.record(by, "time.week_reopened", f"technician:{technician_id}", {"week": Week.of(day).name})


def _at_work(session: CommandSession, by: Principal) -> tuple[Technician, TimeEntry]:
    me = lock_me(session, by)
    entry = open_entry(session, me.id)
    if entry is None:
        raise Conflict("You are not clocked in. Clock in first.", code="not_clocked_in")
    return me, entry


def _already_in(since: datetime) -> Conflict:
    return Conflict(
        "You are clocked in already. Clock out first.",
        code="already_clocked_in",
        details={"clock_in": since.isoformat().replace("+00:00", "Z")},
    )


def _tell(by: Principal, name: str, entry: TimeEntry, technician: Technician) -> None:
    told = {"entry": entry.number, "technician": technician.number, "name": technician.name}
    events.record(by, name, f"time_entry:{entry.id}", told)
