"""Credentials of programs: API keys, OAuth clients, and the keys that sign our own tokens."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, sortable


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
    last_used_at: Mapped[datetime | None]  # written down in batches: see service/usage.py
    last_used_from: Mapped[str | None] = mapped_column(String(60))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id", ondelete="SET NULL"))


class OAuthClient(Base):
    """A platform that gets tokens by the client credentials grant (RFC 6749, section 4.4)."""

    __tablename__ = "oauth_client"
    __table_args__ = (Index(None, "tenant_id", "id"),)

    id: Mapped[IntPK]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    client_id: Mapped[str] = mapped_column(String(48), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SigningKey(Base):
    """A key that signs tokens, named by `kid` in their header. The secret itself is derived, never stored."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # signs no more; what it signed is honoured until it expires
