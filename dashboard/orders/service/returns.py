"""What comes back of an order (RMA): onto the shelf, to be repaired, or to scrap, with what is given back for it."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from dashboard.core import clock, events, ids, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import FieldError, Invalid, NotFound
from dashboard.core.money import Money, divide
from dashboard.inventory.models import Product
from dashboard.inventory.service import claims, departures
from dashboard.inventory.service.claims import Holder, Pieces
from dashboard.inventory.service.quarantine import quarantine_units
from dashboard.orders.models import Order, OrderLine, OrderReturn
from dashboard.orders.queries.accounts import Account, account_of
from dashboard.orders.service.payments import book, check_method, lock_order

OUTCOMES = ("restock", "repair", "scrap")
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back: pieces of a line, what becomes of them, why, what is given back for them (`refund`, minor
    units) and how (`method`).
    """

    line_id: int
    quantity: int
    outcome: str
    reason: str
    refund: int
    method: str = "other"


def take_return(by: Principal, order_id: int, back: Back) -> OrderReturn:
    """Take back pieces of a line that was sent, and book what is given back.

    The refund comes off what is due; money goes back only as far as more was paid than is due then. What is to be
    repaired is claimed for quarantine, so that nobody sells it. Raises NotFound, Invalid naming each field.
    """
    by.require("orders:write")
    check_method(back.method)
    with atomic(by) as session:
        claims.lock(by, Holder("order", order_id))
        order = lock_order(session, order_id)
        line = session.scalar(
            select(OrderLine)
            .where(OrderLine.id == back.line_id, OrderLine.order_id == order_id)
            .execution_options(populate_existing=True)
        )
        if line is None:
            raise NotFound("There is no such line in this order.")
        _check(back, line, account_of(by, order_id))
        line.returned += back.quantity
        returned = _write(by, session, order, back)
        _take_in(by, session, line, back, returned)
        money_back = _money_back(account_of(by, order_id), back.refund)
        if money_back:
            book(by, session, order, amount=-money_back, method=back.method, reference=None)
        year = clock.now().astimezone(ZoneInfo(by.time_zone)).year
        returned.code = f"RMA-{year}-{numbers.take(by, f'return {year}'):05d}"
        _record(by, order, line, back, returned)
    return returned


def worth_of(order_tax: int, taxed_subtotal: int, line: OrderLine, quantity: int) -> int:
    """What pieces of a line cost with their share of the order's tax, in minor units, half to even.

    `taxed_subtotal` is the sum of the order's taxed lines.
    """
    goods = line.price * quantity
    return goods + (divide(order_tax * goods, taxed_subtotal) if line.taxed and taxed_subtotal else 0)


def worths(by: Principal, order_id: int) -> dict[int, int]:
    """What one piece of each line of an order cost with its share of the tax: what a refund is proposed from."""
    session = reads(by)
    order = session.scalar(select(Order).where(Order.id == order_id))
    if order is None:
        raise NotFound("There is no such order.")
    taxed = session.scalar(
        select(func.sum(OrderLine.price * OrderLine.quantity)).where(
            OrderLine.order_id == order_id, OrderLine.taxed.is_(True)
        )
    )
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id))
    return {line.id: worth_of(order.tax, int(taxed or 0), line, 1) for line in lines}


def _check(back: Back, line: OrderLine, account: Account) -> None:
    wrong: list[FieldError] = []
    out = line.shipped - line.returned
    if not 1 <= back.quantity <= out:
        wrong.append(FieldError("quantity", f"{out} of '{line.name}' are with the customer, not {back.quantity}."))
    if back.outcome not in OUTCOMES:
        wrong.append(FieldError("outcome", f"What comes back goes to {', '.join(OUTCOMES)}."))
    if not 1 <= len(back.reason.strip()) <= MAX_REASON:
        wrong.append(FieldError("reason", f"Say why it comes back, in at most {MAX_REASON} characters."))
    left = account.total - account.credited
    if not 0 <= back.refund <= left:
        most = Money(left, account.currency).format()
        wrong.append(FieldError("refund", f"A refund is from 0 to {most}, what is left of the order."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _write(by: Principal, session: CommandSession, order: Order, back: Back) -> OrderReturn:
    returned = OrderReturn(
        code=ids.ulid()[:20],  # the number comes last: others wait for it until the commit
        order_id=order.id,
        line_id=back.line_id,
        quantity=back.quantity,
        outcome=back.outcome,
        reason=back.reason.strip(),
        refund=back.refund,
        actor=by.label,
        at=clock.now(),
    )
    session.add(returned)
    session.flush()
    return returned


def _take_in(by: Principal, session: CommandSession, line: OrderLine, back: Back, returned: OrderReturn) -> None:
    kind = session.scalar(select(Product.kind).where(Product.id == line.product_id))
    if kind == "service":
        return
    units = [line.unit_id] if line.unit_id is not None else []
    pieces = [] if units else [Pieces(line.product_id, back.quantity, line.location_id)]
    source = f"order:{line.order_id}"
    restock = back.outcome != "scrap"
    departures.take_back(by, units=units, pieces=pieces, restock=restock, source=source, reason=back.reason)
    # Nobody can have a claim on it yet: a unit was sold until now, and its level is locked by the move above.
    if back.outcome == "repair" and units:
        # Whoever takes a return may set aside what comes back, without the right to do so with other stock.
        keeper = replace(by, scopes=by.scopes | {"inventory:write"})
        quarantine_units(keeper, units, "repair", back.reason.strip())
    elif back.outcome == "repair":
        claims.take(by, Holder("repair", returned.id), pieces=pieces, until=None)


def _money_back(account: Account, refund: int) -> int:
    """How much of a refund goes back in money: what was paid beyond what is due now."""
    return min(refund, max(account.paid - account.due, 0))


def _record(by: Principal, order: Order, line: OrderLine, back: Back, returned: OrderReturn) -> None:
    told = {
        "order_id": order.public_id,
        "number": order.code,
        "return": returned.code,
        "sku": line.sku,
        "quantity": back.quantity,
        "outcome": back.outcome,
        "reason": returned.reason,
        "refund": back.refund,
        "currency": order.currency,
    }
    events.record(by, "order.returned", f"order:{order.id}", told)
