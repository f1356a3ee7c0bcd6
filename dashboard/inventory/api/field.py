"""Parts, stock, places, suppliers, purchase orders and line items through K (K346 to K392)."""

from typing import Any

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.inventory import service
from dashboard.inventory.api import field_shapes as shapes
from dashboard.inventory.models import Location, Supplier
from dashboard.inventory.queries import product_lists, purchasing, stock
from dashboard.inventory.queries.product_lists import ProductFilter
from dashboard.inventory.queries.purchasing import PurchaseFilter, PurchaseRow
from dashboard.inventory.queries.stock import LevelRow, StockedProduct
from dashboard.inventory.schemas_field import (
    LineItemJson,
    LineItemListQuery,
    LocationJson,
    NewLineItemBody,
    NewLocationBody,
    NewPartBody,
    NewPurchaseBody,
    NewSupplierBody,
    PartChangeBody,
    PartJson,
    PartListQuery,
    PurchaseJson,
    PurchaseListQuery,
    ReceiveBody,
    ReceivedJson,
    ReceivePurchaseBody,
    StockJson,
    StockQuery,
    SupplierJson,
)
from dashboard.inventory.service import adjust, products, sku
from dashboard.inventory.service import purchasing as buying
from dashboard.inventory.service.adjust import Taken
from dashboard.inventory.service.products import ProductFacts
from dashboard.inventory.service.purchasing import Arrived, Bought
from dashboard.inventory.service.suppliers import SupplierFacts, create_supplier
from dashboard.web.answers import Many, One
from dashboard.web.api import ApiBlueprint

field_api = ApiBlueprint("inventory_field_api", __name__, url_prefix="/api/v1/admin", speaks="tradekitt", area="field")

PARTS = ("counted", "unique")
READ, WRITE = "inventory:read", "inventory:write"
BUY_READ, BUY = "purchasing:read", "purchasing:write"


@field_api.operation("GET", "/parts", needs=READ, answer=PartJson, shape="many", query=PartListQuery)
def part_list(by: Principal, page: PageRequest, query: PartListQuery) -> Many[StockedProduct]:
    """List parts"""
    where = ProductFilter(kinds=PARTS, text=query.search, low=query.low_stock, archived=query.archived)
    return Many(product_lists.stocked_page(by, where, page), shapes.part_for(by))


@field_api.operation("POST", "/parts", needs=WRITE, answer=PartJson, status=201, body=NewPartBody)
def part_create(by: Principal, body: NewPartBody) -> One[StockedProduct]:
    """Create a part"""
    facts = ProductFacts(
        sku=body.sku,
        name=body.name,
        kind="counted",
        price=body.price_cents,
        cost=body.cost_cents,
        min_stock=body.min_stock,
        reorder_quantity=body.reorder_quantity,
        auto_reorder=body.auto_reorder,
        supplier_id=_supplier_id(by, body.supplier_id),
        description=body.description,
        barcode=body.barcode,
    )
    made = products.create_product(by, facts, needs=WRITE)
    return One(stock.show_stocked(by, made.number), shapes.part_for(by))


@field_api.operation("GET", "/parts/<int:part_id>", needs=READ, answer=PartJson)
def part_show(by: Principal, part_id: int) -> One[StockedProduct]:
    """Get a part"""
    return One(stock.show_stocked(by, part_id, PARTS), shapes.part_for(by))


@field_api.operation("PATCH", "/parts/<int:part_id>", needs=WRITE, answer=PartJson, body=PartChangeBody)
def part_change(by: Principal, part_id: int, body: PartChangeBody) -> One[StockedProduct]:
    """Change a part"""
    part = stock.show_stocked(by, part_id, PARTS)
    sent = body.model_dump(exclude_unset=True)
    changes: dict[str, Any] = {name.removesuffix("_cents"): value for name, value in sent.items()}
    for name in ("name", "sku", "price", "cost", "auto_reorder", "description"):
        if name in changes and changes[name] is None:
            raise Invalid.field(name, f"Field '{name}' cannot be empty.")
    if "supplier_id" in changes:
        changes["supplier_id"] = _supplier_id(by, changes["supplier_id"])
    products.change_product(by, part.product.id, changes, needs=WRITE)
    return One(stock.show_stocked(by, part_id), shapes.part_for(by))


def _supplier_id(by: Principal, number: int | None) -> int | None:
    if number is None:
        return None
    found = {supplier.number: supplier.id for supplier in purchasing.list_suppliers(by)}
    if number not in found:
        raise Invalid.field("supplier_id", f"There is no supplier {number}.")
    return found[number]


def _location_id(by: Principal, number: int | None) -> int | None:
    if number is None:
        return None
    found = {place.number: place.id for place in stock.list_locations(by)}
    if number not in found:
        raise Invalid.field("location_id", f"There is no location {number}.")
    return found[number]


@field_api.operation("GET", "/inventory/stock", needs=READ, answer=StockJson, shape="many", query=StockQuery)
def stock_list(by: Principal, page: PageRequest, query: StockQuery) -> Many[LevelRow]:
    """View stock levels"""
    found = stock.level_page(by, page, location=query.location_id, low=query.low_stock)
    return Many(found, shapes.stock_row)


