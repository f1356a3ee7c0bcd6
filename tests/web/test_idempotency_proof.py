"""Many keys, many duplicates, real threads and processes: each key has one effect, whatever is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.config import Settings
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from tests.conftest import FULL, Merchants, settings_at
from tests.web.counting import DEADLINE_S, counted, counting_app, send_all

ROOT = Path(__file__).resolve().parents[2]
KEYS, BATCHES = (1_000, 10) if FULL else (200, 1)
RIVALS = 8
PROCESSES = 2

pytestmark = pytest.mark.prove


@pytest.fixture
def token(app: Flask, merchants: Merchants) -> str:
    """An API key, in a database that other processes reach."""
    made = accounts.create_key(SYSTEM, merchants.tenant, name="rivals").secret
    db.session.remove()
    return made


def environment(app: Flask, **more: str) -> dict[str, str]:
    """What a process of the same installation is told."""
    settings: Settings = app.extensions["settings"]
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "INSTANCE_PATH": str(settings.instance_path),
        "SECRET_KEY": settings.secret_key,
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "error",
        "RATE_LIMITS": "off",
        **more,
    }


@contextmanager
def process(app: Flask, *arguments: str, **more: str) -> Generator[subprocess.Popen[str]]:
    """A process of tests.web.counting, which does not outlive the block."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.web.counting", *arguments],
        cwd=ROOT,
        env=environment(app, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait(timeout=DEADLINE_S)
        for pipe in (started.stdin, started.stdout):
            assert pipe is not None
            pipe.close()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_each_key_has_one_effect_under_parallel_duplicates_from_threads_and_processes(
    app: Flask, token: str, batch: int
) -> None:
    threads = RIVALS // PROCESSES
    with process(app, "rivals", token, str(KEYS), str(threads)) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "ready"
        settings: Settings = app.extensions["settings"]
        here = counting_app(settings_at(settings.instance_path, settings.database_url, secret_key=settings.secret_key,
                                        rate_limits=False))  # fmt: skip
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
        assert send_all(here, token, KEYS, threads) == {201: KEYS * threads}
        assert other.stdout.readline().strip() == f"201 {KEYS * threads}"
        with here.app_context():
            db.engine.dispose()
    assert counted() == KEYS
    assert counted("thing 7") == 1


@pytest.mark.parametrize("repetition", range(10 if FULL else 2))
def test_a_server_that_is_killed_in_the_middle_leaves_nothing_and_the_retry_is_answered(
    app: Flask, token: str, repetition: int
) -> None:
    with process(app, "once", token, "key", "thing", HOLD="thing") as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == "holding"
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(timeout=DEADLINE_S) == -signal.SIGKILL
    assert counted() == 0
    for status in ("201", "201 replayed"):
        with process(app, "once", token, "key", "thing") as retry:
            assert retry.stdout is not None
            assert retry.stdout.readline().strip() == status
            assert retry.wait(timeout=DEADLINE_S) == 0
    assert counted() == 1


def test_a_server_that_is_killed_after_the_commit_has_done_it_and_the_retry_gets_its_answer(
    app: Flask, token: str
) -> None:
    with process(app, "once", token, "key", "thing", HOLD="answered") as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == "holding"
        killed.send_signal(signal.SIGKILL)
        killed.wait(timeout=DEADLINE_S)
    assert counted() == 1
    with process(app, "once", token, "key", "thing") as retry:
        assert retry.stdout is not None
        assert retry.stdout.readline().strip() == "201 replayed"
    assert counted() == 1
