"""Sign-in through Google, Apple and Microsoft."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK

_PROVIDERS = "provider IN ('google', 'apple', 'microsoft')"


class ExternalIdentity(Base):
    """An account at a provider that signs a user in. `issuer` and `subject` name it; the address is for people."""

    __tablename__ = "external_identity"
    __table_args__ = (
        UniqueConstraint("user_id", "provider", "issuer", "subject"),
        Index(None, "provider", "issuer", "subject"),  # one person may belong to several tenants
        CheckConstraint(_PROVIDERS, name="provider_known"),
    )

    id: Mapped[IntPK]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(20))
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    linked_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class IdentityClient(Base):
    """A tenant's registration at a provider, for the buttons on its sign-in page. The secret is sealed.

    `directory` is the only one of Microsoft's whose people may come in; None lets in every directory's.
    """

    __tablename__ = "identity_client"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider"),
        CheckConstraint(_PROVIDERS, name="provider_known"),
    )

    id: Mapped[IntPK]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[str] = mapped_column(String(255))
    client_secret: Mapped[str | None] = mapped_column(String(4000))
    directory: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime]
