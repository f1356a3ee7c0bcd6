"""Stocktakes: what the books say is frozen, several people count while selling goes on, differences are posted once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import and_, func, insert, or_, select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import (
    Claim,
    Location,
    Product,
    StockLevel,
    Stocktake,
    StocktakeLine,
    StocktakeScan,
)
from dashboard.inventory.service import stocktake_units
from dashboard.inventory.service.claims import lock_levels
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.products import MAX_PIECES, fold_sku
from dashboard.inventory.service.stocktake_units import UnitScan, UnitsPosted


class NothingKnown(Invalid):
    """What was scanned is in no book: a slip, or a unit by its serial number."""

    code = "nothing_known"


_insert_lines = insert(table_of(StocktakeLine))


def start_stocktake(by: Principal, location_id: int) -> Stocktake:
    """Begin to count a place: what the books say is there is frozen now. Raises Invalid, or Conflict while it is
    being counted already.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        place = session.scalar(select(Location).where(Location.id == location_id).with_for_update())
        if place is None:
            raise Invalid.field("location", "There is no such place.")
        running = select(Stocktake.id).where(Stocktake.location_id == place.id, Stocktake.status == "counting")
        if session.scalar(running) is not None:
            raise Conflict(f"{place.name} is being counted already. Join that stocktake, or end it first.")
        take = Stocktake(location_id=place.id, status="counting", started_by=by.name, started_at=clock.now())
        session.add(take)
        session.flush()
        rows = [
            {
                "tenant_id": by.tenant_id,
                "stocktake_id": take.id,
                "product_id": product,
                "expected": there,
                "moved": False,
            }
            for product, there in sorted(_books(session, place.id).items())
        ]
        if rows:
            session.execute(_insert_lines, rows, execution_options=OWN_TENANT)
        take.units_expected = stocktake_units.freeze(by, session, take)
        told = {"location": place.code, "lines": len(rows), "units": take.units_expected}
        events.record(by, "stocktake.started", f"stocktake:{take.id}", told)
    return take


