"""Lists of units that come in: manifests with their lines, and files of units with what was wrong in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

DECISIONS = ("accept", "quarantine", "refuse")


class Manifest(TenantOwned, Base):
    """What is expected in a delivery, and what was scanned of it. It takes scans until it is closed."""

    __tablename__ = "manifest"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("location_id", "location"),
        Index("ix_manifest_status", "tenant_id", "status", "id"),
        CheckConstraint("status IN ('open', 'closed')", name="status_known"),
    )

    id: Mapped[IntPK]
    name: Mapped[str] = mapped_column(String(120))
    location_id: Mapped[int]
    status: Mapped[str] = mapped_column(String(8), default="open")
    work_id: Mapped[int | None]  # the receiving that is going on, or the last one
    actor: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ManifestLine(TenantOwned, Base):
    """One serial number of a manifest. `number` is an IMEI's digits or a folded serial number.

    Expected and scanned is matched; expected alone is missing; scanned alone is unexpected and waits for a `decision`.
    `unit_id` is what became of it; `problem` why nothing could. `cost` in minor units.
    """

    __tablename__ = "manifest_line"
    __table_args__ = (
        UniqueConstraint("tenant_id", "manifest_id", "number"),
        tenant_link("manifest_id", "manifest", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        tenant_link("unit_id", "unit"),
        Index("ix_manifest_line_kind", "tenant_id", "manifest_id", "expected", "id"),
        Index("ix_manifest_line_scanned", "tenant_id", "manifest_id", "scanned_at"),
        CheckConstraint("decision IN ('accept', 'quarantine', 'refuse')", name="decision_known"),
        CheckConstraint("cost >= 0", name="cost_not_negative"),
    )

    id: Mapped[IntPK]
    manifest_id: Mapped[int]
    number: Mapped[str] = mapped_column(sortable(40))
    typed: Mapped[str] = mapped_column(String(60))
    product_id: Mapped[int | None]
    cost: Mapped[int] = mapped_column(default=0)
    expected: Mapped[bool]
    scanned_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(200))
    unit_id: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(200))


class UnitUpload(TenantOwned, Base):
    """A file of units, or of a manifest's expected numbers, on its way in. `counts` are rows by what became of them."""

    __tablename__ = "unit_upload"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("manifest_id", "manifest", ondelete="CASCADE"),
        tenant_link("location_id", "location"),
        Index("ix_unit_upload_manifest", "tenant_id", "manifest_id", "id"),
    )

    id: Mapped[IntPK]
    filename: Mapped[str] = mapped_column(String(200))
    manifest_id: Mapped[int | None]
    location_id: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))  # of its prices and costs
    make_products: Mapped[bool] = mapped_column(default=False)
    row_count: Mapped[int]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    work_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class UnitUploadPart(TenantOwned, Base):
    """Some hundred rows of an upload, `{"row", "values"}` each; removed once they are in."""

    __tablename__ = "unit_upload_part"
    __table_args__ = (
        UniqueConstraint("tenant_id", "upload_id", "part"),
        tenant_link("upload_id", "unit_upload", ondelete="CASCADE"),
    )

    id: Mapped[IntPK]
    upload_id: Mapped[int]
    part: Mapped[int]
    rows: Mapped[list[dict[str, Any]]]


class UnitUploadProblem(TenantOwned, Base):
    """A row that was refused, and why. `row` counts as a spreadsheet does: the header is row 1."""

    __tablename__ = "unit_upload_problem"
    __table_args__ = (
        tenant_link("upload_id", "unit_upload", ondelete="CASCADE"),
        Index("ix_unit_upload_problem_row", "tenant_id", "upload_id", "row", "id"),
    )

    id: Mapped[IntPK]
    upload_id: Mapped[int]
    row: Mapped[int]
    value: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(300))
