"""Commands on tenants: opening one, finding one, what a stranger may know of it."""

import re
import uuid

from sqlalchemy import select

from dashboard.accounts.models import Tenant
from dashboard.core import clock, events
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound

SANDBOX_SUFFIX = "-SANDBOX"
MAX_CODE = 40
_LONGEST_MADE_CODE = 24


def create_tenant(
    by: Principal,
    *,
    business_code: str,
    name: str,
    plan: str = "starter",
    time_zone: str = "UTC",
    currency: str = "USD",
    sandbox_of: Tenant | None = None,
    requests_per_minute: int | None = None,
) -> Tenant:
    """Open a tenant. Raises Conflict where the business code is taken, Invalid where it is malformed."""
    code = business_code.strip().upper()
    if not (2 <= len(code) <= MAX_CODE and code.replace("-", "").isalnum() and code.isascii()):
        raise Invalid.field("business_code", "A business code has 2 to 40 letters, digits or hyphens.")
    with atomic(by) as session:
        if session.scalar(select(Tenant.id).where(Tenant.business_code == code)) is not None:
            raise Conflict(f"The business code {code} is taken.", code="business_code_taken")
        tenant = Tenant(
            business_code=code,
            name=name,
            plan=plan,
            time_zone=time_zone,
            currency=currency,
            sandbox_of_id=None if sandbox_of is None else sandbox_of.id,
            requests_per_minute=requests_per_minute,
            created_at=clock.now(),
        )
        session.add(tenant)
        session.flush()
        events.record(by, "tenant.created", f"tenant:{tenant.id}", {"business_code": code}, tenant_id=tenant.id)
    return tenant


def create_sandbox(by: Principal, tenant: Tenant) -> Tenant:
    """Open the sandbox twin of `tenant`. Raises Conflict where it has one."""
    return create_tenant(
        by,
        business_code=tenant.business_code + SANDBOX_SUFFIX,
        name=f"{tenant.name} (sandbox)",
        plan=tenant.plan,
        time_zone=tenant.time_zone,
        currency=tenant.currency,
        sandbox_of=tenant,
        requests_per_minute=tenant.requests_per_minute,
    )


def free_business_code(by: Principal, name: str) -> str:
    """A business code made from a business's name that nobody has: `SMITHHVAC`, else `SMITHHVAC2` and so on."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper().encode("ascii", "ignore").decode())[:_LONGEST_MADE_CODE]
    stem = letters if len(letters) >= 2 else "SHOP"
    taken = set(reads(by).scalars(select(Tenant.business_code).where(Tenant.business_code.startswith(stem))))
    number = 1
    while (code := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return code


def find_tenant(business_code: str) -> Tenant | None:
    """The tenant of a business code, in any case, or None."""
    code = business_code.strip().upper()
    if not code.isprintable():
        return None
    return reads(SYSTEM).scalars(select(Tenant).where(Tenant.business_code == code)).one_or_none()


def resolve_tenant(business_code: str) -> Tenant:
    """The tenant of a business code, for strangers about to sign in. Raises NotFound, also for a suspended one."""
    found = find_tenant(business_code[:MAX_CODE])
    if found is None or found.suspended_at is not None:
        raise NotFound(f"There is no business with the code '{business_code[:MAX_CODE]}'.")
    return found


def only_tenant() -> Tenant | None:
    """The tenant of an installation that has no other, sandboxes aside; else None."""
    live = select(Tenant).where(Tenant.sandbox_of_id.is_(None)).limit(2)
    found = reads(SYSTEM).scalars(live).all()
    return found[0] if len(found) == 1 else None


def tenant_of_public_id(public_id: uuid.UUID) -> Tenant | None:
    """The tenant that `X-Tenant-Id` names, or None."""
    return reads(SYSTEM).scalars(select(Tenant).where(Tenant.public_id == public_id)).one_or_none()
