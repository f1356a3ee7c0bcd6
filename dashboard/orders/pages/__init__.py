"""Pages of orders. Each module hangs its views on a blueprint."""

from dashboard.orders.pages import actions, documents, entry, lists, orders
from dashboard.orders.pages.blueprint import pages
from dashboard.orders.pages.prices import price_pages
from dashboard.orders.pages.rates import rate_pages
from dashboard.orders.pages.tracking import tracking_pages

__all__ = [
    "actions",
    "documents",
    "entry",
    "lists",
    "orders",
    "pages",
    "price_pages",
    "rate_pages",
    "tracking_pages",
]
