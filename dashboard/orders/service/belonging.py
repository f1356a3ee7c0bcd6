"""Whose orders are whose when records of a customer are merged."""

from sqlalchemy import select, update

from dashboard.core.db import atomic
from dashboard.core.events import Happened
from dashboard.orders.models import CustomerPrice, Order, OrderDraft


def move_to_successor(happened: Happened) -> None:
    """Two records became one: its orders, those that are being typed, and its prices move along.

    Where both have a price for a product, that of the record that stays counts; the other stays with the merged one.
    """
    into, gone = int(happened.data["into"]), int(happened.data["gone"])
    with atomic(happened.by) as session:
        for model in (Order, OrderDraft):
            session.execute(update(model).where(model.customer_id == gone).values(customer_id=into))
        kept = select(CustomerPrice.product_id).where(CustomerPrice.customer_id == into)
        session.execute(
            update(CustomerPrice)
            .where(CustomerPrice.customer_id == gone, CustomerPrice.product_id.not_in(kept))
            .values(customer_id=into)
            .execution_options(synchronize_session=False)
        )
