"""Placing an order: one command for every door, whatever dialect or page it came through."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, bindparam, func, insert, or_, select, update

from dashboard.accounts.models import Tenant
from dashboard.core import clock, crypto, events, ids, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.money import Money
from dashboard.core.tenancy import OWN_TENANT
from dashboard.customers.models import Customer
from dashboard.inventory.service.claims import Holder
from dashboard.orders.models import Order, OrderLine, OrderPayment, OrderReturn, ShippingRate
from dashboard.orders.service.addresses import Address
from dashboard.orders.service.delivery import estimate
from dashboard.orders.service.items import Item, Part, Wanted, claim_items, find_items
from dashboard.orders.service.totals import Priced, RateStep, TaxRule, Totals, add_up, shipping_for

orders = table_of(Order)
order_lines = table_of(OrderLine)
payments = table_of(OrderPayment)
returns = table_of(OrderReturn)
customers = table_of(Customer)
rates = table_of(ShippingRate)
tenants = table_of(Tenant)

_tenant = bindparam("tenant", type_=BigInteger)
_order = bindparam("order", type_=BigInteger)
_customer_id = bindparam("customer", type_=BigInteger)

_rules = select(
    tenants.c.tax_rate_bps,
    tenants.c.tax_rounding,
    tenants.c.currency,
    tenants.c.time_zone,
    tenants.c.device_hold_minutes,
    tenants.c.parts_hold_minutes,
).where(tenants.c.id == _tenant)
# Locked so that a merge of the record waits until the order is there to be moved, or the order until it is merged.
_customer = (
    select(
        customers.c.id,
        customers.c.merged_into_id,
        customers.c.public_id,
        customers.c.code,
        customers.c.name,
        customers.c.company,
        customers.c.tax_exempt,
        customers.c.credit_limit,
    )
    .where(customers.c.tenant_id == _tenant)
    .with_for_update(read=True, key_share=True)
)
_buyer = _customer.where(or_(customers.c.public_id == bindparam("ref"), customers.c.code == bindparam("ref")))
_successor = _customer.where(customers.c.id == _customer_id)
_lock_buyer = select(customers.c.id).where(customers.c.id == _customer_id).with_for_update(key_share=True)
_billed = select(func.coalesce(func.sum(orders.c.total), 0)).where(
    orders.c.tenant_id == _tenant,
    orders.c.customer_id == _customer_id,
    orders.c.status.in_(("pending", "confirmed", "shipped", "delivered")),
)
_paid = (
    select(func.coalesce(func.sum(payments.c.amount), 0))
    .select_from(payments.join(orders, orders.c.id == payments.c.order_id))
    .where(payments.c.tenant_id == _tenant, orders.c.tenant_id == _tenant, orders.c.customer_id == _customer_id)
)
_credited = (
    select(func.coalesce(func.sum(returns.c.refund), 0))
    .select_from(returns.join(orders, orders.c.id == returns.c.order_id))
    .where(returns.c.tenant_id == _tenant, orders.c.tenant_id == _tenant, orders.c.customer_id == _customer_id)
)
_steps = select(rates.c.country, rates.c.from_subtotal, rates.c.amount).where(rates.c.tenant_id == _tenant)
_insert_order = insert(orders).returning(orders.c.id)
_insert_lines = insert(order_lines)
_give_code = (
    update(orders).where(orders.c.tenant_id == _tenant, orders.c.id == _order).values(code=bindparam("new_code"))
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as it was placed. Money in minor units of `currency`, times UTC."""

    id: int
    public_id: str
    code: str
    buyer: Any
    items: tuple[Item, ...]
    totals: Totals
    currency: str
    reserved_until: datetime
    created_at: datetime
    estimated_delivery: datetime
    tracking_token: str

    @property
    def items_count(self) -> int:
        """Pieces, over all lines."""
        return sum(item.quantity for item in self.items)


