"""The queue library, which carries ids from the command that promised work to a worker, and nothing else.

What it loses is handed out again by the sweeper, so it may be a file or Redis, and may be down for a while.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, cast

from huey import RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from redis.exceptions import RedisError

from dashboard.config import Settings
from dashboard.core.crypto import derived_token

log = logging.getLogger(__name__)

_TROUBLE = (OSError, sqlite3.Error, RedisError)


def queue_name(settings: Settings) -> str:
    """The name of the queue: installations that share one Redis do not take each other's ids."""
    return f"tradecounter_{derived_token(settings.secret_key, 'queue', 8)}"


class IdSerializer(Serializer):
    """A message is its own id and that of the work, as JSON: the default would unpickle what it finds."""

    def serialize(self, data: Any) -> bytes:
        """The message as bytes."""
        return json.dumps([data.id, data.name, data.args[0]]).encode()

    def deserialize(self, data: bytes) -> Any:
        """The message out of bytes; raises ValueError for anything else."""
        message_id, name, work_id = json.loads(data)
        return cast(Any, Message)(id=str(message_id), name=str(name), args=(int(work_id),))


class _Hand:
    """A queue that is opened at its first use, so that commands that enqueue nothing leave no file behind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._huey: Any = None
        self._send: Any = None
        self.execute: Callable[[int], None] | None = None

    @property
    def huey(self) -> Any:
        with self._lock:
            if self._huey is None:
                self._huey = self._open()
                self._send = self._huey.task(name="run")(self._arrived)
            return self._huey

    def send(self, work_id: int) -> None:
        _ = self.huey
        self._send(work_id)

    def close(self) -> None:
        with self._lock:
            if self._huey is not None:
                self._huey.storage.close()
                self._huey = None

    def _open(self) -> Any:
        name = queue_name(self._settings)
        shape: dict[str, Any] = {"results": False, "serializer": IdSerializer()}
        if self._settings.redis_url:
            return cast(Any, RedisHuey)(name, url=self._settings.redis_url, **shape)
        self._settings.instance_path.mkdir(parents=True, exist_ok=True)
        path = self._settings.instance_path / "jobs.db"
        return cast(Any, SqliteHuey)(name, filename=str(path), **shape)

    def _arrived(self, work_id: int) -> None:
        if self.execute is not None:
            self.execute(work_id)


class _Consumer(Consumer):
    def _set_signal_handlers(self) -> None:
        """None of its own: the worker set them before any thread began, and a signal in between would be lost."""


_hands: list[_Hand] = []


def connect(settings: Settings) -> None:
    """Hand out by way of REDIS_URL, or else the file `jobs.db` in the instance folder. Opens nothing yet."""
    disconnect()
    _hands.append(_Hand(settings))


def disconnect() -> None:
    """Hand out nothing from now on: work waits in its table until a worker's sweeper finds it."""
    while _hands:
        _hands.pop().close()


def hand_out(work_id: int) -> None:
    """Give the id to a worker. Where the queue cannot be reached, the sweeper will do it later."""
    if not _hands:
        return
    try:
        _hands[-1].send(work_id)
    except _TROUBLE as error:
        log.warning("Work %s could not be handed out and waits for the sweeper: %s", work_id, error)


def queued() -> int:
    """How many ids lie in the queue; 0 where nothing is connected or it cannot be reached."""
    if not _hands:
        return 0
    try:
        return int(_hands[-1].huey.storage.queue_size())
    except _TROUBLE:
        return 0


def consumer(execute: Callable[[int], None], threads: int) -> Any:
    """The library's consumer, not yet started, that calls `execute(work_id)` in one of `threads` threads.

    Raises RuntimeError before `connect()`.
    """
    if not _hands:
        raise RuntimeError("connect() comes before a worker.")
    hand = _hands[-1]
    hand.execute = execute
    # Its scheduler has nothing to do: delays and periods live in the work table.
    return cast(Any, _Consumer)(
        hand.huey, workers=threads, periodic=False, scheduler_interval=60, initial_delay=0.05, max_delay=0.5
    )
