"""Pages of products and stock. Each module hangs its views on the blueprint."""

from dashboard.inventory.pages import movements, products, purchasing, stock, stocktakes
from dashboard.inventory.pages.blueprint import pages

__all__ = ["movements", "pages", "products", "purchasing", "stock", "stocktakes"]
