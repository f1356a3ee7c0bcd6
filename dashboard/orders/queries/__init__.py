"""Reading orders."""

from dashboard.orders.queries.accounts import Account, account_of, payments_of, returns_of
from dashboard.orders.queries.browsing import (
    DOORS,
    OrderSearch,
    OrderSummary,
    browse,
    count_pending,
    find_orders,
    orders_of,
    totals_now,
)
from dashboard.orders.queries.parcels import Parcel, Tracked, parcels_of, track
from dashboard.orders.queries.placed import LineRow, OrderFilter, OrderRow, order_page, show_order
from dashboard.orders.queries.prices import CustomerPriceRow, movable, prices_of

__all__ = [
    "DOORS",
    "Account",
    "CustomerPriceRow",
    "LineRow",
    "OrderFilter",
    "OrderRow",
    "OrderSearch",
    "OrderSummary",
    "Parcel",
    "Tracked",
    "account_of",
    "browse",
    "count_pending",
    "find_orders",
    "movable",
    "order_page",
    "orders_of",
    "parcels_of",
    "payments_of",
    "prices_of",
    "returns_of",
    "show_order",
    "totals_now",
    "track",
]
