"""Stock that leaves for good, or comes back: units, levels, tallies and the ledger change together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict
from dashboard.inventory.models import Claim, Unit
from dashboard.inventory.service import tallies
from dashboard.inventory.service.claims import Holder, Pieces
from dashboard.inventory.service.ledger import Move, post_pieces, write_moves


def ship(by: Principal, holder: Holder, *, units: Sequence[int], pieces: Sequence[Pieces], source: str) -> None:
    """Let claimed stock leave: its claims end as used, units become sold, pieces leave their places.

    `pieces` name their place. The caller has locked the claims (`claims.lock`) before rows of its own. Raises Conflict
    where `holder` has no claim on something.
    """
    with atomic(by) as session:
        claims = _claims_of(session, holder)
        _use_units(session, claims, units)
        for each in pieces:
            _use_pieces(claims, each)
        session.flush()
        _change_state(by, session, units, _Step("in_stock", "sold", "sell", -1, source))
        post_pieces(by, [Move(p.product_id, p.location_id or 0, -p.quantity, "sell", source=source) for p in pieces])


def take_back(
    by: Principal, *, units: Sequence[int], pieces: Sequence[Pieces], restock: bool, source: str, reason: str
) -> None:
    """Sold stock comes back: onto the shelf, or (not `restock`) straight to scrap. `pieces` name their place."""
    with atomic(by) as session:
        after = "in_stock" if restock else "scrapped"
        _change_state(by, session, units, _Step("sold", after, "return", 1, source))
        moves = [Move(p.product_id, p.location_id or 0, p.quantity, "return", source=source) for p in pieces]
        post_pieces(by, moves)
        if not restock:
            _scrap_units(by, session, units, reason)
            scrapped = [Move(p.product_id, p.location_id or 0, -p.quantity, "scrap", reason=reason) for p in pieces]
            post_pieces(by, scrapped)


def scrap(by: Principal, units: Sequence[int], *, reason: str) -> None:
    """Let units that are here go to scrap. The caller has locked them and ended whatever claims were on them."""
    with atomic(by) as session:
        _change_state(by, session, units, _Step("in_stock", "scrapped", "scrap", -1, reason=reason))


def _scrap_units(by: Principal, session: CommandSession, units: Sequence[int], reason: str) -> None:
    if units:
        rows = session.execute(select(Unit.id, Unit.product_id, Unit.location_id).where(Unit.id.in_(sorted(units))))
        write_moves(by, session, [Move(p, at, -1, "scrap", unit_id=unit, reason=reason) for unit, p, at in rows])


def _claims_of(session: CommandSession, holder: Holder) -> list[Claim]:
    statement = (
        select(Claim)
        .where(Claim.holder == holder.kind, Claim.holder_id == holder.id, Claim.ended_at.is_(None))
        .order_by(Claim.unit_id, Claim.id)
    )
    return list(session.scalars(statement))


def _use_units(session: CommandSession, claims: Iterable[Claim], units: Sequence[int]) -> None:
    held = {claim.unit_id: claim for claim in claims if claim.unit_id is not None}
    if missing := [unit for unit in units if unit not in held]:
        raise Conflict(f"{len(missing)} of the units are not held for this any more.")
    for unit in units:
        held[unit].ended_at = clock.now()
        held[unit].end_reason = "used"
    session.flush()


def _use_pieces(claims: Iterable[Claim], wanted: Pieces) -> None:
    left = wanted.quantity
    for claim in claims:
        fits = (claim.product_id, claim.location_id, claim.unit_id) == (wanted.product_id, wanted.location_id, None)
        if not fits or claim.ended_at is not None or not left:
            continue
        used = min(left, claim.quantity)
        left -= used
        if used == claim.quantity:
            claim.ended_at, claim.end_reason = clock.now(), "used"
        else:
            claim.quantity -= used
    if left:
        raise Conflict(f"{left} of the pieces are not held for this any more.")


def _change_state(
    by: Principal,
    session: CommandSession,
    unit_ids: Sequence[int],
    step: "_Step",
) -> None:
    if not unit_ids:
        return
    statement = (
        update(Unit)
        .where(Unit.id.in_(sorted(unit_ids)), Unit.state == step.before)
        .values(
            state=step.after,
            gone_at=None if step.after == "in_stock" else clock.now(),
            updated_at=clock.now(),
            version=Unit.version + 1,
        )
        .returning(Unit.id, Unit.product_id, Unit.location_id, Unit.carrier_locked)
        .execution_options(synchronize_session=False)
    )
    changed = session.execute(statement).all()
    if len(changed) < len(unit_ids):
        raise Conflict(f"{len(unit_ids) - len(changed)} of the units are not where they should be: reload and look.")
    moves = [
        Move(
            row.product_id,
            row.location_id,
            step.quantity,
            step.kind,
            unit_id=row.id,
            reason=step.reason,
            source=step.source,
        )
        for row in changed
    ]
    write_moves(by, session, moves)
    more = (step.after == "in_stock") - (step.before == "in_stock")
    tallies.add(by, session, [(row.product_id, row.location_id, row.carrier_locked, more, 0) for row in changed])


@dataclass(frozen=True, slots=True)
class _Step:
    """From one state of a unit to the next, and what the ledger says of it."""

    before: str
    after: str
    kind: str
    quantity: int
    source: str | None = None
    reason: str | None = None
