"""Pages of customers. Each module hangs its views on the blueprint."""

from dashboard.customers.pages import addresses, customers, lists, merging
from dashboard.customers.pages.blueprint import pages

__all__ = ["addresses", "customers", "lists", "merging", "pages"]
