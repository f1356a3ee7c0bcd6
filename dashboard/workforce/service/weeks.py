"""Weeks of hours: a technician hands one in, a manager approves it, and from then on it stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid
from dashboard.workforce.models import Technician, TimeEntry, WorkWeek
from dashboard.workforce.queries.hours import worked
from dashboard.workforce.service.hours import RIGHT, lock_me, refuse_locked
from dashboard.workforce.service.locks import locked
from dashboard.workforce.week import Week

WRITE, APPROVE = "time:write", "time:approve"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A week of a technician, by their number, as it stands after a command. `status`: submitted or approved."""

    technician: int
    name: str
    week: Week
    status: str
    seconds: int


def submit_week(by: Principal, week: Week, technician: int | None = None) -> HandedIn:
    """The acting technician is finished with a week; with `technician` somebody who corrects hours says it for them.

    Raises Invalid for a week that is still to come, Conflict where they are still at work in it, or it is approved.
    """
    by.require(RIGHT if technician is None else WRITE)
    with atomic(by) as session:
        who = lock_me(session, by) if technician is None else locked(session, technician)
        first, _ = week.span(by.time_zone)
        if first > clock.now():
            raise Invalid.field("week", f"Week {week.name} is still to come.")
        refuse_locked(by, who.id, week.starts_on)
        row = _row(session, who.id, week.starts_on)
        if row is not None and row.status == "approved":
            raise Conflict(f"Week {week.name} is approved already.", code="week_approved")
        seconds = _finished(by, session, who, week)
        if row is None:
            row = WorkWeek(technician_id=who.id, starts_on=week.starts_on)
            session.add(row)
        row.status, row.seconds, row.submitted_at = "submitted", seconds, clock.now()
        _tell(by, "time.week_submitted", who, week, seconds)
    return HandedIn(who.number, who.name, week, "submitted", seconds)


def approve_weeks(by: Principal, week: Week, technician: int | None = None) -> Sequence[HandedIn]:
    """Approve the week of one technician, or of all who have handed it in. What is approved changes no more.

    Approving twice is once. Raises NotFound, and Conflict for a week that is not over, that was not handed in, or in
    which somebody is still at work.
    """
    by.require(APPROVE)
    with atomic(by) as session:
        _, end = week.span(by.time_zone)
        if end > clock.now():
            raise Conflict(f"Week {week.name} is not over yet. Approve it from Monday on.", code="week_not_over")
        people = [locked(session, technician)] if technician is not None else _all_submitted(session, week)
        return [_approved(by, session, who, week) for who in people]


def hand_back(by: Principal, week: Week, technician: int) -> None:
    """Give a week that was handed in back to its technician. Raises NotFound, Conflict for one that is approved."""
    by.require(APPROVE)
    with atomic(by) as session:
        who = locked(session, technician)
        row = _row(session, who.id, week.starts_on)
        if row is None:
            raise Conflict(f"{who.name} has not handed in week {week.name}.", code="week_not_submitted")
        if row.status == "approved":
            raise Conflict(f"Week {week.name} is approved, so it stays as it is.", code="week_approved")
        session.delete(row)
        _tell(by, "time.week_handed_back", who, week, row.seconds)


def count_again(by: Principal, session: CommandSession, technician_id: int, day: date) -> None:
    """Bring the sum of a week that was handed in up to what was just corrected on a day of it."""
    week = Week.of(day)
    row = _row(session, technician_id, week.starts_on)
    if row is not None and row.status == "submitted":
        row.seconds = _sum(_entries(by, session, technician_id, week))


def _approved(by: Principal, session: CommandSession, who: Technician, week: Week) -> HandedIn:
    row = _row(session, who.id, week.starts_on)
    if row is None:
        raise Conflict(f"{who.name} has not handed in week {week.name} yet.", code="week_not_submitted")
    if row.status == "submitted":
        refuse_locked(by, who.id, week.starts_on)
        row.seconds = _finished(by, session, who, week)
        row.status, row.approved_at, row.approved_by = "approved", clock.now(), by.name[:120]
        _tell(by, "time.week_approved", who, week, row.seconds)
    return HandedIn(who.number, who.name, week, row.status, row.seconds)


def _all_submitted(session: CommandSession, week: Week) -> list[Technician]:
    """Those who have handed in the week, locked in the order of their ids."""
    handed_in = select(WorkWeek.technician_id).where(
        WorkWeek.starts_on == week.starts_on, WorkWeek.status == "submitted"
    )
    statement = select(Technician).where(Technician.id.in_(handed_in)).order_by(Technician.id).with_for_update()
    found = session.scalars(statement.execution_options(populate_existing=True)).all()
    # Whoever was at work meanwhile may have taken their week back before they were locked.
    return [each for each in found if _row(session, each.id, week.starts_on) is not None]


def _row(session: CommandSession, technician_id: int, starts_on: date) -> WorkWeek | None:
    statement = select(WorkWeek).where(WorkWeek.technician_id == technician_id, WorkWeek.starts_on == starts_on)
    return session.scalar(statement.execution_options(populate_existing=True))


def _finished(by: Principal, session: CommandSession, who: Technician, week: Week) -> int:
    """The seconds worked in a week. Raises Conflict where somebody is still at work in it."""
    entries = _entries(by, session, who.id, week)
    if any(end is None for _, end, _ in entries):
        raise Conflict(f"{who.name} is still clocked in. Clock out first.", code="still_clocked_in")
    return _sum(entries)


def _entries(
    by: Principal, session: CommandSession, technician_id: int, week: Week
) -> list[tuple[datetime, datetime | None, int]]:
    first, after = week.span(by.time_zone)
    statement = select(TimeEntry.clock_in, TimeEntry.clock_out, TimeEntry.break_seconds).where(
        TimeEntry.technician_id == technician_id, TimeEntry.clock_in >= first, TimeEntry.clock_in < after
    )
    return [(begin, end, rest) for begin, end, rest in session.execute(statement)]


def _sum(entries: Sequence[tuple[datetime, datetime | None, int]]) -> int:
    return sum(worked(begin, end, rest) for begin, end, rest in entries if end is not None)


def _tell(by: Principal, name: str, who: Technician, week: Week, seconds: int) -> None:
    told = {"technician": who.number, "name": who.name, "week": week.name, "seconds": seconds}
    events.record(by, name, f"technician:{who.id}", told)
