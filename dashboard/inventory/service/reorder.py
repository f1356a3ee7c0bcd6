"""Reordering by itself: what runs low is put on a purchase order, at most once per product and supplier."""

from datetime import timedelta

from sqlalchemy import select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.events import Happened
from dashboard.inventory.models import Product, PurchaseOrderLine, Supplier
from dashboard.inventory.service.locations import default_location
from dashboard.inventory.service.purchasing import write_order


def reorder_low_stock(happened: Happened) -> None:
    """Draft a purchase order for a product that fell below its minimum, in the transaction in which it fell.

    Runs for whoever sold the piece: they need no right to buy. Whoever gets here holds the locks of the product's
    stock levels, so of two crossings the second sees the first one's line; the unique index of open reorder lines
    stands behind that.
    """
    by = happened.by
    with atomic(by) as session:
        product = session.get(Product, happened.data["product_id"])
        if product is None or not product.auto_reorder or product.supplier_id is None or product.archived_at:
            return
        supplier = session.get(Supplier, product.supplier_id)
        if supplier is None or supplier.archived_at is not None or _is_reordered(session, product):
            return
        _draft(by, session, product, supplier, int(happened.data["quantity"]))


def _is_reordered(session: CommandSession, product: Product) -> bool:
    statement = select(PurchaseOrderLine.id).where(
        PurchaseOrderLine.product_id == product.id,
        PurchaseOrderLine.supplier_id == product.supplier_id,
        PurchaseOrderLine.reorder,
        PurchaseOrderLine.received < PurchaseOrderLine.quantity,
        PurchaseOrderLine.closed.is_(False),
    )
    return session.scalar(statement.limit(1)) is not None


def _draft(by: Principal, session: CommandSession, product: Product, supplier: Supplier, there: int) -> None:
    """As much as the product says, or what brings it back to twice its minimum."""
    quantity = product.reorder_quantity or max(2 * (product.min_stock or 0) - there, 1)
    line = PurchaseOrderLine(
        supplier_id=supplier.id,
        product_id=product.id,
        quantity=quantity,
        unit_cost=product.cost,
        received=0,
        reorder=True,
        closed=False,
    )
    expected_on = (clock.now() + timedelta(days=supplier.lead_days)).date()
    place = default_location(by)
    notes = f"Reordered by itself: {there} left of {product.sku}, minimum {product.min_stock}."
    write_order(
        by,
        session,
        [line],
        supplier_id=supplier.id,
        location_id=place.id,
        status="draft",
        expected_on=expected_on,
        notes=notes,
    )
