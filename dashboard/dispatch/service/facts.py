"""What can be said of a job, and the rules that it must keep whoever says it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.errors import FieldError, Invalid
from dashboard.dispatch.models import PRIORITIES
from dashboard.dispatch.moments import instant
from dashboard.dispatch.queries.jobs import LONGEST

USUAL_MINUTES = 60
LONGEST_MINUTES = int(LONGEST.total_seconds() // 60)
MAX_VALUE = 10**12
MOST_SKILLS = 20
MOST_CREW = 20

_LENGTHS = {
    "title": 160, "description": 10_000, "customer_name": 160, "customer_phone": 40, "service_address": 160,
    "service_city": 80, "service_state": 40, "service_zip": 20,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WantedSkill:
    """A skill by its name, and how good somebody must be at it at least (1 to 5)."""

    name: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as somebody describes it.

    Times without a zone are the tenant's. Where only a start is given the job ends after `duration_minutes`; where
    only start and end are, it takes the time between them. `customer` and `crew` are numbers, `value` is minor units.
    """

    title: str
    description: str = ""
    priority: str = "normal"
    customer: int | None = None
    customer_name: str = ""
    customer_phone: str = ""
    service_address: str = ""
    service_city: str = ""
    service_state: str = ""
    service_zip: str = ""
    latitude: float | None = None
    longitude: float | None = None
    scheduled_start: datetime | None = None
    scheduled_end: datetime | None = None
    arrive_from: datetime | None = None
    arrive_until: datetime | None = None
    duration_minutes: int | None = None
    locked: bool = False
    value: int | None = None
    skills: Sequence[WantedSkill] = ()
    crew: Sequence[int] = ()


FACTS = tuple(JobFacts.__dataclass_fields__)
COLUMNS = tuple(name for name in FACTS if name not in ("customer", "skills", "crew"))
"""Those of the facts that are columns of a job by the same name."""


def checked(by: Principal, facts: JobFacts) -> JobFacts:
    """`facts` trimmed, in UTC, with end and duration worked out. Raises Invalid that names every wrong field."""
    facts = _in_utc(by, _trimmed(facts))
    wrong = [*_text_faults(facts), *place_faults(facts.latitude, facts.longitude), *_number_faults(facts)]
    if not wrong:
        facts = _timed(facts)
        wrong = _time_faults(facts)
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return facts


def place_faults(latitude: float | None, longitude: float | None) -> list[FieldError]:
    """What is wrong with a point on earth; nothing where there is none."""
    wrong: list[FieldError] = []
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if value is not None and not (math.isfinite(value) and -most <= value <= most):
            wrong.append(FieldError(name, f"A {name} is between -{most} and {most} degrees."))
    if (latitude is None) != (longitude is None):
        missing = "latitude" if latitude is None else "longitude"
        wrong.append(FieldError(missing, f"Give the {missing} too, or neither."))
    return wrong


def _trimmed(facts: JobFacts) -> JobFacts:
    lines = {name: " ".join(getattr(facts, name).split()) for name in _LENGTHS if name != "description"}
    return replace(facts, **lines, description=facts.description.replace("\r\n", "\n").strip())


def _in_utc(by: Principal, facts: JobFacts) -> JobFacts:
    names = ("scheduled_start", "scheduled_end", "arrive_from", "arrive_until")
    given = {name: value for name in names if (value := getattr(facts, name)) is not None}
    moments: dict[str, Any] = {name: instant(value, by.time_zone, name) for name, value in given.items()}
    return replace(facts, **moments)


def _text_faults(facts: JobFacts) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not facts.title:
        wrong.append(FieldError("title", "Say in a few words what is to be done."))
    for name, most in _LENGTHS.items():
        if len(getattr(facts, name)) > most:
            wrong.append(FieldError(name, f"At most {most:,} characters fit here."))
    if facts.priority not in PRIORITIES:
        wrong.append(FieldError("priority", f"A priority is one of {', '.join(PRIORITIES)}."))
    return wrong


def _number_faults(facts: JobFacts) -> list[FieldError]:
    wrong: list[FieldError] = []
    if facts.value is not None and not 0 <= facts.value <= MAX_VALUE:
        wrong.append(FieldError("value", "A value is 0 or more."))
    minutes = facts.duration_minutes
    if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
        wrong.append(FieldError("duration_minutes", f"A job takes 1 to {LONGEST_MINUTES:,} minutes."))
    if any(not 1 <= skill.level <= 5 for skill in facts.skills):
        wrong.append(FieldError("skills", "A level is 1 (learning) to 5 (teaches it)."))
    if len(facts.skills) > MOST_SKILLS:
        wrong.append(FieldError("skills", f"A job needs at most {MOST_SKILLS} skills."))
    if len(facts.crew) > MOST_CREW:
        wrong.append(FieldError("crew", f"At most {MOST_CREW} people go along."))
    return wrong


def _timed(facts: JobFacts) -> JobFacts:
    start, end, minutes = facts.scheduled_start, facts.scheduled_end, facts.duration_minutes
    if minutes is None:
        planned = None if start is None or end is None else int((end - start).total_seconds() // 60)
        minutes = USUAL_MINUTES if planned is None else min(max(planned, 1), LONGEST_MINUTES)
    if start is not None and end is None:
        end = start + timedelta(minutes=minutes)
    return replace(facts, duration_minutes=minutes, scheduled_end=end)


def _time_faults(facts: JobFacts) -> list[FieldError]:
    wrong: list[FieldError] = []
    start, end = facts.scheduled_start, facts.scheduled_end
    if start is None and end is not None:
        wrong.append(FieldError("scheduled_start", "Say when it starts, or leave out when it ends."))
    elif start is not None and end is not None:
        if end <= start:
            wrong.append(FieldError("scheduled_end", "A job must end after it starts."))
        elif end - start > LONGEST:
            wrong.append(FieldError("scheduled_end", f"A job lasts at most {LONGEST.days} days. Make several of it."))
    if (facts.arrive_from is None) != (facts.arrive_until is None):
        missing = "arrive_from" if facts.arrive_from is None else "arrive_until"
        wrong.append(FieldError(missing, "An arrival window has a beginning and an end."))
    elif facts.arrive_from is not None and facts.arrive_until is not None and facts.arrive_until <= facts.arrive_from:
        wrong.append(FieldError("arrive_until", "An arrival window must end after it begins."))
    return wrong


def columns(facts: JobFacts) -> dict[str, Any]:
    """Checked facts by column of a job."""
    told = asdict(facts)
    return {name: told[name] for name in COLUMNS}
