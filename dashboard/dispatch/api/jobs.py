"""Jobs through K, for whoever plans them (K237 to K262)."""

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.dispatch import service
from dashboard.dispatch.api import shapes
from dashboard.dispatch.api.shapes import JobDetail
from dashboard.dispatch.queries import jobs
from dashboard.dispatch.queries.jobs import JobFilter, JobRow
from dashboard.dispatch.schemas import AssignBody, JobDetailJson, JobJson, JobListQuery, NewJobBody, StatusBody
from dashboard.dispatch.service import JobFacts, Point, WantedSkill
from dashboard.dispatch.service.series import Recurrence, make_job
from dashboard.web.answers import Many, One
from dashboard.web.api import ApiBlueprint

jobs_api = ApiBlueprint("dispatch_api", __name__, url_prefix="/api/v1/admin/dispatch", speaks="tradekitt", area="field")

READ, WRITE = "dispatch:read", "dispatch:write"

_RENAMED = {"arrival_window_start": "arrive_from", "arrival_window_end": "arrive_until", "value_cents": "value"}


@jobs_api.operation("POST", "", needs=WRITE, answer=JobDetailJson, status=201, body=NewJobBody)
def job_create(by: Principal, body: NewJobBody) -> One[JobDetail]:
    """Create a dispatch job"""
    job = make_job(
        by,
        _facts(body),
        needed={part.part_id: part.quantity for part in body.parts},
        points=[Point(check.text, check.required) for check in body.checklist],
        again=_recurrence(body),
    )
    return shapes.detail(by, job.number)


@jobs_api.operation("GET", "", needs=READ, answer=JobJson, shape="many", query=JobListQuery)
def job_list(by: Principal, page: PageRequest, query: JobListQuery) -> Many[JobRow]:
    """List dispatch jobs"""
    where = JobFilter(
        status=query.status,
        day=query.date,
        priority=query.priority,
        technician=query.technician_id,
        text=query.search,
        late=query.late,
    )
    return Many(jobs.list_jobs(by, where, page), shapes.job_for(by))


@jobs_api.operation("GET", "/<int:job_id>", needs=READ, answer=JobDetailJson)
def job_show(by: Principal, job_id: int) -> One[JobDetail]:
    """Get a dispatch job"""
    return shapes.detail(by, job_id)


@jobs_api.operation("PATCH", "/<int:job_id>/assign", needs=WRITE, answer=JobDetailJson, body=AssignBody)
def job_assign(by: Principal, job_id: int, body: AssignBody) -> One[JobDetail]:
    """Assign a technician"""
    service.assign(
        by,
        job_id,
        body.technician_id,
        seen=body.version,
        reassign=body.reassign,
        start=body.scheduled_start,
        end=body.scheduled_end,
    )
    return shapes.detail(by, job_id)


@jobs_api.operation("PATCH", "/<int:job_id>/status", needs=WRITE, answer=JobDetailJson, body=StatusBody)
def job_status(by: Principal, job_id: int, body: StatusBody) -> One[JobDetail]:
    """Change the status of a job"""
    service.change_status(
        by, job_id, body.status, at_point=point_of(body.latitude, body.longitude), reason=body.reason
    )  # fmt: skip
    return shapes.detail(by, job_id)


def point_of(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """Both coordinates, or neither. Raises Invalid."""
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        missing = "latitude" if latitude is None else "longitude"
        raise Invalid.field(missing, f"Give the {missing} too, or neither.")
    return latitude, longitude


def _facts(body: NewJobBody) -> JobFacts:
    told = body.model_dump(exclude={"technician_ids", "skills", "parts", "checklist", "recurrence", "customer_id"})
    facts = {_RENAMED.get(name, name): value for name, value in told.items()}
    return JobFacts(
        **facts,
        customer=body.customer_id,
        skills=[WantedSkill(skill.name, skill.level) for skill in body.skills],
        crew=body.technician_ids,
    )


def _recurrence(body: NewJobBody) -> Recurrence | None:
    again = body.recurrence
    return None if again is None else Recurrence(again.every, again.unit, again.until)
