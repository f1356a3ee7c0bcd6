"""How much the API was used."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base


class ApiUsage(Base):
    """What one caller asked of the API on one day, by UTC. Processes add to it in batches.

    `caller` is `key:3`, `client:5`, or `people` for everybody of the tenant who has signed in. Of `requests`, so many
    were `limited` (429), so many `failed` (5xx).
    """

    __tablename__ = "api_usage"
    __table_args__ = (Index(None, "day"),)

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    caller: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int] = mapped_column(default=0, server_default="0")
    limited: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
