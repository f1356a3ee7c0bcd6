"""The live board: each process looks for changes once, for all the boards that are open on it.

A listener is a thread that waits. It holds no session: what it missed was read before, what comes is handed to it.
Changes are numbered without gaps, so a listener that has been told 17 knows that 18 comes next, or that it must ask its
board to load anew.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from threading import Condition, Event, Lock, Thread

import orjson
from flask import Flask, current_app

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.core.errors import Unavailable
from dashboard.dispatch.queries import changes as queries
from dashboard.dispatch.queries.changes import Change
from dashboard.dispatch.service.changes import listeners
from dashboard.web.logs import log
from dashboard.web.streams import MOST_STREAMS

LOOK_EVERY_S = 0.25
"""How often a process with open boards looks for what other processes changed."""

HEARTBEAT_S = 15.0
CHECK_EVERY_S = 4.0
"""How often it is asked whether whoever listens still may: a credential that is taken back ends within 5 seconds."""

KEPT = 512
"""Changes of a tenant that a process keeps for listeners that are slow to take them."""

RELOAD = b'data: {"type":"reload"}\n\n'
"""What a board is sent that missed something nobody can tell it any more."""

StillAllowed = Callable[[], bool]


def line_of(change: Change) -> bytes:
    """A change as it is sent: unnamed, so that `onmessage` hears it (K277)."""
    return b"id: %d\ndata: %b\n\n" % (change.number, orjson.dumps(change.data))


@dataclass(eq=False)
class _Channel:
    """The boards of one tenant on this process, and the last changes that they were told of."""

    last: int
    recent: "deque[tuple[int, bytes]]" = field(default_factory=lambda: deque(maxlen=KEPT))
    changed: Condition = field(default_factory=Condition)
    listeners: "set[_Listener]" = field(default_factory=set["_Listener"])


@dataclass(eq=False)
class _Listener:
    channel: _Channel
    told: int
    allowed: StillAllowed
    check_at: float
    ended: bool = False


class LiveBoards:
    """All open boards of this process. Its thread starts with the first of them."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._channels: dict[int, _Channel] = {}
        self._lock = Lock()
        self._wake = Event()
        self._thread: Thread | None = None

    def wake(self, tenant_id: int) -> None:
        """Look now: a command of this process has just changed something."""
        if tenant_id in self._channels:
            self._wake.set()

    def listen(self, by: Principal, after: int | None, allowed: StillAllowed) -> Iterator[bytes]:
        """What is sent to a board that has been told all up to `after`; None is one that has just been loaded.

        Raises Unavailable where too many boards are open on this process.
        """
        assert by.tenant_id is not None
        last = queries.last_change(by)
        with self._lock:
            if sum(len(each.listeners) for each in self._channels.values()) >= MOST_STREAMS:
                raise Unavailable("Too many boards are open here. Ask again in a few seconds.")
            channel = self._channels.setdefault(by.tenant_id, _Channel(last))
            listener = _Listener(channel, last, allowed, time.monotonic() + CHECK_EVERY_S)
            channel.listeners.add(listener)
            if self._thread is None or not self._thread.is_alive():
                listeners.add(self.wake)
                self._thread = Thread(target=self._look, name="live boards", daemon=True)
                self._thread.start()
        try:
            missed: Iterable[Change] | None = () if after is None else queries.changes_since(by, after)
        except BaseException:
            self._leave(by.tenant_id, listener)
            raise
        if missed is None:
            begins = RELOAD
        else:
            lines = [line_of(each) for each in missed]
            listener.told = max([last, *(each.number for each in missed)])
            begins = b"".join(lines)
        return self._messages(by.tenant_id, listener, b"retry: 2000\n\n" + begins)

    def hang_up(self) -> None:
        """End all streams of this process; whoever listened comes back."""
        with self._lock:
            open_now = [each for channel in self._channels.values() for each in channel.listeners]
            self._channels.clear()
        for listener in open_now:
            _end(listener)

    def _messages(self, tenant_id: int, listener: _Listener, begins: bytes) -> Iterator[bytes]:
        try:
            yield begins
            while not listener.ended:
                yield self._next(listener) or b": still here\n\n"
        finally:
            self._leave(tenant_id, listener)

    def _next(self, listener: _Listener) -> bytes:
        channel = listener.channel
        until = time.monotonic() + HEARTBEAT_S
        with channel.changed:
            while channel.last <= listener.told and not listener.ended:
                left = until - time.monotonic()
                if left <= 0:
                    return b""
                channel.changed.wait(left)
            count = channel.last - listener.told
            if count <= 0:
                return b""
            lines = list(islice(reversed(channel.recent), count))[::-1]
            expected, listener.told = listener.told + 1, channel.last
        return b"".join(line for _, line in lines) if lines and lines[0][0] == expected else RELOAD

    def _leave(self, tenant_id: int, listener: _Listener) -> None:
        with self._lock:
            listener.channel.listeners.discard(listener)
            if not listener.channel.listeners and self._channels.get(tenant_id) is listener.channel:
                del self._channels[tenant_id]

    def _look(self) -> None:
        while True:
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
            with self._lock:
                seen = {tenant_id: channel.last for tenant_id, channel in self._channels.items()}
                if not seen:
                    listeners.discard(self.wake)
                    self._thread = None
                    return
            try:
                self._look_once(seen)
            except Exception:  # noqa: BLE001 - whatever it is, the next look is in a quarter of a second
                log.exception("live_boards_could_not_look")
                time.sleep(1)

    def _look_once(self, seen: dict[int, int]) -> None:
        with self._app.app_context():
            try:
                self._tell(queries.new_changes(seen))
                self._end_those_not_allowed()
            finally:
                db.session.remove()
                clock.move_ahead(0)

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            channel = self._channels.get(change.tenant_id)
            if channel is None or change.number <= channel.last:
                continue
            with channel.changed:
                channel.recent.append((change.number, line_of(change)))
                channel.last = change.number
                channel.changed.notify_all()

    def _end_those_not_allowed(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [each for channel in self._channels.values() for each in channel.listeners if each.check_at <= now]
        for listener in due:
            listener.check_at = now + CHECK_EVERY_S
            if not listener.allowed():
                _end(listener)


def _end(listener: _Listener) -> None:
    with listener.channel.changed:
        listener.ended = True
        listener.channel.changed.notify_all()


def live_boards() -> LiveBoards:
    """Those of the present application."""
    found = current_app.extensions["live_boards"]
    assert isinstance(found, LiveBoards)
    return found
