"""The blueprint that the pages of technicians, skills and zones hang on."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("workforce", __name__)

READ, WRITE = "technicians:read", "technicians:write"
ZONES_READ, ZONES_WRITE = "dispatch:read", "dispatch:write"
