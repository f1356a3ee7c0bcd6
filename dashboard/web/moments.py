"""Days and instants in requests: `from`, `to`, `date_from`, `created_after` and their kind."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator


def _parse(raw: object) -> object:
    if not isinstance(raw, str):
        return raw
    text = raw.strip()
    try:
        if len(text) == len("2026-03-01"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a '+' that was not encoded
    except ValueError as error:
        raise ValueError("must be a day such as 2026-03-01 or an instant such as 2026-03-01T09:00:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Moment = Annotated[datetime | date, BeforeValidator(_parse)]
"""A day, which is the tenant's, or an instant, UTC where it names no zone."""


def lower(moment: datetime | date | None, time_zone: str) -> datetime | None:
    """The first instant that belongs: of a day its beginning in `time_zone`. None stays None."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), ZoneInfo(time_zone)).astimezone(UTC)


def upper(moment: datetime | date | None, time_zone: str) -> datetime | None:
    """The first instant that belongs no more: an instant itself, of a day the beginning of the next."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return lower(moment + timedelta(days=1), time_zone)
