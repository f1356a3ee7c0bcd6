"""The outbox."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK

SUBJECT_LENGTH = 200
ERROR_LENGTH = 300
WIPED = "(sent)"
"""What stands in place of a body that has left: it held a code or a link, which nobody needs to read again."""


class MailMessage(Base):
    """A mail to one person. `sent_at` stays empty where no mail server is set: the outbox page shows it instead.

    `tries` counts hand-overs to the server that were begun; `failed_at` is when it was given up, for what `last_error`
    says. A system table like `work`: `tenant_id` is None for mail of the installation.
    """

    __tablename__ = "mail_message"
    __table_args__ = (Index(None, "tenant_id", "id"),)

    id: Mapped[IntPK]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(ERROR_LENGTH))
