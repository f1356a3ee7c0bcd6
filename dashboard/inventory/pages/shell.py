"""What the stockroom gives to the sidebar."""

from dashboard.web.registry import NavItem

NAVIGATION = (
    NavItem("Products", "stockroom.products", "package", "products:read", "Sell", 30),
    NavItem("Stock", "stockroom.stock", "building-warehouse", "inventory:read", "Sell", 31),
    NavItem("Purchase orders", "stockroom.purchases", "truck", "purchasing:read", "Sell", 32),
    NavItem("Transfers", "stockroom.transfers", "transfer", "inventory:read", "Sell", 33),
    NavItem("Stocktakes", "stockroom.stocktakes", "list-check", "inventory:read", "Sell", 34),
    NavItem("Suppliers", "stockroom.suppliers", "building-factory", "purchasing:read", "Sell", 35),
    NavItem("Places", "stockroom.places", "map-pin", "inventory:read", "Sell", 36),
)
