"""Reading jobs: one, those of a day, and lists of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.customers.models import Customer
from dashboard.dispatch.models import PRIORITIES, Job, JobSkill, JobTechnician, SlaPolicy
from dashboard.dispatch.moments import day_bounds
from dashboard.workforce.models import Skill, Technician

MOST_OF_A_DAY = 1_000
"""Jobs of a day that are read at most."""

LONGEST = timedelta(days=7)
"""What a job lasts at most: so far back one that reaches into a day can have begun."""

OPEN = ("pending", "dispatched", "acknowledged", "en_route", "on_site", "in_progress")
FINAL = ("completed", "cancelled")


@dataclass(frozen=True, slots=True)
class CrewMember:
    """Somebody who goes along to a job."""

    id: int
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class NeededSkill:
    """What a job needs somebody to be good at, and how good at least (1 to 5)."""

    id: int
    name: str
    level: int


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it is read. `value` is minor units, times are UTC; see `models.Job` for what the columns mean."""

    id: int
    number: int
    title: str
    description: str
    priority: str
    status: str
    customer_id: int | None
    customer_number: int | None
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
    arrive_from: datetime | None
    arrive_until: datetime | None
    duration_minutes: int
    technician_id: int | None
    technician_number: int | None
    technician_name: str | None
    locked: bool
    value: int | None
    policy_id: int | None
    policy_name: str | None
    respond_by: datetime | None
    resolve_by: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    cancel_reason: str | None
    rating: int | None
    series_id: int | None
    track_key: str
    version: int
    created_at: datetime
    updated_at: datetime
    crew: tuple[CrewMember, ...] = field(default=())
    skills: tuple[NeededSkill, ...] = field(default=())

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude where they were given; the ZIP code's place is `places.of_zip`."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)

    @property
    def place(self) -> str:
        """The address in one line."""
        region = " ".join(part for part in (self.service_state, self.service_zip) if part)
        return ", ".join(part for part in (self.service_address, self.service_city, region) if part)

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.status in OPEN

    def due(self, now: datetime) -> tuple[str, datetime, bool] | None:
        """The clock that runs: `response` or `resolution`, when it is due, and whether that has passed.

        None for a job without a policy, and for one that is done with.
        """
        if not self.is_open:
            return None
        if self.respond_by is not None and self.responded_at is None:
            return "response", self.respond_by, now > self.respond_by
        if self.resolve_by is not None and self.resolved_at is None:
            return "resolution", self.resolve_by, now > self.resolve_by
        return None


_JOINED = {
    "customer_number": Customer.number,
    "technician_number": Technician.number,
    "technician_name": Technician.name,
    "policy_name": SlaPolicy.name,
}
_COLUMNS: tuple[Any, ...] = tuple(
    _JOINED[each.name] if each.name in _JOINED else getattr(Job, each.name)
    for each in fields(JobRow)
    if each.name not in ("crew", "skills")
)


def _select_jobs() -> AnySelect:
    return (
        select(*_COLUMNS)
        .select_from(Job)
        .outerjoin(Technician, and_(Technician.tenant_id == Job.tenant_id, Technician.id == Job.technician_id))
        .outerjoin(Customer, and_(Customer.tenant_id == Job.tenant_id, Customer.id == Job.customer_id))
        .outerjoin(SlaPolicy, and_(SlaPolicy.tenant_id == Job.tenant_id, SlaPolicy.id == Job.policy_id))
    )


def _read(by: Principal, statement: AnySelect) -> list[JobRow]:
    """The jobs of `statement` with whoever goes along and what they need: three statements, however many jobs."""
    rows = [JobRow(*row) for row in reads(by).execute(statement)]
    ids = [row.id for row in rows]
    if not ids:
        return rows
    crew, skills = crew_of(by, ids), skills_of(by, ids)
    return [
        replace(row, crew=crew.get(row.id, ()), skills=skills.get(row.id, ()))
        if row.id in crew or row.id in skills
        else row
        for row in rows
    ]


def crew_of(by: Principal, job_ids: Iterable[int]) -> dict[int, tuple[CrewMember, ...]]:
    """Who goes along to each job, by name; jobs without anybody are left out."""
    found: dict[int, list[CrewMember]] = defaultdict(list)
    statement = (
        select(JobTechnician.job_id, Technician.id, Technician.number, Technician.name)
        .join(Technician, and_(Technician.tenant_id == JobTechnician.tenant_id,
                               Technician.id == JobTechnician.technician_id))
        .where(JobTechnician.job_id.in_(list(job_ids)))
        .order_by(Technician.name, Technician.id)
    )  # fmt: skip
    for job_id, person_id, number, name in reads(by).execute(statement):
        found[job_id].append(CrewMember(person_id, number, name))
    return {job_id: tuple(members) for job_id, members in found.items()}


def skills_of(by: Principal, job_ids: Iterable[int]) -> dict[int, tuple[NeededSkill, ...]]:
    """What each job needs, by name; jobs that need nothing are left out."""
    found: dict[int, list[NeededSkill]] = defaultdict(list)
    statement = (
        select(JobSkill.job_id, Skill.id, Skill.name, JobSkill.level)
        .join(Skill, and_(Skill.tenant_id == JobSkill.tenant_id, Skill.id == JobSkill.skill_id))
        .where(JobSkill.job_id.in_(list(job_ids)))
        .order_by(Skill.name_key, Skill.id)
    )
    for job_id, skill_id, name, level in reads(by).execute(statement):
        found[job_id].append(NeededSkill(skill_id, name, level))
    return {job_id: tuple(skills) for job_id, skills in found.items()}


def find_job(by: Principal, number: int) -> JobRow:
    """The job with this number. Raises NotFound."""
    found = _read(by, _select_jobs().where(Job.number == number))
    if not found:
        raise NotFound(f"There is no job {number}.")
    return found[0]


