"""What clients send and get for suggestions, plans of routes and the scorecard, in the words of K."""

from datetime import date, datetime

from pydantic import AliasChoices, BaseModel, Field

from dashboard.web.schemas import BodyModel, QueryModel


class PlanBody(BodyModel):
    """K291: the day to plan, and whether to put the plan into effect at once."""

    date: date
    apply: bool = False


class PlanStopJson(BaseModel):
    """A job on a route. `moved` says that its technician or time is another than now."""

    job_id: int
    title: str
    drive_minutes: int
    arrives_at: datetime
    starts_at: datetime
    ends_at: datetime
    locked: bool
    moved: bool


class PlanRouteJson(BaseModel):
    """What one technician does, in order."""

    technician_id: int
    technician: str
    stops: list[PlanStopJson]
    drive_minutes: int
    work_minutes: int
    back_at: datetime | None


class AgainstJson(BaseModel):
    """What stood against a technician."""

    technician_id: int
    technician: str
    reason: str


class UnassignedJson(BaseModel):
    """A job that no route has, and why in a sentence.

    `constraint` is what binds: `skill`, `zone`, `hours`, `time`, `worth`, `place` or `nobody`.
    """

    job_id: int
    title: str
    constraint: str
    reason: str
    technicians: list[AgainstJson]


class PlanJson(BaseModel):
    """A plan of routes. While its status is `planning` it has no routes yet: ask again for it by its id.

    `minutes_saved` compares the driving with the present order, into which jobs of nobody are put where they cost
    least. `problem` says why a plan failed, or was not applied.
    """

    plan_id: str
    date: date
    status: str
    applied: bool
    problem: str | None
    created_at: datetime
    drive_minutes: int | None
    drive_minutes_before: int | None
    minutes_saved: int | None
    windows_broken: int | None
    windows_broken_before: int | None
    routes: list[PlanRouteJson]
    unassigned: list[UnassignedJson]
    notes: list[str]


class MetricsQuery(QueryModel):
    """K203: days of the tenant, both inclusive; without them the last 30 days."""

    date_from: date | None = Field(default=None, validation_alias=AliasChoices("date_from", "dateFrom"))
    date_to: date | None = Field(default=None, validation_alias=AliasChoices("date_to", "dateTo"))


class ScorePartJson(BaseModel):
    """A part of a score: how many points of how many, and why."""

    name: str
    points: int
    of: int
    why: str


class SuggestedJson(BaseModel):
    """A technician for a job: rank from 1, or None and the reason why not."""

    rank: int | None
    technician_id: int
    technician: str
    score: int | None
    parts: list[ScorePartJson]
    excluded: str | None
    drive_minutes: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    overtime_minutes: int | None


class SuggestedTechniciansJson(BaseModel):
    """All technicians for a job, the best first, then those who are out."""

    job_id: int
    title: str
    date: date
    problem: str | None
    suggestions: list[SuggestedJson]


class MetricJson(BaseModel):
    """How a technician did. Rates are 0 to 1 and None where there is nothing to count."""

    technician_id: int
    technician: str
    rank: int | None
    jobs_assigned: int
    jobs_completed: int
    completion_rate: float | None
    average_duration_minutes: int | None
    customer_rating: float | None
    ratings: int
    revenue_cents: int
    revenue_per_job_cents: int | None
    on_time_rate: float | None
    first_time_fix_rate: float | None
    work_minutes: int
    drive_minutes: int


class PlaceJson(BaseModel):
    """A place on the leaderboard."""

    rank: int
    technician_id: int
    technician: str
    points: int


class SpreadJson(BaseModel):
    """How evenly something is spread: the least, the middle and the most of a technician, and `even` from 0 to 1."""

    least: int
    middle: int
    most: int
    even: float | None


class SpreadsJson(BaseModel):
    """Spread of work, driving and value."""

    work_minutes: SpreadJson
    drive_minutes: SpreadJson
    revenue_cents: SpreadJson


class TotalsJson(BaseModel):
    """All technicians together."""

    jobs_completed: int
    completion_rate: float | None
    revenue_cents: int


class MetricsJson(BaseModel):
    """The scorecard of technicians, the leaderboard, and how fairly work is spread."""

    date_from: date
    date_to: date
    technicians: list[MetricJson]
    leaderboard: list[PlaceJson]
    spread: SpreadsJson
    totals: TotalsJson
