"""The board of a day: a lane for each technician, what waits for one, and what does not go together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select, union_all

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.dispatch import places
from dashboard.dispatch.queries.jobs import JobRow, jobs_on
from dashboard.workforce.models import ServiceZone, Skill
from dashboard.workforce.queries.days import Span, TechnicianDay, technicians_on
from dashboard.workforce.queries.zones import zone_map

QUARTER = timedelta(minutes=15)
USUAL_HOURS = (7, 19)
"""What a board shows of the day at least, in hours of the tenant's time zone."""

SOON = timedelta(hours=1)
"""A promise of an SLA policy that ends within this time is at risk."""


@dataclass(frozen=True, slots=True)
class Card:
    """A job on the board. `column` (from 1) and `columns` are quarters of an hour of the board's window; 0 without a
    time. `problems` are sentences. `late` is the SLA clock that runs: what, when, whether it has passed.
    """

    job: JobRow
    column: int
    columns: int
    problems: tuple[str, ...]
    late: tuple[str, datetime, bool] | None


@dataclass(frozen=True, slots=True)
class Lane:
    """A technician's day: when they work as quarters of the window (0 on a day off), and their jobs by time."""

    technician: TechnicianDay
    cards: tuple[Card, ...]
    shift_column: int
    shift_columns: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the top of a board says. `on_time_percent` is None before the first arrival; `booked` is minor units."""

    on_time_percent: int | None
    at_risk: int
    first_due: datetime | None
    booked: int
    done: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Board:
    """All of a day. The window is `hours` from `from_hour` on; `begins` is the instant of its first column."""

    day: date
    begins: datetime
    from_hour: int
    hours: int
    lanes: tuple[Lane, ...]
    waiting: tuple[Card, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Only technicians who have `skill_id`, who serve `zone_id`; and what waits there or for that."""

    skill_id: int | None = None
    zone_id: int | None = None


