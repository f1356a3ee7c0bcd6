"""What single customers pay instead of the price that stands."""

from sqlalchemy import or_, select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.customers.models import Customer
from dashboard.inventory.models import Product
from dashboard.inventory.service.products import fold_sku
from dashboard.orders.models import CustomerPrice

MAX_PRICE = 10**12


def set_customer_price(by: Principal, number: int, product: str, price: int) -> CustomerPrice:
    """Let the customer with this number pay `price` (minor units) for a product, named by SKU or code, from now on.

    Raises NotFound, Conflict for a merged record, Invalid.
    """
    by.require("customers:write")
    if not 0 <= price <= MAX_PRICE:
        raise Invalid.field("price", "Enter a price of 0 or more.")
    with atomic(by) as session:
        customer = session.scalar(select(Customer).where(Customer.number == number).with_for_update())
        if customer is None:
            raise NotFound(f"There is no customer {number}.")
        if customer.merged_into_id is not None:
            raise Conflict(f"{customer.name} was merged into another record. Change that one.", code="customer_merged")
        named = session.scalar(
            select(Product).where(or_(Product.sku_key == fold_sku(product), Product.code == product.strip().upper()))
        )
        if named is None:
            raise Invalid.field("product", f"There is no product with the SKU '{product.strip()[:80]}'.")
        own = session.scalar(
            select(CustomerPrice).where(CustomerPrice.customer_id == customer.id, CustomerPrice.product_id == named.id)
        )
        before = None if own is None else own.price
        own = own or CustomerPrice(customer_id=customer.id, product_id=named.id)
        own.price = price
        session.add(own)
        session.flush()
        told = {"sku": named.sku, "price": [before, price]}
        events.record(by, "customer.price_changed", f"customer:{customer.id}", told)
    return own


def remove_customer_price(by: Principal, number: int, price_id: int) -> None:
    """Let the customer pay what everybody pays. Raises NotFound."""
    by.require("customers:write")
    with atomic(by) as session:
        row = session.execute(
            select(CustomerPrice, Product.sku)
            .join(Customer, Customer.id == CustomerPrice.customer_id)
            .join(Product, Product.id == CustomerPrice.product_id)
            .where(CustomerPrice.id == price_id, Customer.number == number)
        ).one_or_none()
        if row is None:
            raise NotFound("There is no such price.")
        own, sku = row
        session.delete(own)
        told = {"sku": sku, "price": [own.price, None]}
        events.record(by, "customer.price_changed", f"customer:{own.customer_id}", told)
