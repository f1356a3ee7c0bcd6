"""The gate: as many requests at once as were said, in the order in which they came; streams in nobody's way."""

from collections.abc import Callable, Iterable, Iterator
from threading import Event, Lock, Thread
from typing import Any

import pytest

from dashboard.web.streams import Gate

Start = Any


class Application:
    """Answers once it is let go, and knows how many it has in its hands."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.began: list[str] = []
        self.let_go: dict[str, Event] = {}
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        name: str = environ["name"]
        with self._lock:
            self.inside.append(name)
            self.began.append(name)
        if name.startswith("stream"):
            start("200 OK", [("Content-Type", "text/event-stream")])
            self._leave(name)
            return iter([b"data: 1\n\n"])
        assert self.let_go[name].wait(20)
        if name == "broken":
            self._leave(name)
            raise ZeroDivisionError
        start("200 OK", [("Content-Type", "text/plain")])
        return self._slowly(name) if name == "export" else self._at_once(name)

    def _at_once(self, name: str) -> list[bytes]:
        self._leave(name)
        return [b"done"]

    def _slowly(self, name: str) -> Iterator[bytes]:
        yield b"first"
        self._leave(name)
        yield b"last"

    def _leave(self, name: str) -> None:
        with self._lock:
            self.inside.remove(name)


def _heard(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
    return lambda _: None


class Visitors:
    """Requests from threads of their own."""

    def __init__(self, busy: int) -> None:
        self.application = Application()
        self._gate = Gate(self.application, busy)
        self._threads: dict[str, Thread] = {}
        self.answers: dict[str, bytes | str] = {}

    def send(self, name: str) -> None:
        self.application.let_go[name] = Event()
        self._threads[name] = Thread(target=self._ask, args=(name,))
        self._threads[name].start()

    def finish(self, name: str) -> None:
        self.application.let_go[name].set()
        self._threads[name].join(20)

    def waiting(self, many: int) -> bool:
        """Whether so many wait for a place."""
        return len(self._gate._places._waiting) >= many  # pyright: ignore[reportPrivateUsage]

    def ask(self, name: str) -> Iterable[bytes]:
        return self._gate({"name": name}, _heard)

    def _ask(self, name: str) -> None:
        try:
            answer = self.ask(name)
            self.answers[name] = b"".join(answer)
            getattr(answer, "close", lambda: None)()
        except ZeroDivisionError:
            self.answers[name] = "broken"


def until(there: Any) -> None:
    moment = Event()
    for _ in range(4_000):
        if there():
            return
        moment.wait(0.005)
    pytest.fail("It did not come in time.")


def test_no_more_work_at_once_than_was_said_and_who_came_first_goes_first() -> None:
    visitors = Visitors(2)
    began = visitors.application.began
    for place, name in enumerate("abcdef"):
        visitors.send(name)
        until(lambda place=place: len(began) == min(place + 1, 2) and visitors.waiting(place - 1))
    assert visitors.application.inside == ["a", "b"]
    for name, following in zip("abcd", "cdef", strict=True):
        visitors.finish(name)
        until(lambda following=following: began[-1] == following)
        assert len(visitors.application.inside) == 2
    for name in "ef":
        visitors.finish(name)
    assert began == list("abcdef")
    assert set(visitors.answers.values()) == {b"done"}


def test_an_open_stream_takes_no_place() -> None:
    visitors = Visitors(1)
    streams = [visitors.ask(f"stream {number}") for number in range(3)]
    visitors.send("a")
    visitors.finish("a")
    assert visitors.answers["a"] == b"done"
    assert [b"".join(each) for each in streams] == [b"data: 1\n\n"] * 3


def test_what_is_sent_piece_by_piece_keeps_its_place_until_it_is_sent() -> None:
    visitors = Visitors(1)
    visitors.application.let_go["export"] = Event()
    visitors.application.let_go["export"].set()
    export = visitors.ask("export")
    visitors.send("a")
    assert next(iter(export)) == b"first"
    assert visitors.application.began == ["export"]
    export.close()  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType] - servers close answers
    visitors.finish("a")
    assert visitors.answers["a"] == b"done"


def test_a_request_that_breaks_gives_its_place_back() -> None:
    visitors = Visitors(1)
    visitors.send("broken")
    visitors.finish("broken")
    visitors.send("a")
    visitors.finish("a")
    assert visitors.answers == {"broken": "broken", "a": b"done"}
