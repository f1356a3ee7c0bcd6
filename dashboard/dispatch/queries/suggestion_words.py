"""Why a technician is not suggested for a job, in a sentence."""

from collections.abc import Sequence

from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.queries.route_day import RouteDay
from dashboard.dispatch.queries.route_words import clock_time
from dashboard.dispatch.routing import SKILL, ZONE, Stop, Van, not_for, timetable
from dashboard.workforce.queries.days import Span, TechnicianDay


def why_not(
    day: RouteDay, stop: Stop, person: TechnicianDay, van: Van, *, order: Sequence[Stop], time_zone: str
) -> str:
    """Why somebody who works that day cannot have the stop, a job of the day, beside what they have in `order`."""
    job = day.jobs[stop.key]
    match not_for(van, stop):
        case value if value == SKILL:
            return _skill(job, person)
        case value if value == ZONE:
            where = f"ZIP code {job.service_zip}" if job.service_zip else "where the job is"
            return f"Does not serve {where}."
        case _:
            pass
    if timetable(van, [stop], day.problem.network) is None:
        return _hours(day, stop, person, time_zone)
    return _taken(day, stop, order, time_zone)


def _skill(job: JobRow, person: TechnicianDay) -> str:
    for needed in job.skills:
        level = person.skills.get(needed.id, 0)
        if level >= needed.level:
            continue
        if needed.id in person.expired:
            return f"{needed.name} was certified until {person.expired[needed.id]:%-d %B %Y}."
        if level:
            return f"Has {needed.name} at level {level}; the job needs {needed.level}."
        return f"Does not have {needed.name}."
    return "Lacks a skill that the job needs."


def _hours(day: RouteDay, stop: Stop, person: TechnicianDay, time_zone: str) -> str:
    starts, ends = day.at(stop.early), day.at(stop.early + stop.service)
    for away in person.absences:
        if _meet(away, (starts, ends)):
            return f"Is away from {_span(away, time_zone)}."
    if person.pause is not None and stop.early == stop.late and _meet(person.pause, (starts, ends)):
        return f"Has a break from {_span(person.pause, time_zone)}."
    assert person.shift is not None
    return f"Works from {_span(person.shift, time_zone)}, which leaves no time for it, and the way."


def _taken(day: RouteDay, stop: Stop, order: Sequence[Stop], time_zone: str) -> str:
    for other in order:
        assert other.fixed is not None
        begins, ends = other.fixed.starts, other.fixed.starts + other.service
        if stop.early == stop.late and begins < stop.early + stop.service and ends > stop.early:
            span = _span((day.at(begins), day.at(ends)), time_zone)
            known = day.jobs.get(other.key)
            return f"Is at job {known.number} ({known.title}) from {span}." if known else f"Goes along from {span}."
    if stop.early == stop.late:
        at = clock_time(day.at(stop.early), time_zone)
        return f"Cannot get there by {at} and still be in time for the jobs before and after it."
    return "Has no gap long enough for it, with the way there."


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _span(span: Span, time_zone: str) -> str:
    return f"{clock_time(span[0], time_zone)} to {clock_time(span[1], time_zone)}"
