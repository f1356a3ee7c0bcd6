"""Clearing up after holds that have lapsed. They are free from their instant on; this only writes it down."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from dashboard.accounts.models import Tenant
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.jobs import system_of
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.inventory.models import Claim
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder
from dashboard.orders.models import Order, OrderDraft
from dashboard.orders.service.drafts import HOLDER
from dashboard.orders.service.lifecycle import lapse

BATCH = 200
KEEP_DRAFTS = timedelta(days=30)


def sweep_holds(by: Principal) -> int:
    """Cancel the orders whose holds have lapsed, each tenant in the time of its own clock; how many there were."""
    found = (
        select(Order.tenant_id, Order.id, Tenant.clock_offset_s)
        .join(Tenant, Tenant.id == Order.tenant_id)
        .where(Order.status == "pending", Order.reserved_until <= _latest(by))
        .order_by(Order.reserved_until)
        .limit(BATCH)
    )
    rows = reads(by).execute(found, execution_options=EVERY_TENANT).all()
    swept = 0
    for tenant_id, order_id, ahead in rows:
        with clock.ahead_by(ahead):
            swept += lapse(system_of(tenant_id), order_id)
    return swept


def _latest(by: Principal) -> datetime:
    """The furthest of all clocks: what has not lapsed by it has not lapsed by any."""
    ahead = reads(by).scalar(select(func.max(Tenant.clock_offset_s))) or 0
    return clock.true_now() + timedelta(seconds=ahead)


def sweep_drafts(by: Principal) -> int:
    """End the lapsed holds of drafts, and throw away drafts nobody touched for a month; how many drafts there were."""
    now = clock.true_now()
    lapsed = select(Claim.tenant_id, Claim.holder_id).where(
        Claim.holder == HOLDER, Claim.ended_at.is_(None), Claim.expires_at <= now
    )
    for tenant_id, draft_id in reads(by).execute(lapsed.distinct().limit(BATCH), execution_options=EVERY_TENANT).all():
        claims.end_lapsed(system_of(tenant_id), Holder(HOLDER, draft_id))
    old = select(OrderDraft.tenant_id, OrderDraft.id).where(OrderDraft.updated_at <= now - KEEP_DRAFTS).limit(BATCH)
    rows = reads(by).execute(old, execution_options=EVERY_TENANT).all()
    for tenant_id, draft_id in rows:
        owner = system_of(tenant_id)
        with atomic(owner) as session:
            claims.end(owner, Holder(HOLDER, draft_id), "released")
            session.execute(delete(OrderDraft).where(OrderDraft.id == draft_id))
    return len(rows)
