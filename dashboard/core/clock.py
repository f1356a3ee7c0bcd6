"""The only source of the present moment, so that a test can decide what time it is."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta


def _system_now() -> datetime:
    return datetime.now(UTC)


_source: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=_system_now)


_ahead: ContextVar[timedelta] = ContextVar("ahead", default=timedelta())


def now() -> datetime:
    """The present moment, aware, in UTC; in a sandbox whose clock was moved, its present moment."""
    return _source.get()() + _ahead.get()


def true_now() -> datetime:
    """The present moment, whatever clock was moved: for leases and bookkeeping that several tenants share."""
    return _source.get()()


def ahead() -> timedelta:
    """How far `now()` is ahead of `true_now()`."""
    return _ahead.get()


@contextmanager
def ahead_by(seconds: int) -> Generator[None]:
    """Be so many seconds ahead of the true time within the block, whatever held outside of it."""
    token = _ahead.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _ahead.reset(token)


def move_ahead(seconds: int) -> None:
    """Be so many seconds ahead of the true time from here on; 0 comes back to it."""
    _ahead.set(timedelta(seconds=seconds))


@contextmanager
def frozen(moment: datetime) -> Generator[Callable[[timedelta], None]]:
    """Hold the clock at `moment` (aware). Yields a function that moves it by a timedelta."""
    current = moment.astimezone(UTC)

    def read() -> datetime:
        return current

    def move(by: timedelta) -> None:
        nonlocal current
        current += by

    token = _source.set(read)
    try:
        yield move
    finally:
        _source.reset(token)
