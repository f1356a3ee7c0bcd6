"""Killed, cancelled or impossible: an import goes on where it was, or says why not."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from dashboard.catalog.models import CatalogImport, Device, ImportProblem
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.service import imports
from dashboard.config import Settings
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, atomic, db
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.jobs.models import CHANGE
from tests.catalog.imports.running import PHONES, ROOT, count, figures, many_rows, run, snapshot, start, upload


class Killed:
    """A worker process that holds in a batch of an import, to be killed there."""

    def __init__(self, app: Flask, batch: int) -> None:
        settings: Settings = app.extensions["settings"]
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "INSTANCE_PATH": str(settings.instance_path),
            "SECRET_KEY": settings.secret_key,
            "REDIS_URL": settings.redis_url or "",
            "ENVIRONMENT": "development",
            "LOG_LEVEL": "error",
            "HOLD": str(batch),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.catalog.crash_import"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill_while_holding(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        said = self._process.stdout.readline()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=30)
        self._process.stdin.close()
        self._process.stdout.close()
        assert said == "holding\n"


def test_an_import_whose_worker_is_killed_ends_as_if_nothing_had_happened(app: Flask, folder: Path) -> None:
    text = many_rows(1_700)
    started = start(upload(folder, text))
    assert started.work_id is not None
    Killed(app, batch=3).kill_while_holding()
    half = queries.get_import(SYSTEM, started.id)
    assert (half.state, half.count("read")) == ("running", 1_000)
    assert count(ImportProblem) == 1_000

    past = clock.now() - timedelta(seconds=1)
    with atomic(SYSTEM) as session:
        lease = update(jobs.Work).where(jobs.Work.id == started.work_id).values(lease_until=past)
        session.execute(lease, execution_options=CHANGE)
    assert jobs.run_one(started.work_id)
    resumed, problems = snapshot(), count(ImportProblem)
    view = queries.get_import(SYSTEM, started.id)
    assert view.state == "done"

    with atomic(SYSTEM) as session:
        for model in (Device, CatalogImport):
            session.execute(Base.metadata.tables[model.__tablename__].delete())
    undisturbed = run(upload(folder, text))
    assert figures(undisturbed) == figures(view)
    assert (snapshot(), count(ImportProblem)) == (resumed, problems)


@pytest.fixture
def cancel_in_first_batch(app: Flask) -> Iterator[list[int]]:
    """While there is a work id in this list, the work is cancelled as soon as it has written something."""
    ids: list[int] = []

    def after_statement(*arguments: Any) -> None:
        if ids and str(arguments[2]).startswith("INSERT INTO import_problem"):
            jobs.request_cancel(SYSTEM, ids.pop())

    event.listen(db.engine, "after_cursor_execute", after_statement)
    yield ids
    event.remove(db.engine, "after_cursor_execute", after_statement)


def test_a_cancelled_import_stops_between_batches_and_can_go_on(folder: Path, cancel_in_first_batch: list[int]) -> None:
    started = start(upload(folder, many_rows(1_200)))
    assert started.work_id is not None
    cancel_in_first_batch.append(started.work_id)
    jobs.run_one(started.work_id)
    stopped = queries.get_import(SYSTEM, started.id)
    assert (stopped.state, stopped.count("read")) == ("cancelled", 500)
    assert stopped.run.finished_at is None

    imports.resume_import(SYSTEM, started.id)
    jobs.run_one(started.work_id)
    done = queries.get_import(SYSTEM, started.id)
    assert (done.state, done.count("read")) == ("done", 1_200)
    with pytest.raises(Conflict):
        imports.cancel_import(SYSTEM, started.id)


def test_an_import_that_waits_is_cancelled_at_once(folder: Path) -> None:
    started = start(upload(folder, PHONES))
    imports.cancel_import(SYSTEM, started.id)
    assert queries.get_import(SYSTEM, started.id).state == "cancelled"
    assert count(Device) == 0


def test_a_file_that_has_gone_stops_the_import_with_words(folder: Path) -> None:
    draft = upload(folder, PHONES)
    (folder / draft.path).unlink()
    view = run(draft)
    assert (view.state, view.error) == ("failed", "The uploaded file is no longer there. Upload it again.")


def test_a_plan_that_cannot_work_is_refused_and_nothing_is_started(folder: Path) -> None:
    draft = upload(folder, "title,maker\nOne,Acme\n")
    for plan in (
        {"mapping": {"title": "", "maker": "make"}},
        {"mapping": {"title": "name"}},
        {"mapping": {"title": "name", "maker": "name"}},
        {"mapping": {"title": "name", "maker": "make", "gone": "gtin"}},
        {"source_name": " "},
        {"condition": "shiny"},
    ):
        with pytest.raises(Invalid):
            start(draft, **plan)
    assert count(jobs.Work) == 0
    assert figures(run(draft))["added"] == 1
    with pytest.raises(Conflict):
        start(draft)


def test_unused_files_are_forgotten_and_reports_stay(folder: Path) -> None:
    old = upload(folder, PHONES)
    draft = upload(folder, PHONES)
    done = run(upload(folder, PHONES))
    with atomic(SYSTEM) as session:
        long_ago = clock.now() - timedelta(days=30)
        table = Base.metadata.tables["catalog_import"]
        session.execute(update(table).where(table.c.id.in_([old.id, done.run.id])).values(created_at=long_ago))
    forgotten = imports.forgotten_files(SYSTEM)
    assert forgotten == [done.run.path]
    assert draft.path not in forgotten
    assert queries.get_import(SYSTEM, done.run.id).state == "done"
