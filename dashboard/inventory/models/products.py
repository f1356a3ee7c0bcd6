"""What can be sold: categories, products, the tenant's own list of grades."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, TextClause, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

FOR_SALE = text("archived_at IS NULL")
ARCHIVED = text("archived_at IS NOT NULL")
LOW = text("low AND archived_at IS NULL")
LOW_ON_SQLITE = text("low = 1 AND archived_at IS NULL")  # as it is asked there, where there are no booleans

KINDS = ("serialised", "counted", "unique", "service")
"""Sold unit by unit with a serial number; by number of pieces; a single piece there is; work, which is never short."""


def _where(name: str, condition: TextClause, *columns: str) -> Index:
    return Index(name, "tenant_id", *columns, "id", sqlite_where=condition, postgresql_where=condition)


class ProductCategory(TenantOwned, Base):
    """A group of products. `attributes` are the fields asked for: `[{"key", "label", "unit"}]`."""

    __tablename__ = "product_category"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "slug"))

    id: Mapped[IntPK]
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(sortable(80))
    attributes: Mapped[list[dict[str, Any]]] = mapped_column(default=list)


class Grade(TenantOwned, Base):
    """A condition in the tenant's own words. `code` is what units, SKUs and integrations carry."""

    __tablename__ = "grade"
    __table_args__ = (UniqueConstraint("tenant_id", "code"),)

    id: Mapped[IntPK]
    code: Mapped[str] = mapped_column(sortable(12))
    label: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]


class Product(TenantOwned, Base):
    """Everything sellable. `number` is K's part_id and item_id, `public_id` (`prod_…`) S's id, `code` (`PROD-…`) P's.

    `price` and `cost` are minor units of the tenant's currency; `cost` is the average of what is on the shelf.
    `model`, `storage` and `grade` are those of a serialised product, whose units all share them; `model_key` is the
    model in lower case. `min_stock` is None where nobody counts; `low`, kept in the transaction of every change, says
    that there is less, what is on its way between places included. `tax_class` is `standard` or `exempt`.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "code"),
        UniqueConstraint("tenant_id", "sku_key"),
        _where("ix_product_sku", FOR_SALE, "sku_key"),
        _where("ix_product_name", FOR_SALE, "search_name"),
        _where("ix_product_archived", ARCHIVED, "sku_key"),
        _where("ix_product_archived_name", ARCHIVED, "search_name"),
        Index("ix_product_low", "tenant_id", "id", sqlite_where=LOW_ON_SQLITE, postgresql_where=LOW),
        Index("ix_product_category", "tenant_id", "category_id", "id"),
        Index("ix_product_model", "tenant_id", "model_key", "grade"),
        Index("ix_product_barcode", "tenant_id", "barcode"),
        Index("ix_product_kind", "tenant_id", "kind", "id"),
        tenant_link("category_id", "product_category"),
        tenant_link("supplier_id", "supplier"),
        CheckConstraint("kind IN ('serialised', 'counted', 'unique', 'service')", name="kind_known"),
        CheckConstraint("price >= 0 AND cost >= 0", name="money_not_negative"),
        CheckConstraint("tax_class IN ('standard', 'exempt')", name="tax_class_known"),
        CheckConstraint("min_stock IS NULL OR min_stock >= 0", name="min_stock_not_negative"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    public_id: Mapped[str] = mapped_column(sortable(40))
    code: Mapped[str] = mapped_column(sortable(60))
    kind: Mapped[str] = mapped_column(String(12))
    sku: Mapped[str] = mapped_column(String(80))
    sku_key: Mapped[str] = mapped_column(sortable(80))
    name: Mapped[str] = mapped_column(String(200))
    search_name: Mapped[str] = mapped_column(sortable(200))
    description: Mapped[str] = mapped_column(Text, default="")
    manufacturer: Mapped[str | None] = mapped_column(String(80))
    category_id: Mapped[int | None]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id", ondelete="SET NULL"))
    model: Mapped[str | None] = mapped_column(String(120))
    model_key: Mapped[str | None] = mapped_column(sortable(120))
    storage: Mapped[str | None] = mapped_column(String(20))
    grade: Mapped[str | None] = mapped_column(sortable(12))
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    images: Mapped[list[str]] = mapped_column(default=list)
    barcode: Mapped[str | None] = mapped_column(sortable(40))
    warranty: Mapped[str | None] = mapped_column(String(80))
    price: Mapped[int]
    cost: Mapped[int] = mapped_column(default=0)
    tax_class: Mapped[str] = mapped_column(String(12), default="standard")
    min_stock: Mapped[int | None]
    reorder_quantity: Mapped[int | None]
    auto_reorder: Mapped[bool] = mapped_column(default=False)
    supplier_id: Mapped[int | None]
    low: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProductTerm(TenantOwned, Base):
    """A product's name from one of its words on, folded and without gaps: a search for words that follow each other is
    a range of these ("4090gaming" of "RTX 4090 Gaming").
    """

    __tablename__ = "product_term"
    __table_args__ = (
        tenant_link("product_id", "product", ondelete="CASCADE"),
        Index("ix_product_term_product", "tenant_id", "product_id", "term"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    term: Mapped[str] = mapped_column(sortable(40), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)


class Location(TenantOwned, Base):
    """Where stock lies: a warehouse, a shop, a van. `code` (`wh_toronto_01`) is what F shows, `number` what K shows."""

    __tablename__ = "location"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "code"),
        Index(
            "ix_location_default",
            "tenant_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        CheckConstraint("kind IN ('warehouse', 'shop', 'van')", name="kind_known"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    code: Mapped[str] = mapped_column(sortable(40))
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12), default="warehouse")
    is_default: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]
