"""What clients send and get for jobs, technicians' own jobs and SLA policies, in the words of K."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt

from dashboard.web.schemas import BodyModel, Positive, QueryModel


def _moment(raw: object) -> object:
    """An instant as text: a number could be seconds or milliseconds."""
    if raw is None or isinstance(raw, datetime):
        return raw
    if not isinstance(raw, str) or len(raw) < len("2026-03-28T09:00"):
        raise ValueError("must be a time such as 2026-03-28T09:00:00Z; without a zone it is the business's own")
    return raw


Day = date
When = Annotated[datetime, BeforeValidator(_moment)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, strict=True)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)]
Number = Annotated[StrictInt, Field(ge=1, le=2**53)]
Minutes = Annotated[StrictInt, Field(ge=1)]
Priority = Literal["low", "normal", "high", "urgent"]
Status = Literal[
    "pending", "dispatched", "acknowledged", "en_route", "on_site", "in_progress", "completed", "cancelled"
]


class JobListQuery(QueryModel):
    """`date` is a day of the business; `search` looks at titles, customers and addresses."""

    status: Literal["", "open"] | Status = ""
    date: Day | None = None
    priority: Literal[""] | Priority = ""
    technician_id: Positive | None = None
    late: bool = False
    search: Annotated[str, Field(max_length=100)] = ""


class SkillBody(BodyModel):
    """A skill that a job needs, and how good at least: 1 (learning) to 5 (teaches it)."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    level: Annotated[StrictInt, Field(ge=1, le=5)] = 1


class NeededPartBody(BodyModel):
    """So many pieces of a part."""

    part_id: Number
    quantity: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1


class CheckBody(BodyModel):
    """A point of the checklist; a required one is done before the job is completed."""

    text: Annotated[str, Field(min_length=1, max_length=160)]
    required: StrictBool = True


class RecurrenceBody(BodyModel):
    """The job comes again every so many days, weeks or months, until a day at most."""

    every: Annotated[StrictInt, Field(ge=1, le=366)] = 1
    unit: Literal["day", "week", "month"]
    until: Day | None = None


