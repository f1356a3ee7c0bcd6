"""Who gets a job, and when. Nobody's choice is overwritten without their being told: both are named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict
from dashboard.dispatch.models import Job, JobTechnician
from dashboard.dispatch.queries.jobs import JobRow, find_job
from dashboard.dispatch.service import parts, rows
from dashboard.dispatch.service.changes import tell_boards
from dashboard.dispatch.service.facts import JobFacts, checked
from dashboard.dispatch.service.rows import MANAGE
from dashboard.workforce.models import Technician

GIVEN_BACK = ("pending", "dispatched", "acknowledged")
"""A job that nobody has set out for yet can be taken from a technician without giving it to another."""


_Times = tuple[datetime | None, datetime | None]
"""When a job starts and ends."""


class AssignedMeanwhile(Conflict):
    """Somebody else gave the job to another technician, or changed it. `details` holds both values."""

    code = "changed_meanwhile"


@dataclass(frozen=True, slots=True)
class JobMove:
    """A job (by number) is to have this technician (number, or nobody) and time (or none).

    With `seen` only if the job still has that version. `title` is for lists and not read.
    """

    number: int
    technician_number: int | None
    start: datetime | None
    end: datetime | None
    seen: int | None = None
    title: str = ""


def assign(
    by: Principal,
    number: int,
    technician_number: int,
    *,
    seen: int | None = None,
    reassign: bool = False,
    start: datetime | None = None,
    end: datetime | None = None,
) -> JobRow:
    """Give a job to a technician, at another time where `start` is given. To whom it is given already is no change.

    A job that somebody else has goes over to another only by `reassign`, or by `seen`, the version that the dispatcher
    saw. Raises NotFound, Invalid, Conflict for one that is done with, AssignedMeanwhile with both values.
    """
    by.require(MANAGE)
    with atomic(by) as session:
        job = rows.locked(by, session, number)
        technician = rows.technician_numbered(session, technician_number)
        rows.refuse_final(job, "assigned")
        times = (job.scheduled_start, job.scheduled_end) if start is None else _times(by, job, start, end)
        same = (job.technician_id, job.scheduled_start, job.scheduled_end) == (technician.id, *times)
        if not same:
            free_for = reassign or job.technician_id in (None, technician.id)
            if (seen is not None and seen != job.version) or (seen is None and not free_for):
                raise _meanwhile(session, job, technician)
            parts.lock_levels_of(by, session, [job.id])
            _tell(by, [_put(by, session, job, technician, times)])
        return find_job(by, number)


def unassign(by: Principal, number: int, *, seen: int | None = None) -> JobRow:
    """Take a job back from a technician who has not set out for it. Raises NotFound, Conflict, AssignedMeanwhile."""
    job = find_job(by, number)
    move_jobs(by, [JobMove(number, None, job.scheduled_start, job.scheduled_end, seen)])
    return find_job(by, number)


def move_jobs(by: Principal, moves: Sequence[JobMove]) -> list[JobMove]:
    """Let each job have the technician and time of its move: all of them, or none.

    Gives back what was before, with the versions that they have now: sent to this command, they undo it, unless
    somebody has changed a job since. Raises NotFound, Invalid, Conflict, AssignedMeanwhile.
    """
    by.require(MANAGE)
    with atomic(by) as session:
        jobs = rows.locked_all(by, session, [move.number for move in moves])
        people = _people(session, moves)
        parts.lock_levels_of(by, session, [job.id for job in jobs.values()])
        before: list[JobMove] = []
        told: list[_Told] = []
        numbers = dict(session.execute(select(Technician.id, Technician.number)).all())
        for move in moves:
            job = jobs[move.number]
            technician = None if move.technician_number is None else people[move.technician_number]
            times = _times(by, job, move.start, move.end)
            lead = None if job.technician_id is None else numbers[job.technician_id]
            was = JobMove(job.number, lead, job.scheduled_start, job.scheduled_end, title=job.title)
            same = (job.technician_id, was.start, was.end) == (technician.id if technician else None, *times)
            if not same:
                rows.refuse_final(job, "moved")
                if move.seen is not None and move.seen != job.version:
                    raise _meanwhile(session, job, technician)
                told.append(_put(by, session, job, technician, times))
            before.append(replace(was, seen=job.version))
        _tell(by, told)
    return before


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of a job that was moved: after all of them, for whoever changes a board waits for the others."""

    job_id: int
    kind: str
    data: dict[str, Any]
    previous: int | None


