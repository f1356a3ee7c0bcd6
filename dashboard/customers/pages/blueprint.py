"""The blueprint that the pages of customers hang on."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("customers", __name__, url_prefix="/customers")

READ, WRITE = "customers:read", "customers:write"
