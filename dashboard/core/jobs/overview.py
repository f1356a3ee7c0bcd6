"""Background work of all tenants, for whoever runs the installation: who does it, what waits, what has failed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import case, func, select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, NotFound
from dashboard.core.jobs.models import FRESH, Work, WorkerHeartbeat, WorkState
from dashboard.core.jobs.queries import HEARTBEAT_FRESH
from dashboard.core.jobs.service import retry, system_of
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.core.tenancy import OWN_TENANT


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process (`machine:pid`); one that has been silent for 30 seconds is not `alive`."""

    name: str
    started_at: datetime
    seen_at: datetime
    alive: bool


@dataclass(slots=True)
class KindOfWork:
    """All rows of one kind, counted by state. `oldest` is since when the longest waiting one is due."""

    kind: str
    counts: dict[str, int] = field(default_factory=dict[str, int])
    oldest: datetime | None = None


def workers(by: Principal) -> Sequence[Worker]:
    """All workers that did not stop in order, the latest seen first. Raises NotAllowed for all but the operator."""
    by = by.above_tenants()
    fresh = clock.true_now() - HEARTBEAT_FRESH
    statement = select(WorkerHeartbeat).order_by(WorkerHeartbeat.seen_at.desc(), WorkerHeartbeat.name)
    found = reads(by).scalars(statement, execution_options=FRESH)
    return [Worker(each.name, each.started_at, each.seen_at, each.seen_at >= fresh) for each in found]


def kinds(by: Principal) -> Sequence[KindOfWork]:
    """The rows of every kind, by state, over all tenants, in the order of the kinds' names."""
    by = by.above_tenants()
    due = (Work.state == WorkState.WAITING) & (Work.run_at <= clock.true_now())
    oldest = func.min(case((due, Work.run_at)), type_=Work.run_at.type)
    statement = select(Work.kind, Work.state, func.count(), oldest).group_by(Work.kind, Work.state).order_by(Work.kind)
    found: dict[str, KindOfWork] = {}
    for kind, state, count, since in reads(by).execute(statement, execution_options=OWN_TENANT):
        row = found.setdefault(kind, KindOfWork(kind))
        row.counts[state] = count
        row.oldest = since or row.oldest
    return list(found.values())


def failed(by: Principal, *, after: str | None = None, size: int = 25) -> Slice[Work]:
    """What has failed for good, of all tenants, the latest promised first. Raises Invalid for a cursor of no list."""
    by = by.above_tenants()
    statement = select(Work).where(Work.state == WorkState.FAILED)
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(Work.id < last)
    rows = reads(by).scalars(statement.order_by(Work.id.desc()).limit(size + 1), execution_options=FRESH).all()
    return Slice(rows[:size], encode_cursor([rows[size - 1].id]) if len(rows) > size else None)


def retry_anywhere(by: Principal, work_id: int) -> Work:
    """Let failed work of whatever tenant be tried again, at the operator's word.

    Raises NotFound, or Conflict where it waits or is done already or a newer one like it is live.
    """
    above = by.above_tenants()
    found = reads(above).execute(
        select(Work.id, Work.tenant_id).where(Work.id == work_id), execution_options=OWN_TENANT
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such work.")
    system = system_of(row.tenant_id)
    with atomic(system):
        try:
            work = retry(system, work_id)
        except LookupError as error:
            raise Conflict("No job of this kind is known to this release.", code="not_retryable") from error
        except Conflict as error:
            message = "This waits or is done already, or a newer one like it does: there is nothing to try again."
            raise Conflict(message, code=error.code) from error
        events.record(
            system, "work.retried", f"work:{work_id}", {"kind": work.kind}, tenant_id=row.tenant_id, actor=by.label
        )
    return work
