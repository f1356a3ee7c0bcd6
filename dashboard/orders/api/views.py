"""Orders through F, P and S: `/api/v1/orders` and the shared `/v1/orders` (C2, C3, C6)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from flask import request

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.orders import queries, service
from dashboard.orders.api.shapes import device_order, placed_device_order, placed_order, shared_order
from dashboard.orders.queries import OrderFilter, OrderRow
from dashboard.orders.schemas import (
    CancelBody,
    DeviceOrderBody,
    DeviceOrderJson,
    OrderListQuery,
    PartsOrderBody,
    PartsOrderJson,
    PlacedDeviceOrderJson,
    ShipBody,
    StoreOrderJson,
)
from dashboard.orders.service import Address, Placed, Wanted, said_in_a_body
from dashboard.web.answers import Many, One, Plain
from dashboard.web.api import ApiBlueprint, View
from dashboard.web.moments import lower, upper

device_api = ApiBlueprint(
    "orders_device_api", __name__, url_prefix="/api/v1/orders", speaks="techfleet", area="merchant"
)
store_api = ApiBlueprint("orders_store_api", __name__, url_prefix="/v1/orders", speaks="techparts", area="store")

READ, WRITE = "orders:read", "orders:write"
SHARED = ("techparts", "syncauction", "techfleet")
ANY_ORDER = StoreOrderJson | DeviceOrderJson | PartsOrderJson


@device_api.operation("GET", "", needs=READ, answer=DeviceOrderJson, shape="many", query=OrderListQuery)
def order_list(by: Principal, page: PageRequest, query: OrderListQuery) -> Many[OrderRow]:
    """List orders"""
    return Many(queries.order_page(by, _filter(by, query), page), device_order)


@device_api.operation("GET", "/<order_id>", needs=READ, answer=DeviceOrderJson)
def order_show(by: Principal, order_id: str) -> One[OrderRow]:
    """Get an order"""
    return One(queries.show_order(by, order_id), device_order)


@device_api.operation(
    "POST", "", needs=WRITE, answer=PlacedDeviceOrderJson, shape="bare", status=201, body=DeviceOrderBody
)
def order_create(by: Principal, body: DeviceOrderBody) -> Plain[Placed]:
    """Create an order"""
    return Plain(_place_devices(by, body), placed_device_order)


def _place_devices(by: Principal, body: DeviceOrderBody) -> Placed:
    lines = [
        Wanted(unit=line.inventory_id, price=line.price, field=f"line_items[{n}]")
        for n, line in enumerate(body.line_items)
    ]
    return service.place(
        by, customer=body.buyer_id, lines=lines, door="device_api", notes=body.notes, customer_field="buyer_id"
    )


def _place_parts(by: Principal, body: PartsOrderBody) -> Placed:
    lines = [
        Wanted(product=item.product_id, quantity=item.quantity, field=f"items[{n}]")
        for n, item in enumerate(body.items)
    ]
    address = Address.checked(body.shipping_address.model_dump(), said_in_a_body)
    return service.place(by, customer=body.customer_id, lines=lines, door="parts_api", address=address)


@device_api.operation("POST", "/<order_id>/confirm", needs=WRITE, answer=DeviceOrderJson)
def order_confirm(by: Principal, order_id: str) -> One[OrderRow]:
    """Confirm an order: its units are sold"""
    return One(service.act_on(by, order_id, partial(service.confirm, by)), device_order)


@device_api.operation("POST", "/<order_id>/cancel", needs=WRITE, answer=DeviceOrderJson, body=CancelBody)
def order_cancel(by: Principal, order_id: str, body: CancelBody) -> One[OrderRow]:
    """Cancel an order and let go of what it holds"""
    return One(service.act_on(by, order_id, partial(service.cancel, by, reason=body.reason)), device_order)


@device_api.operation("POST", "/<order_id>/ship", needs=WRITE, answer=DeviceOrderJson, body=ShipBody)
def order_ship(by: Principal, order_id: str, body: ShipBody) -> One[OrderRow]:
    """Ship what is left of an order"""
    parcel = partial(service.ship, by, carrier=body.carrier, tracking_number=body.tracking_number, lines=None)
    return One(service.act_on(by, order_id, parcel), device_order)


@device_api.operation("POST", "/<order_id>/deliver", needs=WRITE, answer=DeviceOrderJson)
def order_deliver(by: Principal, order_id: str) -> One[OrderRow]:
    """Note that an order has arrived"""
    return One(service.act_on(by, order_id, partial(service.deliver, by)), device_order)


def _by_query(by: Principal) -> str | None:
    """C2: a key without a dialect that filters by F's parameters speaks F."""
    if by.dialect is None and {"buyer_id", "from", "to"} & request.args.keys():
        return "techfleet"
    return None


