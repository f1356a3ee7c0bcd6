"""Products and stock: what can be sold, what is there, and who holds it."""

from flask import Flask

from dashboard.core import events
from dashboard.inventory import jobs, models
from dashboard.inventory.api import device_api, field_api, store_api
from dashboard.inventory.pages import pages
from dashboard.inventory.pages.shell import NAVIGATION, find_in_shell, find_stock
from dashboard.inventory.pages.units import pages as unit_pages
from dashboard.inventory.pages.units.shell import find_units
from dashboard.inventory.queries import audit
from dashboard.inventory.service.reorder import reorder_low_stock
from dashboard.web.registry import NavItem, SearchProvider, registry_of

__all__ = ["audit", "jobs", "models", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    app.register_blueprint(device_api)
    app.register_blueprint(store_api)
    app.register_blueprint(field_api)
    app.register_blueprint(pages)
    app.register_blueprint(unit_pages)
    events.on("inventory.low-stock", reorder_low_stock)
    inventory = NavItem("Inventory", "units.grid", "device-mobile", "inventory:read", "Stockroom", 16)
    registry_of(app).navigation.append(inventory)
    registry_of(app).navigation.extend(NAVIGATION)
    registry_of(app).search.append(SearchProvider("Units", "inventory:read", find_units, order=1))
    registry_of(app).search.append(SearchProvider("Products", "products:read", find_in_shell, order=15))
    registry_of(app).search.append(SearchProvider("Stock", "inventory:read", find_stock, order=16))
