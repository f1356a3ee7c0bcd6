"""Setting stock aside: a claim that keeps everybody else away, with its reason, until it is free again or scrapped."""

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import QUARANTINE_REASONS, SET_ASIDE, Claim, Quarantine, Unit
from dashboard.inventory.service import claims, departures
from dashboard.inventory.service.claims import Holder, OutOfStock
from dashboard.inventory.service.corrections import Correction, UnitChange
from dashboard.inventory.service.ledger import Move, post_pieces

KIND, REPAIR = SET_ASIDE
NOTE_LENGTH = 200


def quarantine(by: Principal, public_ids: Sequence[str], reason: str, note: str = "") -> int:
    """Set units aside; how many. All or nothing.

    Raises Invalid for an unknown reason, NotFound, and Conflict for a unit that somebody holds or that is not here.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        return quarantine_units(by, _ids(session, public_ids), reason, note)


def quarantine_units(by: Principal, unit_ids: Sequence[int], reason: str, note: str = "") -> int:
    """The same by the units' ids: for commands that have just taken them in or back."""
    by.require("inventory:write")
    note = _note(note)
    if reason not in QUARANTINE_REASONS:
        raise Invalid.field("reason", f"A reason is one of {', '.join(QUARANTINE_REASONS)}.")
    with atomic(by) as session:
        for unit_id in sorted(set(unit_ids)):
            row = Quarantine(unit_id=unit_id, reason=reason, note=note, actor=by.label, at=clock.now())
            session.add(row)
            session.flush()
            try:
                claims.take(by, Holder(KIND, row.id), units=[unit_id], until=None)
            except OutOfStock as error:
                imei, serial = session.execute(select(Unit.imei, Unit.serial).where(Unit.id == unit_id)).one()
                raise Conflict(
                    f"{imei or serial} is held by somebody or not in stock, so it cannot be set aside.",
                    code="unit_held",
                ) from error
            events.record(by, "inventory.quarantined", f"unit:{unit_id}", {"reason": reason, "note": note})
    return len(set(unit_ids))


def release(by: Principal, public_ids: Sequence[str], *, grade: str | None = None) -> int:
    """Give units that are set aside free again, with another grade where one is given; how many. All or nothing.

    Raises NotFound, Invalid for a grade without a product, or Conflict for a unit that is not set aside.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        correction, aside = _locked(by, session, public_ids)
        for unit in correction.units.values():
            if grade:
                correction.change(unit, UnitChange(grade=grade))
            _end(by, session, aside[unit.id], "released")
            events.record(by, "inventory.released", f"unit:{unit.id}")
        correction.settle()
    return len(aside)


def scrap(by: Principal, public_ids: Sequence[str], note: str = "") -> int:
    """Let units that are set aside go to scrap; how many. All or nothing.

    Raises NotFound, Invalid, or Conflict for a unit that is not set aside, or that is on its way.
    """
    by.require("inventory:write")
    reason = _note(note) or "Set aside before"
    with atomic(by) as session:
        _, aside = _locked(by, session, public_ids)
        for claim in aside.values():
            _end(by, session, claim, "used")
        session.flush()
        departures.scrap(by, list(aside), reason=reason)
        for unit_id in aside:
            events.record(by, "inventory.scrapped", f"unit:{unit_id}", {"note": reason})
    return len(aside)


def _locked(by: Principal, session: CommandSession, public_ids: Sequence[str]) -> tuple[Correction, dict[int, Claim]]:
    """The units with the claims that keep them aside, locked in this order: claims, units."""
    if not public_ids:
        raise Invalid.field("units", "Select at least one unit.")
    correction = Correction(by, session, _ids(session, public_ids))
    aside: dict[int, Claim] = {}
    for unit in correction.units.values():
        claim = correction.claims.get(unit.id)
        if claim is None or claim.holder not in SET_ASIDE:
            raise Conflict(f"{unit.imei or unit.serial} is not set aside.", code="not_quarantined")
        aside[unit.id] = claim
    return correction, aside


def _end(by: Principal, session: CommandSession, claim: Claim, why: str) -> None:
    claim.ended_at, claim.end_reason = clock.now(), why
    row = session.get(Quarantine, claim.holder_id) if claim.holder == KIND else None
    if row is not None:
        row.released_at, row.released_by = clock.now(), by.label


def _ids(session: CommandSession, public_ids: Sequence[str]) -> list[int]:
    rows = session.execute(select(Unit.public_id, Unit.id).where(Unit.public_id.in_(set(public_ids))))
    found = {public_id: unit for public_id, unit in rows}  # noqa: C416 - rows are no pairs to the type checker
    if missing := [each for each in public_ids if each not in found]:
        raise NotFound(f"There is no unit '{missing[0]}'.")
    return list(found.values())


def let_go_pieces(by: Principal, claim_id: int, quantity: int, *, usable: bool, note: str = "") -> None:
    """Let pieces that came back for repair go: onto the shelf again, or (not `usable`) to scrap.

    Raises NotFound, or Invalid for another number of pieces than there are.
    """
    by.require("inventory:write")
    reason = _note(note) or "Could not be repaired"
    with atomic(by) as session:
        claim = session.scalar(
            select(Claim)
            .where(Claim.id == claim_id, Claim.holder == REPAIR, Claim.unit_id.is_(None), Claim.ended_at.is_(None))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if claim is None:
            raise NotFound("There are no such pieces to be repaired any more.")
        if not 1 <= quantity <= claim.quantity:
            raise Invalid.field("quantity", f"From 1 to {claim.quantity} pieces can be let go.")
        if quantity == claim.quantity:
            claim.ended_at, claim.end_reason = clock.now(), "released" if usable else "used"
        else:
            claim.quantity -= quantity
        session.flush()
        if not usable:
            post_pieces(by, [Move(claim.product_id, claim.location_id, -quantity, "scrap", reason=reason)])
        told = {"quantity": quantity, "usable": usable, "return": claim.holder_id}
        events.record(by, "inventory.repaired", f"product:{claim.product_id}", told)


def _note(text: str) -> str:
    note = " ".join(text.split())
    if len(note) > NOTE_LENGTH:
        raise Invalid.field("note", f"A note has at most {NOTE_LENGTH} characters.")
    return note
