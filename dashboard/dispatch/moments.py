"""The tenant's day, and times that somebody sent or typed as instants."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.workforce.local_time import day_bounds, exact_instant

__all__ = ["day_bounds", "instant", "today"]


def today(by: Principal) -> date:
    """The tenant's day."""
    return clock.now().astimezone(ZoneInfo(by.time_zone)).date()


def instant(moment: datetime, time_zone: str, field: str) -> datetime:
    """`moment` in UTC; one without a zone is of `time_zone`.

    Raises Invalid for `field` where the clocks leave this time out, or show it twice.
    """
    return exact_instant(moment, time_zone, field) if moment.tzinfo is None else moment.astimezone(UTC)
