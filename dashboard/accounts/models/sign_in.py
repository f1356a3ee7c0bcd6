"""What a sign-in leaves behind: sessions, their refresh tokens, second factors, links sent by mail."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK


class UserSession(Base):
    """One sign-in of one person, on a page or through the API. Ending it ends every token and cookie made from it.

    `proved_at` is when a password or second factor was last given: dangerous pages ask again when that is long ago.
    """

    __tablename__ = "user_session"
    __table_args__ = (
        Index(None, "user_id", "id"),
        CheckConstraint("kind IN ('page', 'api')", name="kind_known"),
        {"sqlite_autoincrement": True},  # an old cookie names a session by its id: that must never be another's
    )

    id: Mapped[IntPK]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # however busy it is
    in_sandbox: Mapped[bool] = mapped_column(default=False, server_default=false())  # a page that shows the twin
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(200))


class RefreshToken(Base):
    """What an API client keeps to get new access tokens; only its hash is stored. All of a session are one family."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index(None, "session_id"),)

    id: Mapped[IntPK]
    session_id: Mapped[int] = mapped_column(ForeignKey("user_session.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    issued_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class MfaChallenge(Base):
    """A sign-in that has passed the password and waits for the second factor."""

    __tablename__ = "mfa_challenge"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[IntPK]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    passed_at: Mapped[datetime | None]
    email_code_digest: Mapped[str | None] = mapped_column(String(64))
    email_codes_sent: Mapped[int] = mapped_column(default=0, server_default="0")


class BackupCode(Base):
    """One of ten codes for the day the phone is lost. Works once."""

    __tablename__ = "backup_code"
    __table_args__ = (Index(None, "user_id", "digest", unique=True),)

    id: Mapped[IntPK]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class OneTimeLink(Base):
    """A link sent by mail that proves an address (`verify_email`) or sets a new password (`reset_password`).

    `email` is where it was sent, `email_before` the person's address at that moment: once theirs is another, the link
    counts no more.
    """

    __tablename__ = "one_time_link"
    __table_args__ = (
        Index(None, "user_id", "purpose"),
        CheckConstraint("purpose IN ('verify_email', 'reset_password')", name="purpose_known"),
    )

    id: Mapped[IntPK]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(254))
    email_before: Mapped[str | None] = mapped_column(String(254))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
