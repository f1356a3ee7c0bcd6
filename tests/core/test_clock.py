"""The clock that tests may hold."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboard.core import clock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_the_present_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_held_clock_stands_until_it_is_moved() -> None:
    with clock.frozen(NOON) as move:
        assert clock.now() == clock.now() == NOON
        move(timedelta(seconds=3))
        assert clock.now() == NOON + timedelta(seconds=3)
    assert clock.now() != NOON


def test_a_clock_held_in_another_zone_tells_utc() -> None:
    with clock.frozen(datetime(2026, 3, 2, 7, 0, tzinfo=timezone(timedelta(hours=-5)))):
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_the_clock_runs_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="on purpose"), clock.frozen(NOON):
        raise ValueError("on purpose")
    assert clock.now() != NOON


def test_the_clocks_of_other_threads_run_on() -> None:
    seen: list[datetime] = []
    with clock.frozen(NOON):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen[0] != NOON
