"""Pieces that are found, lost or broken, and pieces that come without a purchase order."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import Location, Product, StockLevel
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.products import MAX_MONEY, MAX_PIECES


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a number is corrected: in words, which way (1 or -1), and what kind of move the ledger calls it."""

    label: str
    sign: int
    kind: str = "adjust"


REASONS = {
    "found": Reason("Found", 1),
    "miscounted": Reason("Counted too few before", 1),
    "damaged": Reason("Damaged", -1, "scrap"),
    "scrap": Reason("Thrown away", -1, "scrap"),
    "lost": Reason("Lost or stolen", -1),
    "used": Reason("Used in the house", -1),
}
MAX_NOTE = 150


def adjust_pieces(
    by: Principal, product_id: int, location_id: int, quantity: int, reason: str, *, note: str = ""
) -> int:
    """Correct how many pieces are at a place by `quantity`, up or down as the reason says; how many there are now.

    Raises Invalid, NotFound, and Conflict for a product of units or more pieces than nobody holds (HeldStock).
    """
    by.require("inventory:write")
    why = REASONS.get(reason)
    if why is None:
        raise Invalid.field("reason", "Choose why the number changes.")
    if len(note) > MAX_NOTE:
        raise Invalid.field("note", f"A note has at most {MAX_NOTE} characters.")
    with atomic(by):
        product = _counted(by, Product.id == product_id)
        _check(by, location_id, quantity)
        text = f"{why.label}: {note.strip()}" if note.strip() else why.label
        post_pieces(by, [Move(product.id, location_id, why.sign * quantity, why.kind, reason=text)])
        told = {"sku": product.sku, "change": why.sign * quantity, "reason": text}
        events.record(by, "inventory.adjusted", f"product:{product.id}", told)
        return on_hand_at(by, product.id, location_id)


@dataclass(frozen=True, slots=True)
class Taken:
    """Pieces that were taken in, and how many there are at that place now."""

    product: Product
    location: Location
    quantity: int
    on_hand: int


def receive_pieces(
    by: Principal, product: int, location: int | None, quantity: int, *, unit_cost: int | None = None, notes: str = ""
) -> Taken:
    """Take in pieces of the product with this number at the place with that number (None: the default place).

    Where their cost is told, the average follows. Raises NotFound, Invalid, and Conflict for a product of units.
    """
    by.require("inventory:write")
    if unit_cost is not None and not 0 <= unit_cost <= MAX_MONEY:
        raise Invalid.field("unit_cost_cents", "A cost is 0 or more.")
    with atomic(by) as session:
        wanted = Location.is_default if location is None else Location.number == location
        place = session.scalar(select(Location).where(wanted))
        if place is None:
            raise Invalid.field("location_id", f"There is no location {location}.")
        counted = _counted(by, Product.number == product)
        _check(by, place.id, quantity)
        reason = notes.strip()[:200] or None
        post_pieces(by, [Move(counted.id, place.id, quantity, "receive", unit_cost=unit_cost, reason=reason)])
        told = {"sku": counted.sku, "quantity": quantity, "location": place.code, "notes": reason}
        events.record(by, "inventory.received", f"product:{counted.id}", told)
        return Taken(counted, place, quantity, on_hand_at(by, counted.id, place.id))


def on_hand_at(by: Principal, product_id: int, location_id: int) -> int:
    """Pieces that the books say are at a place."""
    statement = select(func.coalesce(func.sum(StockLevel.on_hand), 0)).where(
        StockLevel.product_id == product_id, StockLevel.location_id == location_id
    )
    return int(reads(by).scalar(statement) or 0)


def _counted(by: Principal, which: ColumnElement[bool]) -> Product:
    product = reads(by).scalar(select(Product).where(which))
    if product is None:
        raise NotFound("There is no such product.")
    if product.kind not in ("counted", "unique"):
        raise Conflict(f"'{product.sku}' is not counted by pieces. Receive or scan its units instead.")
    return product


def _check(by: Principal, location_id: int, quantity: int) -> None:
    if not 0 < quantity <= MAX_PIECES:
        raise Invalid.field("quantity", "Give at least one piece.")
    if reads(by).get(Location, location_id) is None:
        raise Invalid.field("location_id", "There is no such place.")
