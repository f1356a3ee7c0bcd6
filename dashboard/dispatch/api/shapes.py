"""Jobs and policies in the shapes of K."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.dispatch.models import JobCheck
from dashboard.dispatch.queries import details
from dashboard.dispatch.queries.details import PartRow, StepRow
from dashboard.dispatch.queries.jobs import JobRow, find_job, overlapping
from dashboard.dispatch.queries.sla import PolicyRow, Violation
from dashboard.web.answers import One, Show
from dashboard.web.dialects import Dialect
from dashboard.web.links import absolute

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job with all that belongs to it."""

    job: JobRow
    parts: Sequence[PartRow]
    checks: Sequence[JobCheck]
    steps: Sequence[StepRow]
    warnings: Sequence[str]


def detail(by: Principal, number: int) -> One[JobDetail]:
    """The job with this number, as it is now. Raises NotFound."""
    job = find_job(by, number)
    parts = details.parts_of(by, job.id)
    found = JobDetail(
        job, parts, details.checks_of(by, job.id), details.steps_of(by, job.id), warnings_of(by, job, parts)
    )  # fmt: skip
    return One(found, detail_for(by))


def warnings_of(by: Principal, job: JobRow, parts: Sequence[PartRow]) -> list[str]:
    """What is allowed, but somebody should know: at the same time, or without what is needed."""
    found = [
        f"{job.technician_name} has job {other.number} ({other.title}) at the same time."
        for other in overlapping(by, job)
    ]
    if job.technician_id is not None and job.is_open:
        found += [f"No place has {part.quantity} × {part.name}." for part in parts if part.is_missing]
    return found


def job_for(by: Principal) -> Show[JobRow]:
    """A job in a list."""

    def show(job: JobRow, speak: Dialect) -> Shape:
        due = job.due(clock.now())
        return {
            "id": job.number,
            "title": job.title,
            "description": job.description,
            "priority": job.priority,
            "status": job.status,
            "customer_id": job.customer_number,
            "customer_name": job.customer_name,
            "customer_phone": job.customer_phone,
            "service_address": job.service_address,
            "service_city": job.service_city,
            "service_state": job.service_state,
            "service_zip": job.service_zip,
            "latitude": job.latitude,
            "longitude": job.longitude,
            "scheduled_start": job.scheduled_start,
            "scheduled_end": job.scheduled_end,
            "arrival_window_start": job.arrive_from,
            "arrival_window_end": job.arrive_until,
            "duration_minutes": job.duration_minutes,
            "technician_id": job.technician_number,
            "technician_name": job.technician_name,
            "technician_ids": [person.number for person in job.crew],
            "skills": [{"name": skill.name, "level": skill.level} for skill in job.skills],
            "locked": job.locked,
            "value_cents": None if job.value is None else speak.money(Money(job.value, by.currency)),
            "sla": {
                "policy": job.policy_name,
                "respond_by": job.respond_by,
                "resolve_by": job.resolve_by,
                "responded_at": job.responded_at,
                "resolved_at": job.resolved_at,
                "due": None if due is None else due[0],
                "due_at": None if due is None else due[1],
                "late": due is not None and due[2],
            },
            "cancel_reason": job.cancel_reason,
            "rating": job.rating,
            "version": job.version,
            "created_at": job.created_at,
            "updated_at": job.updated_at,
        }

    return show


def detail_for(by: Principal) -> Show[JobDetail]:
    """A job with all that belongs to it."""
    brief = job_for(by)

    def show(found: JobDetail, speak: Dialect) -> Shape:
        return {
            **brief(found.job, speak),
            "parts": [_part(part) for part in found.parts],
            "checklist": [
                {"id": check.id, "text": check.text, "required": check.required, "done": check.done_at is not None}
                for check in found.checks
            ],
            "history": [_step(step) for step in found.steps],
            "track_url": absolute(url_for("job_tracking.track_job", key=found.job.track_key)),
            "warnings": list(found.warnings),
        }

    return show


def _part(part: PartRow) -> Shape:
    return {
        "id": part.id,
        "part_id": part.product,
        "name": part.name,
        "sku": part.sku,
        "serial": part.serial,
        "quantity": part.quantity,
        "used": part.used,
        "location": part.place,
    }


def _step(step: StepRow) -> Shape:
    return {
        "before": step.before,
        "after": step.after,
        "skipped": list(step.skipped),
        "undone": step.undone,
        "technician_id": step.technician_number,
        "latitude": step.latitude,
        "longitude": step.longitude,
        "by": step.by,
        "at": step.at,
    }


def policy(row: PolicyRow, _speak: Dialect) -> Shape:
    """An SLA policy."""
    return {
        "id": row.number,
        "name": row.name,
        "priority": row.priority,
        "customer_id": row.customer_number,
        "customer_name": row.customer_name,
        "response_minutes": row.response_minutes,
        "resolution_minutes": row.resolution_minutes,
        "active": row.active,
        "open_jobs": row.open_jobs,
        "version": row.version,
    }


def violation(row: Violation, _speak: Dialect) -> Shape:
    """That something was late."""
    return {
        "job_id": row.number,
        "title": row.title,
        "priority": row.priority,
        "status": row.status,
        "policy": row.policy_name,
        "kind": row.kind,
        "due_at": row.due_at,
        "happened_at": row.happened_at,
        "minutes_late": row.minutes_late(clock.now()),
        "customer_name": row.customer_name,
        "technician_id": row.technician_number,
        "technician_name": row.technician_name,
    }
