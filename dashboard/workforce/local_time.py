"""The clock on the tenant's wall, and the instants that it means."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dashboard.core.errors import Invalid


def instant_at(day: date, minutes: int, time_zone: str) -> datetime:
    """The instant at which the wall shows `minutes` since midnight of `day`, for times that come back every week.

    Where the clock jumps over it, it is as long after the jump as it would have been; of two it is the first.
    """
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return local.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def day_of(moment: datetime, time_zone: str) -> date:
    """The day of the tenant on which an instant falls."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def day_bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """The first instant of a day of the tenant, and the first that belongs to it no more."""
    return instant_at(day, 0, time_zone), instant_at(day + timedelta(days=1), 0, time_zone)


def exact_instant(local: datetime, time_zone: str, field: str) -> datetime:
    """The instant that `local` (without a zone) names. Raises Invalid where the wall never shows it, or twice."""
    zone = ZoneInfo(time_zone)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    shown = f"{local:%H:%M} on {local:%Y-%m-%d}"
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise Invalid.field(field, f"There is no {shown}: the clocks go forward over it. Choose another time.")
    if first != second:
        raise Invalid.field(field, f"{shown} comes twice: the clocks go back. Choose a time before or after that hour.")
    return first
