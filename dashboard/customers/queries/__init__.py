"""Reading customers."""

from dashboard.customers.queries.duplicates import Duplicates, duplicate_groups, duplicates_of
from dashboard.customers.queries.records import (
    CustomerFilter,
    CustomerRow,
    addresses_of,
    browse,
    customer_page,
    find_customers,
    matching,
    show_customer,
    successor_of,
)
from dashboard.customers.queries.timeline import Moment, timeline

__all__ = [
    "CustomerFilter",
    "CustomerRow",
    "Duplicates",
    "Moment",
    "addresses_of",
    "browse",
    "customer_page",
    "duplicate_groups",
    "duplicates_of",
    "find_customers",
    "matching",
    "show_customer",
    "successor_of",
    "timeline",
]
