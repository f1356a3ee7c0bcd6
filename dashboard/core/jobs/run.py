"""Claiming work and running it, by whoever happens to have a hand free.

A claim is one conditional UPDATE that counts the attempt; whatever a run writes afterwards holds only while
that count is still its own, so a worker that was thought dead can spoil nothing.
"""

import logging
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import Base, atomic, reads
from dashboard.core.errors import Conflict, DomainError, TooMany, Unavailable
from dashboard.core.jobs.hand import hand_out, queued
from dashboard.core.jobs.models import CHANGE, ERROR_LENGTH, Work, WorkState, holds
from dashboard.core.jobs.queries import due
from dashboard.core.jobs.registry import Job, registered
from dashboard.core.jobs.service import periodic_key, promise_next, promise_run, system_of
from dashboard.core.jobs.task import Cancelled, LeaseLost, Released, Task, command_in_progress, plain
from dashboard.core.tenancy import OWN_TENANT

log = logging.getLogger(__name__)

HAND_AGAIN = timedelta(seconds=5)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
_PASSING = (Conflict, TooMany, Unavailable)

_running: dict[int, Task] = {}
_running_lock = threading.Lock()
_chance = secrets.SystemRandom()


def run_one(work_id: int) -> bool:
    """Claim the work and run one attempt of it. False where there was nothing to claim or the claim was lost.

    Never raises what the job raised: that is kept in the row, and the work tried again or given up.
    """
    if command_in_progress() is not None:
        raise RuntimeError("Work is run outside commands: its transactions are its own.")
    claimed = _claim(work_id)
    if claimed is None:
        return False
    job, task, cancelled = claimed
    if cancelled:
        return _end(job, task, WorkState.CANCELLED)
    with _noted(task):
        return _attempt(job, task)


def run_due() -> int:
    """Run in this process all that is due, and what becomes due by it. Returns how many attempts it made."""
    attempts = 0
    while True:
        _give_up()
        in_order = select(Work.id).where(due()).order_by(Work.run_at, Work.id)
        ids = reads(SYSTEM).scalars(in_order, execution_options=OWN_TENANT).all()
        made = sum(run_one(work_id) for work_id in ids)
        if made == 0:
            return attempts
        attempts += made


def sweep(limit: int = 100) -> list[int]:
    """Hand out the ids of due work that nobody carries, until `limit` lie in the queue, and return them.

    Work is due when its time has come or its lease has run out. Makes sure first that each periodic job has
    its row.
    """
    _promise_periodic()
    _give_up()
    room = limit - queued()
    if room <= 0:
        return []
    now = clock.true_now()
    uncarried = due() & or_(Work.handed_at.is_(None), Work.handed_at <= now - HAND_AGAIN)
    wanted = select(Work.id).where(uncarried).order_by(Work.run_at, Work.id)
    if reads(SYSTEM).scalar(wanted.limit(1), execution_options=OWN_TENANT) is None:
        return []
    some = wanted.limit(room).with_for_update(skip_locked=True)
    mark = update(Work).where(Work.id.in_(some)).values(handed_at=now).returning(Work.id)
    with atomic(SYSTEM) as session:
        ids = sorted(session.scalars(mark, execution_options=CHANGE))
    for work_id in ids:
        hand_out(work_id)
    return ids


def release_running() -> None:
    """Give back all that this process is running, for another worker: it stops before they have ended."""
    with _running_lock:
        tasks = list(_running.values())
    for task in tasks:
        _release(task)


def _promise_periodic() -> None:
    wanted = {periodic_key(job): job for job in registered.values() if job.every is not None}
    keys = select(Work.unique_key).where(Work.unique_key.in_(list(wanted)), Work.ended_at.is_(None))
    live = set(reads(SYSTEM).scalars(keys, execution_options=OWN_TENANT))
    missing = [job for key, job in wanted.items() if key not in live]
    if missing:
        with atomic(SYSTEM) as session:
            for job in missing:
                promise_run(session, job, clock.true_now())


def _give_up() -> None:
    """End what was claimed as often as allowed: a job that kills its worker would go on forever."""
    spent = due() & (Work.attempts >= Work.max_attempts)
    if reads(SYSTEM).scalar(select(Work.id).where(spent).limit(1), execution_options=OWN_TENANT) is None:
        return
    end = (
        update(Work)
        .where(spent)
        .values(
            state=WorkState.FAILED,
            ended_at=clock.true_now(),
            lease_until=None,
            last_error="The worker stopped while running this, each time that it was tried.",
        )
        .returning(Work.kind, Work.run_at)
    )
    with atomic(SYSTEM) as session:
        for kind, run_at in session.execute(end, execution_options=CHANGE).all():
            promise_next(session, kind, run_at)


