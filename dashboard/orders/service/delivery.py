"""When an order should arrive."""

from datetime import UTC, datetime, time, timedelta

DAYS_ON_THE_WAY = 3
_SATURDAY = 5


def estimate(placed_at: datetime) -> datetime:
    """23:59 UTC of the third day after `placed_at`, or of the Monday where that is a weekend.

    P92: placed on a Saturday, there on Tuesday. Public holidays are not known here.
    """
    day = placed_at.astimezone(UTC).date() + timedelta(days=DAYS_ON_THE_WAY)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(23, 59), UTC)
