"""The equations of orders: totals, claims, parcels, returns, payments and numbers agree."""

from sqlalchemy import String, and_, cast, func, or_, select

from dashboard.core import clock
from dashboard.core.audit import equation
from dashboard.core.db import AnySelect
from dashboard.core.numbers import Counter
from dashboard.inventory.models import Claim, Product
from dashboard.orders.models import Order, OrderLine, OrderPayment, OrderReturn, ShipmentLine


@equation("orders.subtotal", "An order's subtotal and number of pieces are those of its lines.")
def subtotals_are_sums() -> AnySelect:
    worth, pieces = func.sum(OrderLine.price * OrderLine.quantity), func.sum(OrderLine.quantity)
    return (
        select(Order.tenant_id, Order.id, Order.subtotal, worth, Order.items_count, pieces)
        .join(OrderLine, and_(OrderLine.tenant_id == Order.tenant_id, OrderLine.order_id == Order.id))
        .group_by(Order.tenant_id, Order.id, Order.subtotal, Order.items_count)
        .having(or_(worth != Order.subtotal, pieces != Order.items_count))
    )


@equation("orders.tax", "An order's tax is its rate on its taxed lines, within a minor unit of rounding.")
def taxes_are_shares() -> AnySelect:
    taxed = func.sum(OrderLine.price * OrderLine.quantity).filter(OrderLine.taxed)
    due = func.coalesce(taxed, 0) * Order.tax_rate_bps
    return (
        select(Order.tenant_id, Order.id, Order.tax, due)
        .join(OrderLine, and_(OrderLine.tenant_id == Order.tenant_id, OrderLine.order_id == Order.id))
        .group_by(Order.tenant_id, Order.id, Order.tax, Order.tax_rate_bps)
        .having(func.abs(Order.tax * 10_000 - due) >= 10_000)
    )


_claimed = (
    select(func.coalesce(func.sum(Claim.quantity), 0))
    .where(
        Claim.tenant_id == Order.tenant_id,
        Claim.holder == "order",
        Claim.holder_id == Order.id,
        Claim.ended_at.is_(None),
    )
    .correlate(Order)
)
_unsent = (
    select(func.coalesce(func.sum(OrderLine.quantity - OrderLine.shipped), 0))
    .join(Product, Product.id == OrderLine.product_id)
    .where(OrderLine.tenant_id == Order.tenant_id, OrderLine.order_id == Order.id, Product.kind != "service")
    .correlate(Order)
)


@equation("orders.claims", "A confirmed order has for good what it has not sent; a pending one until it lapses.")
def claims_match_lines() -> AnySelect:
    confirmed = _claimed.where(Claim.expires_at.is_(None)).scalar_subquery()
    pending = _claimed.where(Claim.expires_at == Order.reserved_until).scalar_subquery()
    unsent = _unsent.scalar_subquery()
    waiting = and_(Order.status == "pending", Order.reserved_until > clock.now())
    return select(Order.tenant_id, Order.id, Order.status, confirmed, unsent).where(
        or_(and_(Order.status == "confirmed", confirmed != unsent), and_(waiting, pending != unsent))
    )


@equation("orders.let_go", "An order that is shipped, delivered or cancelled holds nothing.")
def ended_orders_hold_nothing() -> AnySelect:
    live = _claimed.where(or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now())).scalar_subquery()
    return select(Order.tenant_id, Order.id, Order.status, live).where(
        Order.status.in_(("shipped", "delivered", "cancelled")), live != 0
    )


@equation("orders.parcels", "What a line has sent and got back is what its parcels and returns say.")
def parcels_match_lines() -> AnySelect:
    sent = (
        select(func.coalesce(func.sum(ShipmentLine.quantity), 0))
        .where(ShipmentLine.tenant_id == OrderLine.tenant_id, ShipmentLine.line_id == OrderLine.id)
        .scalar_subquery()
    )
    back = (
        select(func.coalesce(func.sum(OrderReturn.quantity), 0))
        .where(OrderReturn.tenant_id == OrderLine.tenant_id, OrderReturn.line_id == OrderLine.id)
        .scalar_subquery()
    )
    wrong = or_(OrderLine.shipped != sent, OrderLine.returned != back)
    return select(OrderLine.tenant_id, OrderLine.id, OrderLine.shipped, sent, OrderLine.returned, back).where(wrong)


@equation("orders.payments", "No more was paid back than was paid.")
def refunds_are_covered() -> AnySelect:
    balance = func.sum(OrderPayment.amount)
    return (
        select(OrderPayment.tenant_id, OrderPayment.order_id, balance)
        .group_by(OrderPayment.tenant_id, OrderPayment.order_id)
        .having(balance < 0)
    )


@equation("orders.numbers", "Order numbers have no gaps: as many were given out as there are orders.")
def numbers_have_no_gaps() -> AnySelect:
    year = func.substr(Order.code, 5, 4)
    counted = (
        select(Order.tenant_id, cast(year, String).label("year"), func.count().label("orders"))
        .group_by(Order.tenant_id, cast(year, String))
        .subquery()
    )
    scope = "order " + counted.c.year
    return (
        select(counted.c.tenant_id, counted.c.year, counted.c.orders, Counter.n)
        .outerjoin(Counter, and_(Counter.tenant_id == counted.c.tenant_id, Counter.scope == scope))
        .where(func.coalesce(Counter.n, 0) != counted.c.orders)
    )
