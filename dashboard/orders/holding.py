"""How the orders and drafts that hold stock are named where only their claims are known."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.orders.models import Order


def name_orders(by: Principal, numbers: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """The code (`ORD-2026-00042`) and public id of orders."""
    statement = select(Order.id, Order.code, Order.public_id).where(Order.id.in_(numbers))
    return {number: (code or ref, ref) for number, code, ref in reads(by).execute(statement)}
