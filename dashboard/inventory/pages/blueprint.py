"""The blueprint that the stockroom's pages hang on: products, stock by place, purchasing, transfers, stocktakes."""

from dashboard.web.pages import PageBlueprint

pages = PageBlueprint("stockroom", __name__)
