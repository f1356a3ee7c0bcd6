"""Purchase orders: draft, ordered, received piece by piece, or cancelled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dashboard.core import clock, events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.inventory.imei import clean_imei
from dashboard.inventory.models import Location, Product, PurchaseOrder, PurchaseOrderLine, Supplier
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.locations import default_location
from dashboard.inventory.service.products import MAX_MONEY, MAX_PIECES
from dashboard.inventory.service.units import UnitFacts, receive_units

MAX_LINES = 500


@dataclass(frozen=True, slots=True)
class Bought:
    """A line to buy: a product by its number, pieces, and what one costs in minor units (None: the present cost)."""

    product: int
    quantity: int
    unit_cost: int | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of one line: its id, pieces, what one really cost (None: as ordered), and of units their numbers."""

    line: int
    quantity: int
    unit_cost: int | None = None
    serials: tuple[str, ...] = ()


class OverReceived(Conflict):
    """More came than was ordered."""

    code = "over_received"


def create_purchase_order(
    by: Principal,
    supplier: int,
    lines: Sequence[Bought],
    *,
    location_id: int | None = None,
    expected_on: date | None = None,
    notes: str = "",
    status: str = "draft",
) -> PurchaseOrder:
    """Order from the supplier with this number; `status` is draft, or ordered where it has been sent already.

    Raises Invalid naming each line (`items[0].quantity`).
    """
    by.require("purchasing:write")
    with atomic(by) as session:
        seller = session.scalar(select(Supplier).where(Supplier.number == supplier, Supplier.archived_at.is_(None)))
        if seller is None:
            raise Invalid.field("supplier_id", f"There is no supplier {supplier}.")
        products = _checked(session, lines)
        place = session.get(Location, location_id) if location_id else default_location(by)
        if place is None:
            raise Invalid.field("location_id", "There is no such place.")
        return write_order(
            by,
            session,
            _rows(lines, products, seller.id),
            supplier_id=seller.id,
            location_id=place.id,
            status=status,
            expected_on=expected_on,
            notes=notes,
        )


def _rows(lines: Sequence[Bought], products: dict[int, Product], supplier_id: int) -> list[PurchaseOrderLine]:
    return [
        PurchaseOrderLine(
            supplier_id=supplier_id,
            product_id=products[each.product].id,
            quantity=each.quantity,
            unit_cost=products[each.product].cost if each.unit_cost is None else each.unit_cost,
            received=0,
            reorder=False,
            closed=False,
        )
        for each in lines
    ]


def write_order(
    by: Principal,
    session: CommandSession,
    lines: Sequence[PurchaseOrderLine],
    *,
    supplier_id: int,
    location_id: int,
    status: str,
    expected_on: date | None = None,
    notes: str = "",
) -> PurchaseOrder:
    """Write a purchase order with its lines; its numbers are taken last."""
    now = clock.now()
    year = now.astimezone(ZoneInfo(by.time_zone)).year
    order = PurchaseOrder(
        supplier_id=supplier_id,
        location_id=location_id,
        status=status,
        expected_on=expected_on,
        notes=notes,
        created_at=now,
        updated_at=now,
        number=numbers.take(by, "purchase_order"),
        code=f"PO-{year}-{numbers.take(by, f'purchase_order {year}'):05d}",
    )
    session.add(order)
    session.flush()
    for line in lines:
        line.purchase_order_id = order.id
    session.add_all(lines)
    session.flush()
    told = {"code": order.code, "status": status, "reorder": any(line.reorder for line in lines)}
    events.record(by, "purchase_order.created", f"purchase_order:{order.id}", told)
    return order


