"""Orders in the shapes of F, P and S."""

from collections.abc import Callable, Mapping
from typing import Any

from dashboard.core.money import Money
from dashboard.orders.queries import LineRow, OrderRow
from dashboard.orders.service import Placed
from dashboard.web.answers import PerDialect
from dashboard.web.dialects import Dialect
from dashboard.web.links import absolute

Shape = Mapping[str, Any]


def device_order(order: OrderRow, speak: Dialect) -> Shape:
    """F297 to F317."""
    money = _money(order.currency, speak)
    return {
        "id": order.public_id,
        "status": order.status,
        "buyer_id": order.buyer_id,
        "buyer_name": order.buyer_name,
        "line_items": [_device_line(line, money) for line in order.lines],
        "total": money(order.total),
        "currency": order.currency,
        "created_at": order.created_at,
        "reserved_until": order.reserved_until,
        "cancel_reason": order.cancel_reason,
    }


def _device_line(line: LineRow, money: Callable[[int], object]) -> Shape:
    return {
        "inventory_id": line.unit_id,
        "imei": line.imei,
        "model": line.model or line.name,
        "grade": line.grade,
        "price": money(line.price),
        "quantity": line.quantity,
    }


def parts_order(order: OrderRow, speak: Dialect) -> Shape:
    """P82 to P94."""
    money = _money(order.currency, speak)
    return {
        "order_id": order.code,
        "status": order.status,
        "subtotal": money(order.subtotal),
        "tax": money(order.tax),
        "shipping": money(order.shipping),
        "total": money(order.total),
        "currency": order.currency,
        "items_count": order.items_count,
        "created_at": order.created_at,
        "estimated_delivery": order.estimated_delivery,
        "tracking_url": absolute(f"/track/{order.code}?key={order.tracking_token}"),
    }


def store_order(order: OrderRow, speak: Dialect) -> Shape:
    """An order in the words of S149 to S172."""
    money = _money(order.currency, speak)
    return {
        "id": order.public_id,
        "order_id": order.public_id,
        "status": order.status,
        "store_id": None,
        "total": money(order.total),
        "currency": order.currency,
        "items": [
            {
                "product_id": line.product_id,
                "sku": line.sku,
                "title": line.name,
                "quantity": line.quantity,
                "price": money(line.price),
            }
            for line in order.lines
        ],
        "customer": {"name": order.buyer_name, "email": order.buyer_email},
        "created_at": order.created_at,
    }


shared_order = PerDialect(techfleet=device_order, techparts=parts_order, syncauction=store_order)


def placed_device_order(placed: Placed, speak: Dialect) -> Shape:
    """F349 to F364: one `reserved_until` for all lines."""
    money = _money(placed.currency, speak)
    return {
        "id": placed.public_id,
        "status": "pending",
        "buyer_id": placed.buyer.public_id,
        "line_items": [
            {
                "inventory_id": item.wanted.unit,
                "price": money(item.price),
                "reserved_until": placed.reserved_until,
            }
            for item in placed.items
        ],
        "total": money(placed.totals.total),
        "currency": placed.currency,
        "created_at": placed.created_at,
    }


def placed_parts_order(placed: Placed, speak: Dialect) -> Shape:
    """P82 to P94."""
    money = _money(placed.currency, speak)
    return {
        "order_id": placed.code,
        "status": "pending",
        "subtotal": money(placed.totals.subtotal),
        "tax": money(placed.totals.tax),
        "shipping": money(placed.totals.shipping),
        "total": money(placed.totals.total),
        "currency": placed.currency,
        "items_count": placed.items_count,
        "created_at": placed.created_at,
        "estimated_delivery": placed.estimated_delivery,
        "tracking_url": absolute(f"/track/{placed.code}?key={placed.tracking_token}"),
    }


placed_order = PerDialect(techfleet=placed_device_order, techparts=placed_parts_order)


def _money(currency: str, speak: Dialect) -> Callable[[int], object]:
    return lambda minor: speak.money(Money(minor, currency))
