"""Where stock comes from: suppliers and purchase orders."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

OPEN_REORDER = text("reorder AND received < quantity AND NOT closed")


class Supplier(TenantOwned, Base):
    """Who sells to the tenant. `lead_days` is how long a delivery takes."""

    __tablename__ = "supplier"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "number"))

    id: Mapped[IntPK]
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(160))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    lead_days: Mapped[int] = mapped_column(default=7)
    notes: Mapped[str] = mapped_column(Text, default="")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PurchaseOrder(TenantOwned, Base):
    """What was ordered from a supplier. `code` is `PO-2026-00042`."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "code"),
        tenant_link("supplier_id", "supplier"),
        tenant_link("location_id", "location"),
        Index("ix_purchase_order_status", "tenant_id", "status", "id"),
        CheckConstraint("status IN ('draft', 'ordered', 'partial', 'received', 'cancelled')", name="status_known"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    code: Mapped[str] = mapped_column(sortable(20))
    supplier_id: Mapped[int]
    location_id: Mapped[int]
    status: Mapped[str] = mapped_column(String(12), default="draft")
    expected_on: Mapped[date | None] = mapped_column(Date)
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PurchaseOrderLine(TenantOwned, Base):
    """A product on a purchase order. `reorder` marks what was ordered by itself, once per product and supplier."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("purchase_order_id", "purchase_order", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        Index("ix_purchase_order_line_order", "tenant_id", "purchase_order_id", "id"),
        Index(
            "ix_purchase_order_line_reorder",
            "tenant_id",
            "product_id",
            "supplier_id",
            unique=True,
            sqlite_where=OPEN_REORDER,
            postgresql_where=OPEN_REORDER,
        ),
        CheckConstraint("quantity > 0 AND received >= 0", name="quantities_sound"),
        CheckConstraint("unit_cost >= 0", name="cost_not_negative"),
    )

    id: Mapped[IntPK]
    purchase_order_id: Mapped[int]
    supplier_id: Mapped[int]
    product_id: Mapped[int]
    quantity: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    unit_cost: Mapped[int]
    reorder: Mapped[bool] = mapped_column(default=False)
    closed: Mapped[bool] = mapped_column(default=False)
