"""What the stockroom gives to the pages that belong to no domain: the sidebar and search hits."""

from flask import url_for

from dashboard.core.context import Principal
from dashboard.inventory.forms.stockroom import KIND_WORDS
from dashboard.inventory.queries.product_lists import ListedProduct, find_products
from dashboard.web.registry import NavItem, SearchHit

NAVIGATION = (
    NavItem("Products", "stockroom.products", "package", "products:read", "Stockroom", 30),
    NavItem("Stock", "stockroom.stock", "building-warehouse", "inventory:read", "Stockroom", 31),
    NavItem("Purchase orders", "stockroom.purchases", "truck", "purchasing:read", "Stockroom", 32),
    NavItem("Transfers", "stockroom.transfers", "transfer", "inventory:read", "Stockroom", 33),
    NavItem("Stocktakes", "stockroom.stocktakes", "list-check", "inventory:read", "Stockroom", 34),
    NavItem("Suppliers", "stockroom.suppliers", "building-factory", "purchasing:read", "Stockroom", 35),
    NavItem("Places", "stockroom.places", "map-pin", "inventory:read", "Stockroom", 36),
)


def find_in_shell(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Products for what was typed or scanned into the search box: a SKU, the beginning of one, a barcode, a name."""
    return [
        SearchHit(
            title=each.sku,
            detail=f"{each.name} · {KIND_WORDS[each.kind]}",
            url=url_for("stockroom.product", number=each.number),
            kind="Products",
            icon="package",
        )
        for each in find_products(by, typed, limit=limit)
    ]


def find_stock(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """What is there of those products: their units in the inventory, or their pieces by place."""
    return [
        SearchHit(
            title=f"{'Units' if each.kind == 'serialised' else 'Stock'} of {each.sku}",
            detail=_there(each),
            url=_stock_url(each),
            kind="Stock",
            icon="device-mobile" if each.kind == "serialised" else "building-warehouse",
        )
        for each in find_products(by, typed, limit=limit)
        if each.kind != "service"
    ]


def _there(product: ListedProduct) -> str:
    parts = [f"{place.on_hand:,} at {place.name}" for place in product.places if place.on_hand]
    parts += [f"{product.free:,} free"] if product.held else []
    parts += [f"{product.in_transit:,} on the way"] if product.in_transit else []
    return " · ".join(parts) or "Nothing here"


def _stock_url(product: ListedProduct) -> str:
    if product.kind == "serialised" and product.model:
        return url_for("units.grid", q=product.model, grade=product.grade)
    return url_for("stockroom.stock", q=product.sku)
