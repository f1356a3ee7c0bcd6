"""A worker process to be killed. Its jobs say on stdout where they are, and hold there when told to by HOLD.

HOLD is `<batch>:<place>`: `inside` (half of the batch is written, nothing committed) or `after` its commit.
"""

import os
import sys
from datetime import timedelta

from flask import Flask
from sqlalchemy import Column, Integer, MetaData, Table, insert

from dashboard import config
from dashboard.config import Settings
from dashboard.core import engines, jobs, tenancy
from dashboard.core.db import atomic, db

BATCHES = 6
HALF = 10

metadata = MetaData()
written = Table("crash_row", metadata, Column("number", Integer), Column("attempt", Integer))


def make_app(settings: Settings) -> Flask:
    """An application with a database and nothing else."""
    app = Flask("crash")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engines.options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        engines.prepare(db.engine)
    tenancy.install()
    return app


def register_jobs() -> None:
    """The jobs of the crash tests; called once in each process."""
    jobs.job("crash.batches", lease=timedelta(seconds=1), max_attempts=10)(write_batches)
    jobs.job("crash.endless", lease=timedelta(seconds=30))(go_on_forever)


def write_batches(task: jobs.Task) -> dict[str, object]:
    """Write BATCHES batches of 2 * HALF numbered rows, each batch with the place to go on from."""
    for batch in range(task.saved.get("next", 0), BATCHES):
        task.checkpoint()
        first = batch * 2 * HALF
        with atomic(task.by) as session:
            session.execute(insert(written), _rows(first, task.attempt))
            _hold(batch, "inside")
            session.execute(insert(written), _rows(first + HALF, task.attempt))
            task.save({"next": batch + 1})
        _hold(batch, "after")
    _say("finished")
    return {"rows": BATCHES * 2 * HALF}


def go_on_forever(task: jobs.Task) -> None:
    """Work until someone stops it."""
    _say("started")
    while True:
        task.checkpoint()


def _rows(first: int, attempt: int) -> list[dict[str, int]]:
    return [{"number": first + offset, "attempt": attempt} for offset in range(HALF)]


def _hold(batch: int, place: str) -> None:
    if os.environ.get("HOLD") == f"{batch}:{place}":
        _say("holding")
        sys.stdin.read()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    settings = config.from_environment()
    app = make_app(settings)
    jobs.connect(settings)
    register_jobs()
    _say("ready")
    jobs.serve_worker(app.app_context, grace_s=float(os.environ["GRACE_S"]))
