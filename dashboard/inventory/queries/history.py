"""What happened to one unit, and what is known of it beyond the grid."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from dashboard.accounts.models import User
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.customers.queries.timeline import timeline
from dashboard.inventory.models import Claim, Location, Quarantine, StockMove, Unit

MOST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a unit's timeline: an event with its data, or (`kind` a move's) a line of the ledger at a place."""

    kind: str
    at: datetime
    who: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What the unit's own page shows beside its row of the grid."""

    color: str | None
    erasure: dict[str, Any] | None
    updated_at: datetime
    gone_at: datetime | None
    claimed_at: datetime | None
    quarantine: Quarantine | None


def unit_facts(by: Principal, unit_id: int) -> UnitFacts:
    """The unit's other columns, its live claim's begin, and why it is in quarantine."""
    session = reads(by)
    unit = session.scalars(select(Unit).where(Unit.id == unit_id)).one()
    live = or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now())
    claim = session.scalar(select(Claim).where(Claim.unit_id == unit_id, Claim.ended_at.is_(None), live))
    aside = None
    if claim is not None and claim.holder == "quarantine":
        aside = session.scalar(select(Quarantine).where(Quarantine.id == claim.holder_id))
    return UnitFacts(
        unit.color,
        unit.erasure,
        unit.updated_at,
        unit.gone_at,
        None if claim is None else claim.created_at,
        aside,
    )


def unit_timeline(by: Principal, unit_id: int) -> list[Entry]:
    """Events and moves of a unit, the latest first."""
    events = [Entry(each.name, each.at, each.who, dict(each.data)) for each in timeline(by, f"unit:{unit_id}")]
    statement = (
        select(StockMove.kind, StockMove.at, StockMove.actor, StockMove.quantity, StockMove.reason, StockMove.source,
               Location.name)
        .join(Location, Location.id == StockMove.location_id)
        .where(StockMove.unit_id == unit_id)
        .order_by(StockMove.id.desc())
        .limit(MOST)
    )  # fmt: skip
    found = reads(by).execute(statement).all()
    named = people(by, {row.actor for row in found})
    moves = [
        Entry(
            f"move.{kind}",
            at,
            named.get(actor, actor),
            {"quantity": n, "reason": reason, "source": source, "place": place},
        )
        for kind, at, actor, n, reason, source, place in found
    ]
    return sorted([*events, *moves], key=lambda entry: entry.at, reverse=True)[:MOST]


def people(by: Principal, actors: Iterable[str]) -> dict[str, str]:
    """Names of the people behind actors such as `user:7`."""
    numbers = [int(actor.partition(":")[2]) for actor in actors if actor.startswith("user:")]
    statement = select(User.id, User.name).where(User.id.in_(numbers), User.tenant_id == by.tenant_id)
    return {"system": "Tradecounter"} | {f"user:{number}": name for number, name in reads(by).execute(statement)}
