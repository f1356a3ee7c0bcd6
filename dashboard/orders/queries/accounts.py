"""What an order comes to, what was given back of it, what was paid, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.orders.models import Order, OrderPayment, OrderReturn
from dashboard.orders.queries.placed import lapsed


@dataclass(frozen=True, slots=True)
class Account:
    """An order in money, minor units of `currency`.

    `total` is what it was placed for, `credited` what returned goods took off it, `paid` what came in less what went
    back. `due` = `paid` + `balance`, always: a positive balance is still to come in, a negative one to go back.
    """

    total: int
    credited: int
    paid: int
    is_cancelled: bool
    currency: str

    @property
    def due(self) -> int:
        """What the customer owes in all, payments aside: nothing for a cancelled order."""
        return 0 if self.is_cancelled else self.total - self.credited

    @property
    def balance(self) -> int:
        return self.due - self.paid


def account_of(by: Principal, order_id: int) -> Account:
    """The account of an order; inside a command that has locked the order, nobody changes it meanwhile.

    Raises NotFound.
    """
    session = reads(by)
    row = session.execute(
        select(Order.total, Order.status, Order.currency, lapsed().label("lapsed")).where(Order.id == order_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such order.")
    paid = session.scalar(select(func.sum(OrderPayment.amount)).where(OrderPayment.order_id == order_id))
    credited = session.scalar(select(func.sum(OrderReturn.refund)).where(OrderReturn.order_id == order_id))
    return Account(
        total=row.total,
        credited=int(credited or 0),
        paid=int(paid or 0),
        is_cancelled=bool(row.status == "cancelled" or row.lapsed),
        currency=row.currency,
    )


def payments_of(by: Principal, order_id: int) -> Sequence[OrderPayment]:
    """Payments and refunds of an order, the first one first."""
    statement = select(OrderPayment).where(OrderPayment.order_id == order_id).order_by(OrderPayment.id)
    return reads(by).scalars(statement).all()


def returns_of(by: Principal, order_id: int) -> Sequence[OrderReturn]:
    """What came back of an order, the first return first."""
    statement = select(OrderReturn).where(OrderReturn.order_id == order_id).order_by(OrderReturn.id)
    return reads(by).scalars(statement).all()
