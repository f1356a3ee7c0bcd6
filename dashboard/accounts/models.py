"""Tenants, the people and programs that act for them. These tables are read before a tenant is known, so they stand
outside the tenancy guard; every query on them names the tenant itself."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.core.db import Base, IntPK, sortable


class Tenant(Base):
    """A merchant's whole account. A sandbox twin is a tenant too, with `sandbox_of_id` naming the live one."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("plan IN ('starter', 'professional', 'enterprise')", name="plan_known"),
        CheckConstraint("requests_per_minute IS NULL OR requests_per_minute > 0", name="limit_positive"),
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


class User(Base):
    """A person who signs in. The operator, who runs the installation, may belong to no tenant."""

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "username"),
        # NULLs are distinct in a unique constraint: operators without a tenant need an index of their own.
        Index(
            "uq_user_account_operator_username",
            "username",
            unique=True,
            sqlite_where=text("tenant_id IS NULL"),
            postgresql_where=text("tenant_id IS NULL"),
        ),
        Index(None, "username"),  # sign-in without a business code
        Index(None, "email"),  # sign-in by e-mail
        CheckConstraint("tenant_id IS NOT NULL OR is_operator", name="belongs_somewhere"),
    )

    id: Mapped[IntPK]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(80))  # folded to lower case
    email: Mapped[str | None] = mapped_column(String(254))  # folded to lower case
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(40))
    is_operator: Mapped[bool] = mapped_column(default=False, server_default=false())
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    session_epoch: Mapped[int] = mapped_column(default=0, server_default="0")  # a new one ends all sessions
    last_signed_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    tenant: Mapped[Tenant | None] = relationship(lazy="raise")


class ApiKey(Base):
    """A program's credential. Only its hash is kept; `prefix` finds it and is what lists show."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index(None, "tenant_id", "id"),
        CheckConstraint(
            "dialect IS NULL OR dialect IN ('techfleet', 'techparts', 'syncauction', 'tradekitt', 'autosync')",
            name="dialect_known",
        ),
    )

    id: Mapped[IntPK]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    prefix: Mapped[str] = mapped_column(sortable(24), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    dialect: Mapped[str | None] = mapped_column(String(20))
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
