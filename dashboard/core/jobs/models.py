"""Tables of background work: what was promised, and which workers are alive to keep it.

Both are system tables: they stand outside the tenant guard, so each statement on them names the tenant
itself.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, and_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK
from dashboard.core.tenancy import OWN_TENANT

LABEL_LENGTH = 200
ERROR_LENGTH = 500

FRESH = {**OWN_TENANT, "populate_existing": True}
"""Execution options of a read that names the tenant itself and wants the row as it is now."""

CHANGE = {**OWN_TENANT, "synchronize_session": False}
"""Execution options of a change that names the tenant itself."""

_NullableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_LIVE = text("ended_at IS NULL")
_LIVE_KEY = text("ended_at IS NULL AND unique_key IS NOT NULL")


class WorkState(StrEnum):
    """Where a piece of work stands. A `running` row whose lease has run out is due again."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Work(Base):
    """One promised run of a job, written in the transaction of the command that promised it.

    `attempts` only grows and is the fencing token: whoever claims the row holds it until someone claims it
    after them. `tenant_id` is None for work of the installation. `saved` is where the next attempt goes on.
    All moments are true time, also of a sandbox whose clock was moved: workers share them.
    """

    __tablename__ = "work"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state_known"),
        CheckConstraint("(ended_at IS NULL) = (state IN ('waiting', 'running'))", name="ended_with_state"),
        CheckConstraint("attempts >= 0 AND max_attempts >= 1", name="attempts_counted"),
        Index(
            "uq_work_unique_key_live",
            "unique_key",
            unique=True,
            sqlite_where=_LIVE_KEY,
            postgresql_where=_LIVE_KEY,
        ),
        Index("ix_work_live_run_at", "run_at", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index(None, "tenant_id", "kind", "id"),
        Index(None, "ended_at"),
    )

    id: Mapped[IntPK]
    kind: Mapped[str] = mapped_column(String(60))
    args: Mapped[dict[str, Any]]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    actor: Mapped[str] = mapped_column(String(40))
    unique_key: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    handed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int]
    progress_done: Mapped[int | None]
    progress_total: Mapped[int | None]
    progress_text: Mapped[str | None] = mapped_column(String(LABEL_LENGTH))
    saved: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None] = mapped_column(_NullableJson)
    last_error: Mapped[str | None] = mapped_column(Text)
    cancel_requested_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def live(self) -> bool:
        """Whether it is still to be done or being done."""
        return self.ended_at is None


class WorkerHeartbeat(Base):
    """When a worker process was last alive; a process that stopped in order has no row."""

    __tablename__ = "worker_heartbeat"

    name: Mapped[str] = mapped_column(String(LABEL_LENGTH), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


def holds(work_id: int, attempt: int) -> ColumnElement[bool]:
    """The condition that `attempt` is still the one that holds the row."""
    return and_(Work.id == work_id, Work.attempts == attempt, Work.ended_at.is_(None))
