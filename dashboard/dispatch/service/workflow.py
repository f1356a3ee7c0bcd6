"""What becomes of a job: from one documented status to the next, cancelled, or a step taken back by the dispatcher."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid
from dashboard.dispatch.models import STATUSES, Job, JobStep
from dashboard.dispatch.queries.jobs import FINAL, JobRow, find_job
from dashboard.dispatch.service import checks, parts, rows
from dashboard.dispatch.service.changes import tell_boards
from dashboard.dispatch.service.facts import place_faults
from dashboard.dispatch.service.rows import MANAGE

ON_THE_WAY = ("en_route", "on_site", "in_progress")
"""Of these the next ones may be left out; what was left out is written down."""

THERE = ("on_site", "in_progress", "completed")
"""Whoever is here has arrived: the response time of the SLA has ended."""

TECHNICIANS = ("acknowledged", *ON_THE_WAY, "completed")
"""What technicians say of their own jobs."""

REASON_LENGTH = 240
AHEAD = timedelta(minutes=5)
"""So far a phone's clock may be ahead."""


def change_status(
    by: Principal,
    number: int,
    status: str,
    *,
    at_point: tuple[float, float] | None = None,
    technician_id: int | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> JobRow:
    """Let the job go to `status`; where it is already, nothing changes.

    `technician_id` (inner) is the technician who says so of a job of theirs. `at_point` is where they are, `at` when it
    was, for what was done without a signal. Raises NotFound, Invalid, Conflict for a step that the workflow has not.
    """
    by.require(MANAGE if technician_id is None else "tech")
    _check_words(status, at_point, technician_id)
    with atomic(by) as session:
        job = rows.locked_for(by, session, number, technician_id)
        if job.status == status:
            return find_job(by, number)
        skipped = _skipped(job, status)
        moment = _moment(session, job, at)
        if status == "completed":
            checks.refuse_open(session, job)
            parts.use_up(by, session, job)
            job.resolved_at = moment
        elif status == "cancelled":
            parts.release_all(by, session, job)
            job.cancel_reason = " ".join(reason.split())[:REASON_LENGTH] or None
        if status in THERE and job.responded_at is None:
            job.responded_at = moment
        rows.step(by, session, job, status, at=moment, at_point=at_point, skipped=skipped)
        _finish(by, session, job, _event(status))
        return find_job(by, number)


def cancel(by: Principal, number: int, reason: str = "") -> JobRow:
    """Cancel a job that is not done; what it holds is let go, nothing else is deleted. Raises NotFound, Conflict."""
    return change_status(by, number, "cancelled", reason=reason)


def undo_status(by: Principal, number: int, *, seen: int | None = None) -> JobRow:
    """Take back the job's last step, with the technician who had it then. Both steps stay in the history.

    Raises NotFound, Conflict where there is none, for a job that is done with, and where `seen` is not its version.
    """
    by.require(MANAGE)
    with atomic(by) as session:
        job = rows.locked(by, session, number)
        rows.refuse_final(job, "taken back")
        if seen is not None and seen != job.version:
            raise Conflict(
                f"Somebody else changed job {number}. Look again before you take a step back.",
                code="changed_meanwhile",
                details={"version": job.version, "status": job.status},
            )
        in_force = _in_force(rows.steps_of(session, job))
        if not in_force:
            raise Conflict("Nothing has happened to this job yet, so there is nothing to take back.")
        last, earlier = in_force[-1], in_force[:-1]
        lead = earlier[-1].technician_id if earlier else None
        another = lead != job.technician_id
        job.technician_id = lead
        rows.step(by, session, job, last.before, undone=True)
        if another:
            parts.release(by, session, job)
            parts.claim_for_lead(by, session, job)
        if not any(step.after in THERE for step in earlier):
            job.responded_at = None
        _finish(by, session, job, "dispatch.status")
        return find_job(by, number)


def _in_force(steps: Sequence[JobStep]) -> list[JobStep]:
    """The steps that were not taken back, the first one first."""
    found: list[JobStep] = []
    for step in steps:
        if step.undone:
            if found:
                found.pop()
        else:
            found.append(step)
    return found


def _check_words(status: str, at_point: tuple[float, float] | None, technician_id: int | None) -> None:
    if status not in STATUSES:
        raise Invalid.field("status", f"A status is one of {', '.join(STATUSES)}.")
    if technician_id is not None and status not in TECHNICIANS:
        message = f"Technicians say {', '.join(TECHNICIANS)}. Ask the dispatcher to cancel or to give it to another."
        raise Invalid.field("status", message)
    wrong: list[FieldError] = [] if at_point is None else place_faults(*at_point)
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _skipped(job: Job, status: str) -> list[str]:
    """The documented statuses that are left out on the way to `status`. Raises Conflict where there is no way."""
    if job.status in FINAL:
        rows.refuse_final(job, status.replace("_", " "))
    if status == "cancelled":
        return []
    details = {"status": job.status, "wanted": status}
    if job.status == "pending" or status == "dispatched":
        message = f"Job {job.number} is {job.status}. Give it to a technician first: that makes it dispatched."
        raise Conflict(message, details=details)
    here, there = rows.rank(job.status), rows.rank(status)
    if there < here:
        message = (
            f"Job {job.number} is {job.status.replace('_', ' ')}, so it cannot go back to "
            f"{status.replace('_', ' ')}. A dispatcher can take the last step back."
        )
        raise Conflict(message, code="status_backward", details=details)
    between: list[str] = list(STATUSES[here + 1 : there])
    if any(each not in ON_THE_WAY for each in between):
        raise Conflict(f"Acknowledge job {job.number} first.", details=details)
    if status == "completed" and job.status not in THERE:
        raise Conflict(f"Nobody has arrived at job {job.number} yet. Say so first, then complete it.", details=details)
    return between


def _moment(session: CommandSession, job: Job, at: datetime | None) -> datetime:
    """When it was: never ahead of the clock, never before the step that it follows."""
    now = clock.now()
    if at is None:
        return now
    if at > now + AHEAD:
        raise Invalid.field("at", "This time has not come yet. Check the clock of the phone.")
    steps = rows.steps_of(session, job)
    earliest = steps[-1].at if steps else job.created_at
    return min(max(at, earliest), now)


def _event(status: str) -> str:
    return f"dispatch.{status}" if status in FINAL else "dispatch.status"


def _finish(by: Principal, session: CommandSession, job: Job, event: str) -> None:
    rows.touch(job)
    session.flush()
    told = rows.told(session, job)
    events.record(by, event, f"job:{job.id}", told)
    tell_boards(by, "status", job.id, told)
