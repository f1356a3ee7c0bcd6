"""What clients send and get for technicians, skills and zones, in the words of K. Money in cents, times as the wall
shows them in the tenant's time zone, coordinates in degrees.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

from dashboard.web.moments import Moment
from dashboard.web.schemas import BodyModel, Positive, QueryModel

Cents = Annotated[StrictInt, Field(ge=0, le=10**10)]
Number = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Level = Annotated[StrictInt, Field(ge=1, le=5)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=160)]
Short = Annotated[str, Field(min_length=1, max_length=80)]
Email = Annotated[str, Field(max_length=254)]
Phone = Annotated[str, Field(max_length=40)]
Address = Annotated[str, Field(max_length=240)]
Zip = Annotated[str, Field(max_length=20)]
ZipRange = Annotated[str, Field(max_length=20)]
Version = Annotated[StrictInt, Field(ge=1)]
PayType = Literal["hourly", "salary"]
StartFrom = Literal["home", "location"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class ShiftBody(BodyModel):
    """The hours of a weekday; the break is kept free of jobs. A day ends at 24:00."""

    weekday: Weekday
    start: Clock
    end: Clock
    break_start: Clock | None = None
    break_end: Clock | None = None


class AbsenceBody(BodyModel):
    """From `starts_at` until before `ends_at`; a day is the tenant's, and as an end it is the last one."""

    starts_at: Moment
    ends_at: Moment
    reason: Annotated[str, Field(max_length=120)] = ""


class TechnicianSkillBody(BodyModel):
    """A skill by name, 1 (learning) to 5 (teaches it), certified through `expires_on`."""

    skill: Short
    level: Level
    expires_on: date | None = None


class TechnicianListQuery(QueryModel):
    """`search` looks at names and the beginning of e-mail addresses."""

    search: Annotated[str, Field(max_length=100)] = ""
    active: bool | None = None
    zone_id: Positive | None = None


class _TechnicianBody(BodyModel):
    email: Email | None = None
    phone: Phone | None = None
    user_id: Number | None = None
    home_latitude: Latitude | None = None
    home_longitude: Longitude | None = None
    location_id: Number | None = None
    start_latitude: Latitude | None = None
    start_longitude: Longitude | None = None
    van_id: Number | None = None


class NewTechnicianBody(_TechnicianBody):
    """A technician to add. `base_pay_cents` is an hour's pay, or a year's with a salary."""

    name: Name
    pay_type: PayType = "hourly"
    base_pay_cents: Cents = 0
    active: bool = True
    start_from: StartFrom = "home"
    home_address: Address = ""
    home_zip: Zip = ""
    start_zip: Zip = ""
    shifts: Annotated[tuple[ShiftBody, ...], Field(max_length=7)] = ()
    absences: Annotated[tuple[AbsenceBody, ...], Field(max_length=200)] = ()
    skills: Annotated[tuple[TechnicianSkillBody, ...], Field(max_length=100)] = ()
    zones: Annotated[tuple[Number, ...], Field(max_length=200)] = ()


class TechnicianChangeBody(_TechnicianBody):
    """What is to change; what is not sent stays, and a list that is sent takes the place of the present one. With
    `version` only if nobody changed the technician since.
    """

    name: Name | None = None
    pay_type: PayType | None = None
    base_pay_cents: Cents | None = None
    active: bool | None = None
    start_from: StartFrom | None = None
    home_address: Address | None = None
    home_zip: Zip | None = None
    start_zip: Zip | None = None
    shifts: Annotated[tuple[ShiftBody, ...], Field(max_length=7)] | None = None
    absences: Annotated[tuple[AbsenceBody, ...], Field(max_length=200)] | None = None
    skills: Annotated[tuple[TechnicianSkillBody, ...], Field(max_length=100)] | None = None
    zones: Annotated[tuple[Number, ...], Field(max_length=200)] | None = None
    version: Version | None = None


class ShiftJson(BaseModel):
    """The hours of a weekday."""

    weekday: Weekday
    start: str
    end: str
    break_start: str | None
    break_end: str | None


class AbsenceJson(BaseModel):
    """When somebody gets no work."""

    starts_at: datetime
    ends_at: datetime
    reason: str


class TechnicianSkillJson(BaseModel):
    """A skill of a technician; `id` is that of `technician-skills`."""

    id: int
    skill: str
    level: int
    expires_on: date | None
    expired: bool


class ZoneNameJson(BaseModel):
    """A zone that is served."""

    id: int
    name: str


class SeenJson(BaseModel):
    """Where a technician last reported to be."""

    latitude: float
    longitude: float
    at: datetime


class TechnicianJson(BaseModel):
    """A technician. `base_pay_cents` is null without the right to change technicians or `costs:read`. No zones are
    everywhere.
    """

    id: int
    name: str
    pay_type: PayType
    base_pay_cents: int | None
    email: str | None
    phone: str | None
    active: bool
    user_id: int | None
    start_from: StartFrom
    home_address: str
    home_zip: str
    home_latitude: float | None
    home_longitude: float | None
    location_id: int | None
    start_zip: str
    start_latitude: float | None
    start_longitude: float | None
    van_id: int | None
    shifts: list[ShiftJson]
    absences: list[AbsenceJson]
    skills: list[TechnicianSkillJson]
    zones: list[ZoneNameJson]
    seen: SeenJson | None
    version: int
    created_at: datetime
    updated_at: datetime


class GrantListQuery(QueryModel):
    """Of one technician, or of one skill by name."""

    technician_id: Positive | None = None
    skill: Annotated[str, Field(max_length=80)] = ""


class NewGrantBody(TechnicianSkillBody):
    """Who has a skill; said again it takes the place of what was said before."""

    technician_id: Number


class GrantJson(BaseModel):
    """That a technician has a skill."""

    id: int
    technician_id: int
    technician_name: str
    skill: str
    level: int
    expires_on: date | None
    expired: bool


class CornerBody(BodyModel):
    """A corner of an outline."""

    latitude: Latitude
    longitude: Longitude


class NewZoneBody(BodyModel):
    """A zone to add: ZIP codes of five digits or ranges of them (`33601-33619`), an outline, or both."""

    name: Short
    zips: Annotated[tuple[ZipRange, ...], Field(max_length=2000)] = ()
    polygon: Annotated[tuple[CornerBody, ...], Field(max_length=200)] = ()
    technicians: Annotated[tuple[Number, ...], Field(max_length=500)] = ()


class ZoneChangeBody(BodyModel):
    """What is to change of a zone; what is not sent stays."""

    name: Short | None = None
    zips: Annotated[tuple[ZipRange, ...], Field(max_length=2000)] | None = None
    polygon: Annotated[tuple[CornerBody, ...], Field(max_length=200)] | None = None
    technicians: Annotated[tuple[Number, ...], Field(max_length=500)] | None = None
    version: Version | None = None


class CornerJson(BaseModel):
    """A corner of an outline."""

    latitude: float
    longitude: float


class ZoneJson(BaseModel):
    """A zone with those who serve it."""

    id: int
    name: str
    zips: list[str]
    polygon: list[CornerJson]
    technicians: list[ZoneNameJson]
    version: int