def _put(
    by: Principal,
    session: CommandSession,
    job: Job,
    technician: Technician | None,
    times: _Times,
) -> _Told:
    """Let the job have this technician and time; somebody new is asked anew to acknowledge it."""
    job.scheduled_start, job.scheduled_end = times
    given = job.technician_id != (None if technician is None else technician.id)
    previous = rows.technician_of(session, job) if given else None
    if given and technician is None:
        if job.status not in GIVEN_BACK:
            message = f"{previous.name if previous else 'Somebody'} is {job.status.replace('_', ' ')} with job "
            raise Conflict(f"{message}{job.number}. Give it to somebody else instead, or cancel it.")
        job.technician_id = None
        if job.status != "pending":
            rows.step(by, session, job, "pending", undone=True)
        parts.release(by, session, job)
    elif given and technician is not None:
        job.technician_id = technician.id
        _no_longer_along(session, job, technician)
        rows.step(by, session, job, "dispatched")
        parts.claim(by, session, job, technician.van_id)
    rows.touch(job)
    session.flush()
    kind = "assigned" if given else "changed"
    return _Told(job.id, kind, rows.told(session, job), None if previous is None else previous.number)


def _tell(by: Principal, all_told: Sequence[_Told]) -> None:
    for each in all_told:
        data = {**each.data, "previous_technician_id": each.previous} if each.kind == "assigned" else each.data
        events.record(by, f"dispatch.{each.kind}", f"job:{each.job_id}", data)
    for each in all_told:
        tell_boards(by, each.kind, each.job_id, each.data)


def _times(by: Principal, job: Job, start: datetime | None, end: datetime | None) -> _Times:
    """Start and end in UTC; a start alone takes the job's length. Raises Invalid."""
    if start is not None and end is None and job.scheduled_start is not None and job.scheduled_end is not None:
        moved = checked(by, JobFacts("-", scheduled_start=start)).scheduled_start
        assert moved is not None
        return moved, moved + (job.scheduled_end - job.scheduled_start)
    facts = JobFacts("-", scheduled_start=start, scheduled_end=end, duration_minutes=job.duration_minutes)
    found = checked(by, facts)
    return found.scheduled_start, found.scheduled_end


def _people(session: CommandSession, moves: Sequence[JobMove]) -> dict[int, Technician]:
    wanted = sorted({move.technician_number for move in moves if move.technician_number is not None})
    return {number: rows.technician_numbered(session, number) for number in wanted}


def _no_longer_along(session: CommandSession, job: Job, technician: Technician) -> None:
    statement = select(JobTechnician).where(
        JobTechnician.job_id == job.id, JobTechnician.technician_id == technician.id
    )  # fmt: skip
    for row in session.scalars(statement):
        session.delete(row)


def _meanwhile(session: CommandSession, job: Job, technician: Technician | None) -> AssignedMeanwhile:
    theirs = rows.told(session, job)
    yours = None if technician is None else technician.number
    if theirs["technician_id"] not in (None, yours):
        who = "nobody" if technician is None else technician.name
        message = (
            f"Somebody else gave job {job.number} to {theirs['technician']} (technician {theirs['technician_id']}); "
            f"you chose {who}. Compare, and send it again with 'reassign' or version {job.version} to keep yours."
        )
    else:
        message = f"Somebody else changed job {job.number}. Compare, and send it again with version {job.version}."
    details = {
        "version": job.version,
        "theirs": {name: theirs[name] for name in ("technician_id", "status", "scheduled_start", "scheduled_end")},
        "yours": {"technician_id": yours},
    }
    return AssignedMeanwhile(message, details=details)
