"""Reading products and what is there of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.inventory.models import Claim, Product, ProductCategory, StockLevel, Unit
from dashboard.inventory.queries.units import is_available
from dashboard.inventory.service.products import fold_sku


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as it is shown. Money in minor units; `on_hand` pieces or units here, `free` those nobody holds."""

    id: int
    number: int
    public_id: str
    code: str
    kind: str
    sku: str
    name: str
    category: str | None
    manufacturer: str | None
    price: int
    cost: int
    attributes: dict[str, Any]
    images: list[str]
    warranty: str | None
    min_stock: int | None
    created_at: datetime
    updated_at: datetime
    on_hand: int = 0
    free: int = 0


def _columns() -> Select[*tuple[Any, ...]]:
    return select(
        Product.id,
        Product.number,
        Product.public_id,
        Product.code,
        Product.kind,
        Product.sku,
        Product.name,
        ProductCategory.slug,
        Product.manufacturer,
        Product.price,
        Product.cost,
        Product.attributes,
        Product.images,
        Product.warranty,
        Product.min_stock,
        Product.created_at,
        Product.updated_at,
    ).outerjoin(ProductCategory, ProductCategory.id == Product.category_id)


def show_product(by: Principal, ref: str) -> ProductRow:
    """The product with this id (`prod_…`) or code (`PROD-…`). Raises NotFound."""
    return _one(by, or_(Product.public_id == ref, Product.code == ref), f"Product with ID '{ref}' does not exist")


def product_by_sku(by: Principal, sku: str) -> ProductRow:
    """The product with this SKU, in whatever case. Raises NotFound."""
    return _one(by, Product.sku_key == fold_sku(sku), f"SKU '{sku}' does not exist in inventory system")


def _one(by: Principal, which: Any, missing: str) -> ProductRow:
    row = reads(by).execute(_columns().where(which, Product.archived_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound(missing)
    on_hand, free = _there(by, row.id, row.kind)
    return ProductRow(*row, on_hand=on_hand, free=free)


def _there(by: Principal, product_id: int, kind: str) -> tuple[int, int]:
    session = reads(by)
    if kind == "serialised":
        statement = select(func.count(), func.count().filter(is_available())).where(
            Unit.product_id == product_id, Unit.state == "in_stock"
        )
        on_hand, free = session.execute(statement).one()
        return on_hand, free
    on_hand = session.scalar(select(func.sum(StockLevel.on_hand)).where(StockLevel.product_id == product_id)) or 0
    live = or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now())
    held = session.scalar(
        select(func.sum(Claim.quantity)).where(Claim.product_id == product_id, Claim.ended_at.is_(None), live)
    )
    return int(on_hand), int(on_hand) - int(held or 0)


def product_page(by: Principal, page: PageRequest) -> Page[ProductRow]:
    """Products that are for sale, by SKU."""
    wanted = Product.archived_at.is_(None)
    session = reads(by)
    total = session.scalar(select(func.count(Product.id)).where(wanted)) or 0
    rows = session.execute(_columns().where(wanted).order_by(Product.sku_key).limit(page.size).offset(page.offset))
    return Page([ProductRow(*row) for row in rows], page, total)
