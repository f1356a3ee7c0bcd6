"""The blueprint that the catalogue's pages hang on."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("catalog", __name__, url_prefix="/catalog")
