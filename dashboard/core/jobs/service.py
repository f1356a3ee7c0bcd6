"""Promising work, and changing one's mind about it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, false, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import after_commit, atomic, table_of
from dashboard.core.errors import Conflict, NotFound
from dashboard.core.jobs.hand import hand_out
from dashboard.core.jobs.models import CHANGE, FRESH, Work, WorkState
from dashboard.core.jobs.registry import Job, registered
from dashboard.core.tenancy import OWN_TENANT

KEY_LENGTH = 100


def system_of(tenant_id: int | None) -> Principal:
    """The system itself, confined to one tenant; for None the system of the installation."""
    return SYSTEM if tenant_id is None else replace(SYSTEM, tenant_id=tenant_id, operator=False)


def enqueue(
    by: Principal,
    kind: str,
    args: Mapping[str, Any],
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
) -> Work:
    """Promise one run of the job `kind`, now or at `run_at`; a worker hears of it once the command commits.

    `run_at` is by the clock that the command sees, in a sandbox its moved one; the row keeps the true time.

    `args` are plain JSON values without secrets. With `unique_key` (at most 100 characters, counted per
    tenant) the live work of that key is returned instead, where there is some. Raises LookupError for an
    unknown kind, and NotAllowed where anyone but the operator asks for a job of the installation.
    """
    job = _job(kind)
    if job.installation:
        by.require("operator")
    if unique_key is not None and len(unique_key) > KEY_LENGTH:
        raise ValueError(f"A unique key has at most {KEY_LENGTH} characters.")
    tenant_id = None if job.installation else by.tenant_id
    key = None if unique_key is None else scoped_key(tenant_id, unique_key)
    now = clock.true_now()
    run_at = now if run_at is None else run_at - clock.ahead()
    due = run_at <= now
    with atomic(by) as session:
        while True:
            # A rival's row may end between the refused insert and the look at it: then the key is free again.
            work_id = promise(
                session,
                job,
                args=dict(args),
                tenant_id=tenant_id,
                actor=by.label,
                unique_key=key,
                run_at=run_at,
                handed_at=now if due else None,
            )
            condition = (
                Work.id == work_id if work_id is not None else (Work.unique_key == key) & Work.ended_at.is_(None)
            )
            work = session.scalar(select(Work).where(condition), execution_options=FRESH)
            if work is not None:
                break
        if work_id is not None and due:
            after_commit(by, partial(hand_out, work_id))
    return work


_work = table_of(Work)
_move = update(_work).where(_work.c.id == bindparam("moved_id")).values(run_at=bindparam("moved_to"))
_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def promise(session: Session, job: Job, **values: object) -> int | None:
    """Insert a waiting row in the present command. Returns its id, or None where its key is live already."""
    insert = _INSERTS[session.get_bind().dialect.name]
    statement = (
        insert(Work)
        .values(
            kind=job.kind,
            state=WorkState.WAITING,
            max_attempts=job.max_attempts,
            attempts=0,
            saved={},
            created_at=clock.true_now(),
            **values,
        )
        .on_conflict_do_nothing()
        .returning(Work.id)
    )
    return session.scalar(statement, execution_options=OWN_TENANT)


def clock_moved(by: Principal, seconds: int) -> None:
    """Bring what waits for the tenant of `by`, whose clock was just moved by `seconds`, that much nearer.

    Negative seconds, a clock set back, put it off again. Called in the command that moves the clock.
    """
    waiting = select(_work.c.id, _work.c.run_at).where(_work.c.tenant_id == by.tenant_id, _work.c.ended_at.is_(None))
    with atomic(by) as session:
        moved = [
            {"moved_id": work_id, "moved_to": run_at - timedelta(seconds=seconds)}
            for work_id, run_at in session.execute(waiting)
        ]
        if moved:
            session.execute(_move, moved)


def scoped_key(tenant_id: int | None, key: str) -> str:
    """A unique key as stored: two tenants who choose the same key do not meet."""
    return f"{tenant_id or 0}:{key}"


def request_cancel(by: Principal, work_id: int) -> Work:
    """End waiting work at once; running work ends at its next checkpoint.

    Raises NotFound for work that `by` may not know of, Conflict for work that has ended.
    """
    now = clock.true_now()
    idle = or_(Work.lease_until.is_(None), Work.lease_until <= now)
    with atomic(by) as session:
        live = update(Work).where(Work.id == work_id, visible_to(by), Work.ended_at.is_(None))
        at_once = live.where(idle).values(
            state=WorkState.CANCELLED, ended_at=now, cancel_requested_at=now, lease_until=None
        )
        ended = session.execute(at_once.returning(Work.kind, Work.run_at), execution_options=CHANGE).one_or_none()
        if ended is not None:
            promise_next(session, ended.kind, ended.run_at)
        else:
            asked = live.values(cancel_requested_at=func.coalesce(Work.cancel_requested_at, now))
            if session.execute(asked.returning(Work.id), execution_options=CHANGE).one_or_none() is None:
                _get(session, by, work_id)
                raise Conflict("This has already ended, so there is nothing to cancel.", code="already_ended")
        return _get(session, by, work_id)


def retry(by: Principal, work_id: int) -> Work:
    """Let failed or cancelled work wait again, with a full number of attempts, from where it had saved.

    Raises NotFound for work that `by` may not know of, Conflict where it is live or done, or another piece of
    work with its unique key is live.
    """
    now = clock.true_now()
    rival = aliased(Work)
    with atomic(by) as session:
        job = _job(_get(session, by, work_id).kind)
        again = (
            update(Work)
            .where(
                Work.id == work_id,
                Work.state.in_((WorkState.FAILED, WorkState.CANCELLED)),
                ~exists().where(rival.unique_key == Work.unique_key, rival.ended_at.is_(None)),
            )
            .values(
                state=WorkState.WAITING,
                run_at=now,
                ended_at=None,
                handed_at=now,
                cancel_requested_at=None,
                max_attempts=Work.attempts + job.max_attempts,
            )
            .returning(Work.id)
        )
        if session.execute(again, execution_options=CHANGE).one_or_none() is None:
            raise Conflict("Only what has failed or was cancelled can be tried again.", code="not_retryable")
        after_commit(by, partial(hand_out, work_id))
        return _get(session, by, work_id)


def promise_next(session: Session, kind: str, previous: datetime) -> None:
    """Where `kind` is periodic, promise its next run in the command that ends the one of `previous`."""
    job = registered.get(kind)
    if job is None or job.every is None:
        return
    now = clock.true_now()
    run_at = previous + job.every
    promise_run(session, job, run_at if run_at > now else now + job.every)


def promise_run(session: Session, job: Job, run_at: datetime) -> None:
    """Promise a run of a periodic job at `run_at` unless one is live."""
    promise(
        session,
        job,
        args={},
        tenant_id=None,
        actor=SYSTEM.label,
        unique_key=periodic_key(job),
        run_at=run_at,
    )


def periodic_key(job: Job) -> str:
    """The unique key of all runs of a periodic job."""
    return scoped_key(None, f"periodic:{job.kind}")


def visible_to(by: Principal) -> ColumnElement[bool]:
    """The condition that `by` may know of it: a tenant of its own, the operator of the installation's."""
    own = false() if by.tenant_id is None else Work.tenant_id == by.tenant_id
    return or_(own, Work.tenant_id.is_(None)) if by.operator else own


def _get(session: Session, by: Principal, work_id: int) -> Work:
    statement = select(Work).where(Work.id == work_id, visible_to(by))
    work = session.scalar(statement, execution_options=FRESH)
    if work is None:
        raise NotFound("There is no such work.")
    return work


def _job(kind: str) -> Job:
    try:
        return registered[kind]
    except KeyError:
        raise LookupError(f"No job of the kind {kind!r} is registered.") from None
