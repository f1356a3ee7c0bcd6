"""The worker process: the library's consumer, our sweeper beside it, and an end in good order."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from types import FrameType
from typing import Any

from sqlalchemy import delete

from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from dashboard.core.jobs.hand import consumer
from dashboard.core.jobs.models import CHANGE, LABEL_LENGTH, WorkerHeartbeat
from dashboard.core.jobs.run import release_running, run_one, sweep
from dashboard.core.jobs.task import plain, stopping

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 0.5
HEARTBEAT_EVERY_S = 10.0
GRACE_S = 8.0

AppContext = Callable[[], AbstractContextManager[object]]


def serve_worker(
    app_context: AppContext, *, threads: int = 2, grace_s: float = GRACE_S, stop_with_parent: bool = False
) -> None:
    """Do background work until SIGTERM, SIGINT or SIGHUP. Call it in the main thread, after `connect()`.

    Each piece of work runs inside a context of its own from `app_context`. On a signal, running jobs give
    their work back at their next checkpoint or end; what has not after `grace_s` seconds, or at a second
    signal, is released for another worker. With `stop_with_parent` the worker also ends when its parent
    process is gone.
    """
    logging.getLogger("huey").setLevel(logging.WARNING)
    _Worker(app_context, threads, grace_s, stop_with_parent=stop_with_parent).serve()


class _Worker:
    def __init__(self, app_context: AppContext, threads: int, grace_s: float, *, stop_with_parent: bool) -> None:
        self._app_context = app_context
        self._grace_s = grace_s
        self._parent = os.getppid() if stop_with_parent else None
        self._signals = 0
        self._ended = threading.Event()
        self._consumer: Any = consumer(self._execute, threads)

    def serve(self) -> None:
        stopping.clear()
        started = clock.true_now()
        self._beat(started)
        sweeper = threading.Thread(target=self._sweep_until_ended, args=(started,), name="sweeper", daemon=True)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note_signal)
        self._consumer.start()
        sweeper.start()
        log.info("The worker is ready.")
        checked = time.monotonic()
        while not self._told_to_stop():
            self._ended.wait(0.1)
            if time.monotonic() - checked > 10:
                self._consumer.check_worker_health()
                checked = time.monotonic()
        self._stop(sweeper)
        log.info("The worker has ended.")

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        # Nothing that takes a lock: the main thread may be holding it.
        self._signals += 1

    def _told_to_stop(self) -> bool:
        return self._signals > 0 or (self._parent is not None and os.getppid() != self._parent)

    def _stop(self, sweeper: threading.Thread) -> None:
        stopping.set()
        self._ended.set()
        self._consumer.stop()
        until = time.monotonic() + self._grace_s
        for _, thread in self._consumer.worker_threads:
            while thread.is_alive() and time.monotonic() < until and self._signals < 2:
                thread.join(timeout=0.05)
        self._in_context(release_running)
        sweeper.join(timeout=1)
        self._in_context(lambda: _forget(_name()))

    def _execute(self, work_id: int) -> None:
        if not stopping.is_set():
            self._in_context(lambda: run_one(work_id))

    def _sweep_until_ended(self, started: datetime) -> None:
        next_beat = time.monotonic() + HEARTBEAT_EVERY_S
        while not self._ended.is_set():
            if time.monotonic() >= next_beat and self._beat(started):
                next_beat = time.monotonic() + HEARTBEAT_EVERY_S
            self._in_context(sweep)
            self._ended.wait(SWEEP_EVERY_S)

    def _beat(self, started: datetime) -> bool:
        return self._in_context(lambda: _beat(_name(), started))

    def _in_context(self, action: Callable[[], object]) -> bool:
        """Run `action` with a session of its own; False, and a log line, where that fails."""
        try:
            with self._app_context():
                try:
                    action()
                finally:
                    db.session.remove()
        except Exception:  # the threads of a worker outlive a database that is away
            log.exception("A worker could not do its part.")
            return False
        return True


def _name() -> str:
    return plain(f"{socket.gethostname()}:{os.getpid()}", LABEL_LENGTH)


def _beat(name: str, started: datetime) -> None:
    with atomic(SYSTEM) as session:
        session.merge(WorkerHeartbeat(name=name, started_at=started, seen_at=clock.true_now()))


def _forget(name: str) -> None:
    with atomic(SYSTEM) as session:
        session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.name == name), execution_options=CHANGE)
