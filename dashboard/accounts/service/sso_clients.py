"""Clients at providers: the installation's own, and those that tenants registered for themselves."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select

from dashboard.accounts.models import IdentityClient, Tenant
from dashboard.config import IdentityProvider
from dashboard.core import clock, events, vault
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import FieldError, Invalid, NotFound

MAX_SECRET = 2_800
"""Characters that still fit their column once they are sealed."""

_PURPOSE = "identity client"
_DIRECTORY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_APPLE_KEY = ("team_id", "key_id", "private_key")


@dataclass(frozen=True, slots=True)
class Client:
    """What a provider knows us by. Without a secret the client is a public one, held by PKCE alone.

    `provider` is it as this client sees it: of Microsoft's directories perhaps a single one.
    """

    client_id: str
    secret: str | None
    provider: IdentityProvider


def offered(providers: Sequence[IdentityProvider], tenant: Tenant | None) -> list[IdentityProvider]:
    """The providers that a sign-in page shows: those with a client of `tenant`, or of the installation."""
    own = [] if tenant is None else [each.provider for each in _of_tenant(tenant.id)]
    return [each for each in providers if each.name in own or each.client_ids]


def client_of(provider: IdentityProvider, tenant: Tenant | None) -> Client:
    """The client that pages of `tenant` use. Raises NotFound where neither it nor the installation has one."""
    own = None if tenant is None else next((c for c in _of_tenant(tenant.id) if c.provider == provider.name), None)
    if own is not None:
        secret = None if own.client_secret is None else vault.vault(SYSTEM).open(own.client_secret, _PURPOSE)
        return Client(own.client_id, secret, _within(provider, own.directory))
    if not provider.client_ids:
        raise NotFound(f"Signing in with {provider.title} is not set up here.")
    return Client(provider.client_ids[0], provider.client_secret, provider)


def _within(provider: IdentityProvider, directory: str | None) -> IdentityProvider:
    """`provider` for the people of one of Microsoft's directories; an app of one directory is not known elsewhere."""
    if directory is None:
        return provider
    return replace(
        provider,
        issuers=tuple(each.replace("{tid}", directory) for each in provider.issuers),
        authorize_url=provider.authorize_url.replace("/common/", f"/{directory}/"),
        token_url=provider.token_url.replace("/common/", f"/{directory}/"),
    )


def reach_of(provider: IdentityProvider, audience: str, issuer: str | None = None) -> frozenset[int] | None:
    """Which tenants a token made for `audience` may open: None is all, none is that the client is not known.

    A tenant holds the tokens made for its own client, and could show them elsewhere; they count in it alone. With
    `issuer` those are left out whose client is for another directory than the token is from.
    """
    if audience in provider.client_ids:
        return None
    statement = select(IdentityClient.tenant_id, IdentityClient.directory).where(
        IdentityClient.provider == provider.name, IdentityClient.client_id == audience
    )
    return frozenset(
        tenant_id
        for tenant_id, directory in reads(SYSTEM).execute(statement)
        if directory is None or issuer is None or f"/{directory}/" in issuer
    )


def list_clients(by: Principal) -> Sequence[IdentityClient]:
    """The clients of one's own tenant; their secrets are sealed."""
    by.require("settings:manage")
    return _of_tenant(by.tenant_id or 0)


def set_client(
    by: Principal,
    provider: IdentityProvider,
    *,
    client_id: str,
    secret: str | None,
    directory: str | None = None,
) -> IdentityClient:
    """Register or change the tenant's client at `provider`; without `secret` the one that is there stays.

    With `directory`, an id of Microsoft's, only its people come in. Raises Invalid naming what will not do.
    """
    by.require("settings:manage")
    named, within = client_id.strip(), (directory or "").strip().lower() or None
    if wrong := _wrong(provider, named, secret, within):
        raise Invalid("; ".join(each.message for each in wrong), fields=tuple(wrong))
    with atomic(by) as session:
        mine = (IdentityClient.tenant_id == by.tenant_id, IdentityClient.provider == provider.name)
        kept = session.scalars(select(IdentityClient).where(*mine)).one_or_none()
        before = None if kept is None else kept.client_id
        if kept is None:
            kept = IdentityClient(tenant_id=by.tenant_id, provider=provider.name, created_at=clock.now())
            session.add(kept)
        kept.client_id, kept.directory = named, within
        if secret is not None:
            kept.client_secret = vault.vault(by).seal(secret, _PURPOSE)
        facts = {"provider": provider.name, "before": before, "after": named, "new_secret": secret is not None}
        if within is not None:
            facts["directory"] = within
        events.record(by, "identity_client.set", f"tenant:{by.tenant_id}", facts)
    return kept


def _wrong(provider: IdentityProvider, client_id: str, secret: str | None, directory: str | None) -> list[FieldError]:
    found: list[FieldError] = []
    if not 0 < len(client_id) <= 255 or not client_id.isascii() or not client_id.isprintable():
        found.append(FieldError("client_id", f"Enter the client id that {provider.title} gave you."))
    if secret is not None and not 0 < len(secret) <= MAX_SECRET:
        found.append(FieldError("client_secret", f"A client secret has 1 to {MAX_SECRET} characters."))
    elif secret is not None and provider.name == "apple" and not _is_apple_key(secret):
        found.append(FieldError("client_secret", f"Enter Apple's key as JSON with {', '.join(_APPLE_KEY)}."))
    if directory is not None and (provider.name != "microsoft" or not _DIRECTORY.fullmatch(directory)):
        found.append(
            FieldError(
                "directory",
                "A directory's id looks like 11111111-2222-4333-8444-555555555555; only Microsoft has them.",
            )
        )
    return found


def _is_apple_key(secret: str) -> bool:
    """Whether it is a key to sign Apple's secrets with, or such a secret that was signed elsewhere."""
    if not secret.lstrip().startswith("{"):
        return secret.count(".") == 2
    try:
        told: dict[str, object] = json.loads(secret)
    except (ValueError, RecursionError):
        return False
    return all(isinstance(told.get(name), str) and told[name] for name in _APPLE_KEY)


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
