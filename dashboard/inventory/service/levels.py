"""Setting and correcting how many pieces there are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import Claim, Product
from dashboard.inventory.service.claims import lock_levels
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.locations import default_location
from dashboard.inventory.service.products import fold_sku


@dataclass(frozen=True, slots=True)
class Corrected:
    """A quantity before and after, over all places."""

    product: Product
    before: int
    after: int
    at: datetime


def set_quantity(
    by: Principal, sku: str, quantity: int, *, reason: str | None = None, expected: int | None = None
) -> Corrected:
    """Say how many pieces of a counted product lie at all places together: the difference is posted at the default
    place. Pieces on their way between two places lie at none: they are not counted, and still arrive (P120).

    Where that has too few to take away, the other places give, the fullest first. Raises NotFound, Invalid, and
    Conflict for a product that is sold unit by unit, fewer pieces than are held, or another number than `expected`.
    """
    by.require("inventory:write")
    if reason is not None and len(reason) > 200:
        raise Invalid.field("reason", "Field 'reason' must be at most 200 characters")
    with atomic(by) as session:
        product = session.scalar(select(Product).where(Product.sku_key == fold_sku(sku)))
        if product is None:
            raise NotFound(f"SKU '{sku}' does not exist in inventory system")
        if product.kind not in ("counted", "unique"):
            raise Conflict(
                f"'{product.sku}' is sold unit by unit. Receive or scan its units instead of setting a number.",
                code="serialised_product",
            )
        levels = lock_levels(by, [product.id])
        before = sum(level.on_hand for level in levels) - _on_their_way(session, product.id)
        held = before - sum(level.free for level in levels)
        if expected is not None and expected != before:
            raise Conflict(f"There are {before} now, not {expected}.", details={"available_quantity": before})
        if quantity < held:
            raise Conflict(f"{held} are held for orders, so there cannot be {quantity}.", details={"held": held})
        place = default_location(by)
        moves: list[Move] = []
        change = quantity - before
        if change > 0:
            moves = [Move(product.id, place.id, change, "adjust", reason=reason)]
        for level in sorted(levels, key=lambda level: (level.location_id != place.id, -level.free)):
            some = min(level.free, -change)
            if change < 0 < some:
                moves.append(Move(product.id, level.location_id, -some, "adjust", reason=reason))
                change += some
        post_pieces(by, moves)
        if moves:
            told = {"sku": product.sku, "quantity": quantity, "previous_quantity": before, "reason": reason}
            events.record(by, "inventory.adjusted", f"product:{product.id}", told)
    return Corrected(product, before, quantity, clock.now())


def _on_their_way(session: CommandSession, product_id: int) -> int:
    """Pieces that stand at the place they go to and have not arrived; the caller has locked the levels."""
    statement = select(func.coalesce(func.sum(Claim.quantity), 0)).where(
        Claim.product_id == product_id,
        Claim.unit_id.is_(None),
        Claim.holder == "transfer",
        Claim.ended_at.is_(None),
    )
    return int(session.scalar(statement) or 0)
