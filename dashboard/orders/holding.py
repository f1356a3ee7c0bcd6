"""How the orders and drafts that hold stock are named where only their claims are known."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.orders.models import Order, OrderReturn


def name_orders(by: Principal, numbers: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """The code (`ORD-2026-00042`) and public id of orders."""
    statement = select(Order.id, Order.code, Order.public_id).where(Order.id.in_(numbers))
    return {number: (code or ref, ref) for number, code, ref in reads(by).execute(statement)}


def name_returns(by: Principal, numbers: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """The code (`RMA-2026-00001`) of returns, and the public id of the order that each belongs to."""
    statement = (
        select(OrderReturn.id, OrderReturn.code, Order.public_id)
        .join(Order, Order.id == OrderReturn.order_id)
        .where(OrderReturn.id.in_(numbers))
    )
    return {number: (code, ref) for number, code, ref in reads(by).execute(statement)}
