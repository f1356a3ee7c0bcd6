"""The blueprint that the pages of orders hang on."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("orders", __name__, url_prefix="/orders")
