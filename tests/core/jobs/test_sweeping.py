"""What the sweeper hands out, and the jobs that come back by themselves."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from dashboard.core.jobs import Task, WorkState, hand
from tests.core.jobs.samples import NOON, REPETITIONS, failing, in_threads, seeing


def test_the_sweeper_hands_out_again_what_was_lost_on_the_way(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    with clock.frozen(NOON) as move:
        work = jobs.enqueue(SYSTEM, "test.see", {})
        assert jobs.sweep() == []
        move(timedelta(seconds=6))
        assert jobs.sweep() == [work.id]
        assert jobs.sweep() == []


def test_work_whose_worker_fell_silent_is_handed_out_as_soon_as_its_lease_has_run_out(app: Flask) -> None:
    handed: list[list[int]] = []
    with clock.frozen(NOON) as move:

        @jobs.job("test.silent", lease=timedelta(seconds=2))
        def silent(task: Task) -> None:
            for _ in range(2):
                move(timedelta(seconds=1))
                handed.append(jobs.sweep())

        work = jobs.enqueue(SYSTEM, "test.silent", {})
        jobs.run_one(work.id)
        assert handed == [[], [work.id]]


def test_the_sweeper_does_not_fill_a_queue_that_nobody_empties(app: Flask, settings: Settings) -> None:
    jobs.job("test.see")(seeing([]))
    for _ in range(5):
        jobs.enqueue(SYSTEM, "test.see", {})
    jobs.connect(settings)
    before = hand.queued()
    with clock.frozen(clock.now() + timedelta(seconds=6)) as move:
        assert len(jobs.sweep(limit=before + 3)) == 3
        move(timedelta(seconds=6))
        assert jobs.sweep(limit=before + 3) == []


@pytest.mark.prove
def test_a_periodic_job_runs_once_a_period_however_many_workers_sweep(app: Flask) -> None:
    runs: list[datetime] = []

    @jobs.periodic("test.hourly", every=timedelta(hours=1))
    def hourly(task: Task) -> None:
        runs.append(clock.now())

    def sweep_and_run() -> None:
        for work_id in jobs.sweep():
            jobs.run_one(work_id)

    with clock.frozen(NOON) as move:
        for _ in range(REPETITIONS * 2):
            in_threads(app, 4, sweep_and_run)
            in_threads(app, 4, sweep_and_run)
            live = [work.run_at for work in jobs.recent(SYSTEM, "test.hourly", limit=100) if work.live]
            db.session.rollback()
            assert live == [clock.now() + timedelta(hours=1)]
            move(timedelta(hours=1))
    assert runs == [NOON + timedelta(hours=hour) for hour in range(REPETITIONS * 2)]


def test_missed_periods_are_not_made_up_for(app: Flask) -> None:
    jobs.periodic("test.hourly", every=timedelta(hours=1))(seeing([]))
    with clock.frozen(NOON) as move:
        jobs.sweep()
        jobs.run_due()
        move(timedelta(hours=50))
        assert jobs.run_due() == 1
        assert jobs.run_due() == 0
        assert jobs.recent(SYSTEM)[0].run_at == clock.now() + timedelta(hours=1)


def test_a_periodic_job_goes_on_after_failing_for_good_and_after_a_cancel(app: Flask) -> None:
    jobs.periodic("test.hourly", every=timedelta(hours=1), max_attempts=1)(failing(RuntimeError("No.")))
    with clock.frozen(NOON):
        jobs.sweep()
        jobs.run_due()
        waiting, failed = jobs.recent(SYSTEM)
        assert (waiting.state, failed.state) == (WorkState.WAITING, WorkState.FAILED)
        jobs.request_cancel(SYSTEM, waiting.id)
        assert [work.state for work in jobs.recent(SYSTEM)][:2] == [WorkState.WAITING, WorkState.CANCELLED]


def test_work_that_ended_long_ago_is_forgotten(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    jobs.periodic("jobs.prune", every=timedelta(days=1))(jobs.prune)
    with clock.frozen(NOON) as move:
        old = jobs.enqueue(SYSTEM, "test.see", {}).id
        jobs.run_due()
        move(timedelta(days=29))
        young = jobs.enqueue(SYSTEM, "test.see", {}).id
        waiting = jobs.enqueue(SYSTEM, "test.see", {}, run_at=NOON + timedelta(days=90)).id
        jobs.run_due()
        move(timedelta(days=2))
        jobs.sweep()
        jobs.run_due()
    assert jobs.find(SYSTEM, old) is None
    assert jobs.find(SYSTEM, young) is not None
    assert jobs.find(SYSTEM, waiting) is not None


def test_a_queue_carries_numbers_and_no_code(app: Flask) -> None:
    with pytest.raises(ValueError, match="codec"):
        hand.IdSerializer().deserialize(b"\x80\x04cos\nsystem\n.")
