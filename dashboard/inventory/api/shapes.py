"""Units and products in the shapes of F, P and S."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.money import Money
from dashboard.inventory.queries import ProductRow, SkuGroup, UnitRow
from dashboard.web.answers import Show
from dashboard.web.dialects import Dialect

Shape = Mapping[str, Any]


def unit_in(currency: str) -> Show[UnitRow]:
    """F216 to F233, in the tenant's currency."""

    def show(unit: UnitRow, speak: Dialect) -> Shape:
        return {
            "id": unit.public_id,
            "imei": unit.imei,
            "model": unit.model,
            "storage": unit.storage,
            "color": unit.color,
            "grade": unit.grade,
            "battery_health": unit.battery_health,
            "carrier_locked": unit.carrier_locked,
            "carrier": unit.carrier,
            "price": speak.money(Money(unit.price, currency)),
            "currency": currency,
            "warehouse_id": unit.location_code,
            "available": unit.available,
            "created_at": unit.created_at,
            "updated_at": unit.updated_at,
        }

    return show


def sku_in(currency: str, *, pricing: bool) -> Show[SkuGroup]:
    """F263 to F276."""

    def show(group: SkuGroup, _speak: Dialect) -> Shape:
        shown = {
            "sku": group.sku,
            "model": group.model,
            "storage": group.storage,
            "grade": group.grade,
            "quantity_available": group.available,
            "quantity_total": group.total,
        }
        if not pricing:
            return shown
        prices = {"min": group.min_price, "max": group.max_price, "avg": group.avg_price, "currency": currency}
        return {**shown, "pricing": prices}

    return show


def parts_product_in(currency: str) -> Show[ProductRow]:
    """P15 to P33."""

    def show(product: ProductRow, speak: Dialect) -> Shape:
        return {
            "id": product.code,
            "sku": product.sku,
            "name": product.name,
            "category": product.category,
            "manufacturer": product.manufacturer,
            "price": speak.money(Money(product.price, currency)),
            "currency": currency,
            "stock": product.free,
            "in_stock": product.free > 0,
            "specifications": product.attributes,
            "warranty": product.warranty,
            "created_at": product.created_at,
            "updated_at": product.updated_at,
        }

    return show


def store_product_in(currency: str) -> Show[ProductRow]:
    """S8 to S18; further attributes stand beside the documented ones (S209)."""

    def show(product: ProductRow, speak: Dialect) -> Shape:
        return {
            **product.attributes,
            "id": product.public_id,
            "title": product.name,
            "sku": product.sku,
            "price": speak.money(Money(product.price, currency)),
            "images": product.images,
        }

    return show
