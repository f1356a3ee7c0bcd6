"""What all commands on jobs do with rows: find, lock, note a step, tell boards."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.catalog.normalise import search_text
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.customers.models import Customer
from dashboard.dispatch.models import STATUSES, Job, JobSkill, JobStep, JobTechnician
from dashboard.dispatch.queries.jobs import FINAL
from dashboard.dispatch.service.facts import JobFacts
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder
from dashboard.workforce.models import Skill, Technician

MANAGE = "dispatch:write"


def holder(job_id: int) -> Holder:
    """Who a job is to the claims."""
    return Holder("dispatch", job_id)


def locked(by: Principal, session: CommandSession, number: int) -> Job:
    """The job with this number, its claims and it locked until the command ends. Raises NotFound."""
    return locked_all(by, session, [number])[number]


def locked_all(by: Principal, session: CommandSession, numbers: Collection[int]) -> dict[int, Job]:
    """Jobs by number, locked in the order in which everybody locks them: claims first. Raises NotFound."""
    found = dict(session.execute(select(Job.number, Job.id).where(Job.number.in_(numbers))).all())
    for number in numbers:
        if number not in found:
            raise NotFound(f"There is no job {number}.")
    for job_id in sorted(found.values()):
        claims.lock(by, holder(job_id))
    statement = select(Job).where(Job.id.in_(found.values())).order_by(Job.id).with_for_update()
    jobs = session.scalars(statement.execution_options(populate_existing=True)).all()
    return {job.number: job for job in jobs}


def locked_for(by: Principal, session: CommandSession, number: int, technician_id: int | None) -> Job:
    """The job, locked, for a dispatcher; with `technician_id` (inner) for that technician, whose job it must be.

    Raises NotFound, also for somebody else's job.
    """
    by.require(MANAGE if technician_id is None else "tech")
    job = locked(by, session, number)
    if technician_id is not None and not is_theirs(session, job, technician_id):
        raise NotFound(f"There is no job {number}.")
    return job


def is_theirs(session: CommandSession, job: Job, technician_id: int) -> bool:
    """Whether a technician leads the job or goes along."""
    if job.technician_id == technician_id:
        return True
    along = select(JobTechnician.id).where(
        JobTechnician.job_id == job.id, JobTechnician.technician_id == technician_id
    )  # fmt: skip
    return session.scalar(along) is not None


def refuse_final(job: Job, wanted: str) -> None:
    """Raises Conflict for a job that is done with."""
    if job.status in FINAL:
        message = f"Job {job.number} is {job.status}, which is final, so it cannot be {wanted}."
        raise Conflict(message, details={"status": job.status})


def technician_numbered(session: CommandSession, number: int, field: str = "technician_id") -> Technician:
    """The active technician with this number. Raises Invalid."""
    found = session.scalar(select(Technician).where(Technician.number == number))
    if found is None:
        raise Invalid.field(field, f"There is no technician {number}.")
    if not found.active:
        raise Invalid.field(field, f"{found.name} does not work here any more. Choose somebody else.")
    return found


def technician_of(session: CommandSession, job: Job) -> Technician | None:
    """Whoever leads the job."""
    if job.technician_id is None:
        return None
    return session.scalar(select(Technician).where(Technician.id == job.technician_id))


def customer_numbered(session: CommandSession, number: int) -> Customer:
    """The customer with this number. Raises Invalid."""
    found = session.scalar(select(Customer).where(Customer.number == number))
    if found is None:
        raise Invalid.field("customer_id", f"There is no customer {number}.")
    return found


def touch(job: Job) -> None:
    """Count a change."""
    job.version, job.updated_at = job.version + 1, clock.now()


def step(
    by: Principal,
    session: CommandSession,
    job: Job,
    after: str,
    *,
    at: datetime | None = None,
    at_point: tuple[float, float] | None = None,
    skipped: Iterable[str] = (),
    undone: bool = False,
) -> None:
    """Write down that the job goes to `after`, and let it go there."""
    latitude, longitude = at_point or (None, None)
    session.add(
        JobStep(
            job_id=job.id,
            technician_id=job.technician_id,
            before=job.status,
            after=after,
            skipped=list(skipped),
            undone=undone,
            latitude=latitude,
            longitude=longitude,
            by=by.name[:120],
            at=at or clock.now(),
        )
    )
    job.status = after


def steps_of(session: CommandSession, job: Job) -> Sequence[JobStep]:
    """The job's history, the first step first."""
    return session.scalars(select(JobStep).where(JobStep.job_id == job.id).order_by(JobStep.id)).all()


def told(session: CommandSession, job: Job) -> dict[str, Any]:
    """What boards and receivers of events are told of a job; plain JSON."""
    technician = technician_of(session, job)

    def spelled(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat().replace("+00:00", "Z")

    return {
        "job_id": job.number,
        "title": job.title,
        "status": job.status,
        "priority": job.priority,
        "technician_id": None if technician is None else technician.number,
        "technician": None if technician is None else technician.name,
        "scheduled_start": spelled(job.scheduled_start),
        "scheduled_end": spelled(job.scheduled_end),
        "version": job.version,
    }


def rank(status: str) -> int:
    """Where a status stands in the documented workflow."""
    return STATUSES.index(status)


def write_skills(session: CommandSession, job_id: int, facts: JobFacts) -> None:
    """Let the job need the skills of `facts` and no others. Raises Invalid for one that nobody knows."""
    wanted = {key: skill for skill in facts.skills if (key := search_text(skill.name))}
    known: dict[str, int] = {}
    if wanted:
        statement = select(Skill.name_key, Skill.id).where(Skill.name_key.in_(wanted))
        known = dict(session.execute(statement).all())
    for key, skill in wanted.items():
        if key not in known:
            message = f"There is no skill '{skill.name.strip()}'. Add it to a technician first."
            raise Invalid.field("skills", message)
    for row in session.scalars(select(JobSkill).where(JobSkill.job_id == job_id)):
        session.delete(row)
    session.flush()
    session.add_all(JobSkill(job_id=job_id, skill_id=known[key], level=skill.level) for key, skill in wanted.items())


def write_crew(session: CommandSession, job: Job, facts: JobFacts) -> None:
    """Let those of `facts` go along and nobody else. Whoever leads the job does not go along as well."""
    people = [technician_numbered(session, number, "crew") for number in dict.fromkeys(facts.crew)]
    for row in session.scalars(select(JobTechnician).where(JobTechnician.job_id == job.id)):
        session.delete(row)
    session.flush()
    session.add_all(
        JobTechnician(job_id=job.id, technician_id=person.id) for person in people if person.id != job.technician_id
    )
