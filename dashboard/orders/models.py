"""Orders: what was sold to whom, where it goes, what was paid, what came back."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

STATUSES = ("pending", "confirmed", "shipped", "delivered", "cancelled")

WAITING = text("status = 'pending' AND reserved_until IS NOT NULL")


class Order(TenantOwned, Base):
    """An order, from when it was placed to what was delivered.

    `public_id` (`ord_…`) is shown by F and S, `code` (`ORD-2026-00042`, without gaps per tenant and local year) by P
    and on paper. Money is minor units of `currency`; `total` = `subtotal` + `tax` +
    `shipping`. `tax_rate_bps` and `tax_rounding` are those of the day it was placed. `door` is how it came in: page,
    device_api, parts_api. `tracking_token` makes the public page unguessable.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "code"),
        UniqueConstraint("tracking_token"),
        tenant_link("customer_id", "customer"),
        tenant_link("location_id", "location"),
        Index("ix_sales_order_newest", "tenant_id", "created_at", "id"),
        Index("ix_sales_order_status", "tenant_id", "status", "created_at", "id"),
        Index("ix_sales_order_customer", "tenant_id", "customer_id", "created_at", "id"),
        Index("ix_sales_order_waiting", "reserved_until", sqlite_where=WAITING, postgresql_where=WAITING),
        CheckConstraint("status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')", name="status_known"),
        CheckConstraint("total = subtotal + tax + shipping", name="total_adds_up"),
        CheckConstraint("subtotal >= 0 AND tax >= 0 AND shipping >= 0", name="money_not_negative"),
    )

    id: Mapped[IntPK]
    public_id: Mapped[str] = mapped_column(sortable(40))
    code: Mapped[str | None] = mapped_column(sortable(20))
    status: Mapped[str] = mapped_column(sortable(10))
    door: Mapped[str] = mapped_column(String(12))
    customer_id: Mapped[int]
    buyer_name: Mapped[str] = mapped_column(String(160))
    location_id: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    subtotal: Mapped[int] = mapped_column(default=0)
    tax: Mapped[int] = mapped_column(default=0)
    shipping: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    tax_rate_bps: Mapped[int] = mapped_column(default=0)
    tax_rounding: Mapped[str] = mapped_column(String(20), default="half_even")
    items_count: Mapped[int] = mapped_column(default=0)
    reserved_until: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    notes: Mapped[str] = mapped_column(Text, default="")
    shipping_address: Mapped[dict[str, Any] | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(200))
    estimated_delivery: Mapped[datetime | None]
    tracking_token: Mapped[str] = mapped_column(sortable(32))
    placed_by: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class OrderLine(TenantOwned, Base):
    """One product on an order: a unit, or pieces from one place. `price` is for one, as agreed; `list_price` as it
    stood on the day.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("order_id", "sales_order", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        tenant_link("unit_id", "unit"),
        tenant_link("location_id", "location"),
        Index("ix_order_line_order", "tenant_id", "order_id", "id"),
        Index("ix_order_line_unit", "tenant_id", "unit_id"),
        Index("ix_order_line_product", "tenant_id", "product_id", "id"),
        CheckConstraint("quantity > 0", name="sells_something"),
        CheckConstraint("shipped BETWEEN 0 AND quantity AND returned BETWEEN 0 AND shipped", name="counts_sound"),
        CheckConstraint("price >= 0 AND list_price >= 0", name="money_not_negative"),
    )

    id: Mapped[IntPK]
    order_id: Mapped[int]
    product_id: Mapped[int]
    unit_id: Mapped[int | None]
    location_id: Mapped[int | None]
    sku: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    list_price: Mapped[int]
    price: Mapped[int]
    taxed: Mapped[bool] = mapped_column(default=True)
    shipped: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)


class OrderDraft(TenantOwned, Base):
    """An order that is being typed: it survives a closed tab, and its lines are held from when each was added.

    Placing it makes an order and removes the draft.
    """

    __tablename__ = "order_draft"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "public_id"),
        tenant_link("customer_id", "customer"),
        Index("ix_order_draft_actor", "tenant_id", "actor", "id"),
    )

    id: Mapped[IntPK]
    public_id: Mapped[str] = mapped_column(sortable(40))
    actor: Mapped[str] = mapped_column(String(40))  # whose it is: user:7
    customer_id: Mapped[int | None]
    notes: Mapped[str] = mapped_column(Text, default="")
    shipping_address: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OrderDraftLine(TenantOwned, Base):
    """A line of a draft: a unit, or pieces of a product. `price` is for one, None as it stands; `held_until` None for
    work, which is never held.
    """

    __tablename__ = "order_draft_line"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("draft_id", "order_draft", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        tenant_link("unit_id", "unit"),
        Index("ix_order_draft_line_draft", "tenant_id", "draft_id", "id"),
        CheckConstraint("quantity BETWEEN 1 AND 999", name="quantity_in_range"),
        CheckConstraint("unit_id IS NULL OR quantity = 1", name="one_unit"),
    )

    id: Mapped[IntPK]
    draft_id: Mapped[int]
    product_id: Mapped[int]
    unit_id: Mapped[int | None]
    quantity: Mapped[int]
    price: Mapped[int | None]
    held_until: Mapped[datetime | None]


class Shipment(TenantOwned, Base):
    """A parcel of an order."""

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("order_id", "sales_order", ondelete="CASCADE"),
        Index("ix_shipment_order", "tenant_id", "order_id", "id"),
    )

    id: Mapped[IntPK]
    order_id: Mapped[int]
    carrier: Mapped[str | None] = mapped_column(String(60))
    tracking_number: Mapped[str | None] = mapped_column(String(80))
    shipped_at: Mapped[datetime]


class ShipmentLine(TenantOwned, Base):
    """What of an order's line is in a parcel."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        tenant_link("shipment_id", "shipment", ondelete="CASCADE"),
        tenant_link("line_id", "order_line", ondelete="CASCADE"),
        Index("ix_shipment_line_line", "tenant_id", "line_id"),
        CheckConstraint("quantity > 0", name="ships_something"),
    )

    id: Mapped[IntPK]
    shipment_id: Mapped[int]
    line_id: Mapped[int]
    quantity: Mapped[int]


