"""People, the roles they hold, and the invitations that make them members."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.accounts.models.tenants import Tenant
from dashboard.core.db import Base, IntPK


class User(Base):
    """A person who signs in. The operator, who runs the installation, may belong to no tenant.

    `number` counts per tenant and is the id that integrations see. `totp_secret` is sealed; `totp_step` is the last
    step whose code was used, so that no code works twice.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "username"),
        UniqueConstraint("tenant_id", "number"),
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
        {"sqlite_autoincrement": True},  # trails name people by their id, also those who are gone
    )

    id: Mapped[IntPK]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    number: Mapped[int]
    username: Mapped[str] = mapped_column(String(80))  # folded to lower case
    email: Mapped[str | None] = mapped_column(String(254))  # folded to lower case
    email_verified_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(200))  # None: signs in through an identity provider only
    password_changed_at: Mapped[datetime | None]
    role: Mapped[str] = mapped_column(String(40))
    is_operator: Mapped[bool] = mapped_column(default=False, server_default=false())
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    totp_secret: Mapped[str | None] = mapped_column(String(200))
    totp_confirmed_at: Mapped[datetime | None]  # until then the secret waits for its first code
    totp_step: Mapped[int | None]
    last_signed_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    tenant: Mapped[Tenant | None] = relationship(lazy="raise")

    @property
    def has_mfa(self) -> bool:
        """Whether a second factor is asked for at sign-in."""
        return self.totp_confirmed_at is not None


class Role(Base):
    """A role that a tenant made for itself, beside the built-in ones."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[IntPK]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]


class Invitation(Base):
    """A mail that lets somebody join a tenant. Only the hash of its link is kept; it works once."""

    __tablename__ = "invitation"
    __table_args__ = (Index(None, "tenant_id", "id"),)

    id: Mapped[IntPK]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
