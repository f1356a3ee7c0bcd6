"""What happened to one thing, from the event log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.accounts.models import ApiKey, OAuthClient, User
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.events import Event


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened; `who` is the actor's name where they are still known."""

    name: str
    data: Mapping[str, Any]
    who: str
    at: datetime


def timeline(by: Principal, subject: str, *, limit: int = 50) -> Sequence[Moment]:
    """What happened to `subject` (`order:17`), the latest first."""
    statement = select(Event).where(Event.subject == subject, Event.tenant_id == by.tenant_id)
    found = reads(by).scalars(statement.order_by(Event.id.desc()).limit(limit)).all()
    names = _names(by, {event.actor for event in found})
    return [Moment(event.name, event.data, names.get(event.actor, event.actor), event.at) for event in found]


def _names(by: Principal, actors: Iterable[str]) -> dict[str, str]:
    found = {"system": "Tradecounter"}
    for kind, model in (("user", User), ("key", ApiKey), ("client", OAuthClient)):
        ids = [int(actor.partition(":")[2]) for actor in actors if actor.startswith(kind + ":")]
        if ids:
            rows = reads(by).execute(
                select(model.id, model.name).where(model.id.in_(ids), model.tenant_id == by.tenant_id)
            )
            found |= {f"{kind}:{number}": name for number, name in rows}
    return found
