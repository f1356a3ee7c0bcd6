"""Working hours as they are read: entries, their breaks and corrections, who is at work, who forgot to clock out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import Invalid, NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.workforce.local_time import day_bounds
from dashboard.workforce.models import Technician, TimeBreak, TimeCorrection, TimeEntry
from dashboard.workforce.queries.technicians import my_technician

READ = "time:read"
FORGOTTEN_AFTER = timedelta(hours=14)
"""Whoever is clocked in for longer has forgotten to clock out."""

MOST_OPEN = 500


@dataclass(frozen=True, slots=True)
class EntryRow:
    """Hours of a technician. `break_seconds` are breaks that have ended; `on_break_since` is the one that has not."""

    id: int
    number: int
    technician_id: int
    technician: int
    name: str
    clock_in: datetime
    clock_out: datetime | None
    break_seconds: int
    in_latitude: float | None
    in_longitude: float | None
    out_latitude: float | None
    out_longitude: float | None
    version: int
    on_break_since: datetime | None
    corrections: int

    @property
    def seconds(self) -> int | None:
        """What counts as worked; None while they are at work."""
        return None if self.clock_out is None else worked(self.clock_in, self.clock_out, self.break_seconds)

    def seconds_until(self, now: datetime) -> int:
        """What counts as worked, up to `now` where they are at work."""
        end = self.clock_out or max(now, self.clock_in)
        pausing = 0
        if self.on_break_since is not None:
            pausing = max(0, int((end - self.on_break_since).total_seconds()))
        return worked(self.clock_in, end, self.break_seconds + pausing)

    def is_forgotten(self, now: datetime) -> bool:
        """Whether they must have forgotten to clock out."""
        return self.clock_out is None and now - self.clock_in > FORGOTTEN_AFTER


def worked(begin: datetime, end: datetime, break_seconds: int) -> int:
    """Seconds between two instants without the breaks; never less than none."""
    return max(0, int((end - begin).total_seconds()) - break_seconds)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries: begun from a day of the tenant up to and with another, of a technician by number."""

    first: date | None = None
    last: date | None = None
    technician: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Hours as they once stood."""

    clock_in: datetime
    clock_out: datetime | None
    break_seconds: int


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """What was changed of an entry, by whom and why: `before` is empty where it was added by hand."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    by: str
    at: datetime

    @property
    def was(self) -> Span | None:
        """What stood there; None where nothing did."""
        return _span(self.before) if self.before else None

    @property
    def became(self) -> Span:
        """What took its place."""
        return _span(self.after)


def _span(kept: Mapping[str, Any]) -> Span:
    end: str | None = kept["clock_out"]
    return Span(
        datetime.fromisoformat(kept["clock_in"]),
        None if end is None else datetime.fromisoformat(end),
        int(kept["break_seconds"]),
    )


def sees_own_alone(by: Principal) -> bool:
    """Whether somebody may look at their own hours and no others: a technician who manages none."""
    return by.may("tech") and not by.may("technicians:read")


def select_entries() -> AnySelect:
    """Entries with their technician, the break that is open and how often each was corrected."""
    pausing = (
        select(func.max(TimeBreak.started_at))
        .where(TimeBreak.entry_id == TimeEntry.id, TimeBreak.ended_at.is_(None))
        .correlate(TimeEntry)
        .scalar_subquery()
    )
    corrected = (
        select(func.count(TimeCorrection.id))
        .where(TimeCorrection.entry_id == TimeEntry.id)
        .correlate(TimeEntry)
        .scalar_subquery()
    )
    return select(TimeEntry, Technician.number, Technician.name, pausing, corrected).join(
        Technician, Technician.id == TimeEntry.technician_id
    )


_COLUMNS = (
    "id", "number", "technician_id", "clock_in", "clock_out", "break_seconds", "in_latitude", "in_longitude",
    "out_latitude", "out_longitude", "version",
)  # fmt: skip


