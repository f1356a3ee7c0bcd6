"""One attempt: claimed once, tried again later, given up in the end, never by a worker that lost it."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import insert, update

from dashboard.accounts.models import Tenant
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic
from dashboard.core.errors import Invalid, Unavailable
from dashboard.core.jobs import Task, Work, WorkState
from dashboard.core.jobs import task as running
from dashboard.core.jobs.models import CHANGE
from tests.core.jobs.samples import NOON, Seen, failing, in_threads, look, seeing


def test_racing_claimants_run_work_once(app: Flask) -> None:
    seen: Seen = []
    jobs.job("test.see")(seeing(seen))
    for round_number in range(10):
        work = jobs.enqueue(SYSTEM, "test.see", {"round": round_number})
        assert sorted(map(bool, in_threads(app, 4, partial(jobs.run_one, work.id)))) == [False] * 3 + [True]
    assert seen == [{"round": number} for number in range(10)]


def test_failed_work_is_tried_again_later_and_later(app: Flask) -> None:
    jobs.job("test.fail", max_attempts=3)(failing(RuntimeError("The printer is on fire.")))
    with clock.frozen(NOON) as move:
        work = jobs.enqueue(SYSTEM, "test.fail", {})
        for shortest, longest in ((4, 6), (8, 12)):
            assert jobs.run_due() == 1
            waiting = look(work.id)
            assert waiting.state == WorkState.WAITING
            assert waiting.last_error == "RuntimeError: The printer is on fire."
            pause = waiting.run_at - clock.now()
            assert timedelta(seconds=shortest) <= pause <= timedelta(seconds=longest)
            move(pause - timedelta(milliseconds=1))
            assert jobs.run_due() == 0
            move(timedelta(milliseconds=1))
        assert jobs.run_due() == 1
        failed = look(work.id)
    assert (failed.state, failed.attempts) == (WorkState.FAILED, 3)
    assert failed.ended_at is not None


def test_a_refusal_is_final_and_a_passing_one_is_not(app: Flask) -> None:
    jobs.job("test.invalid")(failing(Invalid("The file has no header.")))
    jobs.job("test.unavailable")(failing(Unavailable("The shop does not answer.")))
    final = jobs.enqueue(SYSTEM, "test.invalid", {})
    passing = jobs.enqueue(SYSTEM, "test.unavailable", {})
    jobs.run_due()
    assert look(final.id).state == WorkState.FAILED
    assert look(final.id).last_error == "The file has no header."
    assert look(passing.id).state == WorkState.WAITING


def test_the_kept_error_never_shows_what_was_written(app: Flask) -> None:
    @jobs.job("test.collide")
    def collide(task: Task) -> None:
        with atomic(task.by) as session:
            session.execute(insert(Tenant), [{"id": 1, "business_code": "s3cret", "name": "x", "plan": "s3cret"}])

    work = jobs.enqueue(SYSTEM, "test.collide", {"password": "s3cret"})
    jobs.run_due()
    error = look(work.id).last_error
    assert error
    assert "s3cret" not in error
    assert "INSERT" not in error


def test_an_error_that_no_database_stores_is_kept_all_the_same(app: Flask) -> None:
    jobs.job("test.fail")(failing(RuntimeError("\x00" + "x" * 1000)))
    work = jobs.enqueue(SYSTEM, "test.fail", {})
    jobs.run_due()
    error = look(work.id).last_error
    assert error is not None
    assert len(error) == 500
    assert running.plain("half a \ud800 pair", 8) == "half a ?"


def test_a_result_that_is_not_json_is_a_failure(app: Flask) -> None:
    @jobs.job("test.odd")
    def odd(task: Task) -> dict[str, object]:
        return {"moment": object()}

    work = jobs.enqueue(SYSTEM, "test.odd", {})
    assert jobs.run_due() == 1
    assert look(work.id).state == WorkState.WAITING
    assert "serializable" in (look(work.id).last_error or "")


def test_work_that_kills_its_worker_each_time_is_given_up(app: Flask) -> None:
    @jobs.job("test.kill", max_attempts=2, lease=timedelta(seconds=10))
    def kill(task: Task) -> None:
        raise AssertionError("never reached")

    work = jobs.enqueue(SYSTEM, "test.kill", {})
    with atomic(SYSTEM) as session:
        spent = update(Work).values(attempts=2, state="running", lease_until=clock.now())
        session.execute(spent, execution_options=CHANGE)
    assert jobs.sweep() == []
    assert look(work.id).state == WorkState.FAILED
    assert "worker stopped" in (look(work.id).last_error or "")


def test_work_is_not_run_inside_a_command(app: Flask) -> None:
    jobs.job("test.see")(seeing([]))
    work = jobs.enqueue(SYSTEM, "test.see", {})
    with atomic(SYSTEM), pytest.raises(RuntimeError, match="outside commands"):
        jobs.run_one(work.id)


def test_progress_is_shown_but_not_written_at_every_step(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PROGRESS_EVERY_S", 3600)
    shown: list[tuple[int | None, int | None, str | None]] = []

    @jobs.job("test.count")
    def count(task: Task) -> None:
        for done in range(1, 11):
            task.progress(done, 10, f"Row {done}")
            work = look(task.work_id)
            shown.append((work.progress_done, work.progress_total, work.progress_text))

    jobs.enqueue(SYSTEM, "test.count", {})
    jobs.run_due()
    assert shown == [(1, 10, "Row 1")] * 9 + [(10, 10, "Row 10")]
