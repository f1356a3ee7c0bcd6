"""Reads for the accounts' pages: the audit trail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.accounts.models import ApiKey, OAuthClient, User
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.events import Event
from dashboard.core.paging import Slice, decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the trail is narrowed to: events of an area (`user`), of one actor (`user:7`), between two instants."""

    area: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that happened. `who` is the actor's name where they are still known."""

    id: int
    name: str
    subject: str
    data: Mapping[str, Any]
    actor: str
    who: str
    address: str | None
    at: datetime


def audit_trail(
    by: Principal, where: AuditFilter | None = None, *, after: str | None = None, size: int = 50
) -> Slice[AuditRow]:
    """What happened in one's tenant, the latest first. Raises NotAllowed without `audit:read`."""
    by.require("audit:read")
    statement = _narrowed(select(Event).where(Event.tenant_id == by.tenant_id), where or AuditFilter())
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(Event.id < last)
    found = reads(by).scalars(statement.order_by(Event.id.desc()).limit(size + 1)).all()
    shown = found[:size]
    names = _names(by, {event.actor for event in shown})
    rows = [
        AuditRow(
            event.id, event.name, event.subject, event.data, event.actor, names.get(event.actor) or event.actor,
            event.address, event.at,
        )
        for event in shown
    ]  # fmt: skip
    return Slice(rows, encode_cursor([shown[-1].id]) if len(found) > size else None)


def _narrowed(statement: AnySelect, where: AuditFilter) -> AnySelect:
    if where.area:
        statement = statement.where(Event.name.startswith(where.area + ".", autoescape=True))
    if where.actor:
        statement = statement.where(Event.actor == where.actor)
    if where.since is not None:
        statement = statement.where(Event.at >= where.since)
    if where.until is not None:
        statement = statement.where(Event.at < where.until)
    return statement


def _names(by: Principal, actors: Iterable[str]) -> dict[str, str]:
    """Names of the people and programs behind actors such as `user:7`."""
    found: dict[str, str] = {}
    for kind, model in (("user", User), ("key", ApiKey), ("client", OAuthClient)):
        ids = [int(actor.partition(":")[2]) for actor in actors if actor.startswith(kind + ":")]
        if ids:
            statement = select(model.id, model.name).where(model.id.in_(ids))
            found |= {f"{kind}:{number}": name for number, name in reads(by).execute(statement)}
    return found
