"""A technician's own day."""

from datetime import date

from dashboard.core.context import Principal
from dashboard.core.errors import NotFound
from dashboard.dispatch.queries.jobs import JobRow, find_job, jobs_of_technician
from dashboard.workforce.queries.technicians import TechnicianRow, my_technician


def me(by: Principal) -> TechnicianRow:
    """The technician who acts. Raises NotFound for everybody else."""
    found = my_technician(by)
    if found is None:
        raise NotFound(
            "This is for technicians, and you are linked to none. Ask whoever looks after technicians to link you."
        )
    return found


def my_jobs(by: Principal, technician: TechnicianRow, day: date) -> list[JobRow]:
    """What they lead or go along to on `day` (tenant's), by time."""
    return jobs_of_technician(by, technician.id, day)


def my_job(by: Principal, technician: TechnicianRow, number: int) -> JobRow:
    """A job of theirs. Raises NotFound, also for somebody else's."""
    job = find_job(by, number)
    if technician.id != job.technician_id and technician.id not in {person.id for person in job.crew}:
        raise NotFound(f"There is no job {number}.")
    return job


def next_of(jobs: list[JobRow]) -> JobRow | None:
    """The one to see to now: what was begun, else the first that is still to do."""
    begun = [job for job in jobs if job.status in ("in_progress", "on_site", "en_route")]
    waiting = [job for job in jobs if job.is_open]
    return next(iter([*begun, *waiting]), None)


def count_today(by: Principal, day: date) -> int:
    """How many jobs of the technician who acts are still to do on `day`."""
    technician = my_technician(by)
    return 0 if technician is None else sum(job.is_open for job in jobs_of_technician(by, technician.id, day))
