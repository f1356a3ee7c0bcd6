"""The event log: what happened, written in the transaction of the command that did it.

Readers (webhooks, the live board, the activity feed) come after the commit. Inside the transaction a domain above may
subscribe to one below with `on()`; that is the only way upward.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core import clock
from dashboard.core.context import Principal, origin
from dashboard.core.db import Base, IntPK, atomic, table_of


class Event(Base):
    """One thing that happened. Rows are never changed. `tenant_id` is None for what concerns the installation."""

    __tablename__ = "event"
    __table_args__ = (
        Index(None, "tenant_id", "id"),  # the cursor feed of one tenant
        Index(None, "subject", "id"),  # the timeline of one thing
    )

    id: Mapped[IntPK]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(60))  # where the request came from; None for the worker
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Happened:
    """What a subscriber is told: the row that was just written, and who did it."""

    by: Principal
    name: str
    subject: str
    data: Mapping[str, Any]
    at: datetime


Subscriber = Callable[[Happened], None]
_subscribers: dict[str, list[Subscriber]] = {}
_insert_event = insert(table_of(Event))


def on(name: str, subscriber: Subscriber) -> None:
    """Call `subscriber` in the transaction of every event `name`. Subscribing twice is once; called in create_app()."""
    listeners = _subscribers.setdefault(name, [])
    if subscriber not in listeners:
        listeners.append(subscriber)


def record(
    by: Principal,
    name: str,
    subject: str,
    data: Mapping[str, Any] | None = None,
    *,
    tenant_id: int | None = None,
    actor: str | None = None,
) -> None:
    """Write the event `name` (`area.happened`) about `subject` (`device:17`) in the present command.

    `data` must be plain JSON values and hold no secret. `tenant_id` is for the operator, whose deeds concern others;
    `actor` for the system where it acts at the word of somebody who has just shown who they are (`user:7`).
    """
    happened = Happened(by, name, subject, dict(data or {}), clock.now())
    with atomic(by) as session:
        session.execute(
            _insert_event,
            {
                "tenant_id": by.tenant_id if tenant_id is None else tenant_id,
                "name": name,
                "subject": subject,
                "data": happened.data,
                "actor": actor or by.label,
                "address": origin(),
                "at": happened.at,
            },
        )
        for subscriber in _subscribers.get(name, ()):
            subscriber(happened)
