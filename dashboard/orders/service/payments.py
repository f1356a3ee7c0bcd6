"""Money that comes in for an order, and goes back."""

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.money import Money
from dashboard.orders.models import Order, OrderPayment
from dashboard.orders.queries.accounts import account_of

METHODS = ("cash", "card", "check", "transfer", "other")
MAX_REFERENCE = 80


def record_payment(
    by: Principal, order_id: int, *, amount: int, method: str, reference: str | None = None
) -> OrderPayment:
    """Note a payment of `amount` minor units; a negative one is a refund.

    Two at once count one after the other, so that together they never pay more than is due, nor give back more than was
    paid. Raises NotFound, Invalid, Conflict for a payment on a cancelled order.
    """
    by.require("orders:write")
    check_method(method)
    if amount == 0:
        raise Invalid.field("amount", "Enter an amount above 0.")
    reference = " ".join((reference or "").split()) or None
    if reference is not None and len(reference) > MAX_REFERENCE:
        raise Invalid.field("reference", f"A reference has at most {MAX_REFERENCE} characters.")
    with atomic(by) as session:
        order = lock_order(session, order_id)
        account = account_of(by, order_id)
        if amount > 0:
            if account.is_cancelled:
                raise Conflict("The order is cancelled, so nothing is due. Place it again.", code="order_cancelled")
            if amount > account.balance:
                left = Money(max(account.balance, 0), account.currency).format()
                raise Invalid.field("amount", f"Only {left} is still due on this order.")
        elif -amount > account.paid:
            paid = Money(max(account.paid, 0), account.currency).format()
            raise Invalid.field("amount", f"Only {paid} was paid, so no more can go back.")
        return book(by, session, order, amount=amount, method=method, reference=reference)


def check_method(method: str) -> None:
    """Raises Invalid for a way of paying that is not known."""
    if method not in METHODS:
        raise Invalid.field("method", f"A payment is by {', '.join(METHODS)}.")


def lock_order(session: CommandSession, order_id: int) -> Order:
    """The order, locked until the command ends, as it is now. Raises NotFound."""
    statement = select(Order).where(Order.id == order_id).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("There is no such order.")
    return found


def book(
    by: Principal, session: CommandSession, order: Order, *, amount: int, method: str, reference: str | None
) -> OrderPayment:
    """Write a payment of an order that is locked, and say so."""
    payment = OrderPayment(
        order_id=order.id, amount=amount, method=method, reference=reference, actor=by.label, at=clock.now()
    )
    session.add(payment)
    session.flush()
    name = "order.paid" if amount > 0 else "order.refunded"
    told = {
        "order_id": order.public_id,
        "number": order.code,
        "amount": abs(amount),
        "currency": order.currency,
        "method": method,
        "reference": reference,
    }
    events.record(by, name, f"order:{order.id}", told)
    return payment
