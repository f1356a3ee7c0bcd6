"""Jobs: what is to be done where and when, by whom, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

STATUSES = (
    "pending", "dispatched", "acknowledged", "en_route", "on_site", "in_progress", "completed", "cancelled",
)  # fmt: skip
"""In the order of the documented workflow (K253); cancelled is reached from each but completed."""

PRIORITIES = ("low", "normal", "high", "urgent")


class Job(TenantOwned, Base):
    """Work at a customer's. `number` is what the API shows.

    `technician_id` is who leads it; others stand in `job_technician`. Who is planned from `scheduled_start` until
    before `scheduled_end`; `arrive_from` to `arrive_until` is what the customer was promised. A `locked` job keeps its
    technician and time when routes are planned. `value` is minor units. `respond_by` and `resolve_by` are when its SLA
    policy is broken, `responded_at` (the technician arrived) and `resolved_at` (it was completed) when it was kept.
    `rating` is 1 to 5. `track_key` opens the customer's page. `version` grows with every change.
    """

    __tablename__ = "job"
    __table_args__ = (
        tenant_link("customer_id", "customer"),
        tenant_link("technician_id", "technician"),
        tenant_link("policy_id", "sla_policy"),
        tenant_link("series_id", "job_series"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("track_key"),
        Index("ix_job_day", "tenant_id", "scheduled_start", "id"),
        Index("ix_job_technician", "tenant_id", "technician_id", "scheduled_start"),
        Index("ix_job_status", "tenant_id", "status", "scheduled_start", "id"),
        Index("ix_job_customer", "tenant_id", "customer_id", "id"),
        CheckConstraint(
            "status IN ('pending', 'dispatched', 'acknowledged', 'en_route', 'on_site', 'in_progress', 'completed', "
            "'cancelled')",
            name="status_known",
        ),
        CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority_known"),
        CheckConstraint("scheduled_start < scheduled_end", name="ends_after_start"),
        CheckConstraint("duration_minutes > 0", name="takes_time"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_known"),
        CheckConstraint("status = 'pending' OR status = 'cancelled' OR technician_id IS NOT NULL", name="is_somebodys"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    description: Mapped[str] = mapped_column(Text, default="")
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    status: Mapped[str] = mapped_column(String(12), default="pending")
    customer_id: Mapped[int | None]
    customer_name: Mapped[str] = mapped_column(String(160), default="")
    customer_phone: Mapped[str] = mapped_column(String(40), default="")
    service_address: Mapped[str] = mapped_column(String(160), default="")
    service_city: Mapped[str] = mapped_column(String(80), default="")
    service_state: Mapped[str] = mapped_column(String(40), default="")
    service_zip: Mapped[str] = mapped_column(String(20), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    scheduled_start: Mapped[datetime | None]
    scheduled_end: Mapped[datetime | None]
    arrive_from: Mapped[datetime | None]
    arrive_until: Mapped[datetime | None]
    duration_minutes: Mapped[int]
    technician_id: Mapped[int | None]
    locked: Mapped[bool] = mapped_column(default=False)
    value: Mapped[int | None]
    policy_id: Mapped[int | None]
    respond_by: Mapped[datetime | None]
    resolve_by: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(240))
    rating: Mapped[int | None]
    series_id: Mapped[int | None]
    track_key: Mapped[str] = mapped_column(sortable(64))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class JobSeries(TenantOwned, Base):
    """A job that comes again: every `every` days, weeks or months; the next one is made when the last is near."""

    __tablename__ = "job_series"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint("unit IN ('day', 'week', 'month')", name="unit_known"),
        CheckConstraint("every BETWEEN 1 AND 366", name="every_in_range"),
    )

    id: Mapped[IntPK]
    unit: Mapped[str] = mapped_column(String(8))
    every: Mapped[int]
    until: Mapped[datetime | None]
    pattern: Mapped[dict[str, Any]]


class JobTechnician(TenantOwned, Base):
    """Somebody else who goes along to a job."""

    __tablename__ = "job_technician"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        tenant_link("technician_id", "technician"),
        UniqueConstraint("tenant_id", "job_id", "technician_id"),
        Index("ix_job_technician_technician", "tenant_id", "technician_id", "job_id"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    technician_id: Mapped[int]


class JobSkill(TenantOwned, Base):
    """What a job needs somebody to be good at, and how good at least (1 to 5)."""

    __tablename__ = "job_skill"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        tenant_link("skill_id", "skill"),
        UniqueConstraint("tenant_id", "job_id", "skill_id"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    skill_id: Mapped[int]
    level: Mapped[int] = mapped_column(default=1)


class JobPart(TenantOwned, Base):
    """So many pieces of a product that a job needs, claimed for it at `location_id`, and how many were used."""

    __tablename__ = "job_part"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        tenant_link("location_id", "location"),
        tenant_link("unit_id", "unit"),
        UniqueConstraint("tenant_id", "id"),
        Index("ix_job_part_job", "tenant_id", "job_id", "id"),
        CheckConstraint("quantity > 0 AND used BETWEEN 0 AND quantity", name="used_within"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    product_id: Mapped[int]
    unit_id: Mapped[int | None]
    location_id: Mapped[int | None]
    quantity: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)


class JobStep(TenantOwned, Base):
    """That a job went from one status to another, when, where and by whom. Rows are never changed.

    `skipped` names the documented statuses in between that were left out. An undo is a step back with `undone` set.
    """

    __tablename__ = "job_step"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        tenant_link("technician_id", "technician"),
        Index("ix_job_step_job", "tenant_id", "job_id", "id"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    technician_id: Mapped[int | None]
    before: Mapped[str] = mapped_column(String(12))
    after: Mapped[str] = mapped_column(String(12))
    skipped: Mapped[list[str]]
    undone: Mapped[bool] = mapped_column(default=False)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class JobNote(TenantOwned, Base):
    """Something written about a job. Rows are never changed."""

    __tablename__ = "job_note"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        Index("ix_job_note_job", "tenant_id", "job_id", "id"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class JobCheck(TenantOwned, Base):
    """A point of a job's checklist; a `required` one is done before the job is completed."""

    __tablename__ = "job_check"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "job_id", "position"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(160))
    required: Mapped[bool] = mapped_column(default=True)
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(120))


class JobPicture(TenantOwned, Base):
    """A photo of a job, or the customer's signature with the name of whoever signed; drawn anew before it is kept."""

    __tablename__ = "job_picture"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "id"),
        Index("ix_job_picture_job", "tenant_id", "job_id", "id"),
        CheckConstraint("kind IN ('photo', 'signature')", name="kind_known"),
    )

    id: Mapped[IntPK]
    job_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    signed_by: Mapped[str] = mapped_column(String(160), default="")
    content: Mapped[bytes] = mapped_column(LargeBinary)
    content_type: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class SlaPolicy(TenantOwned, Base):
    """How soon somebody must be there and how soon it must be done, in minutes from when the job was made.

    It holds for jobs of `priority` and of `customer_id`, each or all where it is None. Of several the one of the
    customer goes before the one of the priority, and that before the one for all.
    """

    __tablename__ = "sla_policy"
    __table_args__ = (
        tenant_link("customer_id", "customer"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        CheckConstraint("response_minutes > 0", name="response_takes_time"),
        CheckConstraint("resolution_minutes >= response_minutes", name="resolution_after_response"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    priority: Mapped[str | None] = mapped_column(String(8))
    customer_id: Mapped[int | None]
    response_minutes: Mapped[int]
    resolution_minutes: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
