"""What a plan says, as plain values that are kept and shown: routes, minutes saved, and what is left over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.queries.route_day import RouteDay
from dashboard.dispatch.queries.route_words import AGAINST, NOWHERE, nowhere, sentence
from dashboard.dispatch.routing import Plan, Route, Stop, Visit, present_drive


def answer_of(day: RouteDay, plan: Plan, time_zone: str) -> dict[str, Any]:
    """The plan in plain JSON values. Ids are numbers, instants UTC, minutes whole."""
    stops = {stop.key: stop for stop in day.problem.stops}
    served = {visit.key for route in plan.routes for visit in route.visits}
    before = present_drive(day.problem, day.present, served)
    drive = _minutes(plan.drive)
    return {
        "drive_minutes": drive,
        "drive_minutes_before": _minutes(before),
        "minutes_saved": _minutes(before) - drive,
        "windows_broken": sum(_broken(stops, visit) for route in plan.routes for visit in route.visits),
        "windows_broken_before": _broken_now(day, stops),
        "routes": [_route(day, stops, route) for route in plan.routes],
        "unassigned": _left_over(day, plan, time_zone),
        "notes": _notes(day, plan),
    }


def _route(day: RouteDay, stops: Mapping[int, Stop], route: Route) -> dict[str, Any]:
    person = day.people[route.van]
    visits = [visit for visit in route.visits if visit.key in day.jobs]
    return {
        "technician_id": person.number,
        "technician": person.name,
        "stops": [_stop(day, day.jobs[visit.key], stops[visit.key], visit, person.id) for visit in visits],
        "drive_minutes": _minutes(route.drive),
        "work_minutes": _minutes(sum(visit.ends - visit.starts for visit in visits)),
        "back_at": _text(day.at(route.back_at)) if visits else None,
    }


def _stop(day: RouteDay, job: JobRow, stop: Stop, visit: Visit, technician_id: int) -> dict[str, Any]:
    start = day.at(visit.starts)
    return {
        "job_id": job.number,
        "title": job.title,
        "drive_minutes": _minutes(visit.drive),
        "arrives_at": _text(day.at(visit.arrives)),
        "starts_at": _text(start),
        "ends_at": _text(day.at(visit.ends)),
        "locked": stop.fixed is not None,
        "moved": (job.technician_id, job.scheduled_start) != (technician_id, start),
    }


def _left_over(day: RouteDay, plan: Plan, time_zone: str) -> list[dict[str, Any]]:
    found = [
        {
            **_named(day.jobs[why.key]),
            "constraint": why.reason,
            "reason": sentence(day, day.jobs[why.key], why, time_zone),
            "technicians": [
                {
                    "technician_id": day.people[key].number,
                    "technician": day.people[key].name,
                    "reason": AGAINST[against],
                }
                for key, against in why.by_van.items()
            ],
        }
        for why in plan.unplaced
    ]
    return found + [
        {**_named(job), "constraint": NOWHERE, "reason": nowhere(job), "technicians": []} for job in day.nowhere
    ]


def _named(job: JobRow) -> dict[str, Any]:
    return {"job_id": job.number, "title": job.title}


def _notes(day: RouteDay, plan: Plan) -> list[str]:
    notes = [
        f"{person.name} has no place to set out from, so the middle of the day's jobs was taken. Add their address."
        for person in day.unsettled
    ]
    clashes = [(day.people[route.van].name, route.clashes) for route in plan.routes if route.clashes]
    return notes + [
        f"{name} cannot be in time for {count} of the jobs that are locked or under way." for name, count in clashes
    ]


def _broken(stops: Mapping[int, Stop], visit: Visit) -> bool:
    stop = stops[visit.key]
    return stop.fixed is None and not stop.early <= visit.starts <= stop.late


def _broken_now(day: RouteDay, stops: Mapping[int, Stop]) -> int:
    """How many of the day's jobs begin outside of their arrival window as they are planned now."""
    count = 0
    for key, stop in stops.items():
        job = day.jobs.get(key)
        if job is None or stop.fixed is not None or job.scheduled_start is None:
            continue
        early = job.arrive_from is not None and job.scheduled_start < job.arrive_from
        late = job.arrive_until is not None and job.scheduled_start > job.arrive_until
        count += early or late
    return count


def _minutes(seconds: int) -> int:
    return round(seconds / 60)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
