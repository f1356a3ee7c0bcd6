"""Working hours: what was clocked, how it was corrected, and which weeks were handed in."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, tenant_link

STILL_IN = text("clock_out IS NULL")


class TimeEntry(TenantOwned, Base):
    """From `clock_in` until before `clock_out`, to the second; None is still at work. `number` is what the API shows.

    `break_seconds` is the sum of its breaks that have ended, or what a correction says they were in all. At most one
    entry of a technician is open.
    """

    __tablename__ = "time_entry"
    __table_args__ = (
        tenant_link("technician_id", "technician"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        Index("ix_time_entry_time", "tenant_id", "technician_id", "clock_in"),
        Index("ix_time_entry_day", "tenant_id", "clock_in", "id"),
        Index(
            "uq_time_entry_open",
            "tenant_id",
            "technician_id",
            unique=True,
            sqlite_where=STILL_IN,
            postgresql_where=STILL_IN,
        ),
        CheckConstraint("clock_out IS NULL OR clock_in < clock_out", name="ends_after_start"),
        CheckConstraint("break_seconds >= 0", name="break_not_negative"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    technician_id: Mapped[int]
    clock_in: Mapped[datetime]
    clock_out: Mapped[datetime | None]
    break_seconds: Mapped[int] = mapped_column(default=0)
    in_latitude: Mapped[float | None]
    in_longitude: Mapped[float | None]
    out_latitude: Mapped[float | None]
    out_longitude: Mapped[float | None]
    version: Mapped[int] = mapped_column(default=1)


class TimeBreak(TenantOwned, Base):
    """A pause within an entry; at most one is open."""

    __tablename__ = "time_break"
    __table_args__ = (
        tenant_link("entry_id", "time_entry", ondelete="CASCADE"),
        Index("ix_time_break_entry", "tenant_id", "entry_id", "started_at"),
        CheckConstraint("ended_at IS NULL OR started_at < ended_at", name="ends_after_start"),
    )

    id: Mapped[IntPK]
    entry_id: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TimeCorrection(TenantOwned, Base):
    """What was changed of an entry afterwards, by whom and why. Rows are never changed."""

    __tablename__ = "time_correction"
    __table_args__ = (
        tenant_link("entry_id", "time_entry", ondelete="CASCADE"),
        Index("ix_time_correction_entry", "tenant_id", "entry_id", "id"),
    )

    id: Mapped[IntPK]
    entry_id: Mapped[int]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(240))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class WorkWeek(TenantOwned, Base):
    """A technician's week from Monday `starts_on` (tenant's time zone) that was handed in, and then approved."""

    __tablename__ = "work_week"
    __table_args__ = (
        tenant_link("technician_id", "technician"),
        UniqueConstraint("tenant_id", "technician_id", "starts_on"),
        CheckConstraint("status IN ('submitted', 'approved')", name="status_known"),
    )

    id: Mapped[IntPK]
    technician_id: Mapped[int]
    starts_on: Mapped[date]
    status: Mapped[str] = mapped_column(String(12))
    seconds: Mapped[int]
    submitted_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(120))
