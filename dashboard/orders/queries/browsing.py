"""The list of orders as people look through it, by keyset; and what the shell asks of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import Invalid
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.customers.models import Customer
from dashboard.customers.queries import matching
from dashboard.inventory.models import Unit
from dashboard.orders.models import Order, OrderLine
from dashboard.orders.queries.placed import lapsed

DOORS = {"page": "Counter", "device_api": "Device API", "parts_api": "Parts API"}
"""How an order came in, and its words."""

_IMEI_DIGITS = 15


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """Which orders: by what was typed (number, IMEI, serial number, customer), status, door, customer (id), and from
    `since` on, before `until` (instants).
    """

    typed: str = ""
    status: str | None = None
    door: str | None = None
    customer_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """A line of the list. Money in minor units of `currency`."""

    id: int
    code: str
    status: str
    door: str
    buyer_name: str
    customer_number: int
    items_count: int
    total: int
    currency: str
    reserved_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand: orders that wait, those to be sent, and what came in since `since`. Minor units."""

    pending: int
    to_ship: int
    placed: int
    worth: int


def browse(by: Principal, where: OrderSearch, *, after: str | None = None, size: int = 50) -> Slice[OrderSummary]:
    """Orders, the newest first. Raises Invalid for a position that does not exist."""
    statement = _columns().where(*_conditions(where))
    if after is not None:
        statement = statement.where(_beyond(after))
    ordered = statement.order_by(Order.created_at.desc(), Order.id.desc()).limit(size + 1)
    rows = [OrderSummary(*row) for row in reads(by).execute(ordered)]
    shown = rows[:size]
    more = encode_cursor([shown[-1].created_at.isoformat(), shown[-1].id]) if len(rows) > size else None
    return Slice(shown, more)


def _beyond(after: str) -> ColumnElement[bool]:
    text, last = decode_cursor(after, (str, int))
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Invalid.field("after", "This position in the list is unknown. Start again from the first row.") from error
    if moment.tzinfo is None:
        raise Invalid.field("after", "This position in the list is unknown. Start again from the first row.")
    return or_(Order.created_at < moment, and_(Order.created_at == moment, Order.id < (last or 0)))


def orders_of(by: Principal, customer_id: int, *, size: int = 10) -> Sequence[OrderSummary]:
    """The newest orders of a customer."""
    return browse(by, OrderSearch(customer_id=customer_id), size=size).items


def find_orders(by: Principal, typed: str, *, limit: int = 8) -> Sequence[OrderSummary]:
    """The newest orders that fit what was typed."""
    return browse(by, OrderSearch(typed=typed), size=limit).items


def count_pending(by: Principal) -> int:
    """How many orders wait for somebody to confirm them."""
    statement = select(func.count(Order.id)).where(*_conditions(OrderSearch(status="pending")))
    return reads(by).scalar(statement) or 0


def totals_now(by: Principal, since: datetime) -> Now:
    """What waits, what is to be sent, and what was placed since then, lapsed and cancelled orders left out."""
    session = reads(by)
    to_ship = session.scalar(select(func.count(Order.id)).where(Order.status == "confirmed")) or 0
    placed = select(func.count(Order.id), func.coalesce(func.sum(Order.total), 0)).where(
        Order.created_at >= since, Order.status != "cancelled", ~_has_lapsed()
    )
    number, worth = session.execute(placed).one()
    return Now(count_pending(by), to_ship, int(number), int(worth))


def _has_lapsed() -> ColumnElement[bool]:
    """`lapsed()` that is false, not unknown, for orders without a hold."""
    return and_(Order.reserved_until.is_not(None), lapsed())


def _columns() -> AnySelect:
    return select(
        Order.id,
        func.coalesce(Order.code, Order.public_id),
        case((lapsed(), literal("cancelled")), else_=Order.status),
        Order.door,
        Order.buyer_name,
        Customer.number,
        Order.items_count,
        Order.total,
        Order.currency,
        Order.reserved_until,
        Order.created_at,
    ).join(Customer, Customer.id == Order.customer_id)


def _conditions(where: OrderSearch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.status == "cancelled":
        found.append(or_(Order.status == "cancelled", lapsed()))
    elif where.status == "pending":
        found += [Order.status == "pending", Order.reserved_until > clock.now()]
    elif where.status:
        found.append(Order.status == where.status)
    if where.door:
        found.append(Order.door == where.door)
    if where.customer_id is not None:
        found.append(Order.customer_id == where.customer_id)
    if where.since:
        found.append(Order.created_at >= where.since)
    if where.until:
        found.append(Order.created_at < where.until)
    if where.typed.strip():
        found.append(_fits(where.typed.strip()))
    return found


def _fits(typed: str) -> ColumnElement[bool]:
    """Part of an order's number, a unit's IMEI or serial number, or the customer."""
    found: list[ColumnElement[bool]] = []
    upper = typed.upper()
    digits = "".join(filter(str.isdigit, typed))
    if upper.startswith("ORD-"):
        found.append(and_(Order.code >= upper, Order.code < upper + "\U0010ffff"))
    elif typed.isascii() and typed.isdigit() and len(typed) <= 7:
        this_year = clock.now().year
        found.append(Order.code.in_([f"ORD-{year}-{int(typed):05d}" for year in range(this_year - 9, this_year + 2)]))
    elif typed.startswith("ord_"):
        found.append(Order.public_id == typed)
    named = Unit.serial_key == upper
    if len(digits) == _IMEI_DIGITS:
        named = or_(named, Unit.imei == digits)
    units = select(Unit.id).where(named)
    found.append(Order.id.in_(select(OrderLine.order_id).where(OrderLine.unit_id.in_(units))))
    found.append(Order.customer_id.in_(select(Customer.id).where(matching(typed)).limit(1_000)))
    return or_(*found)