def _books(session: CommandSession, location_id: int, product_id: int | None = None) -> dict[int, int]:
    """Pieces at a place by product, as the books have them, less those still on their way there."""
    on_their_way = (
        select(func.sum(Claim.quantity))
        .where(
            Claim.tenant_id == StockLevel.tenant_id,
            Claim.product_id == StockLevel.product_id,
            Claim.location_id == StockLevel.location_id,
            Claim.holder == "transfer",
            Claim.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    statement = select(StockLevel.product_id, StockLevel.on_hand - func.coalesce(on_their_way, 0)).where(
        StockLevel.location_id == location_id, StockLevel.on_hand > 0
    )
    if product_id is not None:
        statement = statement.where(StockLevel.product_id == product_id)
    return {product: int(there) for product, there in session.execute(statement)}


def scan(
    by: Principal, stocktake_id: int, scanned: str, quantity: int = 1, *, any_serial: bool = False
) -> StocktakeLine | UnitScan:
    """Count whatever was scanned: pieces by barcode or SKU, a unit by its IMEI or serial number; one of a serial number
    that nobody knows where `any_serial` says that it is no slip.

    Raises NotFound, Invalid for what is neither, Conflict where the stocktake has ended.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        take = _counting(session, stocktake_id)
        if _product_of(session, scanned) is None:
            found = stocktake_units.find_number(session, scanned.strip(), any_serial=any_serial)
            if found is not None:
                return stocktake_units.scan_unit(by, session, take, found, quantity)
        return count_pieces(by, stocktake_id, scanned, quantity)


def count_pieces(by: Principal, stocktake_id: int, scanned: str, quantity: int = 1) -> StocktakeLine:
    """Add to what was counted of a product, by its barcode or SKU; a negative quantity takes a mistake back.

    Raises NotFound, Invalid for what is no counted product, Conflict where the stocktake has ended.
    """
    by.require("inventory:write")
    if not 0 < abs(quantity) <= MAX_PIECES:
        raise Invalid.field("quantity", "Count at least one piece.")
    with atomic(by) as session:
        take = _counting(session, stocktake_id)
        product = _scanned(session, scanned)
        line = _line(session, take, product.id)
        lock_levels(by, [product.id])  # what the books say now is true until this count is saved
        book = _books(session, take.location_id, product.id).get(product.id, 0)
        counted = (line.counted or 0) + quantity
        if counted < 0:
            raise Invalid.field("quantity", f"Only {line.counted or 0} were counted, so no more can be taken back.")
        line.moved = line.moved or (line.book is not None and line.book != book)
        line.counted, line.book = counted, book
        now = clock.now()
        session.add(StocktakeScan(stocktake_id=take.id, product_id=product.id, quantity=quantity, who=by.name, at=now))
    return line


def count_again(by: Principal, stocktake_id: int, product_id: int) -> None:
    """Forget what was counted of a product. Raises NotFound, Conflict."""
    by.require("inventory:write")
    with atomic(by) as session:
        take = _counting(session, stocktake_id)
        line = session.scalar(
            select(StocktakeLine).where(StocktakeLine.stocktake_id == take.id, StocktakeLine.product_id == product_id)
        )
        if line is None:
            raise NotFound("This product is not part of the stocktake.")
        line.counted, line.book, line.moved = None, None, False


@dataclass(frozen=True, slots=True)
class Posted:
    """How many products differed, and what became of units."""

    products: int
    units: UnitsPosted = field(default_factory=UnitsPosted)


def post_stocktake(
    by: Principal, stocktake_id: int, *, missing_is_none: bool = False, units_aside: bool = False
) -> Posted:
    """Post all differences, once. Products that nobody counted stay as they are, or count as none (`missing_is_none`);
    units that nobody scanned stay, or are set aside as missing (`units_aside`).

    Raises NotFound; Conflict where it was posted already, nothing was counted, or something is missing that is held.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        take = _counting(session, stocktake_id)
        lines = session.scalars(
            select(StocktakeLine).where(StocktakeLine.stocktake_id == take.id).order_by(StocktakeLine.product_id)
        ).all()
        if all(line.counted is None for line in lines) and not take.units_found + take.units_extra:
            raise Conflict("Nothing has been counted yet.")
        units = stocktake_units.post_units(by, session, take, aside=units_aside)
        lock_levels(by, (line.product_id for line in lines))
        there = _books(session, take.location_id)
        for line in lines:
            if line.counted is not None:
                line.posted = line.counted - (line.book or 0)
            elif missing_is_none:
                line.posted = -there.get(line.product_id, 0)
        differing = {line.product_id: line.posted for line in lines if line.posted}
        _refuse_held(by, session, take, differing)
        source = f"stocktake:{take.id}"
        post_pieces(by, [Move(p, take.location_id, n, "count", source=source) for p, n in differing.items()])
        take.status, take.ended_at = "posted", clock.now()
        told = {"differences": len(differing), "pieces": sum(differing.values()), "units": asdict(units)}
        events.record(by, "stocktake.posted", source, told)
    return Posted(len(differing), units)


def _refuse_held(by: Principal, session: CommandSession, take: Stocktake, differing: Mapping[int, int]) -> None:
    """Name what is missing though somebody holds it: which order goes without is for people to say."""
    short = [
        level
        for level in lock_levels(by, differing)
        if level.location_id == take.location_id and level.free + differing[level.product_id] < 0
    ]
    if short:
        ids = [level.product_id for level in short]
        names = session.scalars(select(Product.sku).where(Product.id.in_(ids)).order_by(Product.sku_key)).all()
        raise Conflict(
            f"Fewer pieces than are held were counted of {', '.join(names[:5])}"
            f"{' and more' if len(names) > 5 else ''}. Release those orders, or count again.",
            code="stock_held",
            details={"skus": list(names)},
        )


def cancel_stocktake(by: Principal, stocktake_id: int) -> None:
    """End a stocktake without changing anything. Raises NotFound, Conflict."""
    by.require("inventory:write")
    with atomic(by) as session:
        take = _counting(session, stocktake_id)
        take.status, take.ended_at = "cancelled", clock.now()
        events.record(by, "stocktake.cancelled", f"stocktake:{take.id}", {})


def _counting(session: CommandSession, stocktake_id: int) -> Stocktake:
    statement = select(Stocktake).where(Stocktake.id == stocktake_id).with_for_update()
    take = session.scalar(statement.execution_options(populate_existing=True))
    if take is None:
        raise NotFound("There is no such stocktake.")
    if take.status != "counting":
        raise Conflict(f"This stocktake was {take.status} already.")
    return take


def _product_of(session: CommandSession, text: str) -> Product | None:
    code = text.strip()
    if not code:
        return None
    return session.scalars(
        select(Product)
        .where(or_(and_(Product.barcode == code, Product.barcode != ""), Product.sku_key == fold_sku(code)))
        .order_by(Product.archived_at.is_not(None), Product.id)
    ).first()


def _scanned(session: CommandSession, text: str) -> Product:
    found = _product_of(session, text)
    if found is None:
        code = text.strip()[:60]
        raise NothingKnown.field("scanned", f"Nothing here has the barcode, SKU, IMEI or serial number '{code}'.")
    if found.kind == "serialised":
        raise Invalid.field("scanned", f"'{found.sku}' is not counted by pieces: scan the IMEI of each of its units.")
    if found.kind not in ("counted", "unique"):
        raise Invalid.field("scanned", f"'{found.sku}' is work, which is never counted.")
    return found


def _line(session: CommandSession, take: Stocktake, product_id: int) -> StocktakeLine:
    """The line of a product, made where the books expected none of it."""
    line = session.scalar(
        select(StocktakeLine).where(StocktakeLine.stocktake_id == take.id, StocktakeLine.product_id == product_id)
    )
    if line is None:
        values: dict[str, Any] = {"stocktake_id": take.id, "product_id": product_id, "expected": 0, "moved": False}
        line = StocktakeLine(**values)
        session.add(line)
        session.flush()
    return line