@field_api.operation("POST", "/inventory/receive", needs=WRITE, answer=ReceivedJson, status=201, body=ReceiveBody)
def stock_receive(by: Principal, body: ReceiveBody) -> One[Taken]:
    """Record stock receipt"""
    taken = adjust.receive_pieces(
        by, body.part_id, body.location_id, body.quantity, unit_cost=body.unit_cost_cents, notes=body.notes
    )
    return One(taken, shapes.taken_in(body.notes))


@field_api.operation("GET", "/locations", needs=READ, answer=LocationJson, shape="many")
def location_list(by: Principal, page: PageRequest) -> Many[Location]:
    """List locations"""
    return Many(purchasing.location_page(by, page), shapes.location)


@field_api.operation("POST", "/locations", needs=WRITE, answer=LocationJson, status=201, body=NewLocationBody)
def location_create(by: Principal, body: NewLocationBody) -> One[Location]:
    """Create a location"""
    return One(service.create_location(by, body.name, code=body.code, kind=body.kind), shapes.location)


@field_api.operation("GET", "/suppliers", needs=BUY_READ, answer=SupplierJson, shape="many")
def supplier_list(by: Principal, page: PageRequest) -> Many[Supplier]:
    """List suppliers"""
    return Many(purchasing.supplier_page(by, page), shapes.supplier)


@field_api.operation("POST", "/suppliers", needs=BUY, answer=SupplierJson, status=201, body=NewSupplierBody)
def supplier_create(by: Principal, body: NewSupplierBody) -> One[Supplier]:
    """Create a supplier"""
    facts = SupplierFacts(body.name, body.email, body.phone, body.lead_days, body.notes)
    return One(create_supplier(by, facts), shapes.supplier)


@field_api.operation(
    "GET", "/purchase-orders", needs=BUY_READ, answer=PurchaseJson, shape="many", query=PurchaseListQuery
)
def purchase_list(by: Principal, page: PageRequest, query: PurchaseListQuery) -> Many[PurchaseRow]:
    """List purchase orders"""
    where = PurchaseFilter(status=query.status, supplier=query.supplier_id)
    return Many(purchasing.purchase_page(by, where, page), shapes.purchase_for(by))


@field_api.operation("POST", "/purchase-orders", needs=BUY, answer=PurchaseJson, status=201, body=NewPurchaseBody)
def purchase_create(by: Principal, body: NewPurchaseBody) -> One[PurchaseRow]:
    """Create a purchase order"""
    order = buying.create_purchase_order(
        by,
        body.supplier_id,
        [Bought(item.part_id, item.quantity, item.unit_cost_cents) for item in body.items],
        location_id=_location_id(by, body.location_id),
        expected_on=body.expected_on,
        notes=body.notes,
        status=body.status,
    )
    return One(purchasing.show_purchase(by, order.number), shapes.purchase_for(by))


@field_api.operation("GET", "/purchase-orders/<int:purchase_order_id>", needs=BUY_READ, answer=PurchaseJson)
def purchase_show(by: Principal, purchase_order_id: int) -> One[PurchaseRow]:
    """Get a purchase order"""
    return One(purchasing.show_purchase(by, purchase_order_id), shapes.purchase_for(by))


@field_api.operation(
    "POST",
    "/purchase-orders/<int:purchase_order_id>/receive",
    needs=BUY,
    answer=PurchaseJson,
    body=ReceivePurchaseBody,
)
def purchase_receive(by: Principal, purchase_order_id: int, body: ReceivePurchaseBody) -> One[PurchaseRow]:
    """Receive a purchase order"""
    order = purchasing.show_purchase(by, purchase_order_id)
    buying.receive_order(by, purchase_order_id, _arrived(order, body), allow_over=body.allow_over)
    return One(purchasing.show_purchase(by, purchase_order_id), shapes.purchase_for(by))


def _arrived(order: PurchaseRow, body: ReceivePurchaseBody) -> list[Arrived]:
    if not body.items:
        return [Arrived(line.id, line.outstanding) for line in order.lines if line.outstanding]
    lines = {line.product: line.id for line in order.lines}
    return [
        Arrived(lines.get(item.part_id, 0), item.quantity, item.unit_cost_cents, tuple(item.serials))
        for item in body.items
    ]


@field_api.operation(
    "GET", "/line-items", needs="products:read", answer=LineItemJson, shape="many", query=LineItemListQuery
)
def line_item_list(by: Principal, page: PageRequest, query: LineItemListQuery) -> Many[StockedProduct]:
    """List line items"""
    where = ProductFilter(kinds=(query.kind,) if query.kind else (), text=query.search)
    return Many(product_lists.stocked_page(by, where, page), shapes.line_item_for(by))


@field_api.operation(
    "POST", "/line-items", needs="products:write", answer=LineItemJson, status=201, body=NewLineItemBody
)
def line_item_create(by: Principal, body: NewLineItemBody) -> One[StockedProduct]:
    """Create a line item"""
    facts = ProductFacts(
        sku=body.sku or sku.propose_sku(by, {"name": body.name}),
        name=body.name,
        kind=body.kind,
        price=body.price_cents,
        cost=body.cost_cents,
        description=body.description,
        tax_class="standard" if body.taxable else "exempt",
    )
    made = products.create_product(by, facts)
    return One(stock.show_stocked(by, made.number), shapes.line_item_for(by))
