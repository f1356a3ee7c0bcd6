"""Units, SKUs and products through F, P and S."""

from flask import request

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.inventory import queries, service
from dashboard.inventory.api.shapes import parts_product_in, sku_in, store_product_in, unit_in
from dashboard.inventory.queries import ProductRow, SkuGroup, UnitFilter, UnitRow
from dashboard.inventory.schemas import (
    NewUnitBody,
    PartsProductJson,
    QuantityBody,
    QuantityJson,
    SkuJson,
    SkuListQuery,
    StoreProductJson,
    UnitChangeBody,
    UnitJson,
    UnitListQuery,
)
from dashboard.inventory.service import UnitChange, UnitFacts
from dashboard.web.answers import Bare, Many, One, PerDialect
from dashboard.web.api import ApiBlueprint

device_api = ApiBlueprint("inventory_device_api", __name__, url_prefix="/api/v1", speaks="techfleet", area="merchant")
store_api = ApiBlueprint("inventory_store_api", __name__, url_prefix="/v1", speaks="techparts", area="store")

READ, WRITE = "inventory:read", "inventory:write"


@device_api.operation("GET", "/inventory", needs=READ, answer=UnitJson, shape="many", query=UnitListQuery)
def unit_list(by: Principal, page: PageRequest, query: UnitListQuery) -> Many[UnitRow]:
    """List inventory"""
    return _unit_list(by, page, query)


@store_api.operation(
    "GET", "/inventory", needs=READ, answer=UnitJson, shape="many", query=UnitListQuery, dialects=("techfleet",)
)
def unit_list_alias(by: Principal, page: PageRequest, query: UnitListQuery) -> Many[UnitRow]:
    """List inventory"""
    return _unit_list(by, page, query)


def _unit_list(by: Principal, page: PageRequest, query: UnitListQuery) -> Many[UnitRow]:
    where = UnitFilter(
        model=query.model,
        grade=query.grade,
        carrier_locked=query.carrier_locked,
        min_battery=query.min_battery,
        available=query.available,
        location=query.warehouse_id,
    )
    return Many(queries.unit_page(by, where, page), unit_in(by.currency))


@device_api.operation("GET", "/inventory/<inventory_id>", needs=READ, answer=UnitJson)
def unit_show(by: Principal, inventory_id: str) -> One[UnitRow]:
    """Get a unit"""
    return One(queries.show_unit(by, inventory_id), unit_in(by.currency))


@device_api.operation("POST", "/inventory", needs=WRITE, answer=UnitJson, status=201, body=NewUnitBody)
def unit_create(by: Principal, body: NewUnitBody) -> One[UnitRow]:
    """Take a unit in"""
    product = queries.product_by_sku(by, body.sku)
    facts = UnitFacts(
        product_id=product.id,
        location_id=service.location_id(by, body.warehouse_id, field="warehouse_id"),
        imei=body.imei,
        serial=body.serial,
        color=body.color,
        battery_health=body.battery_health,
        carrier=body.carrier,
        carrier_locked=body.carrier_locked,
        price=body.price,
        cost=body.cost,
    )
    return One(queries.show_unit(by, service.receive_unit(by, facts)), unit_in(by.currency))


@device_api.operation("PATCH", "/inventory/<inventory_id>", needs=WRITE, answer=UnitJson, body=UnitChangeBody)
def unit_change(by: Principal, inventory_id: str, body: UnitChangeBody) -> One[UnitRow]:
    """Change a unit"""
    change = UnitChange(
        grade=body.grade, price=body.price, battery_health=body.battery_health, location_code=body.warehouse_id
    )
    service.change_unit(by, inventory_id, change)
    return One(queries.show_unit(by, inventory_id), unit_in(by.currency))


@device_api.operation("GET", "/products", needs="products:read", answer=SkuJson, shape="many", query=SkuListQuery)
def sku_list(by: Principal, page: PageRequest, query: SkuListQuery) -> Many[SkuGroup]:
    """List the product catalog by SKU"""
    return _sku_list(by, page, query)


def _by_query(by: Principal) -> str | None:
    """C1: a key without a dialect that asks with F's parameters speaks F."""
    if by.dialect is None and {"include_pricing", "model"} & request.args.keys():
        return "techfleet"
    return None


@store_api.operation(
    "GET",
    "/products",
    needs="products:read",
    answer=StoreProductJson | SkuJson,
    shape="many",
    query=SkuListQuery,
    dialects=("syncauction", "techfleet"),
    choose=_by_query,
)
def product_list(by: Principal, page: PageRequest, query: SkuListQuery) -> Many[SkuGroup] | Many[ProductRow]:
    """List products"""
    if _speaks_devices(by):
        return _sku_list(by, page, query)
    return Many(queries.product_page(by, page), store_product_in(by.currency))


def _sku_list(by: Principal, page: PageRequest, query: SkuListQuery) -> Many[SkuGroup]:
    """F's list, for both of its paths."""
    found = queries.sku_groups(by, model=query.model, page=page)
    return Many(found, sku_in(by.currency, pricing=query.include_pricing))


def _speaks_devices(by: Principal) -> bool:
    return (_by_query(by) or by.dialect) == "techfleet"


def _by_id(_by: Principal) -> str | None:
    """C4: `PROD-…` is P's, `prod_…` is S's."""
    ref = str((request.view_args or {}).get("product_id", ""))
    if ref.upper().startswith("PROD-"):
        return "techparts"
    return "syncauction" if ref.startswith("prod_") else None


@store_api.operation(
    "GET",
    "/products/<product_id>",
    needs="products:read",
    answer=PartsProductJson | StoreProductJson,
    dialects=("techparts", "syncauction"),
    choose=_by_id,
)
def product_show(by: Principal, product_id: str) -> One[ProductRow]:
    """Get a product"""
    show = PerDialect(techparts=parts_product_in(by.currency), syncauction=store_product_in(by.currency))
    return One(queries.show_product(by, product_id), show)


@store_api.operation(
    "PATCH", "/inventory/<path:sku>", needs=WRITE, answer=QuantityJson, shape="bare", body=QuantityBody
)
def quantity_set(by: Principal, sku: str, body: QuantityBody) -> Bare:
    """Update inventory"""
    done = service.set_quantity(by, sku, body.quantity, reason=body.reason, expected=_expected(body))
    return Bare(
        {
            "sku": done.product.sku,
            "product_id": done.product.code,
            "product_name": done.product.name,
            "quantity": done.after,
            "previous_quantity": done.before,
            "change": done.after - done.before,
            "updated_at": done.at,
            "updated_by": by.label,
        }
    )


def _expected(body: QuantityBody) -> int | None:
    """`If-Match: "23"` says the same as `expected_quantity`."""
    tag = request.headers.get("If-Match")
    if tag is None:
        return body.expected_quantity
    text = tag.strip().strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid.field("If-Match", 'If-Match must be the quantity you saw, such as "23".')
    return int(text)
