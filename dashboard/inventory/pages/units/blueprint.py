"""The blueprint that the pages of units hang on."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("units", __name__, url_prefix="/inventory")

READ, WRITE = "inventory:read", "inventory:write"
