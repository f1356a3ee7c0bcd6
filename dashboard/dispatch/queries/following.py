"""What a customer sees of their job by its link: who comes and when, without a sign-in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dashboard.accounts.models import Tenant
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.dispatch.models import Job
from dashboard.dispatch.places import point_of
from dashboard.dispatch.queries.jobs import FINAL
from dashboard.dispatch.roads import roads_of
from dashboard.workforce.models import Technician

LONGEST_KEY = 64
AFTER_THE_END = timedelta(days=1)
"""So long the link still opens once the job is done or cancelled."""

AFTER_THE_PLAN = timedelta(days=30)
"""And so long after it was planned to end, or made, where nothing became of it."""

SEEN_LATELY = timedelta(minutes=15)
"""What is older says nothing of when somebody arrives."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What anybody with the link may know of a job: neither the address nor what it costs, nor where exactly
    somebody is.
    """

    number: int
    title: str
    status: str
    merchant: str
    time_zone: str
    technician: str | None
    start: datetime | None
    arrive_from: datetime | None
    arrive_until: datetime | None
    arrives_at: datetime | None
    seen_at: datetime | None
    resolved_at: datetime | None


def follow(key: str) -> Followed:
    """The job that the link with this key is for, whoever asks. Raises NotFound, the same for every reason."""
    nothing = NotFound("There is no visit to follow at this address. The link may be incomplete, or the job long done.")
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or "\0" in key:
        raise nothing
    statement = (
        select(Job, Technician, Tenant)
        .join(Tenant, Tenant.id == Job.tenant_id)
        .outerjoin(Technician, (Technician.tenant_id == Job.tenant_id) & (Technician.id == Job.technician_id))
        .where(Job.track_key == key)
    )
    row = reads(SYSTEM).execute(statement, execution_options=EVERY_TENANT).one_or_none()
    if row is None:
        raise nothing
    job, technician, tenant = cast(tuple[Job, Technician | None, Tenant], row)
    with clock.ahead_by(tenant.clock_offset_s):
        now = clock.now()
        if now > _closes_at(job):
            raise nothing
        owner = replace(SYSTEM, tenant_id=tenant.id, operator=False, time_zone=tenant.time_zone)
        return Followed(
            number=job.number,
            title=job.title,
            status=job.status,
            merchant=tenant.display_name or tenant.name,
            time_zone=tenant.time_zone,
            technician=None if technician is None else technician.name.split()[0],
            start=job.scheduled_start,
            arrive_from=job.arrive_from,
            arrive_until=job.arrive_until,
            arrives_at=_arrives_at(owner, job, technician, now),
            seen_at=None if technician is None else technician.seen_at,
            resolved_at=job.resolved_at,
        )


def _closes_at(job: Job) -> datetime:
    if job.status in FINAL:
        return (job.resolved_at or job.updated_at) + AFTER_THE_END
    return (job.scheduled_end or job.created_at) + AFTER_THE_PLAN


def _arrives_at(owner: Principal, job: Job, technician: Technician | None, now: datetime) -> datetime | None:
    """When whoever is on the way will be there, by where they were seen last."""
    if job.status != "en_route" or technician is None or technician.seen_at is None:
        return None
    there = point_of(job.latitude, job.longitude, job.service_zip)
    here = point_of(technician.seen_latitude, technician.seen_longitude)
    if there is None or here is None or now - technician.seen_at > SEEN_LATELY:
        return None
    local = technician.seen_at.astimezone(ZoneInfo(owner.time_zone))
    minutes = roads_of(owner).minutes(here, there, local.hour + local.minute / 60)
    return max(now, technician.seen_at + timedelta(minutes=minutes))