@dataclass(slots=True)
class _Window:
    begins: datetime
    columns: int

    def place(self, start: datetime | None, end: datetime | None) -> tuple[int, int]:
        """First column and how many; (0, 0) outside of the window."""
        if start is None or end is None:
            return 0, 0
        first = (start - self.begins) // QUARTER
        last = -((self.begins - end) // QUARTER)
        first, last = max(first, 0), min(last, self.columns)
        return (first + 1, last - first) if last > first else (0, 0)


@dataclass(slots=True)
class _Day:
    by: Principal
    now: datetime
    window: _Window
    jobs: dict[int, list[JobRow]] = field(default_factory=lambda: defaultdict[int, list[JobRow]](list))


def board_of(by: Principal, day: date, where: BoardFilter | None = None) -> Board:
    """The board of a day of the tenant: a fixed number of statements, however much there is to do."""
    where = where or BoardFilter()
    zone = ZoneInfo(by.time_zone)
    people = [each for each in technicians_on(by, day) if _is_wanted(each, where)]
    jobs = [job for job in jobs_on(by, day) if job.status != "cancelled"]
    begins, hours = _hours(day, zone, people, jobs)
    around = _Day(by, clock.now(), _Window(begins, hours * 4))
    present = {each.id for each in people}
    waiting: list[JobRow] = []
    for job in jobs:
        if job.technician_id is None:
            waiting.append(job)
            continue
        for person in {job.technician_id, *(member.id for member in job.crew)} & present:
            around.jobs[person].append(job)
    return Board(
        day,
        begins,
        begins.astimezone(zone).hour,
        hours,
        tuple(_lane(around, person) for person in people),
        tuple(_card(around, job, ()) for job in _wanted_waiting(by, waiting, where)),
        _figures(around.now, jobs),
    )


def _is_wanted(person: TechnicianDay, where: BoardFilter) -> bool:
    if where.skill_id is not None and where.skill_id not in person.skills:
        return False
    return where.zone_id is None or not person.zone_ids or where.zone_id in person.zone_ids


def _wanted_waiting(by: Principal, jobs: Sequence[JobRow], where: BoardFilter) -> list[JobRow]:
    found = [job for job in jobs if where.skill_id is None or where.skill_id in {each.id for each in job.skills}]
    if where.zone_id is not None:
        zones = zone_map(by)
        found = [job for job in found if where.zone_id in zones.at(job.service_zip, point_of(job))]
    return sorted(found, key=_most_urgent_first)


def _most_urgent_first(job: JobRow) -> tuple[int, datetime, int]:
    due = job.respond_by or job.scheduled_start or job.created_at + timedelta(days=365)
    return {"urgent": 0, "high": 1, "normal": 2}.get(job.priority, 3), due, job.id


def point_of(job: JobRow) -> places.Point | None:
    """Where a job is: as it was given, else the middle of its ZIP code."""
    return job.point or places.of_zip(job.service_zip)


def _hours(day: date, zone: ZoneInfo, people: Sequence[TechnicianDay], jobs: Sequence[JobRow]) -> tuple[datetime, int]:
    """The instant at which the window begins, and its hours: the usual ones, and all that is worked and planned."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    first, last = (midnight.replace(hour=hour) for hour in USUAL_HOURS)
    spans = [person.shift for person in people if person.shift is not None]
    spans += [(job.scheduled_start, job.scheduled_end) for job in jobs if job.scheduled_start and job.scheduled_end]
    ends = [last, *(end for _, end in spans)]
    begins = min([first, *(start for start, _ in spans)])
    begins = max(begins, midnight).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    seconds = (min(max(ends), midnight + timedelta(days=1)) - begins).total_seconds()
    return begins, max(1, -int(-seconds // 3600))


def _lane(around: _Day, person: TechnicianDay) -> Lane:
    jobs = sorted(around.jobs[person.id], key=lambda job: (job.scheduled_start or around.window.begins, job.id))
    cards = tuple(_card(around, job, problems_of(person, job, jobs)) for job in jobs)
    column, columns = around.window.place(*(person.shift or (None, None)))
    return Lane(person, cards, column, columns, sum(job.duration_minutes for job in jobs))


def _card(around: _Day, job: JobRow, problems: tuple[str, ...]) -> Card:
    column, columns = around.window.place(job.scheduled_start, job.scheduled_end)
    return Card(job, column, columns, problems, job.due(around.now))


def problems_of(person: TechnicianDay, job: JobRow, others: Sequence[JobRow]) -> tuple[str, ...]:
    """What does not go together where `person` does `job` beside `others`; nothing of a job that is done."""
    if not job.is_open or job.scheduled_start is None or job.scheduled_end is None:
        return ()
    span = (job.scheduled_start, job.scheduled_end)
    found = [
        f"At the same time as job {other.number}, {other.title}."
        for other in others
        if other.id != job.id and _meet(span, (other.scheduled_start, other.scheduled_end))
    ]
    if person.shift is None:
        found.append(f"{person.name} does not work on this day.")
    elif span[0] < person.shift[0] or span[1] > person.shift[1]:
        found.append(f"Outside of {person.name}'s shift.")
    if any(_meet(span, absence) for absence in person.absences):
        found.append(f"{person.name} is away.")
    for skill in job.skills:
        if skill.id in person.expired:
            found.append(f"{person.name}'s certificate for {skill.name} has run out.")
        elif person.skills.get(skill.id, 0) < skill.level:
            found.append(f"Needs {skill.name}, level {skill.level}.")
    return tuple(found)


def _meet(a: Span, b: tuple[datetime | None, datetime | None]) -> bool:
    return b[0] is not None and b[1] is not None and a[0] < b[1] and b[0] < a[1]


def _figures(now: datetime, jobs: Sequence[JobRow]) -> Figures:
    arrived = [job for job in jobs if job.responded_at is not None and (job.arrive_until or job.scheduled_end)]
    in_time = sum(1 for job in arrived if _was_on_time(job))
    due = sorted(late[1] for job in jobs if (late := job.due(now)) is not None and late[1] - now < SOON)
    done = sum(1 for job in jobs if job.status == "completed")
    return Figures(
        round(100 * in_time / len(arrived)) if arrived else None,
        len(due),
        due[0] if due else None,
        sum(job.value or 0 for job in jobs),
        done,
        len(jobs),
    )


def _was_on_time(job: JobRow) -> bool:
    until = job.arrive_until or job.scheduled_end
    return job.responded_at is not None and until is not None and job.responded_at <= until


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a board can be narrowed to."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The tenant's skills and zones, each by name."""

    skills: tuple[Choice, ...]
    zones: tuple[Choice, ...]


def choices(by: Principal) -> Choices:
    """What a board can be narrowed to, by one statement."""
    skills = select(literal(True), Skill.id, Skill.name, Skill.name_key)
    zones = select(literal(False), ServiceZone.id, ServiceZone.name, ServiceZone.name_key)
    both = union_all(skills, zones).order_by("name_key")
    found = [(is_skill, Choice(key, name)) for is_skill, key, name, _ in reads(by).execute(both)]
    return Choices(
        tuple(each for is_skill, each in found if is_skill), tuple(each for is_skill, each in found if not is_skill)
    )
