"""Parcels of an order, for the people of the business and for whoever waits for them."""

import hmac
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from dashboard.accounts.models import Tenant
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.orders.models import Order, Shipment, ShipmentLine
from dashboard.orders.queries.placed import lapsed

LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class Parcel:
    """What was sent together; `lines` are pieces by the order's line."""

    id: int
    carrier: str | None
    tracking_number: str | None
    shipped_at: datetime
    lines: dict[int, int]


@dataclass(frozen=True, slots=True)
class Tracked:
    """What anybody with the link may know of an order: neither prices nor addresses nor what is in it."""

    code: str
    status: str
    merchant: str
    time_zone: str
    placed_at: datetime
    estimated_delivery: datetime | None
    delivered_at: datetime | None
    parcels: Sequence[Parcel]


def parcels_of(by: Principal, order_id: int) -> list[Parcel]:
    """The parcels of an order, the first one first."""
    lines: dict[int, dict[int, int]] = defaultdict(dict)
    held = (
        select(ShipmentLine.shipment_id, ShipmentLine.line_id, ShipmentLine.quantity)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order_id)
    )
    for shipment, line, quantity in reads(by).execute(held):
        lines[shipment][line] = quantity
    sent = select(Shipment).where(Shipment.order_id == order_id).order_by(Shipment.id)
    return [
        Parcel(each.id, each.carrier, each.tracking_number, each.shipped_at, lines[each.id])
        for each in reads(by).scalars(sent)
    ]


def track(code: str, key: str) -> Tracked:
    """The order that the link with this code and key is for, whoever asks. Raises NotFound, the same for every reason.

    The key alone finds the order, for codes are unique in a business only; the code must fit it.
    """
    nothing = NotFound("There is no parcel to follow at this address. Check that the link is complete.")
    if not 0 < len(key) <= LONGEST_KEY or "\0" in code:
        raise nothing
    statement = (
        select(Order, lapsed().label("lapsed"), Tenant)
        .join(Tenant, Tenant.id == Order.tenant_id)
        .where(Order.tracking_token == key)
    )
    row = reads(SYSTEM).execute(statement, execution_options=EVERY_TENANT).one_or_none()
    if row is None:
        raise nothing
    order, has_lapsed, tenant = row
    if order.code is None or not hmac.compare_digest(order.code.encode(), code.encode()):
        raise nothing
    return Tracked(
        code=order.code,
        status="cancelled" if has_lapsed else order.status,
        merchant=tenant.display_name or tenant.name,
        time_zone=tenant.time_zone,
        placed_at=order.created_at,
        estimated_delivery=order.estimated_delivery,
        delivered_at=order.delivered_at,
        parcels=parcels_of(replace(SYSTEM, tenant_id=order.tenant_id), order.id),
    )
