"""A merchant's account: who they are, how they look, and the settings that rules of every domain read."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK

PLANS = ("starter", "professional", "enterprise")
TAX_ROUNDINGS = ("half_even", "truncate")


class Tenant(Base):
    """A merchant's whole account. A sandbox twin is a tenant too, with `sandbox_of_id` naming the live one.

    Rates are basis points, hold lengths minutes, `clock_offset_s` seconds ahead of the true time (sandbox only).
    """

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("plan IN ('starter', 'professional', 'enterprise')", name="plan_known"),
        CheckConstraint("requests_per_minute IS NULL OR requests_per_minute > 0", name="limit_positive"),
        CheckConstraint("tax_rounding IN ('half_even', 'truncate')", name="tax_rounding_known"),
        CheckConstraint("tax_rate_bps BETWEEN 0 AND 10000", name="tax_rate_in_range"),
        CheckConstraint(
            "device_hold_minutes > 0 AND parts_hold_minutes > 0 AND draft_hold_minutes > 0", name="holds_positive"
        ),
        CheckConstraint("clock_offset_s = 0 OR sandbox_of_id IS NOT NULL", name="live_clock_true"),
        {"sqlite_autoincrement": True},  # the id of an erased tenant is never given to another
    )

    id: Mapped[IntPK]
    public_id: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    business_code: Mapped[str] = mapped_column(String(40), unique=True)  # upper case: compared without regard to case
    name: Mapped[str] = mapped_column(String(120))
    plan: Mapped[str] = mapped_column(String(20), default="starter")
    requests_per_minute: Mapped[int | None]  # overrides the plan's API limit
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    sandbox_of_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[datetime]

    display_name: Mapped[str | None] = mapped_column(String(80))
    primary_color: Mapped[str] = mapped_column(String(7), default="#2563eb", server_default="#2563eb")
    tax_rate_bps: Mapped[int] = mapped_column(default=0, server_default="0")
    tax_rounding: Mapped[str] = mapped_column(String(20), default="half_even", server_default="half_even")
    device_hold_minutes: Mapped[int] = mapped_column(default=15, server_default="15")
    parts_hold_minutes: Mapped[int] = mapped_column(default=1440, server_default="1440")
    draft_hold_minutes: Mapped[int] = mapped_column(default=60, server_default="60")
    mfa_roles: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # must use a second factor
    suspended_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]  # erased then, as its owner asked; the sandbox has the same
    sandbox_nightly: Mapped[bool] = mapped_column(default=False, server_default=false())
    clock_offset_s: Mapped[int] = mapped_column(default=0, server_default="0")


class TenantLogo(Base):
    """The picture that a tenant shows on its sign-in page, its portal and its documents."""

    __tablename__ = "tenant_logo"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[str] = mapped_column(String(12))
