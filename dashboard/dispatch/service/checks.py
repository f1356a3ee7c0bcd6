"""The points of a job's checklist."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.dispatch.models import Job, JobCheck
from dashboard.dispatch.service import rows

MOST = 100
LENGTH = 160


@dataclass(frozen=True, slots=True)
class Point:
    """Something to do; a `required` one is done before the job is completed."""

    text: str
    required: bool = True


def set_checklist(by: Principal, number: int, points: Sequence[Point]) -> None:
    """Let the job have these points in this order; those that stay keep whether they are done.

    Raises NotFound, Invalid, Conflict for a job that is done with.
    """
    by.require(rows.MANAGE)
    wanted = [Point(text, point.required) for point in points if (text := " ".join(point.text.split()))]
    if len(wanted) > MOST:
        raise Invalid.field("checklist", f"A checklist has at most {MOST} points.")
    if any(len(point.text) > LENGTH for point in wanted):
        raise Invalid.field("checklist", f"A point has at most {LENGTH} characters.")
    with atomic(by) as session:
        job = rows.locked(by, session, number)
        rows.refuse_final(job, "given another checklist")
        done = {check.text: (check.done_at, check.done_by) for check in _checks(session, job.id)}
        for check in _checks(session, job.id):
            session.delete(check)
        session.flush()
        for position, point in enumerate(wanted, 1):
            done_at, done_by = done.get(point.text, (None, None))
            session.add(
                JobCheck(job_id=job.id, position=position, text=point.text, required=point.required, done_at=done_at,
                         done_by=done_by)
            )  # fmt: skip
        rows.touch(job)
        events.record(by, "dispatch.checklist_changed", f"job:{job.id}", {"job_id": number, "points": len(wanted)})


def tick(by: Principal, number: int, check_id: int, *, done: bool, technician_id: int | None = None) -> None:
    """Say that a point is done, or is not. Saying it twice is once. Raises NotFound, Conflict."""
    with atomic(by) as session:
        job = rows.locked_for(by, session, number, technician_id)
        rows.refuse_final(job, "checked")
        check = next((each for each in _checks(session, job.id) if each.id == check_id), None)
        if check is None:
            raise NotFound("This job has no such point.")
        if done != (check.done_at is not None):
            check.done_at = clock.now() if done else None
            check.done_by = by.name[:120] if done else None


def refuse_open(session: CommandSession, job: Job) -> None:
    """Raises Conflict where something that is required is not done yet."""
    missing = [check.text for check in _checks(session, job.id) if check.required and check.done_at is None]
    if missing:
        message = f"Before the job is completed: {'; '.join(missing)}."
        raise Conflict(message, code="checklist_open", details={"missing": missing})


def _checks(session: CommandSession, job_id: int) -> Sequence[JobCheck]:
    return session.scalars(select(JobCheck).where(JobCheck.job_id == job_id).order_by(JobCheck.position)).all()