def _claim(work_id: int) -> tuple[Job, Task, bool] | None:
    """Take the work for one attempt; the flag says whether to cancel it. None where it is not to be had."""
    now = clock.true_now()
    with atomic(SYSTEM) as session:
        kind = session.scalar(select(Work.kind).where(Work.id == work_id), execution_options=OWN_TENANT)
        job = registered.get(kind or "")
        if job is None:
            return None
        take = (
            update(Work)
            .where(Work.id == work_id, due(), Work.attempts < Work.max_attempts)
            .values(
                state=WorkState.RUNNING,
                attempts=Work.attempts + 1,
                lease_until=now + job.lease,
                handed_at=None,
                started_at=func.coalesce(Work.started_at, now),
            )
            .returning(
                Work.args,
                Work.tenant_id,
                Work.actor,
                Work.attempts,
                Work.max_attempts,
                Work.saved,
                Work.cancel_requested_at,
            )
        )
        row = session.execute(take, execution_options=CHANGE).one_or_none()
        if row is None:
            return None
        by = _worker_for(session, row.tenant_id)
    task = Task(
        work_id,
        row.args,
        by=by,
        asked_by=row.actor,
        attempt=row.attempts,
        attempts_left=row.max_attempts - row.attempts,
        lease=job.lease,
        saved=row.saved,
    )
    return job, task, row.cancel_requested_at is not None


def _worker_for(session: Session, tenant_id: int | None) -> Principal:
    """The system itself, confined to the tenant of the work and, in a sandbox, in the time of its clock."""
    by = system_of(tenant_id)
    if tenant_id is None:
        return by
    tenants = Base.metadata.tables["tenant"]  # by the name that foreign keys know it by: core knows no domain
    statement = select(tenants.c.sandbox_of_id, tenants.c.clock_offset_s).where(tenants.c.id == tenant_id)
    sandbox_of_id, offset = session.execute(statement).one()
    return replace(by, sandbox=sandbox_of_id is not None, clock_offset_s=offset)


@contextmanager
def _noted(task: Task) -> Generator[None]:
    with _running_lock:
        _running[task.work_id] = task
    try:
        yield
    finally:
        with _running_lock:
            _running.pop(task.work_id, None)


def _attempt(job: Job, task: Task) -> bool:
    try:
        with clock.ahead_by(task.by.clock_offset_s):
            result = job.run(task)
        return _end(job, task, WorkState.DONE, result=None if result is None else dict(result), last_error=None)
    except Cancelled:
        return _end(job, task, WorkState.CANCELLED)
    except LeaseLost:
        log.warning("Work %s (%s) was taken over by another worker.", task.work_id, job.kind)
        return False
    except Released:
        return _release(task)
    except DomainError as refusal:
        if isinstance(refusal, _PASSING):
            return _try_again(job, task, refusal)
        return _end(job, task, WorkState.FAILED, last_error=_message(refusal))
    except Exception as failure:
        log.warning("Work %s (%s) failed in attempt %s.", task.work_id, job.kind, task.attempt, exc_info=True)
        return _try_again(job, task, failure)
    except BaseException:
        _release(task)
        raise


def _end(job: Job, task: Task, state: WorkState, **values: object) -> bool:
    return _finish(task, job, state=state, ended_at=clock.true_now(), **values)


def _try_again(job: Job, task: Task, failure: Exception) -> bool:
    """Put the work back for later, later still each time, or give it up after its last attempt."""
    error = _message(failure)
    if task.attempts_left <= 0:
        return _end(job, task, WorkState.FAILED, last_error=error)
    failures = max(job.max_attempts - task.attempts_left, 1)
    pause = min(FIRST_RETRY * 2 ** min(failures - 1, 20), LONGEST_RETRY) * _chance.uniform(0.8, 1.2)
    return _finish(task, state=WorkState.WAITING, run_at=clock.true_now() + pause, last_error=error)


def _release(task: Task) -> bool:
    # The attempt stays counted, since the count is the fence; so one more is allowed.
    return _finish(task, state=WorkState.WAITING, max_attempts=Work.max_attempts + 1)


def _finish(task: Task, ending: Job | None = None, **values: object) -> bool:
    """Let go of the work if this attempt holds it, and say whether; where it ends, promise the next run."""
    statement = (
        update(Work)
        .where(holds(task.work_id, task.attempt))
        .values(lease_until=None, handed_at=None, **values)
        .returning(Work.kind, Work.run_at)
    )
    with atomic(task.by) as session:
        row = session.execute(statement, execution_options=CHANGE).one_or_none()
        if row is not None and ending is not None:
            promise_next(session, row.kind, row.run_at)
    return row is not None


def _message(failure: Exception) -> str:
    """What went wrong, for people: never the SQL, whose parameters may be anyone's secret."""
    if isinstance(failure, DomainError):
        return plain(failure.message, ERROR_LENGTH)
    cause = failure.orig if isinstance(failure, StatementError) and failure.orig is not None else failure
    text = str(cause)
    if cause is not failure:
        text = text.partition("\n")[0]  # PostgreSQL puts values into the lines below
    return plain(f"{type(cause).__name__}: {text}" if text else type(cause).__name__, ERROR_LENGTH)
