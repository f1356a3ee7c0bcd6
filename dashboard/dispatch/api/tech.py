"""A technician's own jobs through K (K289 to K317): theirs alone, somebody else's do not exist."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import Page, PageRequest
from dashboard.dispatch import service
from dashboard.dispatch.api import shapes
from dashboard.dispatch.api.jobs import point_of
from dashboard.dispatch.api.shapes import JobDetail
from dashboard.dispatch.moments import today
from dashboard.dispatch.queries import my_day
from dashboard.dispatch.queries.jobs import JobRow
from dashboard.dispatch.schemas import (
    DayQuery,
    JobDetailJson,
    JobJson,
    LocationBody,
    OwnStatusBody,
    ReportedJson,
)
from dashboard.dispatch.service.tracking import Report, report_locations
from dashboard.web.answers import Many, One
from dashboard.web.api import ApiBlueprint

tech_api = ApiBlueprint(
    "tech_dispatch_api", __name__, url_prefix="/api/v1/tech/dispatch", speaks="tradekitt", area="field"
)  # fmt: skip

OWN = "tech"
REPORTS_PER_MINUTE = 12_000
"""Location reports a minute of one technician: more than a phone can send, in a bucket of their own."""


@tech_api.operation("GET", "/my-jobs", needs=OWN, answer=JobJson, shape="many", query=DayQuery)
def my_jobs(by: Principal, page: PageRequest, query: DayQuery) -> Many[JobRow]:
    """View my jobs of a day"""
    found = my_day.my_jobs(by, my_day.me(by), query.date or today(by))
    shown = found[page.offset : page.offset + page.size]
    return Many(Page(shown, page, len(found)), shapes.job_for(by))


@tech_api.operation("PATCH", "/my-jobs/<int:job_id>/acknowledge", needs=OWN, answer=JobDetailJson)
def my_job_acknowledge(by: Principal, job_id: int) -> One[JobDetail]:
    """Acknowledge a job"""
    service.change_status(by, job_id, "acknowledged", technician_id=my_day.me(by).id)
    return shapes.detail(by, job_id)


@tech_api.operation("PATCH", "/my-jobs/<int:job_id>/status", needs=OWN, answer=JobDetailJson, body=OwnStatusBody)
def my_job_status(by: Principal, job_id: int, body: OwnStatusBody) -> One[JobDetail]:
    """Update the status of a job, with GPS"""
    _refuse_zoneless(body)
    point = point_of(body.latitude, body.longitude)
    service.say_status(by, my_day.me(by), job_id, body.status, at_point=point, at=body.at)
    return shapes.detail(by, job_id)


@tech_api.operation(
    "POST", "/location", needs=OWN, answer=ReportedJson, status=201, body=LocationBody, own_limit=REPORTS_PER_MINUTE
)
def my_location(by: Principal, body: LocationBody) -> One[Mapping[str, Any]]:
    """Report GPS location"""
    technician = my_day.me(by)
    reported = report_locations(by, technician, _reports(body))
    newest = reported.newest
    shown = {
        "technician_id": technician.number,
        "latitude": newest.latitude,
        "longitude": newest.longitude,
        "speed": newest.speed,
        "heading": newest.heading,
        "accepted": reported.accepted,
        "kept": reported.kept,
    }
    return One(shown, lambda row, _: row)


def _reports(body: LocationBody) -> list[Report]:
    if body.points is not None:
        return [Report(point.latitude, point.longitude, point.speed, point.heading, point.at) for point in body.points]
    point = point_of(body.latitude, body.longitude)
    if point is None:
        raise Invalid.field("latitude", "Send 'latitude' and 'longitude', or several points as 'points'.")
    return [Report(*point, body.speed, body.heading, body.at)]


def _refuse_zoneless(body: OwnStatusBody) -> None:
    if body.at is not None and body.at.tzinfo is None:
        raise Invalid.field("at", "Say the time with its zone, such as 2026-03-28T09:00:00Z.")
