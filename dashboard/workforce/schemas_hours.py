"""What clients send and get for working hours, in the words of K."""

import re
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictFloat, StrictInt

from dashboard.web.schemas import BodyModel, Positive, QueryModel

Latitude = Annotated[StrictFloat, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[StrictFloat, Field(ge=-180, le=180, allow_inf_nan=False)]
Reason = Annotated[str, Field(min_length=1, max_length=240)]
Reached = TypeVar("Reached", date, datetime)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
Minutes = Annotated[StrictInt, Field(ge=0, le=24 * 60)]


def _day(raw: object) -> object:
    """A day as it is written; a number would be read as seconds since 1970."""
    if isinstance(raw, str) and not _DAY.fullmatch(raw.strip()):
        raise ValueError("must be a day such as 2026-03-01")
    return raw.strip() if isinstance(raw, str) else raw


def _time(raw: object) -> object:
    if not isinstance(raw, str) or not _TIME.match(raw.strip()):
        raise ValueError("must be a time such as 2026-03-01T10:00:00Z")
    return raw.strip()


def _within_reach(moment: Reached) -> Reached:
    if not 1990 <= moment.year < 2900:
        raise ValueError("must lie between the years 1990 and 2900")
    return moment


Day = Annotated[date, BeforeValidator(_day), AfterValidator(_within_reach)]
Time = Annotated[datetime, BeforeValidator(_time), AfterValidator(_within_reach)]
"""An instant, or a time of the tenant's clock where it names no zone."""


class SpotBody(BodyModel):
    """Where somebody clocks in or out (K399). Both or neither."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None


class EntryListQuery(QueryModel):
    """Days of the tenant, both included; those who see only their own need not say whose."""

    date_from: Day | None = None
    date_to: Day | None = None
    technician_id: Positive | None = None


class EntryJson(BaseModel):
    """Hours of a technician (K410). Minutes are rounded down; `clock_out` and the durations are null while they are at
    work. `on_break_since` is the break that has not ended.
    """

    id: int
    technician_id: int
    technician_name: str
    clock_in: datetime
    clock_out: datetime | None
    break_minutes: int
    duration_minutes: int | None
    duration_seconds: int | None
    on_break_since: datetime | None
    clock_in_latitude: float | None
    clock_in_longitude: float | None
    clock_out_latitude: float | None
    clock_out_longitude: float | None
    corrected: bool
    version: int


class CorrectionBody(BodyModel):
    """What is to stand there, and why. A time without a zone is of the tenant's clock."""

    reason: Reason
    clock_in: Time | None = None
    clock_out: Time | None = None
    break_minutes: Minutes | None = None
    version: Annotated[StrictInt, Field(ge=1)] | None = None


class WeekBody(BodyModel):
    """Whose week; all that were handed in where nobody is named."""

    technician_id: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)] | None = None


class WeekOfJson(BaseModel):
    """A technician's week as it stands: submitted or approved."""

    technician_id: int
    technician_name: str
    week: str
    status: str
    duration_minutes: int
    overtime_minutes: int


class WeeksJson(BaseModel):
    """The weeks that are approved now."""

    week: str
    approved: list[WeekOfJson]
