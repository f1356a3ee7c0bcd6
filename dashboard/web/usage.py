"""How much each caller uses the API: counted in the memory of each process, written down in batches beside requests.

No request runs a statement for it. A process that ends in order writes down what it has; one that is killed (kill -9)
loses what it counted since its last batch: USAGE_FLUSH_S seconds at most, unless the database was away.
"""

from collections.abc import Callable
from datetime import date, datetime
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread

from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from dashboard.config import Settings
from dashboard.core import clock
from dashboard.core.context import ActorKind, Principal, origin
from dashboard.core.db import db
from dashboard.web.dialects import is_api_path
from dashboard.web.logs import log
from dashboard.web.registry import LastUses, UsageCounts, registry_of

PEOPLE = "people"
"""The caller that all people of a tenant are together, as they share one limit (K487)."""

Write = Callable[[UsageCounts, LastUses], None]


def caller_of(by: Principal) -> str:
    """Under which name the requests of `by` are counted."""
    return PEOPLE if by.kind is ActorKind.USER else by.label


class UsageMeter:
    """Counts in memory. `write` is given what has come together since the last time, and keeps it or raises."""

    def __init__(self, write: Write, every_s: int) -> None:
        self._write = write
        self._every_s = every_s
        self._lock = Lock()
        self._counts: dict[tuple[int, str, date], list[int]] = {}
        self._uses: dict[int, tuple[datetime, str | None]] = {}
        self._thread: Thread | None = None
        self._ending = Event()

    def note(self, by: Principal, status: int) -> None:
        """Count one answered request of `by`, who belongs to a tenant."""
        assert by.tenant_id is not None
        now = clock.true_now()  # also in a sandbox whose clock was moved
        line = (by.tenant_id, caller_of(by), now.date())
        with self._lock:
            count = self._counts.setdefault(line, [0, 0, 0])
            count[0] += 1
            count[1] += status == 429
            count[2] += status >= 500
            if by.kind is ActorKind.KEY and by.actor_id is not None:
                self._uses[by.actor_id] = now, origin()
            if self._thread is None and self._every_s:
                self._thread = Thread(target=self._flush_until_ended, name="usage", daemon=True)
                self._thread.start()
                # Unlike `atexit` this is heeded in processes that a server has forked, as well as in others.
                Finalize(None, self.stop, exitpriority=10)

    def flush(self) -> None:
        """Write down what was counted. Where that fails it is counted on, and the error raised."""
        with self._lock:
            counts, self._counts = self._counts, {}
            uses, self._uses = self._uses, {}
        if not counts:
            return
        try:
            self._write(counts, uses)
        except BaseException:
            self._put_back(counts, uses)
            raise

    def stop(self) -> None:
        """Write down the rest, and nothing more from now on."""
        if not self._ending.is_set():
            self._ending.set()
            self._flush_or_log()

    def _put_back(
        self, counts: dict[tuple[int, str, date], list[int]], uses: dict[int, tuple[datetime, str | None]]
    ) -> None:
        with self._lock:
            for line, count in counts.items():
                newer = self._counts.get(line, (0, 0, 0))
                self._counts[line] = [old + new for old, new in zip(count, newer, strict=True)]
            self._uses = {**uses, **self._uses}

    def _flush_until_ended(self) -> None:
        while not self._ending.wait(self._every_s):
            self._flush_or_log()

    def _flush_or_log(self) -> None:
        try:
            self.flush()
        except SQLAlchemyError as error:
            log.warning("usage_not_written", error=type(error).__name__)


def install(app: Flask, settings: Settings) -> None:
    """Count what every caller of the JSON face of `app` uses."""

    def write(counts: UsageCounts, uses: LastUses) -> None:
        keep = registry_of(app).write_usage
        if keep is None:
            return
        with app.app_context():
            try:
                keep(counts, uses)
            finally:
                db.session.remove()

    meter = app.extensions["usage_meter"] = UsageMeter(write, settings.usage_flush_s)

    @app.after_request
    def count(response: Response) -> Response:
        by = g.get("by")
        if isinstance(by, Principal) and by.tenant_id is not None and is_api_path(request.path):
            meter.note(by, response.status_code)
        return response


def meter_of(app: Flask) -> UsageMeter:
    """The meter of `app` in this process."""
    found = app.extensions["usage_meter"]
    assert isinstance(found, UsageMeter)
    return found
