"""The device catalogue."""

from flask import Flask

from dashboard.catalog import jobs
from dashboard.catalog.api import api
from dashboard.catalog.pages import pages
from dashboard.catalog.pages.shell import find_devices, load_tile
from dashboard.catalog.queries import count_open_proposals
from dashboard.web.registry import NavItem, SearchProvider, Tile, registry_of

__all__ = ["jobs", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    app.register_blueprint(api)
    app.register_blueprint(pages)
    registry = registry_of(app)
    registry.navigation.append(NavItem("Catalogue", "catalog.devices", "devices", "catalog:read", "Sell", 10))
    registry.navigation.append(NavItem("Coverage", "catalog.coverage", "gauge", "catalog:read", "Sell", 11))
    registry.navigation.append(NavItem("Fill gaps", "catalog.gaps", "list-check", "operator", "Sell", 12))
    registry.navigation.append(
        NavItem("Suggestions", "catalog.proposals", "bulb", "operator", "Sell", 13, count_open_proposals)
    )
    registry.navigation.append(
        NavItem("My suggestions", "catalog.own_suggestions", "bulb", "catalog:propose", "Sell", 14)
    )
    registry.navigation.append(NavItem("Imports", "catalog.imports_list", "file-import", "operator", "Sell", 15))
    registry.search.append(SearchProvider("Devices", "catalog:read", find_devices, order=10))
    registry.tiles.append(Tile("catalog/devices/_tile.html", "catalog:read", load_tile, order=10))
