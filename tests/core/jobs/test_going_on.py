"""Saved state, leases and cancelling: where a run stops and where the next one goes on."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, update

from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.jobs import Task, Work, WorkState
from dashboard.core.jobs.models import CHANGE
from tests.core.jobs.crash_worker import written
from tests.core.jobs.samples import NOON, Seen, in_threads, look, merchant, rows_written, seeing


def test_the_next_attempt_goes_on_after_the_last_committed_batch(app: Flask) -> None:
    starts: list[int] = []

    @jobs.job("test.batches")
    def batches(task: Task) -> None:
        starts.append(task.saved.get("next", 0))
        for batch in range(starts[-1], 4):
            with atomic(task.by) as session:
                session.execute(insert(written), [{"number": batch, "attempt": task.attempt}])
                task.save({"next": batch + 1})
                if batch == 2 and task.attempt == 1:
                    raise RuntimeError("Out of paper.")

    with clock.frozen(NOON) as move:
        work = jobs.enqueue(SYSTEM, "test.batches", {})
        jobs.run_due()
        assert look(work.id).saved == {"next": 2}
        move(timedelta(seconds=10))
        jobs.run_due()
    assert starts == [0, 2]
    assert rows_written() == [(0, 1), (1, 1), (2, 2), (3, 2)]


def test_saved_state_of_a_batch_that_was_rolled_back_is_forgotten(app: Flask) -> None:
    kept: list[Mapping[str, object]] = []

    @jobs.job("test.swallow")
    def swallow(task: Task) -> None:
        task.save({"next": 1})
        try:
            with atomic(task.by):
                task.save({"next": 2})
                raise ZeroDivisionError
        except ZeroDivisionError:
            kept.append(task.saved)

    work = jobs.enqueue(merchant(1), "test.swallow", {})
    jobs.run_due()
    assert kept == [{"next": 1}]
    assert look(work.id).saved == {"next": 1}


def test_retrying_goes_on_from_what_was_saved_with_all_attempts_again(app: Flask) -> None:
    @jobs.job("test.fail", max_attempts=2)
    def fail(task: Task) -> None:
        task.save({"tries": task.saved.get("tries", 0) + 1})
        raise Invalid("Wrong column.") if task.saved["tries"] == 1 else RuntimeError("Out of paper.")

    work = jobs.enqueue(merchant(1), "test.fail", {})
    jobs.run_due()
    with pytest.raises(NotFound):
        jobs.retry(merchant(2), work.id)
    jobs.retry(merchant(1), work.id)
    jobs.run_due()
    again = look(work.id)
    assert (again.state, again.attempts, again.max_attempts) == (WorkState.WAITING, 2, 3)
    assert again.saved == {"tries": 2}
    with pytest.raises(Conflict):
        jobs.retry(merchant(1), work.id)


def test_a_stale_worker_can_neither_finish_nor_save(app: Flask) -> None:
    lost: list[str] = []

    with clock.frozen(NOON) as move:

        @jobs.job("test.slow", lease=timedelta(seconds=30))
        def slow(task: Task) -> dict[str, object]:
            if task.attempt == 1:
                move(timedelta(seconds=31))
                assert in_threads(app, 1, lambda: jobs.run_one(task.work_id)) == [True]
                for write in (
                    task.checkpoint,
                    lambda: task.progress(1, 1),
                    lambda: task.save({"stale": True}),
                ):
                    with pytest.raises(jobs.LeaseLost):
                        write()
                    lost.append("lost")
            return {"attempt": task.attempt}

        work = jobs.enqueue(SYSTEM, "test.slow", {})
        assert jobs.run_one(work.id) is False
    done = look(work.id)
    assert len(lost) == 3
    assert (done.result, done.saved, done.attempts) == ({"attempt": 2}, {}, 2)


def test_a_stale_worker_cannot_put_failed_work_back(app: Flask) -> None:
    with clock.frozen(NOON) as move:

        @jobs.job("test.slow", lease=timedelta(seconds=30))
        def slow(task: Task) -> None:
            if task.attempt == 1:
                move(timedelta(seconds=31))
                in_threads(app, 1, lambda: jobs.run_one(task.work_id))
                raise RuntimeError("Too late.")

        work = jobs.enqueue(SYSTEM, "test.slow", {})
        assert jobs.run_one(work.id) is False
    assert look(work.id).state == WorkState.DONE
    assert look(work.id).last_error is None


def test_each_report_renews_the_lease(app: Flask) -> None:
    with clock.frozen(NOON) as move:

        @jobs.job("test.long", lease=timedelta(seconds=30))
        def long(task: Task) -> None:
            for report in (task.checkpoint, lambda: task.progress(1, 1), lambda: task.save({})):
                move(timedelta(seconds=20))
                report()
                assert look(task.work_id).lease_until == clock.now() + timedelta(seconds=30)

        work = jobs.enqueue(SYSTEM, "test.long", {})
        jobs.run_due()
    assert look(work.id).state == WorkState.DONE


def test_cancelling_waiting_work_ends_it_at_once(app: Flask) -> None:
    seen: Seen = []
    jobs.job("test.see")(seeing(seen))
    work = jobs.enqueue(merchant(1), "test.see", {})
    with pytest.raises(NotFound):
        jobs.request_cancel(merchant(2), work.id)
    assert jobs.request_cancel(merchant(1), work.id).state == WorkState.CANCELLED
    assert jobs.run_due() == 0
    assert seen == []
    with pytest.raises(Conflict):
        jobs.request_cancel(merchant(1), work.id)


def test_cancelling_running_work_ends_it_at_its_next_checkpoint(app: Flask) -> None:
    reached: list[str] = []

    @jobs.job("test.long")
    def long(task: Task) -> None:
        task.checkpoint()
        reached.append("first")
        in_threads(app, 1, lambda: jobs.request_cancel(merchant(1), task.work_id).state)
        task.checkpoint()
        reached.append("second")

    work = jobs.enqueue(merchant(1), "test.long", {})
    jobs.run_due()
    assert reached == ["first"]
    assert look(work.id).state == WorkState.CANCELLED


def test_work_that_was_cancelled_while_its_worker_was_dead_is_not_run_again(app: Flask) -> None:
    seen: Seen = []
    jobs.job("test.see")(seeing(seen))
    work = jobs.enqueue(SYSTEM, "test.see", {})
    with atomic(SYSTEM) as session:
        asked = update(Work).values(cancel_requested_at=clock.now())
        session.execute(asked, execution_options=CHANGE)
    jobs.run_due()
    assert seen == []
    assert look(work.id).state == WorkState.CANCELLED
