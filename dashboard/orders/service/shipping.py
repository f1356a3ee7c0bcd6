"""Sending an order off, whole or in parcels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import Product
from dashboard.inventory.service import claims, departures
from dashboard.inventory.service.claims import Holder, Pieces
from dashboard.orders.models import Order, OrderLine, Shipment, ShipmentLine


@dataclass(frozen=True, slots=True)
class _Packed:
    """A line, how many of it go into the parcel, and whether there is anything to take from a shelf."""

    line: OrderLine
    quantity: int
    physical: bool


def ship(
    by: Principal,
    order_id: int,
    *,
    carrier: str | None = None,
    tracking_number: str | None = None,
    lines: Mapping[int, int] | None = None,
) -> Shipment:
    """Send a parcel of a confirmed order: `lines` (line id to pieces), or (None) all that is left.

    What goes leaves the stock. Once everything is sent the order is shipped. Raises NotFound, Conflict for an order in
    another state, Invalid for more pieces than are left.
    """
    by.require("orders:write")
    with atomic(by) as session:
        claims.lock(by, Holder("order", order_id))
        order = session.scalar(select(Order).where(Order.id == order_id).with_for_update())
        if order is None:
            raise NotFound("There is no such order.")
        if order.status != "confirmed":
            message = f"The order is {order.status}, so it cannot be shipped. Only confirmed orders are."
            raise Conflict(message, details={"status": order.status})
        all_lines = _lines(session, order_id)
        packed = _pack(all_lines, lines)
        shipment = Shipment(order_id=order_id, carrier=carrier, tracking_number=tracking_number, shipped_at=clock.now())
        session.add(shipment)
        session.flush()
        for each in packed:
            each.line.shipped += each.quantity
            session.add(ShipmentLine(shipment_id=shipment.id, line_id=each.line.id, quantity=each.quantity))
        _take_off_the_shelf(by, order_id, packed)
        order.updated_at, order.version = clock.now(), order.version + 1
        if all(line.shipped == line.quantity for line, _ in all_lines):
            order.status, order.shipped_at = "shipped", clock.now()
            told = {"order_id": order.public_id, "number": order.code, "carrier": carrier, "tracking": tracking_number}
            events.record(by, "order.shipped", f"order:{order_id}", told)
        else:
            events.record(by, "order.parcel_sent", f"order:{order_id}", {"order_id": order.public_id})
    return shipment


def _lines(session: CommandSession, order_id: int) -> Sequence[tuple[OrderLine, str]]:
    statement = (
        select(OrderLine, Product.kind)
        .join(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.id)
    )
    return [(line, kind) for line, kind in session.execute(statement)]


def _pack(all_lines: Sequence[tuple[OrderLine, str]], wanted: Mapping[int, int] | None) -> list[_Packed]:
    packed: list[_Packed] = []
    for line, kind in all_lines:
        left = line.quantity - line.shipped
        quantity = left if wanted is None else wanted.get(line.id, 0)
        if not 0 <= quantity <= left:
            raise Invalid.field(f"line_{line.id}", f"{left} of '{line.name}' are left to send, not {quantity}.")
        if quantity:
            packed.append(_Packed(line, quantity, kind != "service"))
    if not packed:
        raise Invalid.field("lines", "Say what goes into the parcel: nothing is chosen.")
    return packed


def _take_off_the_shelf(by: Principal, order_id: int, packed: Sequence[_Packed]) -> None:
    units = [each.line.unit_id for each in packed if each.line.unit_id is not None]
    pieces = [
        Pieces(each.line.product_id, each.quantity, each.line.location_id)
        for each in packed
        if each.line.unit_id is None and each.physical
    ]
    departures.ship(by, Holder("order", order_id), units=units, pieces=pieces, source=f"order:{order_id}")
