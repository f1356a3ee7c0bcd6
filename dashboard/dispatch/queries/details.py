"""What belongs to one job: its history, parts, checklist, notes and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.dispatch.models import Job, JobCheck, JobNote, JobPart, JobPicture, JobSeries, JobStep
from dashboard.inventory.models import Location, Product, Unit
from dashboard.workforce.models import Technician


@dataclass(frozen=True, slots=True)
class StepRow:
    """That a job went from one status to another."""

    before: str
    after: str
    skipped: tuple[str, ...]
    undone: bool
    technician_number: int | None
    technician_name: str | None
    latitude: float | None
    longitude: float | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part that a job needs; `place` is where it is claimed, None while nowhere is enough of it."""

    id: int
    product: int
    name: str
    sku: str
    kind: str
    serial: str | None
    quantity: int
    used: int
    place: str | None
    place_kind: str | None

    @property
    def is_missing(self) -> bool:
        """Whether no stock holds it for the job."""
        return self.place is None and self.kind != "service"


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A photo or signature, without its content."""

    id: int
    kind: str
    signed_by: str
    by: str
    at: datetime


def steps_of(by: Principal, job_id: int) -> list[StepRow]:
    """A job's history, the first step first."""
    statement = (
        select(JobStep, Technician.number, Technician.name)
        .outerjoin(Technician, and_(Technician.tenant_id == JobStep.tenant_id, Technician.id == JobStep.technician_id))
        .where(JobStep.job_id == job_id)
        .order_by(JobStep.id)
    )
    return [
        StepRow(
            step.before, step.after, tuple(step.skipped), step.undone, number, name, step.latitude, step.longitude,
            step.by, step.at,
        )
        for step, number, name in reads(by).execute(statement)
    ]  # fmt: skip


def parts_of(by: Principal, job_id: int) -> list[PartRow]:
    """What a job needs."""
    statement = (
        select(
            JobPart.id, Product.number, Product.name, Product.sku, Product.kind,
            func.coalesce(Unit.imei, Unit.serial), JobPart.quantity, JobPart.used, Location.name, Location.kind,
        )
        .join(Product, and_(Product.tenant_id == JobPart.tenant_id, Product.id == JobPart.product_id))
        .outerjoin(Unit, and_(Unit.tenant_id == JobPart.tenant_id, Unit.id == JobPart.unit_id))
        .outerjoin(Location, and_(Location.tenant_id == JobPart.tenant_id, Location.id == JobPart.location_id))
        .where(JobPart.job_id == job_id)
        .order_by(JobPart.id)
    )  # fmt: skip
    return [PartRow(*row) for row in reads(by).execute(statement)]


def checks_of(by: Principal, job_id: int) -> Sequence[JobCheck]:
    """A job's checklist, in its order."""
    statement = select(JobCheck).where(JobCheck.job_id == job_id).order_by(JobCheck.position)
    return reads(by).scalars(statement).all()


def notes_of(by: Principal, job_id: int) -> Sequence[JobNote]:
    """What was written about a job, the latest first."""
    statement = select(JobNote).where(JobNote.job_id == job_id).order_by(JobNote.id.desc())
    return reads(by).scalars(statement.limit(200)).all()


def pictures_of(by: Principal, job_id: int) -> list[PictureRow]:
    """Photos and the signature of a job, without their content."""
    columns = (JobPicture.id, JobPicture.kind, JobPicture.signed_by, JobPicture.by, JobPicture.at)
    statement = select(*columns).where(JobPicture.job_id == job_id).order_by(JobPicture.id)
    return [PictureRow(*row) for row in reads(by).execute(statement)]


def picture(by: Principal, number: int, picture_id: int) -> tuple[bytes, str]:
    """The content of a picture of this job, and its type. Raises NotFound."""
    statement = (
        select(JobPicture.content, JobPicture.content_type)
        .join(Job, and_(Job.tenant_id == JobPicture.tenant_id, Job.id == JobPicture.job_id))
        .where(Job.number == number, JobPicture.id == picture_id)
    )
    found = reads(by).execute(statement).one_or_none()
    if found is None:
        raise NotFound("There is no such picture.")
    return found[0], found[1]


def series_of(by: Principal, series_id: int | None) -> JobSeries | None:
    """How the job comes again."""
    if series_id is None:
        return None
    return reads(by).scalar(select(JobSeries).where(JobSeries.id == series_id))


def numbers_by_sku(by: Principal, skus: Sequence[str]) -> dict[str, int]:
    """Numbers of products by SKU in lower case, of those that exist."""
    if not skus:
        return {}
    statement = select(func.lower(Product.sku), Product.number).where(func.lower(Product.sku).in_(skus))
    return dict(reads(by).execute(statement).all())
