"""Setting units aside: a claim that keeps everybody else away, with its reason, until it is released."""

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import QUARANTINE_REASONS, Claim, Quarantine, Unit
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder, OutOfStock

KIND = "quarantine"
NOTE_LENGTH = 200


def quarantine(by: Principal, public_ids: Sequence[str], reason: str, note: str = "") -> int:
    """Set units aside; how many. All or nothing.

    Raises Invalid for an unknown reason, NotFound, and Conflict for a unit that somebody holds or that is not here.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        rows = session.execute(select(Unit.public_id, Unit.id).where(Unit.public_id.in_(set(public_ids))))
        found = {public_id: unit for public_id, unit in rows}  # noqa: C416 - rows are no pairs to the type checker
        if missing := [each for each in public_ids if each not in found]:
            raise NotFound(f"There is no unit '{missing[0]}'.")
        return quarantine_units(by, list(found.values()), reason, note)


def quarantine_units(by: Principal, unit_ids: Sequence[int], reason: str, note: str = "") -> int:
    """The same by the units' ids: for commands that have just taken them in or back."""
    by.require("inventory:write")
    note = " ".join(note.split())
    if reason not in QUARANTINE_REASONS:
        raise Invalid.field("reason", f"A reason is one of {', '.join(QUARANTINE_REASONS)}.")
    if len(note) > NOTE_LENGTH:
        raise Invalid.field("note", f"A note has at most {NOTE_LENGTH} characters.")
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


def release(by: Principal, public_id: str) -> None:
    """Give a unit free again. Raises NotFound, or Conflict where it is not in quarantine."""
    by.require("inventory:write")
    with atomic(by) as session:
        unit_id = session.scalar(select(Unit.id).where(Unit.public_id == public_id))
        if unit_id is None:
            raise NotFound(f"There is no unit '{public_id}'.")
        holder_id = session.scalar(
            select(Claim.holder_id).where(Claim.unit_id == unit_id, Claim.holder == KIND, Claim.ended_at.is_(None))
        )
        if holder_id is None or not claims.end(by, Holder(KIND, holder_id), "released"):
            raise Conflict("The unit is not in quarantine.", code="not_quarantined")
        row = session.scalar(select(Quarantine).where(Quarantine.id == holder_id, Quarantine.unit_id == unit_id))
        if row is not None:
            row.released_at, row.released_by = clock.now(), by.label
        events.record(by, "inventory.released", f"unit:{unit_id}")
