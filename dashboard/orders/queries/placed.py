"""Reading orders. An order whose hold has lapsed reads as cancelled from that instant on, swept or not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, func, literal, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.core.tenancy import OWN_TENANT
from dashboard.customers.models import Customer
from dashboard.inventory.models import Product, Unit
from dashboard.orders.models import Order, OrderLine

EXPIRED = "hold_expired"
"""The reason of an order that was cancelled because its hold lapsed."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: of a status, made from `since` on and before `until` (UTC), of a customer (`buy_…` or `CUST-…`)."""

    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as it is shown; the unit's columns are None for pieces. Money in minor units."""

    id: int
    order_id: int
    quantity: int
    price: int
    list_price: int
    name: str
    sku: str
    shipped: int
    returned: int
    product_id: str
    product_code: str
    unit_id: str | None
    imei: str | None
    model: str | None
    grade: str | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as it is shown. Money in minor units of `currency`; times UTC."""

    id: int
    public_id: str
    code: str
    status: str
    cancel_reason: str | None
    door: str
    buyer_id: str
    buyer_code: str
    buyer_name: str
    buyer_email: str | None
    subtotal: int
    tax: int
    shipping: int
    total: int
    currency: str
    items_count: int
    reserved_until: datetime | None
    notes: str
    shipping_address: dict[str, Any] | None
    estimated_delivery: datetime | None
    tracking_token: str
    created_at: datetime
    updated_at: datetime
    extended_at: datetime | None
    customer_number: int
    lines: Sequence[LineRow] = ()


_ORDER_COLUMNS = (
    Order.id,
    Order.public_id,
    Order.code,
    Order.status,
    Order.cancel_reason,
    Order.door,
    Customer.public_id.label("buyer_id"),
    Customer.code.label("buyer_code"),
    Order.buyer_name,
    Customer.email,
    Order.subtotal,
    Order.tax,
    Order.shipping,
    Order.total,
    Order.currency,
    Order.items_count,
    Order.reserved_until,
    Order.notes,
    Order.shipping_address,
    Order.estimated_delivery,
    Order.tracking_token,
    Order.created_at,
    Order.updated_at,
    Order.extended_at,
    Customer.number,
)
_tenant = bindparam("tenant", type_=BigInteger)
_same_tenant = and_(Customer.tenant_id == Order.tenant_id, Customer.id == Order.customer_id)
_LINE_COLUMNS = (
    OrderLine.id,
    OrderLine.order_id,
    OrderLine.quantity,
    OrderLine.price,
    OrderLine.list_price,
    OrderLine.name,
    OrderLine.sku,
    OrderLine.shipped,
    OrderLine.returned,
    Product.public_id,
    Product.code,
    Unit.public_id,
    Unit.imei,
    Unit.model,
    Unit.grade,
)
_of_line = and_(Product.tenant_id == OrderLine.tenant_id, Product.id == OrderLine.product_id)
_sold_unit = and_(Unit.tenant_id == OrderLine.tenant_id, Unit.id == OrderLine.unit_id)
_shown = (
    select(*_ORDER_COLUMNS, *_LINE_COLUMNS)
    .join(Customer, _same_tenant)
    .outerjoin(OrderLine, and_(OrderLine.tenant_id == Order.tenant_id, OrderLine.order_id == Order.id))
    .outerjoin(Product, _of_line)
    .outerjoin(Unit, _sold_unit)
    .where(Order.tenant_id == _tenant)
    .order_by(OrderLine.id)
)
_SHOWN = _shown.where(Order.id == bindparam("order", type_=BigInteger))
_SHOWN_BY = {
    "code": _shown.where(Order.code == bindparam("ref")),
    "public_id": _shown.where(Order.public_id == bindparam("ref")),
}
_SHOWN_LINES = (
    select(*_LINE_COLUMNS)
    .join(Product, _of_line)
    .outerjoin(Unit, _sold_unit)
    .where(
        OrderLine.tenant_id == _tenant,
        OrderLine.order_id.in_(bindparam("orders", expanding=True, type_=BigInteger)),
    )
    .order_by(OrderLine.order_id, OrderLine.id)
)


def order_page(by: Principal, where: OrderFilter, page: PageRequest) -> Page[OrderRow]:
    """The newest orders first, their lines with them. Three statements, whatever the page."""
    session = reads(by)
    conditions = _conditions(where)
    total = session.scalar(_joined(select(func.count(Order.id)), where).where(*conditions)) or 0
    ordered = (
        _columns().where(*conditions).order_by(Order.created_at.desc(), Order.id.desc())
    ).limit(page.size).offset(page.offset)  # fmt: skip
    rows = session.execute(ordered).all()
    lines = _lines(by, [row.id for row in rows])
    return Page([OrderRow(*row, lines=lines[row.id]) for row in rows], page, total)


def named_by(ref: str) -> str:
    """The column that `ref` stands in: an order's code (`ORD-…`) or its public id.

    To ask for either at once is answered by walking all orders of the tenant, until PostgreSQL has statistics of them.
    """
    return "code" if ref.startswith("ORD-") else "public_id"


def show_order(by: Principal, ref: str) -> OrderRow:
    """The order with this public id (`ord_…`) or code (`ORD-…`). Raises NotFound. One prebuilt statement."""
    found = _show(by, _SHOWN_BY[named_by(ref)], {"ref": ref})
    if found is None:
        raise NotFound(f"There is no order '{ref}'.")
    return found


def show_numbered(by: Principal, order_id: int) -> OrderRow:
    """The order with this number. Raises NotFound."""
    found = _show(by, _SHOWN, {"order": order_id})
    if found is None:
        raise NotFound("There is no such order.")
    return found


def _show(by: Principal, statement: Select[*tuple[Any, ...]], which: dict[str, Any]) -> OrderRow | None:
    """The order and its lines, in one statement: each row is a line with its order before it."""
    named = {"tenant": by.tenant_id, **which}
    rows = reads(by).execute(statement, named, execution_options=OWN_TENANT).all()
    if not rows:
        return None
    of_order = len(_ORDER_COLUMNS)
    lines = [LineRow(*row[of_order:]) for row in rows if row[of_order] is not None]
    found = OrderRow(*rows[0][:of_order], lines=lines)
    if found.status == "pending" and found.reserved_until is not None and found.reserved_until <= clock.now():
        return replace(found, status="cancelled", cancel_reason=EXPIRED)
    return found


def lapsed() -> ColumnElement[bool]:
    """The condition that an order's hold has lapsed: it counts as cancelled, swept or not."""
    return and_(Order.status == "pending", Order.reserved_until <= clock.now())


