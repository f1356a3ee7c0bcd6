"""Looking at work: one piece, the latest, and whether any is being done at all."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select

from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import reads
from dashboard.core.jobs.models import FRESH, Work, WorkerHeartbeat
from dashboard.core.jobs.registry import registered
from dashboard.core.jobs.service import visible_to
from dashboard.core.tenancy import OWN_TENANT

HEARTBEAT_FRESH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Health:
    """How background work stands: what `/readyz` says of it.

    `oldest_due` is how long the most overdue work has waited (None: nothing is due), `worker_seen` how long
    ago a worker gave a sign of life (None: none is running).
    """

    oldest_due: timedelta | None
    worker_seen: timedelta | None

    @property
    def worker_alive(self) -> bool:
        """Whether some worker gave a sign of life within the last 30 seconds."""
        return self.worker_seen is not None and self.worker_seen <= HEARTBEAT_FRESH


def due() -> ColumnElement[bool]:
    """The condition that work may be claimed now, by a worker that knows its job."""
    now = clock.true_now()
    return (
        Work.ended_at.is_(None)
        & (Work.run_at <= now)
        & or_(Work.lease_until.is_(None), Work.lease_until <= now)
        & Work.kind.in_(list(registered))
    )


def find(by: Principal, work_id: int) -> Work | None:
    """The work `work_id` as it is now, or None where `by` may not know of it."""
    statement = select(Work).where(Work.id == work_id, visible_to(by))
    return reads(by).scalar(statement, execution_options=FRESH)


def recent(by: Principal, kind: str | None = None, limit: int = 20) -> list[Work]:
    """The latest work that `by` may know of, of one kind or of all, newest first."""
    statement = select(Work).where(visible_to(by)).order_by(Work.id.desc()).limit(limit)
    if kind is not None:
        statement = statement.where(Work.kind == kind)
    return list(reads(by).scalars(statement, execution_options=FRESH))


def health() -> Health:
    """How background work stands over all tenants."""
    now = clock.true_now()
    session = reads(SYSTEM)
    since = session.scalar(
        select(func.min(func.coalesce(Work.lease_until, Work.run_at, type_=Work.run_at.type))).where(due()),
        execution_options=OWN_TENANT,
    )
    seen = session.scalar(select(func.max(WorkerHeartbeat.seen_at)), execution_options=OWN_TENANT)
    return Health(None if since is None else now - since, None if seen is None else now - seen)
