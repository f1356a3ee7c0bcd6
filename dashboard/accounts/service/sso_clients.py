"""Clients at providers: the installation's own, and those that tenants registered for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from dashboard.accounts.models import IdentityClient, Tenant
from dashboard.config import IdentityProvider
from dashboard.core import clock, events, vault
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Invalid, NotFound

MAX_SECRET = 2_800
"""Characters that still fit their column once they are sealed."""

_PURPOSE = "identity client"


@dataclass(frozen=True, slots=True)
class Client:
    """What a provider knows us by. Without a secret the client is a public one, held by PKCE alone."""

    client_id: str
    secret: str | None


def offered(providers: Sequence[IdentityProvider], tenant: Tenant | None) -> list[IdentityProvider]:
    """The providers that a sign-in page shows: those with a client of `tenant`, or of the installation."""
    own = [] if tenant is None else [each.provider for each in _of_tenant(tenant.id)]
    return [each for each in providers if each.name in own or each.client_ids]


def client_of(provider: IdentityProvider, tenant: Tenant | None) -> Client:
    """The client that pages of `tenant` use. Raises NotFound where neither it nor the installation has one."""
    own = None if tenant is None else next((c for c in _of_tenant(tenant.id) if c.provider == provider.name), None)
    if own is not None:
        secret = None if own.client_secret is None else vault.vault(SYSTEM).open(own.client_secret, _PURPOSE)
        return Client(own.client_id, secret)
    if not provider.client_ids:
        raise NotFound(f"Signing in with {provider.title} is not set up here.")
    return Client(provider.client_ids[0], provider.client_secret)


def reach_of(provider: IdentityProvider, audience: str) -> frozenset[int] | None:
    """Which tenants a token made for `audience` may open: None is all, none is that the client is not known.

    A tenant holds the tokens made for its own client, and could show them elsewhere; they count in it alone.
    """
    if audience in provider.client_ids:
        return None
    statement = select(IdentityClient.tenant_id).where(
        IdentityClient.provider == provider.name, IdentityClient.client_id == audience
    )
    return frozenset(reads(SYSTEM).scalars(statement))


def list_clients(by: Principal) -> Sequence[IdentityClient]:
    """The clients of one's own tenant; their secrets are sealed."""
    by.require("settings:manage")
    return _of_tenant(by.tenant_id or 0)


def set_client(by: Principal, provider: IdentityProvider, *, client_id: str, secret: str | None) -> IdentityClient:
    """Register or change the tenant's client at `provider`; without `secret` the one that is there stays.

    Raises Invalid where one of the two will not do.
    """
    by.require("settings:manage")
    named = client_id.strip()
    if not 0 < len(named) <= 255 or not named.isascii() or not named.isprintable():
        raise Invalid.field("client_id", f"Enter the client id that {provider.title} gave you.")
    if secret is not None and not 0 < len(secret) <= MAX_SECRET:
        raise Invalid.field("client_secret", f"A client secret has 1 to {MAX_SECRET} characters.")
    with atomic(by) as session:
        mine = (IdentityClient.tenant_id == by.tenant_id, IdentityClient.provider == provider.name)
        kept = session.scalars(select(IdentityClient).where(*mine)).one_or_none()
        before = None if kept is None else kept.client_id
        if kept is None:
            kept = IdentityClient(tenant_id=by.tenant_id, provider=provider.name, created_at=clock.now())
            session.add(kept)
        kept.client_id = named
        if secret is not None:
            kept.client_secret = vault.vault(by).seal(secret, _PURPOSE)
        facts = {"provider": provider.name, "before": before, "after": named, "new_secret": secret is not None}
        events.record(by, "identity_client.set", f"tenant:{by.tenant_id}", facts)
    return kept


def remove_client(by: Principal, provider: IdentityProvider) -> None:
    """Forget the tenant's client at `provider`. Raises NotFound where it has none."""
    by.require("settings:manage")
    with atomic(by) as session:
        mine = (IdentityClient.tenant_id == by.tenant_id, IdentityClient.provider == provider.name)
        gone = session.scalar(delete(IdentityClient).where(*mine).returning(IdentityClient.client_id))
        if gone is None:
            raise NotFound(f"This business has no client of its own at {provider.title}.")
        facts = {"provider": provider.name, "before": gone}
        events.record(by, "identity_client.removed", f"tenant:{by.tenant_id}", facts)


def _of_tenant(tenant_id: int) -> Sequence[IdentityClient]:
    statement = select(IdentityClient).where(IdentityClient.tenant_id == tenant_id)
    return reads(SYSTEM).scalars(statement.order_by(IdentityClient.provider)).all()
