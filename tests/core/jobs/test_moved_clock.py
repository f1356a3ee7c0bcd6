"""Work of a sandbox lives in its time; the machinery that carries it lives in the true one."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import update

from dashboard.accounts.models import Tenant
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic
from dashboard.core.jobs import Task, WorkState
from tests.core.jobs.samples import NOON, look, merchant, seeing

HOUR = timedelta(hours=1)
DAY_S = 86_400


def sandbox(ahead_s: int = 0) -> Principal:
    """Tenant 2, made the sandbox of tenant 1, with its clock so far ahead."""
    with atomic(SYSTEM) as session:
        values = {"sandbox_of_id": 1, "clock_offset_s": ahead_s}
        session.execute(update(Tenant).where(Tenant.id == 2).values(values))
    return merchant(2)


def test_a_job_of_a_sandbox_sees_its_clock_and_nobody_elses_job_does(app: Flask) -> None:
    seen: list[tuple[datetime, bool, int]] = []

    @jobs.job("test.look")
    def look_at_clock(task: Task) -> None:
        seen.append((clock.now(), task.by.sandbox, task.by.clock_offset_s))

    with clock.frozen(NOON):
        twin = sandbox(DAY_S)
        for by in (merchant(1), twin, merchant(1)):
            jobs.enqueue(by, "test.look", {})
            jobs.run_due()
        assert clock.now() == NOON
    live, moved = (NOON, False, 0), (NOON + timedelta(days=1), True, DAY_S)
    assert seen == [live, moved, live]


def test_whoever_runs_live_work_in_a_moved_clock_lets_it_see_the_true_time(app: Flask) -> None:
    seen: list[datetime] = []
    jobs.job("test.look")(lambda _: seen.append(clock.now()))
    with clock.frozen(NOON):
        work = jobs.enqueue(merchant(1), "test.look", {})
        with clock.ahead_by(DAY_S):
            jobs.run_one(work.id)
    assert seen == [NOON]


def test_leases_and_ends_of_a_sandboxes_work_are_true_time(app: Flask) -> None:
    leases: list[datetime | None] = []

    @jobs.job("test.report", lease=timedelta(seconds=60))
    def report(task: Task) -> None:
        task.checkpoint()
        leases.append(look(task.work_id).lease_until)

    with clock.frozen(NOON):
        work = jobs.enqueue(sandbox(DAY_S), "test.report", {})
        jobs.run_due()
    assert leases == [NOON + timedelta(seconds=60)]
    assert look(work.id).ended_at == NOON


def test_work_for_later_is_due_when_the_sandboxes_clock_says_so(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    with clock.frozen(NOON) as move:
        twin = sandbox(DAY_S)
        with clock.ahead_by(DAY_S):
            work = jobs.enqueue(twin, "test.see", {}, run_at=clock.now() + HOUR)
        assert jobs.run_due() == 0
        move(HOUR)
        assert jobs.run_due() == 1
    assert look(work.id).state == WorkState.DONE


def test_a_clock_that_is_moved_makes_waiting_work_due_and_moved_back_puts_it_off(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    with clock.frozen(NOON):
        twin = sandbox()
        soon, late = (jobs.enqueue(twin, "test.see", {}, run_at=NOON + n * HOUR) for n in (1, 3))
        others = jobs.enqueue(merchant(1), "test.see", {}, run_at=NOON + HOUR)
        jobs.clock_moved(twin, 7_200)
        assert jobs.sweep() == [soon.id]
        assert jobs.run_due() == 1
        jobs.clock_moved(twin, -7_200)
        assert jobs.run_due() == 0
    assert [look(work.id).state for work in (soon, late, others)] == ["done", "waiting", "waiting"]
    assert [look(work.id).run_at for work in (late, others)] == [NOON + 3 * HOUR, NOON + HOUR]