class NewJobBody(BodyModel):
    """A job to add. Times without a zone are the business's own."""

    title: Annotated[str, Field(min_length=1, max_length=160)]
    description: Annotated[str, Field(max_length=10_000)] = ""
    priority: Priority = "normal"
    customer_id: Number | None = None
    customer_name: Annotated[str, Field(max_length=160)] = ""
    customer_phone: Annotated[str, Field(max_length=40)] = ""
    service_address: Annotated[str, Field(max_length=160)] = ""
    service_city: Annotated[str, Field(max_length=80)] = ""
    service_state: Annotated[str, Field(max_length=40)] = ""
    service_zip: Annotated[str, Field(max_length=20)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    scheduled_start: When | None = None
    scheduled_end: When | None = None
    arrival_window_start: When | None = None
    arrival_window_end: When | None = None
    duration_minutes: Minutes | None = None
    value_cents: Annotated[StrictInt, Field(ge=0, le=10**12)] | None = None
    locked: StrictBool = False
    technician_ids: Annotated[list[Number], Field(max_length=20)] = Field(default_factory=list[int])
    skills: Annotated[list[SkillBody], Field(max_length=20)] = Field(default_factory=list[SkillBody])
    parts: Annotated[list[NeededPartBody], Field(max_length=100)] = Field(default_factory=list[NeededPartBody])
    checklist: Annotated[list[CheckBody], Field(max_length=100)] = Field(default_factory=list[CheckBody])
    recurrence: RecurrenceBody | None = None


class AssignBody(BodyModel):
    """Who gets the job, and when it is to be where that changes.

    A job that somebody else has is given to another with `reassign`, or with the `version` that you saw.
    """

    technician_id: Number
    version: Number | None = None
    reassign: StrictBool = False
    scheduled_start: When | None = None
    scheduled_end: When | None = None


class StatusBody(BodyModel):
    """The next status of a job; `reason` is for one that is cancelled."""

    status: Status
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    reason: Annotated[str, Field(max_length=240)] = ""


class OwnStatusBody(BodyModel):
    """What a technician says of their job, and where they are. `at` is when it was, if it was without a signal."""

    status: Status
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    at: When | None = None


class DayQuery(QueryModel):
    """A day of the business; today where none is named."""

    date: Day | None = None


class PointBody(BodyModel):
    """Where somebody was; `speed` in miles an hour, `heading` in degrees from north."""

    latitude: Latitude
    longitude: Longitude
    speed: Annotated[float, Field(ge=0, le=200, allow_inf_nan=False, strict=True)] | None = None
    heading: Annotated[float, Field(ge=0, le=360, allow_inf_nan=False, strict=True)] | None = None
    at: When | None = None


class LocationBody(BodyModel):
    """Where a technician is: one point, or several as `points` (up to 1,000), of which the newest counts."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    speed: Annotated[float, Field(ge=0, le=200, allow_inf_nan=False, strict=True)] | None = None
    heading: Annotated[float, Field(ge=0, le=360, allow_inf_nan=False, strict=True)] | None = None
    at: When | None = None
    points: Annotated[list[PointBody], Field(min_length=1, max_length=1_000)] | None = None


class ReportedJson(BaseModel):
    """The newest point of what was sent. Points that follow each other within five seconds are not all `kept`."""

    technician_id: int
    latitude: float
    longitude: float
    speed: float | None
    heading: float | None
    accepted: int
    kept: bool


class SkillJson(BaseModel):
    """A skill that a job needs."""

    name: str
    level: int


class SlaJson(BaseModel):
    """The policy that holds for a job; `due` names the clock that runs, and `late` whether it has run out."""

    policy: str | None
    respond_by: datetime | None
    resolve_by: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    due: Literal["response", "resolution"] | None
    due_at: datetime | None
    late: bool


class JobJson(BaseModel):
    """A job."""

    id: int
    title: str
    description: str
    priority: str
    status: str
    customer_id: int | None
    customer_name: str
    customer_phone: str
    service_address: str
    service_city: str
    service_state: str
    service_zip: str
    latitude: float | None
    longitude: float | None
    scheduled_start: datetime | None
    scheduled_end: datetime | None
    arrival_window_start: datetime | None
    arrival_window_end: datetime | None
    duration_minutes: int
    technician_id: int | None
    technician_name: str | None
    technician_ids: list[int]
    skills: list[SkillJson]
    locked: bool
    value_cents: int | None
    sla: SlaJson
    cancel_reason: str | None
    rating: int | None
    version: int
    created_at: datetime
    updated_at: datetime


class StepJson(BaseModel):
    """A step of a job's history; `skipped` are the documented statuses that were left out."""

    before: str
    after: str
    skipped: list[str]
    undone: bool
    technician_id: int | None
    latitude: float | None
    longitude: float | None
    by: str
    at: datetime


class JobPartJson(BaseModel):
    """A part of a job; `location` is where it is held for the job, null while no place has enough of it."""

    id: int
    part_id: int
    name: str
    sku: str
    serial: str | None
    quantity: int
    used: int
    location: str | None


class JobCheckJson(BaseModel):
    """A point of the checklist."""

    id: int
    text: str
    required: bool
    done: bool


class JobDetailJson(JobJson):
    """A job with its parts, checklist and history, and what somebody should know of its plan (`warnings`)."""

    parts: list[JobPartJson]
    checklist: list[JobCheckJson]
    history: list[StepJson]
    track_url: str
    warnings: list[str]


class NewPolicyBody(BodyModel):
    """A policy; without `priority` it holds for each, without `customer_id` for every customer."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    response_minutes: Minutes
    resolution_minutes: Minutes
    priority: Priority | None = None
    customer_id: Number | None = None
    active: StrictBool = True


class PolicyChangeBody(BodyModel):
    """What is to change; what is not sent stays. With `version` only if nobody changed it since."""

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    response_minutes: Minutes | None = None
    resolution_minutes: Minutes | None = None
    priority: Priority | None = None
    customer_id: Number | None = None
    active: StrictBool | None = None
    version: Number | None = None


class PolicyJson(BaseModel):
    """A policy, and how many open jobs it holds for."""

    id: int
    name: str
    priority: str | None
    customer_id: int | None
    customer_name: str | None
    response_minutes: int
    resolution_minutes: int
    active: bool
    open_jobs: int
    version: int


class ViolationQuery(QueryModel):
    """Violations whose due time is on these days (both included); of one kind, or of one technician."""

    date_from: Day | None = None
    date_to: Day | None = None
    kind: Literal["", "response", "resolution"] = ""
    technician_id: Positive | None = None


class ViolationJson(BaseModel):
    """That a job was not reached, or not done, in time. `happened_at` is null while it still has not happened."""

    job_id: int
    title: str
    priority: str
    status: str
    policy: str | None
    kind: Literal["response", "resolution"]
    due_at: datetime
    happened_at: datetime | None
    minutes_late: int
    customer_name: str
    technician_id: int | None
    technician_name: str | None
