"""The equations of jobs: what they hold, how they stand and their history agree."""

from sqlalchemy import and_, func, or_, select

from dashboard.core.audit import equation
from dashboard.core.db import AnySelect
from dashboard.dispatch.models import Job, JobPart, JobStep
from dashboard.inventory.models import Claim

_held = (
    select(func.coalesce(func.sum(Claim.quantity), 0))
    .where(
        Claim.tenant_id == Job.tenant_id,
        Claim.holder == "dispatch",
        Claim.holder_id == Job.id,
        Claim.ended_at.is_(None),
    )
    .correlate(Job)
    .scalar_subquery()
)
_set_aside = (
    select(func.coalesce(func.sum(JobPart.quantity), 0))
    .where(JobPart.tenant_id == Job.tenant_id, JobPart.job_id == Job.id, JobPart.location_id.is_not(None))
    .correlate(Job)
    .scalar_subquery()
)


@equation("dispatch.claims", "An open job holds what its parts say that was set aside; one that is over holds nothing.")
def claims_match_parts() -> AnySelect:
    over = Job.status.in_(("completed", "cancelled"))
    wrong = or_(and_(over, _held != 0), and_(~over, _held != _set_aside))
    return select(Job.tenant_id, Job.id, Job.status, _held, _set_aside).where(wrong)


@equation("dispatch.history", "A job stands where its last step left it; one without a step is pending.")
def status_is_the_last_step() -> AnySelect:
    last = (
        select(JobStep.after)
        .where(JobStep.tenant_id == Job.tenant_id, JobStep.job_id == Job.id)
        .order_by(JobStep.id.desc())
        .limit(1)
        .correlate(Job)
        .scalar_subquery()
    )
    return select(Job.tenant_id, Job.id, Job.status, last).where(func.coalesce(last, "pending") != Job.status)
