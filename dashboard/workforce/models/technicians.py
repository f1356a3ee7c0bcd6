"""Technicians: who they are, when and where they work, what they are good at."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

PAY_TYPES = ("hourly", "salary")
START_PLACES = ("home", "location")


class Technician(TenantOwned, Base):
    """Somebody who goes out to customers; `number` is what the API shows.

    `base_pay` is minor units: an hour where they are paid by the hour, a year where they have a salary. They set out
    from and come back to `start_from`: their home, or `location_id`, a place of stock, which lies at `start_*`.
    `van_id` is the place of stock that goes with them. `seen_*` is where they last reported to be. Who is not `active`
    keeps their history and gets no work.
    """

    __tablename__ = "technician"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "user_id"),
        Index("ix_technician_name", "tenant_id", "active", "search_name", "id"),
        tenant_link("location_id", "location"),
        tenant_link("van_id", "location"),
        CheckConstraint("pay_type IN ('hourly', 'salary')", name="pay_type_known"),
        CheckConstraint("base_pay >= 0", name="base_pay_not_negative"),
        CheckConstraint("start_from IN ('home', 'location')", name="start_known"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(160))
    search_name: Mapped[str] = mapped_column(sortable(160))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    pay_type: Mapped[str] = mapped_column(String(10))
    base_pay: Mapped[int]
    start_from: Mapped[str] = mapped_column(String(10), default="home")
    home_address: Mapped[str] = mapped_column(String(240), default="")
    home_zip: Mapped[str] = mapped_column(String(20), default="")
    home_latitude: Mapped[float | None]
    home_longitude: Mapped[float | None]
    location_id: Mapped[int | None]
    start_zip: Mapped[str] = mapped_column(String(20), default="")
    start_latitude: Mapped[float | None]
    start_longitude: Mapped[float | None]
    van_id: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    seen_latitude: Mapped[float | None]
    seen_longitude: Mapped[float | None]
    seen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TechnicianShift(TenantOwned, Base):
    """When a technician works on a weekday (0 is Monday), in minutes since midnight of the tenant's time zone.

    `break_from` to `break_until` is kept free of jobs.
    """

    __tablename__ = "technician_shift"
    __table_args__ = (
        tenant_link("technician_id", "technician", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "technician_id", "weekday"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("starts >= 0 AND starts < ends AND ends <= 1440", name="ends_after_start"),
        CheckConstraint(
            "break_from IS NULL OR (break_from >= starts AND break_from < break_until AND break_until <= ends)",
            name="break_within",
        ),
    )

    id: Mapped[IntPK]
    technician_id: Mapped[int]
    weekday: Mapped[int]
    starts: Mapped[int]
    ends: Mapped[int]
    break_from: Mapped[int | None]
    break_until: Mapped[int | None]


class TechnicianAbsence(TenantOwned, Base):
    """From `starts_at` until before `ends_at` a technician gets no work."""

    __tablename__ = "technician_absence"
    __table_args__ = (
        tenant_link("technician_id", "technician", ondelete="CASCADE"),
        Index("ix_technician_absence_time", "tenant_id", "technician_id", "ends_at"),
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
    )

    id: Mapped[IntPK]
    technician_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(120), default="")


class Skill(TenantOwned, Base):
    """Something a technician can be good at."""

    __tablename__ = "skill"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "name_key"),
    )

    id: Mapped[IntPK]
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(sortable(80))


class TechnicianSkill(TenantOwned, Base):
    """How good a technician is at something, 1 (learning) to 5 (teaches it), and until which day it is certified."""

    __tablename__ = "technician_skill"
    __table_args__ = (
        tenant_link("technician_id", "technician", ondelete="CASCADE"),
        tenant_link("skill_id", "skill", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "technician_id", "skill_id"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_known"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    technician_id: Mapped[int]
    skill_id: Mapped[int]
    level: Mapped[int]
    expires_on: Mapped[date | None]


class ServiceZone(TenantOwned, Base):
    """A region that is served: ZIP codes, a polygon of (latitude, longitude), or both."""

    __tablename__ = "service_zone"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "name_key"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(sortable(80))
    zips: Mapped[list[str]]
    polygon: Mapped[list[dict[str, Any]]]
    version: Mapped[int] = mapped_column(default=1)


class ZoneTechnician(TenantOwned, Base):
    """That a technician serves a zone. Who serves none goes anywhere."""

    __tablename__ = "zone_technician"
    __table_args__ = (
        tenant_link("zone_id", "service_zone", ondelete="CASCADE"),
        tenant_link("technician_id", "technician", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "zone_id", "technician_id"),
    )

    id: Mapped[IntPK]
    zone_id: Mapped[int]
    technician_id: Mapped[int]
