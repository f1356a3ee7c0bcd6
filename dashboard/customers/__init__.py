"""Customers: buyers, accounts and contacts, one record each."""

from flask import Flask

from dashboard.customers import models
from dashboard.customers.api import buyers_api, field_api
from dashboard.customers.pages import pages
from dashboard.customers.pages.lists import find_in_shell
from dashboard.web.registry import NavItem, SearchProvider, registry_of

__all__ = ["models", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    app.register_blueprint(field_api)
    app.register_blueprint(buyers_api)
    app.register_blueprint(pages)
    registry = registry_of(app)
    registry.navigation.append(NavItem("Customers", "customers.customers", "users", "customers:read", "Sell", 30))
    registry.search.append(SearchProvider("Customers", "customers:read", find_in_shell, order=40))