def place(
    by: Principal,
    *,
    customer: str,
    lines: Sequence[Wanted],
    door: str,
    address: Address | None = None,
    notes: str = "",
    customer_field: str = "customer_id",
) -> Placed:
    """Place an order for `customer` (`buy_…` or `CUST-…`): its stock is held until it is confirmed or the hold lapses.

    The id of a record that was merged into another means that other. The hold lasts the tenant's parts hold length for
    the door `parts_api`, else its device hold length. Raises Invalid (unknown customer or item, a unit twice, a price
    that is not today's), Shortage for what cannot be had, Conflict over the customer's credit.
    """
    by.require("orders:write")
    with atomic(by) as session:
        rules = _read(session, _rules, by).one()
        buyer = _read(session, _buyer, by, ref=customer).one_or_none()
        if buyer is None:
            raise Invalid.field(customer_field, f"There is no customer '{customer}'. Create the customer first.")
        while buyer.merged_into_id is not None:
            buyer = _read(session, _successor, by, customer=buyer.merged_into_id).one()
        items = find_items(by, session, lines, buyer.id)
        rate = 0 if buyer.tax_exempt else rules.tax_rate_bps
        totals = _add_up(by, session, items, TaxRule(rate, rules.tax_rounding), address)
        _check_credit(by, session, buyer, totals.total, rules.currency)
        now = clock.now()
        minutes = rules.parts_hold_minutes if door == "parts_api" else rules.device_hold_minutes
        until = now + timedelta(minutes=minutes)
        row: dict[str, Any] = {
            **_order_columns(by, now),
            "status": "pending",
            "door": door,
            "customer_id": buyer.id,
            "buyer_name": buyer.company or buyer.name,
            "currency": rules.currency,
            "subtotal": totals.subtotal,
            "tax": totals.tax,
            "shipping": totals.shipping,
            "total": totals.total,
            "tax_rate_bps": rate,
            "tax_rounding": rules.tax_rounding,
            "items_count": sum(item.quantity for item in items),
            "reserved_until": until,
            "notes": notes,
            "shipping_address": None if address is None else address.as_json(),
        }
        order_id = session.execute(_insert_order, row, execution_options=OWN_TENANT).scalar_one()
        parts = claim_items(by, Holder("order", order_id), items, until)
        _write_lines(by, session, order_id, items, parts)
        events.record(by, "order.received", f"order:{order_id}", _told(row, buyer, items))
        # The number comes last: the tenant's other orders wait for it until the commit.
        year = now.astimezone(ZoneInfo(rules.time_zone)).year
        code = f"ORD-{year}-{numbers.take(by, f'order {year}'):05d}"
        given = {"tenant": by.tenant_id, "order": order_id, "new_code": code}
        session.execute(_give_code, given, execution_options=OWN_TENANT)
    return Placed(
        id=order_id,
        public_id=row["public_id"],
        code=code,
        buyer=buyer,
        items=tuple(items),
        totals=totals,
        currency=rules.currency,
        reserved_until=until,
        created_at=now,
        estimated_delivery=row["estimated_delivery"],
        tracking_token=row["tracking_token"],
    )


def _read(session: CommandSession, statement: Any, by: Principal, **values: Any) -> Any:
    return session.execute(statement, {"tenant": by.tenant_id, **values}, execution_options=OWN_TENANT)


def _order_columns(by: Principal, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": by.tenant_id,
        "public_id": ids.public_id("ord"),
        "estimated_delivery": estimate(now),
        "tracking_token": crypto.token(24),
        "placed_by": by.label,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _add_up(
    by: Principal, session: CommandSession, items: Sequence[Item], tax: TaxRule, address: Address | None
) -> Totals:
    priced = [Priced(item.price, item.quantity, item.taxed) for item in items]
    if address is None:
        return add_up(priced, tax)
    steps = [RateStep(*row) for row in _read(session, _steps, by)]
    subtotal = sum(line.price * line.quantity for line in priced)
    shipping = shipping_for(steps, address.country, subtotal)
    return add_up(priced, tax, shipping=shipping)


def _check_credit(by: Principal, session: CommandSession, buyer: Any, total: int, currency: str) -> None:
    if buyer.credit_limit is None:
        return
    # Two orders at once must not both fit into what is left.
    session.execute(_lock_buyer, {"customer": buyer.id}, execution_options=OWN_TENANT)
    billed = _read(session, _billed, by, customer=buyer.id).scalar_one()
    paid = _read(session, _paid, by, customer=buyer.id).scalar_one()
    credited = _read(session, _credited, by, customer=buyer.id).scalar_one()
    left = buyer.credit_limit - (billed - credited - paid)
    if total > left:
        free = Money(max(left, 0), currency).format()
        raise Conflict(f"{buyer.name} has {free} of credit left, and this order is dearer.", code="credit_limit")


def _write_lines(
    by: Principal,
    session: CommandSession,
    order_id: int,
    items: Sequence[Item],
    parts: Mapping[int, Sequence[Part]],
) -> None:
    """One row for each unit, and for pieces one for each place they are taken from."""
    rows: list[dict[str, Any]] = []
    for item in items:
        row = {
            "tenant_id": by.tenant_id,
            "order_id": order_id,
            "product_id": item.row.id,
            "unit_id": item.unit_id,
            "location_id": item.location_id,
            "sku": item.row.sku,
            "name": item.row.name,
            "quantity": item.quantity,
            "list_price": item.list_price,
            "price": item.price,
            "taxed": item.taxed,
            "shipped": 0,
            "returned": 0,
        }
        made_up = [asdict(part) for part in parts.get(item.position, ())]
        rows += [row | part for part in made_up] or [row]
    session.execute(_insert_lines, rows, execution_options=OWN_TENANT)


def _told(row: Mapping[str, Any], buyer: Any, items: Sequence[Item]) -> dict[str, Any]:
    return {
        "order_id": row["public_id"],
        "status": "pending",
        "customer": {"id": buyer.public_id, "name": row["buyer_name"]},
        "lines": [
            {"sku": item.row.sku, "name": item.row.name, "quantity": item.quantity, "price": item.price}
            for item in items
        ],
        "total": row["total"],
        "currency": row["currency"],
    }
