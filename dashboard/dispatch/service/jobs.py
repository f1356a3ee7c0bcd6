"""Making and changing jobs. Who gets one is `assigning`, what becomes of it `workflow`; both can be had from here."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from dashboard.core import clock, crypto, events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid
from dashboard.customers.models import Customer
from dashboard.dispatch.models import Job, JobSkill, JobTechnician
from dashboard.dispatch.queries.jobs import FINAL, JobRow, find_job
from dashboard.dispatch.service import rows, sla
from dashboard.dispatch.service.assigning import AssignedMeanwhile, JobMove, assign, move_jobs, unassign
from dashboard.dispatch.service.changes import tell_boards
from dashboard.dispatch.service.facts import COLUMNS, FACTS, JobFacts, WantedSkill, checked, columns
from dashboard.dispatch.service.rows import MANAGE
from dashboard.workforce.models import Skill, Technician

__all__ = [
    "AssignedMeanwhile",
    "JobFacts",
    "JobMove",
    "Stale",
    "WantedSkill",
    "assign",
    "create_job",
    "move_jobs",
    "unassign",
    "update_job",
]

ALWAYS = frozenset({"value", "rating"})
"""What is still said of a job that is done with."""


class Stale(Conflict):
    """Somebody else changed the job meanwhile. `theirs` is what it says now, where that differs from what was sent."""

    code = "changed_meanwhile"

    def __init__(self, theirs: Mapping[str, Any], version: int) -> None:
        what = ", ".join(name.replace("_", " ") for name in theirs) or "the job"
        message = f"Somebody else changed {what} while you were editing. Compare, and save again to keep yours."
        super().__init__(message, details={"version": version, "theirs": dict(theirs)})
        self.theirs = dict(theirs)
        self.version = version


def create_job(by: Principal, facts: JobFacts, *, series_id: int | None = None) -> JobRow:
    """Add a job that nobody has been given yet. Raises Invalid that names every wrong field."""
    by.require(MANAGE)
    facts = checked(by, facts)
    with atomic(by) as session:
        customer = None if facts.customer is None else rows.customer_numbered(session, facts.customer)
        now = clock.now()
        job = Job(
            number=numbers.take(by, "job"),
            customer_id=None if customer is None else customer.id,
            series_id=series_id,
            track_key=crypto.token(24),
            created_at=now,
            updated_at=now,
            **_with_customer(columns(facts), customer),
        )
        sla.set_due_times(session, job)
        session.add(job)
        session.flush()
        rows.write_skills(session, job.id, facts)
        rows.write_crew(session, job, facts)
        session.flush()
        told = rows.told(session, job)
        events.record(by, "dispatch.created", f"job:{job.id}", told)
        tell_boards(by, "created", job.id, told)
        return find_job(by, job.number)


def update_job(by: Principal, number: int, changes: Mapping[str, Any], *, version: int | None = None) -> JobRow:
    """Change facts by name (those of JobFacts, and `rating`); the others stay.

    A start that moves alone takes the end along. With `version` only if the job still has that one. Raises NotFound,
    Invalid, Stale where the version is another, Conflict for a job that is done with (but for value and rating).
    """
    by.require(MANAGE)
    with atomic(by) as session:
        job = rows.locked(by, session, number)
        if job.status in FINAL and not changes.keys() <= ALWAYS:
            rows.refuse_final(job, "changed")
        before = _facts_of(session, job)
        present = {name: getattr(before, name) for name in FACTS}
        wanted = {name: value for name, value in changes.items() if name in FACTS}
        after = checked(by, JobFacts(**present | _moved_along(by, job, wanted)))
        rating = changes.get("rating", job.rating)
        if rating is not None and not 1 <= rating <= 5:
            raise Invalid.field("rating", "A rating is 1 to 5.")
        changed = [name for name in FACTS if name in wanted and getattr(after, name) != present[name]]
        if version is not None and job.version != version:
            raise Stale({name: present[name] for name in changed}, job.version)
        if not changed and rating == job.rating:
            return find_job(by, number)
        _write(session, job, after, changed)
        job.rating = rating
        rows.touch(job)
        session.flush()
        told = rows.told(session, job)
        events.record(by, "dispatch.changed", f"job:{job.id}", {**told, "changed": changed})
        tell_boards(by, "changed", job.id, told)
        return find_job(by, number)


def _write(session: CommandSession, job: Job, after: JobFacts, changed: list[str]) -> None:
    values = columns(after)
    if "customer" in changed:
        customer = None if after.customer is None else rows.customer_numbered(session, after.customer)
        job.customer_id = None if customer is None else customer.id
        named = {"customer_name", "customer_phone"} - set(changed)
        values = _with_customer(values | dict.fromkeys(named, ""), customer)
    for name in COLUMNS:
        setattr(job, name, values[name])
    if {"priority", "customer"} & set(changed):
        sla.set_due_times(session, job)
    if "skills" in changed:
        rows.write_skills(session, job.id, after)
    if "crew" in changed:
        rows.write_crew(session, job, after)


def _with_customer(values: dict[str, Any], customer: Customer | None) -> dict[str, Any]:
    """Name and phone of the customer's record where nothing else was said."""
    if customer is None:
        return values
    named = {"customer_name": customer.name, "customer_phone": customer.phone or ""}
    return values | {name: values[name] or known for name, known in named.items()}


def _moved_along(by: Principal, job: Job, wanted: dict[str, Any]) -> dict[str, Any]:
    if "scheduled_start" not in wanted or "scheduled_end" in wanted:
        return wanted
    start = wanted["scheduled_start"]
    if start is None or job.scheduled_start is None or job.scheduled_end is None:
        return wanted | {"scheduled_end": None}
    moved = checked(by, JobFacts("-", scheduled_start=start)).scheduled_start
    assert moved is not None
    return wanted | {"scheduled_end": moved + (job.scheduled_end - job.scheduled_start)}


def _facts_of(session: CommandSession, job: Job) -> JobFacts:
    """The job as somebody would have described it."""
    skills = session.execute(
        select(Skill.name, JobSkill.level)
        .join(JobSkill, JobSkill.skill_id == Skill.id)
        .where(JobSkill.job_id == job.id)
    )
    crew = session.scalars(
        select(Technician.number)
        .join(JobTechnician, JobTechnician.technician_id == Technician.id)
        .where(JobTechnician.job_id == job.id)
    )
    customer = None
    if job.customer_id is not None:
        customer = session.scalar(select(Customer.number).where(Customer.id == job.customer_id))
    return JobFacts(
        **{name: getattr(job, name) for name in COLUMNS},
        customer=customer,
        skills=[WantedSkill(name, level) for name, level in skills],
        crew=list(crew),
    )
