"""Reading products and stock."""

from dashboard.inventory.queries.products import ProductRow, product_by_sku, product_page, show_product
from dashboard.inventory.queries.unit_filters import UnitFilter
from dashboard.inventory.queries.units import (
    SkuGroup,
    UnitRow,
    count_units,
    is_available,
    show_unit,
    sku_groups,
    unit_page,
)

__all__ = [
    "ProductRow",
    "SkuGroup",
    "UnitFilter",
    "UnitRow",
    "count_units",
    "is_available",
    "product_by_sku",
    "product_page",
    "show_product",
    "show_unit",
    "sku_groups",
    "unit_page",
]
