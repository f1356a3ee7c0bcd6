"""Self-service: a new business with its owner, its sandbox and its first key, or nothing at all."""

from dataclasses import dataclass

from dashboard.accounts.models import Tenant
from dashboard.accounts.service import keys, links, people, tenants
from dashboard.accounts.service.keys import NewKey
from dashboard.accounts.service.links import LinkTo
from dashboard.accounts.service.sessions import Client
from dashboard.accounts.service.sign_in import SignedIn, enter
from dashboard.core import events
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic
from dashboard.core.errors import Invalid

FIRST_KEY = "First key"


@dataclass(frozen=True, slots=True)
class Registered:
    """A business that was just opened: its owner is signed in, `key` acts on its sandbox."""

    signed_in: SignedIn
    tenant: Tenant
    key: NewKey


def register(
    *,
    email: str,
    email_is_verified: bool = False,
    username: str,
    password: str | None,
    name: str,
    company_name: str,
    client: Client,
    kind: str,
    verify_link: LinkTo | None = None,
) -> Registered:
    """Open a business for a stranger, who becomes its owner and is signed in. Raises Invalid, or Conflict.

    Without a password they sign in through an identity provider, which their caller links in the same command.

    The first key acts on the sandbox: nothing that is tried out with it can do harm. With `verify_link` the owner is
    mailed a link that proves their address, where it is not proved yet.
    """
    company = company_name.strip()
    if not company or len(company) > 120:
        raise Invalid.field("company_name", "A business's name has 1 to 120 characters.")
    with atomic(SYSTEM):
        code = tenants.free_business_code(SYSTEM, company)
        tenant = tenants.create_tenant(SYSTEM, business_code=code, name=company)
        sandbox = tenants.create_sandbox(SYSTEM, tenant)
        owner = people.create_user(
            SYSTEM,
            tenant,
            username=username,
            password=password,
            role="owner",
            name=name,
            email=email,
            email_is_verified=email_is_verified,
        )
        if verify_link is not None and not email_is_verified:
            links.send_verification(SYSTEM, owner, verify_link)
        key = keys.create_key(SYSTEM, sandbox, name=FIRST_KEY)
        events.record(SYSTEM, "tenant.registered", f"tenant:{tenant.id}", tenant_id=tenant.id, actor=f"user:{owner.id}")
        return Registered(enter(owner, tenant, client, kind), tenant, key)