def entry_row(found: Row[*tuple[Any, ...]]) -> EntryRow:
    """A row of `select_entries`."""
    entry, technician, name, pausing, corrections = found
    return EntryRow(
        **{column: getattr(entry, column) for column in _COLUMNS},
        technician=technician,
        name=name,
        on_break_since=pausing,
        corrections=corrections,
    )


def entry_page(by: Principal, where: EntryFilter, page: PageRequest) -> Page[EntryRow]:
    """A numbered page of entries, the latest first. Raises Invalid for days in the wrong order."""
    by.require(READ)
    conditions = _conditions(by, where)
    ordered = select_entries().where(*conditions).order_by(TimeEntry.clock_in.desc(), TimeEntry.id.desc())
    rows = reads(by).execute(ordered.limit(page.size).offset(page.offset)).all()
    count = select(func.count(TimeEntry.id)).join(Technician, Technician.id == TimeEntry.technician_id)
    total = reads(by).scalar(count.where(*conditions)) or 0
    return Page([entry_row(row) for row in rows], page, total)


def _conditions(by: Principal, where: EntryFilter) -> list[ColumnElement[bool]]:
    if where.first is not None and where.last is not None and where.first > where.last:
        raise Invalid.field("date_to", "date_to is before date_from. Put the earlier day first.")
    found: list[ColumnElement[bool]] = []
    if where.first is not None:
        found.append(TimeEntry.clock_in >= day_bounds(where.first, by.time_zone)[0])
    if where.last is not None:
        found.append(TimeEntry.clock_in < day_bounds(where.last, by.time_zone)[1])
    if where.technician is not None:
        found.append(Technician.number == where.technician)
    if sees_own_alone(by):
        found.append(TimeEntry.technician_id == my_id(by))
    return found


def my_id(by: Principal) -> int:
    """The id of the technician who acts; of nobody for anybody else."""
    me = my_technician(by)
    return 0 if me is None else me.id


def show_entry(by: Principal, number: int) -> EntryRow:
    """The entry with this number. Raises NotFound, also for another's where somebody sees their own alone."""
    found = reads(by).execute(select_entries().where(TimeEntry.number == number)).first()
    if found is None or (sees_own_alone(by) and found[0].technician_id != my_id(by)):
        raise NotFound(f"There is no time entry {number}.")
    return entry_row(found)


def open_entries(by: Principal) -> list[EntryRow]:
    """Who is at work now, by name."""
    conditions: list[ColumnElement[bool]] = [TimeEntry.clock_out.is_(None)]
    if sees_own_alone(by):
        conditions.append(TimeEntry.technician_id == my_id(by))
    statement = select_entries().where(*conditions).order_by(Technician.search_name, Technician.id)
    return [entry_row(row) for row in reads(by).execute(statement.limit(MOST_OPEN))]


def corrections_of(by: Principal, entry_ids: Collection[int]) -> Mapping[int, Sequence[CorrectionRow]]:
    """What was corrected, by the id of the entry, the latest first."""
    found: dict[int, list[CorrectionRow]] = {}
    if entry_ids:
        statement = select(TimeCorrection).where(TimeCorrection.entry_id.in_(entry_ids))
        for each in reads(by).scalars(statement.order_by(TimeCorrection.id.desc())):
            row = CorrectionRow(each.before, each.after, each.reason, each.by, each.at)
            found.setdefault(each.entry_id, []).append(row)
    return found


def breaks_of(by: Principal, entry_id: int) -> Sequence[tuple[datetime, datetime | None]]:
    """The breaks of an entry as they were clocked, in their order."""
    statement = select(TimeBreak.started_at, TimeBreak.ended_at).where(TimeBreak.entry_id == entry_id)
    return [(start, end) for start, end in reads(by).execute(statement.order_by(TimeBreak.started_at))]


def now() -> datetime:
    """The present second, for durations that still run."""
    return clock.now().replace(microsecond=0)
