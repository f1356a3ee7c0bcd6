"""Forgetting work that ended long ago, and workers that were killed."""

from datetime import timedelta

from sqlalchemy import delete, select

from dashboard.core import clock
from dashboard.core.db import atomic
from dashboard.core.jobs.models import CHANGE, Work, WorkerHeartbeat
from dashboard.core.jobs.registry import periodic
from dashboard.core.jobs.task import Task

KEEP_WORK = timedelta(days=30)
KEEP_HEARTBEATS = timedelta(days=1)
BATCH = 2_000


@periodic("jobs.prune", every=timedelta(days=1))
def prune(task: Task) -> dict[str, object]:
    """Delete work that ended over 30 days ago; the result says how many rows went."""
    now = clock.true_now()
    with atomic(task.by) as session:
        old = delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - KEEP_HEARTBEATS)
        session.execute(old, execution_options=CHANGE)
    pruned = 0
    some = select(Work.id).where(Work.ended_at < now - KEEP_WORK).limit(BATCH)
    while True:
        task.checkpoint()
        with atomic(task.by) as session:
            ids = session.scalars(
                delete(Work).where(Work.id.in_(some)).returning(Work.id), execution_options=CHANGE
            ).all()
        pruned += len(ids)
        if len(ids) < BATCH:
            return {"pruned": pruned}