def _columns() -> Select[*tuple[Any, ...]]:
    over = lapsed()
    lapsing = {
        "status": case((over, literal("cancelled")), else_=Order.status).label("status"),
        "cancel_reason": case((over, literal(EXPIRED)), else_=Order.cancel_reason).label("cancel_reason"),
    }
    shown = [lapsing.get(column.key, column) for column in _ORDER_COLUMNS]
    return select(*shown).join(Customer, Customer.id == Order.customer_id)


def _joined(statement: Select[*tuple[Any, ...]], where: OrderFilter) -> Select[*tuple[Any, ...]]:
    return statement.join(Customer, Customer.id == Order.customer_id) if where.customer else statement


def _conditions(where: OrderFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.status == "cancelled":
        found = [or_(Order.status == "cancelled", lapsed())]
    elif where.status == "pending":
        found = [Order.status == "pending", Order.reserved_until > clock.now()]
    elif where.status:
        found = [Order.status == where.status]
    if where.since:
        found.append(Order.created_at >= where.since)
    if where.until:
        found.append(Order.created_at < where.until)
    if where.customer:
        found.append(or_(Customer.public_id == where.customer, Customer.code == where.customer))
    return found


def _lines(by: Principal, order_ids: Sequence[int]) -> dict[int, list[LineRow]]:
    found: dict[int, list[LineRow]] = defaultdict(list)
    if order_ids:
        named = {"tenant": by.tenant_id, "orders": list(order_ids)}
        for row in reads(by).execute(_SHOWN_LINES, named, execution_options=OWN_TENANT):
            found[row.order_id].append(LineRow(*row))
    return found
