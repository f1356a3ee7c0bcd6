"""Technicians: who they are, when they work, what they drive."""

from flask import Flask

from dashboard.web.registry import SearchProvider, registry_of
from dashboard.workforce import models
from dashboard.workforce.api import skills_api, technicians_api, zones_api
from dashboard.workforce.api.fleet import fleet_api
from dashboard.workforce.api.hours import hours_api
from dashboard.workforce.pages import fleet, hours, pages
from dashboard.workforce.pages.listing import find_in_shell
from dashboard.workforce.pages.navigation import NAVIGATION

__all__ = ["models", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    app.register_blueprint(technicians_api)
    app.register_blueprint(skills_api)
    app.register_blueprint(zones_api)
    app.register_blueprint(hours_api)
    app.register_blueprint(fleet_api)
    app.register_blueprint(pages)
    app.register_blueprint(hours.pages)
    app.register_blueprint(fleet.pages)
    registry = registry_of(app)
    registry.navigation.extend(NAVIGATION)
    registry.search.append(SearchProvider("Technicians", "technicians:read", find_in_shell, order=45))
    registry.navigation.extend((hours.NAVIGATION, fleet.NAVIGATION))
    registry.search.append(SearchProvider("Vehicles", "fleet:read", fleet.find_in_shell, order=46))
