"""Real worker processes, killed and stopped."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Self

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.core import jobs
from dashboard.core.context import SYSTEM
from dashboard.core.jobs import WorkState
from tests.core.jobs.crash_worker import BATCHES, HALF, register_jobs
from tests.core.jobs.samples import REPETITIONS, look, merchant, rows_written

ROOT = Path(__file__).resolve().parents[3]


class Worker:
    """A real worker process."""

    def __init__(self, settings: Settings, hold: str = "", grace_s: float = 8) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.jobs.crash_worker"],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": settings.database_url,
                "INSTANCE_PATH": str(settings.instance_path),
                "REDIS_URL": settings.redis_url or "",
                "SECRET_KEY": settings.secret_key,
                "HOLD": hold,
                "GRACE_S": str(grace_s),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, word: str) -> None:
        """Read what the worker says until it says `word`."""
        for line in _pipe(self.process.stdout):
            if line.strip() == word:
                return
        raise AssertionError(f"The worker ended before it said {word!r}.")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(timeout=30)
        for pipe in (self.process.stdin, self.process.stdout):
            _pipe(pipe).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@pytest.mark.prove
@pytest.mark.parametrize("repetition", range(REPETITIONS))
def test_work_is_done_exactly_once_although_its_worker_is_killed(
    app: Flask, settings: Settings, repetition: int
) -> None:
    register_jobs()
    jobs.connect(settings)
    batch, place = (repetition * 5 + 2) % BATCHES, ("inside", "after")[repetition % 2]
    work = jobs.enqueue(merchant(1), "crash.batches", {})

    with Worker(settings, hold=f"{batch}:{place}") as first:
        first.wait_for("holding")
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert look(work.id).state == WorkState.RUNNING
    assert {attempt for _, attempt in rows_written()} <= {1}

    with Worker(settings) as second:
        second.wait_for("finished")
        assert second.end(signal.SIGTERM) == 0

    assert [number for number, _ in rows_written()] == list(range(BATCHES * 2 * HALF))
    done = look(work.id)
    assert (done.state, done.result) == (WorkState.DONE, {"rows": BATCHES * 2 * HALF})
    assert done.attempts >= 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_gives_its_work_back(
    app: Flask, settings: Settings, number: signal.Signals
) -> None:
    register_jobs()
    jobs.connect(settings)
    work = jobs.enqueue(SYSTEM, "crash.endless", {})
    with Worker(settings) as worker:
        worker.wait_for("started")
        assert jobs.health().worker_alive
        assert worker.end(number) == 0
    given_back = look(work.id)
    assert (given_back.state, given_back.lease_until) == (WorkState.WAITING, None)
    assert given_back.max_attempts - given_back.attempts == 5
    assert jobs.health().worker_seen is None


def test_a_job_that_does_not_listen_is_taken_from_a_worker_that_stops(app: Flask, settings: Settings) -> None:
    register_jobs()
    jobs.connect(settings)
    work = jobs.enqueue(SYSTEM, "crash.batches", {})
    with Worker(settings, hold="1:after", grace_s=0.2) as worker:
        worker.wait_for("holding")
        assert worker.end(signal.SIGTERM) == 0
    given_back = look(work.id)
    assert (given_back.state, given_back.lease_until) == (WorkState.WAITING, None)
    assert given_back.saved == {"next": 2}
