"""Why a job is on no route, in a sentence that says what to do."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.queries.route_day import RouteDay
from dashboard.dispatch.routing import Unplaced

NOWHERE = "place"


def sentence(day: RouteDay, job: JobRow, why: Unplaced, time_zone: str) -> str:
    """Why no route has the job."""
    match why.reason:
        case "nobody":
            return f"Nobody works on {day.day:%A, %-d %B}."
        case "skill":
            return f"Nobody who works that day has {needs_of(job)}. Change what it needs, or who has it."
        case "zone":
            where = f"ZIP code {job.service_zip}" if job.service_zip else "where it is"
            return f"Whoever is good enough at it does not serve {where}. Add it to a zone of theirs."
        case "hours":
            return f"No shift has room for it, even on an empty day: {_wants(job, time_zone)}."
        case "time":
            could = [day.people[key].name for key, against in why.by_van.items() if against == "time"]
            return f"{_and(could)} could do it, but not beside what they have already."
        case _:
            return f"It is too far away for a job of {job.priority} priority. Raise the priority, or assign it by hand."


def nowhere(job: JobRow) -> str:
    """Why a job cannot be planned at all."""
    known = f"ZIP code {job.service_zip!r} is not known" if job.service_zip else "it has no ZIP code"
    return f"It has no coordinates, and {known}. Add either of them to its address."


AGAINST = {
    "skill": "lacks a skill that it needs",
    "zone": "does not serve its zone",
    "hours": "cannot be there in time, even on an empty day",
    "time": "has no time left",
    "worth": "is too far away",
}
"""What stood against a technician."""


def needs_of(job: JobRow) -> str:
    """Skills and levels that a job needs."""
    return _and([f"{each.name} at level {each.level}" for each in job.skills])


def _wants(job: JobRow, time_zone: str) -> str:
    takes = f"it takes {job.duration_minutes} minutes"
    if job.arrive_from is None and job.arrive_until is None:
        return f"{takes}, and the way there and back"
    first, last = clock_time(job.arrive_from, time_zone), clock_time(job.arrive_until, time_zone)
    window = f"from {first} to {last}" if first and last else f"until {last}" if last else f"from {first} on"
    return f"somebody must arrive {window}, and {takes}"


def clock_time(moment: datetime | None, time_zone: str) -> str:
    """An instant as the tenant's clocks show it; "" for none."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(time_zone)):%H:%M}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "Somebody"