class OrderPayment(TenantOwned, Base):
    """Money that came in for an order, or went back (negative). Minor units; never changed."""

    __tablename__ = "order_payment"
    __table_args__ = (
        tenant_link("order_id", "sales_order", ondelete="CASCADE"),
        Index("ix_order_payment_order", "tenant_id", "order_id", "id"),
        CheckConstraint("amount <> 0", name="moves_something"),
        CheckConstraint("method IN ('cash', 'card', 'check', 'transfer', 'other')", name="method_known"),
    )

    id: Mapped[IntPK]
    order_id: Mapped[int]
    amount: Mapped[int]
    method: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str | None] = mapped_column(String(80))
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class OrderReturn(TenantOwned, Base):
    """Pieces of a line that came back, what became of them, and what was refunded for them (minor units)."""

    __tablename__ = "order_return"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        tenant_link("order_id", "sales_order", ondelete="CASCADE"),
        tenant_link("line_id", "order_line", ondelete="CASCADE"),
        Index("ix_order_return_order", "tenant_id", "order_id", "id"),
        CheckConstraint("quantity > 0", name="returns_something"),
        CheckConstraint("refund >= 0", name="refund_not_negative"),
        CheckConstraint("outcome IN ('restock', 'repair', 'scrap')", name="outcome_known"),
    )

    id: Mapped[IntPK]
    code: Mapped[str] = mapped_column(sortable(20))  # RMA-2026-00001
    order_id: Mapped[int]
    line_id: Mapped[int]
    quantity: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(200))
    refund: Mapped[int] = mapped_column(default=0)
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class CustomerPrice(TenantOwned, Base):
    """What one customer pays for a product (minor units) instead of its price."""

    __tablename__ = "customer_price"
    __table_args__ = (
        UniqueConstraint("tenant_id", "customer_id", "product_id"),
        tenant_link("customer_id", "customer", ondelete="CASCADE"),
        tenant_link("product_id", "product", ondelete="CASCADE"),
        CheckConstraint("price >= 0", name="price_not_negative"),
    )

    id: Mapped[IntPK]
    customer_id: Mapped[int]
    product_id: Mapped[int]
    price: Mapped[int]


class ShippingRate(TenantOwned, Base):
    """What sending costs: to a country (any where None), from an order value (minor units) on. The dearest step that
    is reached counts; where no row fits, shipping is free.
    """

    __tablename__ = "shipping_rate"
    __table_args__ = (
        UniqueConstraint("tenant_id", "country", "from_subtotal"),
        CheckConstraint("amount >= 0 AND from_subtotal >= 0", name="money_not_negative"),
    )

    id: Mapped[IntPK]
    name: Mapped[str] = mapped_column(String(60))
    country: Mapped[str | None] = mapped_column(String(2))
    from_subtotal: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int]
