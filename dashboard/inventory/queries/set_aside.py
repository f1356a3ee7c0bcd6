"""What is set aside: units in quarantine with their reasons, and pieces that came back for repair."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import SET_ASIDE, Claim, Location, Product, Quarantine, Unit
from dashboard.inventory.queries.history import people

PAGE = 50
MOST_PIECES = 200

_KEPT: tuple[ColumnElement[bool], ...] = (Claim.ended_at.is_(None), Claim.holder.in_(SET_ASIDE))
_WHY = and_(Claim.holder == "quarantine", Quarantine.id == Claim.holder_id)


@dataclass(frozen=True, slots=True)
class UnitAside:
    """A unit that is set aside. `reason` is a key of QUARANTINE_REASONS."""

    claim_id: int
    since: datetime
    public_id: str
    number: str
    model: str
    storage: str | None
    grade: str
    place: str
    reason: str
    note: str
    who: str


def units_aside(by: Principal, *, reason: str = "", after: str | None = None) -> Slice[UnitAside]:
    """Units that are set aside, the latest first, of one reason or all. Raises Invalid for an unknown position."""
    statement = (
        select(
            Claim.id, Claim.created_at, Unit.public_id, func.coalesce(Unit.imei, Unit.serial), Unit.model,
            Unit.storage, Unit.grade, Location.name, func.coalesce(Quarantine.reason, "repair"),
            func.coalesce(Quarantine.note, ""), func.coalesce(Quarantine.actor, ""),
        )
        .join(Unit, Unit.id == Claim.unit_id)
        .join(Location, Location.id == Unit.location_id)
        .outerjoin(Quarantine, _WHY)
        .where(*_KEPT)
        .order_by(Claim.id.desc())
        .limit(PAGE + 1)
    )  # fmt: skip
    if reason:
        statement = statement.where(func.coalesce(Quarantine.reason, "repair") == reason)
    if after:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(Claim.id < last)
    found = [UnitAside(*row) for row in reads(by).execute(statement)]
    shown = found[:PAGE]
    return Slice(shown, encode_cursor([shown[-1].claim_id]) if len(found) > PAGE else None)


def aside_names(by: Principal, rows: Collection[UnitAside]) -> Mapping[str, str]:
    """The names of those who set units aside."""
    return people(by, {row.who for row in rows})


def count_aside(by: Principal) -> Mapping[str, int]:
    """How many units are set aside, by reason."""
    reason = func.coalesce(Quarantine.reason, "repair")
    statement = (
        select(reason, func.count())
        .select_from(Claim)
        .outerjoin(Quarantine, _WHY)
        .where(*_KEPT, Claim.unit_id.is_not(None))
        .group_by(reason)
    )
    return {key: count for key, count in reads(by).execute(statement)}  # noqa: C416 - rows are no pairs to the checker


@dataclass(frozen=True, slots=True)
class PiecesAside:
    """Pieces of a counted product that came back for repair; `return_id` is the return that they came with."""

    claim_id: int
    since: datetime
    quantity: int
    return_id: int
    sku: str
    name: str
    place: str


def pieces_aside(by: Principal) -> list[PiecesAside]:
    """The latest pieces that are kept for repair."""
    statement = (
        select(Claim.id, Claim.created_at, Claim.quantity, Claim.holder_id, Product.sku, Product.name, Location.name)
        .join(Product, Product.id == Claim.product_id)
        .join(Location, Location.id == Claim.location_id)
        .where(Claim.ended_at.is_(None), Claim.holder == "repair", Claim.unit_id.is_(None))
        .order_by(Claim.id.desc())
        .limit(MOST_PIECES)
    )
    return [PiecesAside(*row) for row in reads(by).execute(statement)]
