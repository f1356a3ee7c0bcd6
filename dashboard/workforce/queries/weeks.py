"""A week of hours: of everybody, of one technician, of whoever acts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.workforce.local_time import day_of
from dashboard.workforce.models import Technician, TimeEntry, WorkWeek
from dashboard.workforce.queries.hours import (
    EntryRow,
    entry_row,
    my_id,
    now,
    open_entries,
    sees_own_alone,
    select_entries,
)
from dashboard.workforce.queries.technicians import my_technician
from dashboard.workforce.week import Week

FULL_WEEK_S = 40 * 3600
"""What is worked beyond is overtime."""


@dataclass(frozen=True, slots=True)
class WeekOf:
    """A technician's week. `days` are the seconds worked on each, Monday first; what runs counts up to now.

    An entry counts on the day on which it begins. `status` is None, submitted or approved.
    """

    technician_id: int
    technician: int
    name: str
    active: bool
    entries: Sequence[EntryRow]
    days: Sequence[int]
    break_seconds: int
    status: str | None
    approved_by: str | None
    approved_at: datetime | None
    present: EntryRow | None = None

    @property
    def seconds(self) -> int:
        """All that was worked."""
        return sum(self.days)

    @property
    def overtime(self) -> int:
        """The seconds beyond a full week."""
        return max(0, self.seconds - FULL_WEEK_S)

    @property
    def is_running(self) -> bool:
        """Whether somebody is still at work in this week, so that it cannot be handed in."""
        return any(entry.clock_out is None for entry in self.entries)


@dataclass(slots=True)
class _Sums:
    entries: list[EntryRow] = field(default_factory=list[EntryRow])
    days: list[int] = field(default_factory=lambda: [0] * 7)
    breaks: int = 0


def week_overview(by: Principal, week: Week) -> list[WeekOf]:
    """The week of everybody who gets work or has worked in it, by name: four statements. Technicians see their own."""
    by.require("time:read")
    return _weeks(by, week, [Technician.id == my_id(by)] if sees_own_alone(by) else [])


def week_of(by: Principal, week: Week, technician_id: int) -> WeekOf | None:
    """The week of one technician, by id."""
    return next(iter(_weeks(by, week, [Technician.id == technician_id])), None)


def my_week(by: Principal, week: Week) -> WeekOf | None:
    """The week of the technician who acts; None for somebody who is none."""
    by.require("tech")
    me = my_technician(by)
    return None if me is None else week_of(by, week, me.id)


def my_present_entry(by: Principal) -> EntryRow | None:
    """The entry in which the acting technician is at work now."""
    me = my_id(by)
    statement = select_entries().where(TimeEntry.technician_id == me, TimeEntry.clock_out.is_(None))
    found = reads(by).execute(statement).first() if me else None
    return None if found is None else entry_row(found)


def count_submitted(by: Principal, week: Week) -> int:
    """How many have handed in a week that nobody has approved."""
    return sum(1 for each in _statuses(by, week).values() if each.status == "submitted")


def _weeks(by: Principal, week: Week, which: Sequence[ColumnElement[bool]]) -> list[WeekOf]:
    first, end = week.span(by.time_zone)
    inside = (TimeEntry.clock_in >= first, TimeEntry.clock_in < end)
    statement = select_entries().where(*inside, *which).order_by(TimeEntry.clock_in, TimeEntry.id)
    sums: dict[int, _Sums] = {}
    moment = now()
    for entry in map(entry_row, reads(by).execute(statement)):
        of = sums.setdefault(entry.technician_id, _Sums())
        of.entries.append(entry)
        of.days[day_of(entry.clock_in, by.time_zone).weekday()] += entry.seconds_until(moment)
        of.breaks += entry.break_seconds
    present = {entry.technician_id: entry for entry in open_entries(by)}
    statuses = _statuses(by, week)
    counted = Technician.id.in_([*sums, *statuses])
    people = select(Technician).where(or_(Technician.active, counted) if not which else or_(*which))
    return [
        _week(each, sums.get(each.id, _Sums()), statuses.get(each.id), present.get(each.id))
        for each in reads(by).scalars(people.order_by(Technician.search_name, Technician.id))
    ]


def _week(technician: Technician, sums: _Sums, row: WorkWeek | None, present: EntryRow | None) -> WeekOf:
    return WeekOf(
        technician_id=technician.id,
        technician=technician.number,
        name=technician.name,
        active=technician.active,
        entries=sums.entries,
        days=sums.days,
        break_seconds=sums.breaks,
        status=None if row is None else row.status,
        approved_by=None if row is None else row.approved_by,
        approved_at=None if row is None else row.approved_at,
        present=present,
    )


def _statuses(by: Principal, week: Week) -> dict[int, WorkWeek]:
    found = reads(by).scalars(select(WorkWeek).where(WorkWeek.starts_on == week.starts_on))
    return {each.technician_id: each for each in found}
