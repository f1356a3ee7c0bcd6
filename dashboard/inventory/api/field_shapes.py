"""Parts, stock, places, suppliers and purchase orders in the shapes of K."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.inventory.models import Location, Supplier
from dashboard.inventory.queries.purchasing import PurchaseRow
from dashboard.inventory.queries.stock import LevelRow, StockedProduct
from dashboard.inventory.service.adjust import Taken
from dashboard.web.answers import Show
from dashboard.web.dialects import Dialect

Shape = Mapping[str, Any]


def _cost(by: Principal, speak: Dialect, minor: int) -> object:
    """What something costs, for those who may know it."""
    return speak.money(Money(minor, by.currency)) if by.may("costs:read") else None


def part_for(by: Principal) -> Show[StockedProduct]:
    """K346 to K362."""

    def show(part: StockedProduct, speak: Dialect) -> Shape:
        product = part.product
        return {
            "id": product.number,
            "name": product.name,
            "sku": product.sku,
            "description": product.description,
            "barcode": product.barcode,
            "category": part.category,
            "price_cents": speak.money(Money(product.price, by.currency)),
            "cost_cents": _cost(by, speak, product.cost),
            "min_stock": product.min_stock,
            "reorder_quantity": product.reorder_quantity,
            "auto_reorder": product.auto_reorder,
            "supplier_id": part.supplier,
            "quantity": part.on_hand,
            "available": part.free,
            "in_transit": part.in_transit,
            "low_stock": part.low,
            "archived": product.archived_at is not None,
            "created_at": product.created_at,
            "updated_at": product.updated_at,
        }

    return show


def stock_row(row: LevelRow, _speak: Dialect) -> Shape:
    """K363 to K369."""
    product = row.product.product
    return {
        "part_id": product.number,
        "sku": product.sku,
        "name": product.name,
        "location_id": row.location,
        "location": row.place.name,
        "quantity": row.place.on_hand,
        "held": row.place.held,
        "available": row.place.free,
        "in_transit": row.place.in_transit,
        "min_stock": product.min_stock,
        "low_stock": row.product.low,
    }


def taken_in(notes: str) -> Show[Taken]:
    """K370 to K378."""

    def show(taken: Taken, _speak: Dialect) -> Shape:
        return {
            "part_id": taken.product.number,
            "sku": taken.product.sku,
            "location_id": taken.location.number,
            "location": taken.location.name,
            "quantity": taken.quantity,
            "quantity_on_hand": taken.on_hand,
            "notes": notes,
        }

    return show


def location(place: Location, _speak: Dialect) -> Shape:
    """A place, by the number that `location_id` means."""
    return {
        "id": place.number,
        "code": place.code,
        "name": place.name,
        "kind": place.kind,
        "is_default": place.is_default,
    }


def supplier(row: Supplier, _speak: Dialect) -> Shape:
    """A supplier, by the number that `supplier_id` means."""
    return {
        "id": row.number,
        "name": row.name,
        "email": row.email,
        "phone": row.phone,
        "lead_days": row.lead_days,
        "notes": row.notes,
        "archived": row.archived_at is not None,
        "created_at": row.created_at,
    }


def purchase_for(by: Principal) -> Show[PurchaseRow]:
    """K384 to K392."""

    def show(order: PurchaseRow, speak: Dialect) -> Shape:
        return {
            "id": order.number,
            "code": order.code,
            "status": order.status,
            "supplier_id": order.supplier,
            "supplier": order.supplier_name,
            "location_id": order.location,
            "location": order.location_name,
            "items": [
                {
                    "part_id": line.product,
                    "sku": line.sku,
                    "name": line.name,
                    "quantity": line.quantity,
                    "received": line.received,
                    "unit_cost_cents": _cost(by, speak, line.unit_cost),
                    "total_cents": _cost(by, speak, line.quantity * line.unit_cost),
                }
                for line in order.lines
            ],
            "total_cents": _cost(by, speak, order.total),
            "expected_on": order.expected_on,
            "notes": order.notes,
            "created_at": order.created_at,
            "updated_at": order.updated_at,
        }

    return show


def line_item_for(by: Principal) -> Show[StockedProduct]:
    """A product as sales, rates and invoices refer to it."""

    def show(item: StockedProduct, speak: Dialect) -> Shape:
        product = item.product
        return {
            "id": product.number,
            "name": product.name,
            "sku": product.sku,
            "kind": product.kind,
            "description": product.description,
            "price_cents": speak.money(Money(product.price, by.currency)),
            "cost_cents": _cost(by, speak, product.cost),
            "taxable": product.tax_class == "standard",
            "archived": product.archived_at is not None,
        }

    return show