def _by_body(_by: Principal) -> str | None:
    """C3: the keys of the two bodies are disjoint; both or neither leave it to the key's dialect."""
    keys = _body_keys()
    devices, parts = bool(keys & {"buyer_id", "line_items"}), bool(keys & {"customer_id", "items", "shipping_address"})
    if devices == parts:
        return None
    return "techfleet" if devices else "techparts"


def _body_keys() -> set[str]:
    try:
        body: Any = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        return set()
    return {str(key) for key in body} if isinstance(body, dict) else set()  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _by_id(by: Principal) -> str | None:
    """C6: `ORD-…` is P's; `ord_…` is F's and S's, as the key has it, S where it has none."""
    ref = str((request.view_args or {}).get("order_id", ""))
    if ref.upper().startswith("ORD-"):
        return "techparts"
    return by.dialect if by.dialect in ("techfleet", "syncauction") else "syncauction"


def _about_one(method: str, step: str, *, needs: str) -> Callable[[View], View]:
    """How everything that is done to one order of the shared path is declared."""
    return store_api.operation(
        method, f"/<order_id>{step}", needs=needs, answer=ANY_ORDER, dialects=SHARED, choose=_by_id
    )


@store_api.operation(
    "GET",
    "",
    needs=READ,
    answer=ANY_ORDER,
    shape="many",
    query=OrderListQuery,
    dialects=("syncauction", "techfleet", "techparts"),
    choose=_by_query,
)
def store_order_list(by: Principal, page: PageRequest, query: OrderListQuery) -> Many[OrderRow]:
    """List orders"""
    return Many(queries.order_page(by, _filter(by, query), page), shared_order)


@_about_one("GET", "", needs=READ)
def store_order_show(by: Principal, order_id: str) -> One[OrderRow]:
    """Get an order"""
    return One(queries.show_order(by, order_id), shared_order)


@store_api.operation(
    "POST",
    "",
    needs=WRITE,
    answer=PartsOrderJson | PlacedDeviceOrderJson,
    shape="bare",
    status=201,
    body={"techparts": PartsOrderBody, "techfleet": DeviceOrderBody},
    dialects=("techparts", "techfleet"),
    choose=_by_body,
)
def store_order_create(by: Principal, body: PartsOrderBody | DeviceOrderBody) -> Plain[Placed]:
    """Create an order"""
    if {"buyer_id", "customer_id"} <= _body_keys():
        message = "Send either 'buyer_id' with 'line_items' or 'customer_id' with 'items', not both."
        raise Invalid.field("buyer_id", message)
    placed = _place_devices(by, body) if isinstance(body, DeviceOrderBody) else _place_parts(by, body)
    return Plain(placed, placed_order)


@_about_one("POST", "/confirm", needs=WRITE)
def store_order_confirm(by: Principal, order_id: str) -> One[OrderRow]:
    """Confirm an order: its stock is sold"""
    return One(service.act_on(by, order_id, partial(service.confirm, by)), shared_order)


@_about_one("POST", "/cancel", needs=WRITE)
def store_order_cancel(by: Principal, order_id: str) -> One[OrderRow]:
    """Cancel an order and let go of what it holds"""
    return One(service.act_on(by, order_id, partial(service.cancel, by)), shared_order)


def _filter(by: Principal, query: OrderListQuery) -> OrderFilter:
    return OrderFilter(
        status=query.status,
        since=lower(query.since, by.time_zone),
        until=upper(query.until, by.time_zone),
        customer=query.buyer_id,
    )
