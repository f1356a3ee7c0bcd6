"""Answers that stay open: counted by themselves, and in nobody's way.

A process has a thread for each stream and a few more for requests; of those no more work at once than are good for the
database. So neither starves the other: a stream that is open waits, and a request never waits for a stream.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Response

from dashboard.web.answers import Answer
from dashboard.web.dialects import Body, Dialect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEDIA_TYPE = "text/event-stream"

MOST_STREAMS = 160
"""Open at once in one process. Whoever comes after that is asked to come back."""


@dataclass(frozen=True, slots=True)
class EventStream(Answer):
    """Server-Sent Events, each chunk as it is to be sent. They may touch neither the request nor a session."""

    chunks: Iterator[bytes]

    def body(self, dialect: Dialect) -> Body | None:
        """No JSON: the kernel sends `response()`."""
        return None

    def response(self) -> Response:
        """The open answer. No proxy between may keep what is sent."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Response(self.chunks, content_type=MEDIA_TYPE, headers=headers)


class Gate:
    """Lets only so many requests of a process work at once. A stream passes when its first line is ready."""

    def __init__(self, app: "WSGIApplication", busy: int) -> None:
        self._app = app
        self._places = _Places(busy)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        streams = False

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal streams
            streams = ("Content-Type", MEDIA_TYPE) in headers
            return start_response(status, headers, *rest)

        self._places.acquire()
        try:
            answer = self._app(environ, start)
        except BaseException:
            self._places.release()
            raise
        if streams:
            self._places.release()
            return answer
        return _Held(answer, self._places.release)


class _Places:
    """So many at once, in the order in which they came: a semaphore lets whoever comes just then go first."""

    def __init__(self, many: int) -> None:
        self._free = many
        self._lock = Lock()
        self._waiting: deque[Any] = deque()

    def acquire(self) -> None:
        """Wait for a place."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def release(self) -> None:
        """Hand the place to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class _Held:
    """An answer that keeps its place until it has been sent: an export works while it is read."""

    def __init__(self, answer: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._answer = answer
        self._leave = leave
        self._left = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        close = getattr(self._answer, "close", None)
        try:
            if close is not None:
                close()
        finally:
            if not self._left:
                self._left = True
                self._leave()
