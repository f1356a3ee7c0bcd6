"""The JSON face of orders."""

from dashboard.orders.api.views import device_api, store_api

__all__ = ["device_api", "store_api"]
