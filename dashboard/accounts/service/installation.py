"""Commands of the operator over tenants: plans, limits, suspension, and help for an owner who has lost a phone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.accounts.models.tenants import PLANS
from dashboard.accounts.service import mfa, sessions
from dashboard.accounts.service.staff import OWNER
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Invalid, NotFound
from dashboard.core.paging import Slice, decode_cursor, encode_cursor

LEAST_LIMIT, MOST_LIMIT = 5, 1_000_000
"""Requests a minute that a tenant may be given. Web processes that count by themselves share a limit, so it is no
smaller than the smallest of the server's own."""


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant as the operator sees it; `requests_per_minute` is None where the plan decides."""

    id: int
    business_code: str
    name: str
    plan: str
    requests_per_minute: int | None
    people: int
    keys: int
    created_at: datetime
    suspended_at: datetime | None
    closes_at: datetime | None


def list_tenants(by: Principal, *, after: str | None = None, size: int = 50) -> Slice[TenantRow]:
    """All tenants but sandboxes, the newest first."""
    by = by.above_tenants()
    people = select(func.count()).where(User.tenant_id == Tenant.id).scalar_subquery()
    keys = select(func.count()).where(ApiKey.tenant_id == Tenant.id, ApiKey.revoked_at.is_(None)).scalar_subquery()
    statement = select(
        Tenant.id, Tenant.business_code, Tenant.name, Tenant.plan, Tenant.requests_per_minute, people, keys,
        Tenant.created_at, Tenant.suspended_at, Tenant.delete_after,
    ).where(Tenant.sandbox_of_id.is_(None))  # fmt: skip
    if after is not None:
        (last,) = decode_cursor(after, (int,))
        statement = statement.where(Tenant.id < last)
    rows = [TenantRow(*row) for row in reads(by).execute(statement.order_by(Tenant.id.desc()).limit(size + 1))]
    return Slice(rows[:size], encode_cursor([rows[size - 1].id]) if len(rows) > size else None)


def find_any_tenant(by: Principal, tenant_id: int) -> Tenant:
    """A tenant, for the operator. Raises NotFound."""
    by = by.above_tenants()
    found = reads(by).get(Tenant, tenant_id)
    if found is None or found.sandbox_of_id is not None:
        raise NotFound("There is no such business.")
    return found


def owner_of(by: Principal, tenant_id: int) -> User | None:
    """Who owns a tenant, for the operator."""
    by = by.above_tenants()
    return reads(by).scalars(select(User).where(User.tenant_id == tenant_id, User.role == OWNER)).first()


def change_plan(by: Principal, tenant_id: int, *, plan: str, requests_per_minute: int | None, suspended: bool) -> None:
    """Set a tenant's plan and API limit, and whether its people and programs are let in. Its sandbox follows.

    Raises NotFound or Invalid. Suspension takes effect within five seconds.
    """
    by = by.above_tenants()
    if plan not in PLANS:
        raise Invalid.field("plan", f"The plan must be one of {', '.join(PLANS)}.")
    if requests_per_minute is not None and not LEAST_LIMIT <= requests_per_minute <= MOST_LIMIT:
        message = f"A limit lies between {LEAST_LIMIT} and {MOST_LIMIT:,} requests a minute."
        raise Invalid.field("requests_per_minute", message)
    with atomic(by) as session:
        tenant = find_any_tenant(by, tenant_id)
        facts = {
            "plan": [tenant.plan, plan],
            "requests_per_minute": [tenant.requests_per_minute, requests_per_minute],
            "suspended": [tenant.suspended_at is not None, suspended],
        }
        twin = session.scalars(select(Tenant).where(Tenant.sandbox_of_id == tenant.id)).one_or_none()
        for each in (tenant, twin):
            if each is not None:
                each.plan, each.requests_per_minute = plan, requests_per_minute
                each.suspended_at = (each.suspended_at or clock.now()) if suspended else None
                session.add(each)
        changed = {name: values for name, values in facts.items() if values[0] != values[1]}
        if changed:
            events.record(by, "tenant.plan_changed", f"tenant:{tenant.id}", changed, tenant_id=tenant.id)


def reset_owner_mfa(by: Principal, tenant_id: int) -> None:
    """Remove the second factor of a tenant's owner, who has lost it and whom nobody in the tenant can help."""
    by = by.above_tenants()
    with atomic(by):
        find_any_tenant(by, tenant_id)
        owner = owner_of(by, tenant_id)
        if owner is None:
            raise NotFound("This business has no owner.")
        mfa.clear(by, owner.id, tenant_id=tenant_id)
        sessions.end_all(by, owner.id)
