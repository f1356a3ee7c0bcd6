"""Who forgot to clock out, and when they were last heard of while they should have been at work."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.events import Event
from dashboard.workforce.local_time import day_of, instant_at
from dashboard.workforce.models import Technician, TechnicianShift, TimeBreak, TimeEntry
from dashboard.workforce.queries.hours import FORGOTTEN_AFTER, EntryRow, now, open_entries

MOST_PROPOSED = 20
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """That somebody was heard of at an instant; `why` says how, such as `last position`.

    `is_guess` where nothing was heard of them, and the instant only stands for it.
    """

    at: datetime
    why: str
    is_guess: bool = False


Source = Callable[[Principal, int, datetime, datetime], Heard | None]
"""When a technician (by id) was last heard of after the one instant, up to the other."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Hours that somebody forgot to end; `proposal` is None where nothing was heard since they began."""

    entry: EntryRow
    proposal: Heard | None


def forgotten(by: Principal) -> list[Forgotten]:
    """Who is clocked in for too long, by name, each with a proposal. At most twenty."""
    moment = now()
    late = [entry for entry in open_entries(by) if entry.is_forgotten(moment)]
    return [Forgotten(entry, proposal_for(by, entry)) for entry in late[:MOST_PROPOSED]]


def proposal_for(by: Principal, entry: EntryRow | TimeEntry) -> Heard | None:
    """When work must have ended that goes on for too long: when they were last heard of in the hours that a day has.

    What came later belongs to another day. Where they were not heard of at all, the end of their shift stands for it.
    """
    moment = now()
    if entry.clock_out is not None or moment - entry.clock_in <= FORGOTTEN_AFTER:
        return None
    until = entry.clock_in + FORGOTTEN_AFTER
    heard = [found for ask in _sources if (found := ask(by, entry.technician_id, entry.clock_in, until))]
    known = [each for each in (*heard, _last_event(by, entry, until), _last_break(by, entry, until)) if each]
    best = max(known, key=lambda each: each.at, default=None) or _end_of_shift(by, entry, until)
    if best is None:
        return None
    return replace(best, at=max(best.at.replace(microsecond=0), entry.clock_in + SECOND))


def _position(by: Principal, technician_id: int, after: datetime, until: datetime) -> Heard | None:
    seen = reads(by).scalar(select(Technician.seen_at).where(Technician.id == technician_id))
    return Heard(seen, "last position") if seen is not None and after < seen <= until else None


_sources: list[Source] = [_position]


def on_proposal(source: Source) -> None:
    """Ask `source` too when somebody was last heard of; adding it twice is once. Called in create_app()."""
    if source not in _sources:
        _sources.append(source)


def _last_event(by: Principal, entry: EntryRow | TimeEntry, until: datetime) -> Heard | None:
    """The last thing that the technician did in the application. Their clocking in is where the log is read from."""
    subject = f"time_entry:{entry.id}"
    began = reads(by).execute(
        select(Event.id, Event.actor)
        .where(Event.subject == subject, Event.tenant_id == by.tenant_id, Event.name == "time.clocked_in")
        .limit(1)
    )
    if (row := began.first()) is None:
        return None
    first, actor = row
    statement = select(Event.at, Event.name).where(
        Event.tenant_id == by.tenant_id, Event.id > first, Event.actor == actor, Event.at <= until
    )
    found = reads(by).execute(statement.order_by(Event.id.desc()).limit(1)).first()
    return None if found is None else Heard(found[0], f"last action, {found[1].replace('.', ' ').replace('_', ' ')}")


def _last_break(by: Principal, entry: EntryRow | TimeEntry, until: datetime) -> Heard | None:
    started = func.max(TimeBreak.started_at)
    found = reads(by).scalar(select(started).where(TimeBreak.entry_id == entry.id, TimeBreak.started_at <= until))
    return None if found is None else Heard(found, "last break")


def _end_of_shift(by: Principal, entry: EntryRow | TimeEntry, until: datetime) -> Heard | None:
    day = day_of(entry.clock_in, by.time_zone)
    ends = reads(by).scalar(
        select(TechnicianShift.ends).where(
            TechnicianShift.technician_id == entry.technician_id, TechnicianShift.weekday == day.weekday()
        )
    )
    if ends is None:
        return None
    at = instant_at(day, ends, by.time_zone)
    return Heard(at, "end of the shift", is_guess=True) if entry.clock_in < at <= until else None
