"""Hours put right afterwards: each correction says why, and what stood there before is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from dashboard.core import events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound
from dashboard.workforce.local_time import day_of
from dashboard.workforce.models import Technician, TimeBreak, TimeCorrection, TimeEntry
from dashboard.workforce.queries.forgotten import proposal_for
from dashboard.workforce.service.hours import (
    RIGHT,
    close,
    lock_technician,
    refuse_closed,
    reopen_week,
    this_second,
)
from dashboard.workforce.service.locks import locked
from dashboard.workforce.service.weeks import count_again

WRITE = "time:write"
MAX_REASON = 240
LONGEST = timedelta(hours=24)


class StaleEntry(Conflict):
    """The entry was changed meanwhile. `version` is the present one."""

    code = "changed_meanwhile"

    def __init__(self, version: int) -> None:
        message = "These hours were changed while you were editing. Compare, and save again to keep yours."
        super().__init__(message, details={"version": version})
        self.version = version


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to stand there: None leaves it as it is. Breaks are whole minutes in all."""

    reason: str
    clock_in: datetime | None = None
    clock_out: datetime | None = None
    break_minutes: int | None = None


def correct_entry(by: Principal, number: int, wanted: Correction, *, version: int | None = None) -> TimeEntry:
    """Change hours. With `version` only if nobody changed them since.

    Raises NotFound, Invalid naming the field, StaleEntry, and Conflict where they would overlap with others of the
    technician, or lie in a week that is approved or locked.
    """
    by.require(WRITE)
    reason = _reason(wanted.reason)
    with atomic(by) as session:
        entry, technician = _locked(session, number)
        if version is not None and entry.version != version:
            raise StaleEntry(entry.version)
        _apply(by, session, (entry, technician), wanted, reason)
    return entry


def add_entry(by: Principal, technician: int, wanted: Correction) -> TimeEntry:
    """Hours that nobody clocked, of the technician with this number. Raises as `correct_entry` does."""
    by.require(WRITE)
    reason = _reason(wanted.reason)
    if wanted.clock_in is None or wanted.clock_out is None:
        field = "clock_in" if wanted.clock_in is None else "clock_out"
        raise Invalid.field(field, "Say both when work began and when it ended.")
    begin, end = _second(wanted.clock_in), _second(wanted.clock_out)
    with atomic(by) as session:
        who = locked(session, technician)
        rest = (wanted.break_minutes or 0) * 60
        _check(begin, end, rest)
        refuse_closed(by, session, who.id, day_of(begin, by.time_zone))
        _refuse_overlap(session, who.id, begin, end, but=None)
        entry = TimeEntry(
            number=numbers.take(by, "time_entry"),
            technician_id=who.id,
            clock_in=begin,
            clock_out=end,
            break_seconds=rest,
        )
        session.add(entry)
        session.flush()
        _keep(by, session, entry, {}, reason)
        reopen_week(by, session, who.id, day_of(begin, by.time_zone))
        _tell(by, "time.added", entry, who)
    return entry


def take_proposal(by: Principal, number: int, *, seen: datetime | None = None) -> TimeEntry:
    """End hours that somebody forgot to end when they were last heard of. For whoever corrects hours, and their own.

    With `seen` only if that is still what is proposed. Raises NotFound, Conflict where nothing is proposed any more.
    """
    with atomic(by) as session:
        entry, technician = _locked(session, number)
        _refuse_others(by, technician, number)
        proposal = proposal_for(by, entry)
        if proposal is None or (seen is not None and proposal.at != seen):
            raise Conflict("This proposal is out of date. Look at the hours again.", code="proposal_gone")
        wanted = Correction(reason="", clock_out=proposal.at)
        _apply(by, session, (entry, technician), wanted, f"Forgotten clock-out: {proposal.why}"[:MAX_REASON])
    return entry


def _refuse_others(by: Principal, technician: Technician, number: int) -> None:
    if by.may(WRITE):
        return
    if not by.may(RIGHT):
        by.require(WRITE)
    if by.actor_id is None or technician.user_id != by.actor_id:
        raise NotFound(f"There is no time entry {number}.")
    if not technician.active:
        raise NotAllowed("You get no work any more. Ask whoever looks after the technicians.")


def _locked(session: CommandSession, number: int) -> tuple[TimeEntry, Technician]:
    """An entry as it is once its technician is locked."""
    owner = session.scalar(select(TimeEntry.technician_id).where(TimeEntry.number == number))
    technician = None if owner is None else lock_technician(session, owner)
    entry = session.scalar(
        select(TimeEntry).where(TimeEntry.number == number).execution_options(populate_existing=True)
    )
    if technician is None or entry is None:
        raise NotFound(f"There is no time entry {number}.")
    return entry, technician


