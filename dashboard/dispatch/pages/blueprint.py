"""The blueprint that the pages of dispatch hang on."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("dispatch", __name__, url_prefix="/dispatch")

READ, WRITE = "dispatch:read", "dispatch:write"
