"""What single customers pay, and what of orders belongs to a customer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.inventory.models import Product
from dashboard.orders.models import CustomerPrice, Order, OrderDraft


@dataclass(frozen=True, slots=True)
class CustomerPriceRow:
    """A product with what everybody pays (`list_price`) and what this customer pays, minor units."""

    id: int
    sku: str
    name: str
    list_price: int
    price: int


def prices_of(by: Principal, customer_id: int) -> Sequence[CustomerPriceRow]:
    """The prices of a customer, by SKU."""
    statement = (
        select(CustomerPrice.id, Product.sku, Product.name, Product.price, CustomerPrice.price)
        .join(Product, Product.id == CustomerPrice.product_id)
        .where(CustomerPrice.customer_id == customer_id)
        .order_by(Product.sku_key)
        .limit(500)
    )
    return [CustomerPriceRow(*row) for row in reads(by).execute(statement)]


def movable(by: Principal, customer_id: int) -> list[tuple[str, int]]:
    """How many orders, orders being typed, and prices a customer has."""
    session = reads(by)
    return [
        (words, session.scalar(select(func.count(model.id)).where(model.customer_id == customer_id)) or 0)
        for words, model in (("Orders", Order), ("Orders being typed", OrderDraft), ("Own prices", CustomerPrice))
    ]
