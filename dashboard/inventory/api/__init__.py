"""The JSON face of products and stock."""

from dashboard.inventory.api.field import field_api
from dashboard.inventory.api.views import device_api, store_api

__all__ = ["device_api", "field_api", "store_api"]