def _checked(session: CommandSession, lines: Sequence[Bought]) -> dict[int, Product]:
    if not 0 < len(lines) <= MAX_LINES:
        raise Invalid.field("items", f"A purchase order has 1 to {MAX_LINES} lines.")
    numbers_ = sorted({each.product for each in lines})
    found = {
        product.number: product for product in session.scalars(select(Product).where(Product.number.in_(numbers_)))
    }
    wrong: list[FieldError] = []
    for n, each in enumerate(lines):
        product = found.get(each.product)
        if product is None or product.kind == "service":
            wrong.append(FieldError(f"items[{n}].part_id", f"There is no product {each.product} that can be bought."))
        if not 0 < each.quantity <= MAX_PIECES:
            wrong.append(FieldError(f"items[{n}].quantity", "Buy at least one piece."))
        if each.unit_cost is not None and not 0 <= each.unit_cost <= MAX_MONEY:
            wrong.append(FieldError(f"items[{n}].unit_cost_cents", "A cost is 0 or more."))
    if len(numbers_) < len(lines):
        wrong.append(FieldError("items", "A product stands on two lines. Put them together."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return found


def place_order(by: Principal, number: int) -> PurchaseOrder:
    """Mark a draft as ordered: it has gone to the supplier. Raises NotFound, Conflict."""
    by.require("purchasing:write")
    with atomic(by) as session:
        order = _locked(session, number)
        if order.status != "draft":
            raise Conflict(f"{order.code} is {order.status} already.")
        order.status, order.updated_at = "ordered", clock.now()
        events.record(by, "purchase_order.ordered", f"purchase_order:{order.id}", {"code": order.code})
    return order


def cancel_order(by: Principal, number: int) -> PurchaseOrder:
    """Expect nothing more of it; what has come stays. Raises NotFound, Conflict."""
    by.require("purchasing:write")
    with atomic(by) as session:
        order = _locked(session, number)
        if order.status in ("received", "cancelled"):
            raise Conflict(f"{order.code} is {order.status} already.")
        for line in _lines(session, order):
            line.closed = True
        order.status, order.updated_at = "cancelled", clock.now()
        events.record(by, "purchase_order.cancelled", f"purchase_order:{order.id}", {"code": order.code})
    return order


def receive_order(by: Principal, number: int, arrived: Sequence[Arrived], *, allow_over: bool = False) -> PurchaseOrder:
    """Take in what came, all of it or nothing; average costs follow. Without `allow_over` no line takes more than was
    ordered. Units come with their IMEIs or serial numbers.

    Raises NotFound, Invalid, OverReceived, and Conflict for an order of which nothing can come any more.
    """
    by.require("purchasing:write")
    with atomic(by) as session:
        order = _locked(session, number)
        if order.status in ("received", "cancelled") and not (allow_over and order.status == "received"):
            raise Conflict(f"{order.code} is {order.status}, so nothing more can be received on it.")
        lines = {line.id: line for line in _lines(session, order)}
        kinds = _kinds(session, lines.values())
        came = [each for each in arrived if each.quantity]
        _check_arrival(came, lines, kinds, allow_over=allow_over)
        for each in came:
            lines[each.line].received += each.quantity
        done = all(line.received >= line.quantity for line in lines.values())
        order.status, order.updated_at = ("received" if done else "partial"), clock.now()
        session.flush()
        _take_in(by, order, came, lines, kinds)
        told = {"code": order.code, "status": order.status, "pieces": sum(each.quantity for each in came)}
        events.record(by, "purchase_order.received", f"purchase_order:{order.id}", told)
    return order


def _take_in(
    by: Principal,
    order: PurchaseOrder,
    came: Sequence[Arrived],
    lines: dict[int, PurchaseOrderLine],
    kinds: dict[int, str],
) -> None:
    """Units before levels, as everywhere."""
    source = f"purchase_order:{order.id}"
    units: list[UnitFacts] = []
    moves: list[Move] = []
    for each in came:
        line = lines[each.line]
        cost = line.unit_cost if each.unit_cost is None else each.unit_cost
        if kinds[line.product_id] == "serialised":
            units += [_unit(line.product_id, order.location_id, text, cost) for text in each.serials]
        else:
            moves.append(
                Move(line.product_id, order.location_id, each.quantity, "receive", unit_cost=cost, source=source)
            )
    if units:
        receive_units(by, units, source=source)
    post_pieces(by, moves)


def _unit(product_id: int, location_id: int, text: str, cost: int) -> UnitFacts:
    """A unit by what was scanned: an IMEI where it looks like one, else a serial number."""
    imei = text if clean_imei(text) else None
    return UnitFacts(product_id, location_id, imei=imei, serial=None if imei else text, cost=cost)


def _check_arrival(
    came: Sequence[Arrived], lines: dict[int, PurchaseOrderLine], kinds: dict[int, str], *, allow_over: bool
) -> None:
    if not came:
        raise Invalid.field("items", "Nothing has come: give at least one quantity.")
    seen: set[int] = set()
    for n, each in enumerate(came):
        line = lines.get(each.line)
        if line is None or each.line in seen:
            raise Invalid.field(f"items[{n}].part_id", "This product is not on the order, or stands here twice.")
        seen.add(each.line)
        if not 0 < each.quantity <= MAX_PIECES:
            raise Invalid.field(f"items[{n}].quantity", "Receive at least one piece.")
        if kinds[line.product_id] == "serialised" and len(each.serials) != each.quantity:
            raise Invalid.field(f"items[{n}].serials", "Scan the IMEI or serial number of each unit that came.")
        if line.received + each.quantity > line.quantity and not allow_over:
            raise OverReceived(
                f"{line.received + each.quantity} of {line.quantity} ordered pieces would be received. "
                "Say that more came than was ordered, or correct the quantity.",
                fields=(FieldError(f"items[{n}].quantity", f"Only {line.quantity - line.received} are outstanding."),),
                details={"ordered": line.quantity, "received": line.received, "line": line.id},
            )


def _kinds(session: CommandSession, lines: Iterable[PurchaseOrderLine]) -> dict[int, str]:
    wanted = sorted({line.product_id for line in lines})
    rows = session.execute(select(Product.id, Product.kind).where(Product.id.in_(wanted)))
    return {product: kind for product, kind in rows}  # noqa: C416 - dict() of rows is not typed


def _locked(session: CommandSession, number: int) -> PurchaseOrder:
    order = session.scalar(select(PurchaseOrder).where(PurchaseOrder.number == number).with_for_update())
    if order is None:
        raise NotFound(f"There is no purchase order {number}.")
    return order


def _lines(session: CommandSession, order: PurchaseOrder) -> Sequence[PurchaseOrderLine]:
    statement = select(PurchaseOrderLine).where(PurchaseOrderLine.purchase_order_id == order.id)
    return session.scalars(statement.order_by(PurchaseOrderLine.id).with_for_update()).all()
