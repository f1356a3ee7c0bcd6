"""Orders: what was sold to whom, held, paid, shipped and returned."""

from flask import Flask

from dashboard.core import events
from dashboard.customers.parts import CustomerPart, add_part
from dashboard.inventory.queries.holders import HolderKind, name_holders
from dashboard.orders import jobs, service
from dashboard.orders.api import device_api, store_api
from dashboard.orders.holding import name_orders, name_returns
from dashboard.orders.pages import pages, price_pages, rate_pages, tracking_pages
from dashboard.orders.pages.prices import load_part
from dashboard.orders.pages.shell import find_in_shell, load_tile
from dashboard.orders.queries import audit, count_pending, movable
from dashboard.web.registry import NavItem, SearchProvider, Tile, registry_of

__all__ = ["audit", "jobs", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    for blueprint in (device_api, store_api, pages, price_pages, rate_pages, tracking_pages):
        app.register_blueprint(blueprint)
    events.on("hold.expired", service.lapse_displaced)
    events.on("customer.merged", service.move_to_successor)
    add_part(app, CustomerPart("orders/_customer.html", "orders:read", load_part, movable))
    name_holders("order", HolderKind(name_orders, "orders:read", "orders.order", "ref"))
    name_holders("repair", HolderKind(name_returns, "orders:read", "orders.order", "ref"))
    registry = registry_of(app)
    registry.navigation.append(
        NavItem("Orders", "orders.orders", "shopping-cart", "orders:read", "Sell", 5, count_pending)
    )
    registry.navigation.append(
        NavItem("Shipping rates", "shipping_rates.rates", "truck", "settings:manage", "Settings", 90)
    )
    registry.search.append(SearchProvider("Orders", "orders:read", find_in_shell, order=30))
    registry.tiles.append(Tile("orders/_tile.html", "orders:read", load_tile, order=5))
