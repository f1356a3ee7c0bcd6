"""Commands on products and stock."""

from dashboard.inventory.service.corrections import UnitChange, change_unit
from dashboard.inventory.service.levels import Corrected, set_quantity
from dashboard.inventory.service.locations import create_location, default_location, location_id
from dashboard.inventory.service.products import ProductFacts, create_product
from dashboard.inventory.service.units import (
    DuplicateUnit,
    UnitFacts,
    receive_unit,
    receive_units,
)

__all__ = [
    "Corrected",
    "DuplicateUnit",
    "ProductFacts",
    "UnitChange",
    "UnitFacts",
    "change_unit",
    "create_location",
    "create_product",
    "default_location",
    "location_id",
    "receive_unit",
    "receive_units",
    "set_quantity",
]
