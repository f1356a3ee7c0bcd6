"""Jobs to run, merchants to run them for, and ways to look at what became of it."""

import contextvars
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import func, select

from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import db
from dashboard.core.jobs import Task, Work
from dashboard.core.tenancy import OWN_TENANT
from tests.core.jobs.crash_worker import written

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPETITIONS = 20 if os.environ.get("PROVE") == "full" else 2

Seen = list[Mapping[str, object]]


def merchant(tenant_id: int) -> Principal:
    return Principal(ActorKind.USER, 7, "Alice", tenant_id)


def look(work_id: int) -> Work:
    work = db.session.scalar(
        select(Work).where(Work.id == work_id),
        execution_options={**OWN_TENANT, "populate_existing": True},
    )
    assert work is not None
    db.session.rollback()
    return work


def count_work() -> int:
    count = db.session.scalar(select(func.count()).select_from(Work), execution_options=OWN_TENANT)
    db.session.rollback()
    return count or 0


def in_threads(app: Flask, number: int, action: Callable[[], object]) -> list[object]:
    """What `action` returned in each of `number` threads that started together, at the clock of this one."""
    barrier = threading.Barrier(number)
    results: list[object] = []

    def one() -> None:
        with app.app_context():
            barrier.wait(timeout=30)
            results.append(action())
            db.session.remove()

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(one,)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == number
    return results


def seeing(seen: Seen) -> Callable[[Task], None]:
    """A job that notes its arguments."""

    def see(task: Task) -> None:
        seen.append(dict(task.args))

    return see


def failing(failure: Exception) -> Callable[[Task], None]:
    """A job that raises `failure`."""

    def fail(task: Task) -> None:
        raise failure

    return fail


def rows_written() -> list[tuple[int, int]]:
    rows = db.session.execute(select(written.c.number, written.c.attempt).order_by(written.c.number)).all()
    db.session.rollback()
    return [(number, attempt) for number, attempt in rows]