def jobs_by_id(by: Principal, ids: Iterable[int]) -> dict[int, JobRow]:
    """Jobs by their inner id, for those who only know that."""
    return {row.id: row for row in _read(by, _select_jobs().where(Job.id.in_(list(ids))))}


def jobs_numbered(by: Principal, numbers: Iterable[int]) -> dict[int, JobRow]:
    """Jobs by their number; those that do not exist are left out."""
    return {row.number: row for row in _read(by, _select_jobs().where(Job.number.in_(list(numbers))))}


def _during(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Planned for some of the time from `start` until before `end`."""
    return and_(Job.scheduled_start < end, Job.scheduled_start > start - LONGEST, Job.scheduled_end > start)


def jobs_on(by: Principal, day: date, *, waiting: bool = True) -> list[JobRow]:
    """Jobs planned for some of `day` (tenant's), cancelled ones too, by time; then pending ones without a time.

    At most MOST_OF_A_DAY of each; the most urgent of those that wait, and of these the oldest, come first.
    """
    planned = _select_jobs().where(_during(*day_bounds(day, by.time_zone)))
    rows = _read(by, planned.order_by(Job.scheduled_start, Job.id).limit(MOST_OF_A_DAY))
    if waiting:
        unplanned = _select_jobs().where(Job.status == "pending", Job.scheduled_start.is_(None))
        found = _read(by, unplanned.order_by(Job.id).limit(MOST_OF_A_DAY))
        rows += sorted(found, key=lambda row: (-PRIORITIES.index(row.priority), row.id))
    return rows


def jobs_of_technician(by: Principal, technician_id: int, day: date) -> list[JobRow]:
    """What a technician (inner id) leads or goes along to on `day`, by time, cancelled jobs left out."""
    mine = _is_for(technician_id)
    statement = _select_jobs().where(_during(*day_bounds(day, by.time_zone)), mine, Job.status != "cancelled")
    return _read(by, statement.order_by(Job.scheduled_start, Job.id).limit(MOST_OF_A_DAY))


def _is_for(technician_id: int) -> ColumnElement[bool]:
    along = select(JobTechnician.job_id).where(JobTechnician.technician_id == technician_id)
    return or_(Job.technician_id == technician_id, Job.id.in_(along))


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs: by status (or `open`), the tenant's day, priority, technician (number), and words.

    Words are looked for in titles, names of customers and addresses; a number alone is also a job's.
    """

    status: str = ""
    day: date | None = None
    priority: str = ""
    technician: int | None = None
    text: str = ""
    late: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return self != JobFilter()


def _conditions(by: Principal, where: JobFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.status == "open":
        found.append(Job.status.in_(OPEN))
    elif where.status:
        found.append(Job.status == where.status)
    if where.day is not None:
        found.append(_during(*day_bounds(where.day, by.time_zone)))
    if where.priority:
        found.append(Job.priority == where.priority)
    if where.technician is not None:
        found.append(Job.technician_id.in_(select(Technician.id).where(Technician.number == where.technician)))
    if where.late:
        now = clock.now()
        unanswered = and_(Job.respond_by < now, Job.responded_at.is_(None))
        unresolved = and_(Job.resolve_by < now, Job.resolved_at.is_(None))
        found += [Job.status.in_(OPEN), or_(unanswered, unresolved)]
    if typed := " ".join(where.text.split()):
        columns = (Job.title, Job.customer_name, Job.service_address, Job.service_city)
        words: list[ColumnElement[bool]] = [each.icontains(typed, autoescape=True) for each in columns]
        digits = typed.lstrip("#")
        if digits.isascii() and digits.isdigit() and len(digits) <= 18:
            words.append(Job.number == int(digits))
        found.append(or_(*words))
    return found


def list_jobs(by: Principal, where: JobFilter, page: PageRequest) -> Page[JobRow]:
    """A numbered page of jobs, the latest first."""
    conditions = _conditions(by, where)
    ordered = _select_jobs().where(*conditions).order_by(Job.number.desc())
    rows = _read(by, ordered.limit(page.size).offset(page.offset))
    return Page(rows, page, count_jobs(by, where))


def count_jobs(by: Principal, where: JobFilter) -> int:
    """How many jobs there are."""
    return reads(by).scalar(select(func.count(Job.id)).where(*_conditions(by, where))) or 0


def browse(by: Principal, where: JobFilter, *, after: str | None = None, size: int = 50) -> Slice[JobRow]:
    """Jobs, the latest first. Raises Invalid for a position that does not exist."""
    statement = _select_jobs().where(*_conditions(by, where))
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(Job.number < (last or 0))
    found = _read(by, statement.order_by(Job.number.desc()).limit(size + 1))
    shown = found[:size]
    return Slice(shown, encode_cursor([shown[-1].number]) if len(found) > size else None)


def overlapping(by: Principal, job: JobRow) -> Sequence[JobRow]:
    """Other open jobs of this job's technician at the same time, by time: allowed, and said."""
    if job.technician_id is None or job.scheduled_start is None or job.scheduled_end is None or not job.is_open:
        return ()
    statement = _select_jobs().where(
        Job.technician_id == job.technician_id,
        Job.id != job.id,
        Job.status.in_(OPEN),
        _during(job.scheduled_start, job.scheduled_end),
    )
    return _read(by, statement.order_by(Job.scheduled_start, Job.id).limit(20))


def name_jobs(by: Principal, ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """What jobs are called where only their claims are known, and their number."""
    statement = select(Job.id, Job.number, Job.title).where(Job.id.in_(ids))
    return {job_id: (f"Job {number}: {title}", str(number)) for job_id, number, title in reads(by).execute(statement)}
