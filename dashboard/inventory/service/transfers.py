"""Transfers: stock that leaves one place now and can be sold at the other when it has arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dashboard.core import clock, events, ids, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.inventory.models import Claim, Location, Product, Transfer, TransferLine, Unit
from dashboard.inventory.service import claims, tallies
from dashboard.inventory.service.claims import Holder, Pieces
from dashboard.inventory.service.ledger import Move, post_pieces, write_moves
from dashboard.inventory.service.products import MAX_PIECES

MAX_LINES = 500
MAX_NOTE = 150


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of stock that did not arrive: in words, and what kind of move the ledger calls it."""

    label: str
    kind: str


LOSSES = {
    "lost": Loss("Lost or stolen on the way", "adjust"),
    "damaged": Loss("Broken on the way", "scrap"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent: pieces of a counted product by its id, or a unit by its own."""

    product_id: int | None = None
    quantity: int = 1
    unit_id: int | None = None


def send(by: Principal, from_id: int, to_id: int, lines: Sequence[Sent], *, notes: str = "") -> Transfer:
    """Let stock leave for another place. It belongs there from now on and can be sold there once it has arrived.

    Raises Invalid, OutOfStock for units that somebody holds, HeldStock for pieces that are held.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        _check_places(session, from_id, to_id)
        pieces, units = _wanted(session, lines)
        transfer = Transfer(
            code=ids.ulid()[-20:],  # its number is taken last
            from_id=from_id,
            to_id=to_id,
            status="in_transit",
            notes=notes[:500],
            sent_at=clock.now(),
        )
        session.add(transfer)
        session.flush()
        holder, source = _holder(transfer), f"transfer:{transfer.id}"
        moved = _send_units(by, session, transfer, units)
        _move_pieces(by, pieces, from_id, to_id, source)
        claims.take(by, holder, pieces=[Pieces(p, n, to_id) for p, n in pieces.items()], until=None)
        session.add_all(TransferLine(transfer_id=transfer.id, product_id=p, quantity=n) for p, n in pieces.items())
        session.add_all(
            TransferLine(transfer_id=transfer.id, product_id=u.product_id, unit_id=u.id, quantity=1) for u in moved
        )
        year = clock.now().astimezone(ZoneInfo(by.time_zone)).year
        transfer.code = f"TR-{year}-{numbers.take(by, f'transfer {year}'):05d}"
        told = {"code": transfer.code, "pieces": sum(pieces.values()), "units": len(units)}
        events.record(by, "transfer.sent", source, told)
    return transfer


def _send_units(by: Principal, session: CommandSession, transfer: Transfer, units: Sequence[int]) -> list["_Moved"]:
    from_id, to_id = transfer.from_id, transfer.to_id
    claims.take(by, _holder(transfer), units=units, until=None)
    moved = _move_units(session, units, ("in_stock", from_id), ("in_transit", to_id))
    _log_units(by, session, moved, kind="transfer_out", location_id=from_id, source=f"transfer:{transfer.id}")
    left = [(unit.product_id, from_id, unit.carrier_locked, -1, 0) for unit in moved]
    coming = [(unit.product_id, to_id, unit.carrier_locked, 0, 1) for unit in moved]
    tallies.add(by, session, left + coming)
    return moved


def arrive(by: Principal, transfer_id: int, parts: Mapping[int, int] | None = None) -> Transfer:
    """So many pieces of each line have come (None: all that is still on its way) and can be sold from now on. A unit is
    a line of one piece. What did not come stays on its way.

    Raises NotFound, Invalid for more than is on its way, Conflict where the transfer has ended.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        transfer, lines = _open(by, session, transfer_id)
        came = _part(lines, parts)
        units = [line.unit_id for line, _ in came if line.unit_id is not None]
        _end_claims(session, transfer, units, _pieces(came))
        moved = _move_units(session, units, ("in_transit", transfer.to_id), ("in_stock", transfer.to_id))
        source = f"transfer:{transfer.id}"
        _log_units(by, session, moved, kind="transfer_in", location_id=transfer.to_id, source=source)
        tallies.add(by, session, [(u.product_id, transfer.to_id, u.carrier_locked, 1, -1) for u in moved])
        for line, quantity in came:
            line.arrived += quantity
        _go_on(by, transfer, lines, "transfer.arrived", came)
    return transfer


def give_up(by: Principal, transfer_id: int, reason: str, note: str = "") -> Transfer:
    """What is still on its way will not come: it leaves the books for one of LOSSES, and the transfer ends.

    Raises NotFound, Invalid, Conflict.
    """
    by.require("inventory:write")
    loss = LOSSES.get(reason)
    if loss is None:
        raise Invalid.field("reason", "Choose what became of it.")
    if len(note := " ".join(note.split())) > MAX_NOTE:
        raise Invalid.field("note", f"A note has at most {MAX_NOTE} characters.")
    with atomic(by) as session:
        transfer, lines = _open(by, session, transfer_id)
        gone = _part(lines, None)
        units, pieces = [line.unit_id for line, _ in gone if line.unit_id is not None], _pieces(gone)
        _end_claims(session, transfer, units, pieces)
        text, source = f"{loss.label}: {note}" if note else loss.label, f"transfer:{transfer.id}"
        _lose_units(by, session, transfer, units, text)
        post_pieces(by, [Move(p, transfer.to_id, -n, loss.kind, reason=text, source=source) for p, n in pieces.items()])
        for line, quantity in gone:
            line.lost += quantity
        transfer.notes = " · ".join(filter(None, (transfer.notes, text)))[:500]
        _go_on(by, transfer, lines, "transfer.lost", gone)
    return transfer


def _lose_units(by: Principal, session: CommandSession, transfer: Transfer, units: Sequence[int], reason: str) -> None:
    """They came in the books and were scrapped there: a unit that has left adds up to nothing."""
    moved = _move_units(session, units, ("in_transit", transfer.to_id), ("scrapped", transfer.to_id))
    source = f"transfer:{transfer.id}"
    _log_units(by, session, moved, kind="transfer_in", location_id=transfer.to_id, source=source)
    lost = [Move(u.product_id, transfer.to_id, -1, "scrap", u.id, reason=reason, source=source) for u in moved]
    if lost:
        write_moves(by, session, lost)
    tallies.add(by, session, [(u.product_id, transfer.to_id, u.carrier_locked, 0, -1) for u in moved])


def cancel(by: Principal, transfer_id: int) -> Transfer:
    """What is still on its way came back, or never left: it is where it was. Raises NotFound, Conflict."""
    by.require("inventory:write")
    with atomic(by) as session:
        transfer, lines = _open(by, session, transfer_id)
        back = _part(lines, None)
        units, pieces = [line.unit_id for line, _ in back if line.unit_id is not None], _pieces(back)
        source = f"transfer:{transfer.id}"
        claims.end(by, _holder(transfer), "released")
        moved = _move_units(session, units, ("in_transit", transfer.to_id), ("in_stock", transfer.from_id))
        _log_units(by, session, moved, kind="transfer_in", location_id=transfer.from_id, source=source)
        here = [(unit.product_id, transfer.from_id, unit.carrier_locked, 1, 0) for unit in moved]
        gone = [(unit.product_id, transfer.to_id, unit.carrier_locked, 0, -1) for unit in moved]
        tallies.add(by, session, here + gone)
        _move_pieces(by, pieces, transfer.to_id, transfer.from_id, source)
        transfer.status, transfer.ended_at = "cancelled", clock.now()
        events.record(by, "transfer.cancelled", source, {"code": transfer.code, "pieces": sum(n for _, n in back)})
    return transfer


_Part = Sequence[tuple[TransferLine, int]]


def _part(lines: Sequence[TransferLine], parts: Mapping[int, int] | None) -> _Part:
    """Lines and how many pieces of each: those named, or all that is still on its way. Raises Invalid."""
    if parts is None:
        return [(line, _left(line)) for line in lines if _left(line)]
    known = {line.id: line for line in lines}
    wrong: list[FieldError] = []
    for line_id, quantity in parts.items():
        line = known.get(line_id)
        left = _left(line) if line else 0
        if not 0 <= quantity <= left:
            wrong.append(FieldError(f"line-{line_id}", f"Only {left} of this are on their way."))
    some = [(known[line_id], quantity) for line_id, quantity in parts.items() if line_id in known and quantity > 0]
    if not some and not wrong:
        wrong.append(FieldError("lines", "Say what has come."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return sorted(some, key=lambda part: part[0].product_id)


def _left(line: TransferLine) -> int:
    return line.quantity - line.arrived - line.lost


def _pieces(part: _Part) -> dict[int, int]:
    return {line.product_id: quantity for line, quantity in part if line.unit_id is None}


def _end_claims(session: CommandSession, transfer: Transfer, units: Sequence[int], pieces: Mapping[int, int]) -> None:
    """Use what came of the claims, which the caller has locked; the rest stays claimed."""
    wanted, left = set(units), dict(pieces)
    statement = (
        select(Claim)
        .where(Claim.holder == "transfer", Claim.holder_id == transfer.id, Claim.ended_at.is_(None))
        .order_by(Claim.unit_id, Claim.id)
        .execution_options(populate_existing=True)
    )
    for claim in session.scalars(statement).all():
        if claim.unit_id is not None:
            used = int(claim.unit_id in wanted)
        else:
            used = min(left.get(claim.product_id, 0), claim.quantity)
            left[claim.product_id] = left.get(claim.product_id, 0) - used
        if used == claim.quantity:
            claim.ended_at, claim.end_reason = clock.now(), "used"
        elif used:
            claim.quantity -= used
    session.flush()


def _go_on(by: Principal, transfer: Transfer, lines: Sequence[TransferLine], name: str, part: _Part) -> None:
    """Say what happened, and end the transfer once nothing of it is on its way."""
    left = sum(_left(line) for line in lines)
    if not left:
        transfer.status, transfer.ended_at = "arrived", clock.now()
    told = {"code": transfer.code, "pieces": sum(quantity for _, quantity in part), "left": left}
    events.record(by, name, f"transfer:{transfer.id}", told)


def _holder(transfer: Transfer) -> Holder:
    return Holder("transfer", transfer.id)


def _check_places(session: CommandSession, from_id: int, to_id: int) -> None:
    if from_id == to_id:
        raise Invalid.field("to", "Choose another place than the one it leaves.")
    for field, place in (("from", from_id), ("to", to_id)):
        if session.get(Location, place) is None:
            raise Invalid.field(field, "There is no such place.")


def _wanted(session: CommandSession, lines: Sequence[Sent]) -> tuple[dict[int, int], list[int]]:
    """Pieces by product, summed, and units. Raises Invalid."""
    if not 0 < len(lines) <= MAX_LINES:
        raise Invalid.field("lines", f"A transfer has 1 to {MAX_LINES} lines.")
    pieces: dict[int, int] = {}
    units = sorted({line.unit_id for line in lines if line.unit_id is not None})
    for line in lines:
        if line.unit_id is None and line.product_id is not None:
            pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    rows = session.execute(select(Product.id, Product.kind).where(Product.id.in_(sorted(pieces))))
    kinds = {product: kind for product, kind in rows}  # noqa: C416 - dict() of rows is not typed
    wrong = [
        FieldError("lines", "Products that are counted are sent by pieces; units one by one, by their number.")
        for product in pieces
        if kinds.get(product) not in ("counted", "unique")
    ]
    wrong += [FieldError("lines", "Send at least one piece.") for n in pieces.values() if not 0 < n <= MAX_PIECES]
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return dict(sorted(pieces.items())), units


def _move_pieces(by: Principal, pieces: dict[int, int], from_id: int, to_id: int, source: str) -> None:
    """Out of one place and into the other in one batch: what there is in all stays the same, so nothing runs low."""
    out = [Move(p, from_id, -n, "transfer_out", source=source) for p, n in pieces.items()]
    into = [Move(p, to_id, n, "transfer_in", source=source) for p, n in pieces.items()]
    post_pieces(by, out + into)


@dataclass(frozen=True, slots=True)
class _Moved:
    id: int
    product_id: int
    carrier_locked: bool


def _move_units(
    session: CommandSession, unit_ids: Sequence[int], before: tuple[str, int], after: tuple[str, int]
) -> list[_Moved]:
    if not unit_ids:
        return []
    statement = (
        update(Unit)
        .where(Unit.id.in_(unit_ids), Unit.state == before[0], Unit.location_id == before[1])
        .values(
            state=after[0],
            location_id=after[1],
            gone_at=clock.now() if after[0] == "scrapped" else None,
            updated_at=clock.now(),
            version=Unit.version + 1,
        )
        .returning(Unit.id, Unit.product_id, Unit.carrier_locked)
        .execution_options(synchronize_session=False)
    )
    moved = [_Moved(*row) for row in session.execute(statement)]
    if len(moved) < len(unit_ids):
        raise Conflict(f"{len(unit_ids) - len(moved)} of the units are not at this place: reload and look.")
    return sorted(moved, key=lambda unit: unit.id)


def _log_units(
    by: Principal, session: CommandSession, units: Sequence[_Moved], *, kind: str, location_id: int, source: str
) -> None:
    """Write one line of the ledger for each unit."""
    if units:
        quantity = -1 if kind == "transfer_out" else 1
        batch = [Move(u.product_id, location_id, quantity, kind, unit_id=u.id, source=source) for u in units]
        write_moves(by, session, batch)


def _open(by: Principal, session: CommandSession, transfer_id: int) -> tuple[Transfer, Sequence[TransferLine]]:
    """The transfer, locked after its claims, and its lines. Raises NotFound, Conflict where it has ended."""
    claims.lock(by, Holder("transfer", transfer_id))
    transfer = session.scalar(
        select(Transfer).where(Transfer.id == transfer_id).with_for_update().execution_options(populate_existing=True)
    )
    if transfer is None:
        raise NotFound("There is no such transfer.")
    if transfer.status != "in_transit":
        raise Conflict(f"{transfer.code} is {transfer.status} already.")
    return transfer, _lines(session, transfer)


def _lines(session: CommandSession, transfer: Transfer) -> Sequence[TransferLine]:
    statement = (
        select(TransferLine)
        .where(TransferLine.transfer_id == transfer.id)
        .order_by(TransferLine.product_id, TransferLine.unit_id)
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()