def _apply(
    by: Principal, session: CommandSession, whose: tuple[TimeEntry, Technician], wanted: Correction, reason: str
) -> None:
    entry, technician = whose
    before, first_day = _state(session, entry), day_of(entry.clock_in, by.time_zone)
    begin = entry.clock_in if wanted.clock_in is None else _second(wanted.clock_in)
    end = entry.clock_out if wanted.clock_out is None else _second(wanted.clock_out)
    for day in {first_day, day_of(begin, by.time_zone)}:
        refuse_closed(by, session, technician.id, day)
    rest = entry.break_seconds if wanted.break_minutes is None else wanted.break_minutes * 60
    _check(begin, end, rest)
    _refuse_overlap(session, technician.id, begin, end, but=entry.id)
    _set_breaks(session, entry, begin, end, wanted.break_minutes)
    if entry.clock_out is None and end is not None:
        close(session, entry, end)
    entry.clock_in, entry.clock_out = begin, end
    session.flush()
    if end is not None and entry.break_seconds > (end - begin).total_seconds():
        raise Invalid.field("break_minutes", "The breaks are longer than the work. Say how long they were in all.")
    after = _state(session, entry)
    if after != before:
        entry.version += 1
        _keep(by, session, entry, before, reason)
        for day in {first_day, day_of(begin, by.time_zone)}:
            count_again(by, session, technician.id, day)
        _tell(by, "time.corrected", entry, technician)


def _set_breaks(
    session: CommandSession, entry: TimeEntry, begin: datetime, end: datetime | None, minutes: int | None
) -> None:
    """Breaks in all where they are said: those that were clocked stay in the history. Else each must lie within."""
    if minutes is not None:
        said = delete(TimeBreak).where(TimeBreak.entry_id == entry.id)
        session.execute(said if end is not None else said.where(TimeBreak.ended_at.is_not(None)))
        entry.break_seconds = minutes * 60
        return
    late = TimeBreak.started_at < begin if end is None else or_(TimeBreak.started_at < begin, TimeBreak.ended_at > end)
    if session.scalar(select(TimeBreak.id).where(TimeBreak.entry_id == entry.id, late).limit(1)) is not None:
        message = "A break was clocked outside of these hours. Say also how many minutes the breaks were in all."
        raise Invalid.field("break_minutes", message)


def _check(begin: datetime, end: datetime | None, rest: int) -> None:
    wrong: list[FieldError] = []
    if rest < 0:
        wrong.append(FieldError("break_minutes", "A break has 0 minutes or more."))
    if end is not None and end <= begin:
        wrong.append(FieldError("clock_out", "Work ends after it began: choose a later end, or an earlier beginning."))
    elif end is not None and end - begin > LONGEST:
        wrong.append(FieldError("clock_out", "One piece has 24 hours at most. Look at the day, or enter two pieces."))
    elif end is not None and rest > (end - begin).total_seconds():
        wrong.append(FieldError("break_minutes", "The breaks are longer than the work."))
    now = this_second()
    for field, moment in (("clock_in", begin), ("clock_out", end)):
        if moment is not None and moment > now:
            wrong.append(FieldError(field, "That is still to come. Enter what has been."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _refuse_overlap(
    session: CommandSession, technician_id: int, begin: datetime, end: datetime | None, *, but: int | None
) -> None:
    """Raises Conflict where another entry of the technician, who is locked, shares a second with these hours."""
    statement = select(TimeEntry).where(
        TimeEntry.technician_id == technician_id,
        or_(TimeEntry.clock_out.is_(None), TimeEntry.clock_out > begin),
    )
    if end is not None:
        statement = statement.where(TimeEntry.clock_in < end)
    if but is not None:
        statement = statement.where(TimeEntry.id != but)
    with session.no_autoflush:
        other = session.scalar(statement.order_by(TimeEntry.clock_in).limit(1))
    if other is not None:
        raise Conflict(
            f"These hours overlap with entry {other.number}. Change that one first, or choose other times.",
            code="hours_overlap",
            details={
                "entry_id": other.number,
                "clock_in": _text(other.clock_in),
                "clock_out": _text(other.clock_out),
            },
        )


def _state(session: CommandSession, entry: TimeEntry) -> dict[str, Any]:
    """What a correction keeps: plain values."""
    rows = select(TimeBreak.started_at, TimeBreak.ended_at).where(TimeBreak.entry_id == entry.id)
    return {
        "clock_in": _text(entry.clock_in),
        "clock_out": _text(entry.clock_out),
        "break_seconds": entry.break_seconds,
        "breaks": [[_text(start), _text(end)] for start, end in session.execute(rows.order_by(TimeBreak.started_at))],
    }


def _keep(by: Principal, session: CommandSession, entry: TimeEntry, before: Mapping[str, Any], reason: str) -> None:
    session.add(
        TimeCorrection(
            entry_id=entry.id,
            before=dict(before),
            after=_state(session, entry),
            reason=reason,
            by=by.name[:120],
            at=this_second(),
        )
    )


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > MAX_REASON:
        raise Invalid.field("reason", f"Say why, in up to {MAX_REASON} characters: it is kept with the hours.")
    return reason


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _tell(by: Principal, name: str, entry: TimeEntry, technician: Technician) -> None:
    told = {"entry": entry.number, "technician": technician.number, "name": technician.name}
    events.record(by, name, f"time_entry:{entry.id}", told)
