"""The JSON face of customers."""

from dashboard.customers.api.views import buyers_api, field_api

__all__ = ["buyers_api", "field_api"]
