"""Commands on customers."""

from dashboard.customers.service.addresses import add_address, change_address, remove_address
from dashboard.customers.service.merging import Merged, merge_customers, what_is_taken_over
from dashboard.customers.service.postal import COUNTRIES, Address
from dashboard.customers.service.records import CustomerFacts, Stale, change_customer, create_customer

__all__ = [
    "COUNTRIES",
    "Address",
    "CustomerFacts",
    "Merged",
    "Stale",
    "add_address",
    "change_address",
    "change_customer",
    "create_customer",
    "merge_customers",
    "remove_address",
    "what_is_taken_over",
]
