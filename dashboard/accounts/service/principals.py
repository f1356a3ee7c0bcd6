"""From a user or a key, with its tenant, to the plain value that says who acts."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from dashboard.accounts.models import ApiKey, OAuthClient, Role, Tenant, User, UserSession
from dashboard.accounts.roles import (
    ALL_SCOPES,
    OWNERSHIP,
    READ_SCOPES,
    ROLES,
    SANDBOX_READ,
    SANDBOX_WRITE,
    SELF,
    STAFF_SCOPES,
)
from dashboard.core.context import ActorKind, Principal
from dashboard.core.errors import NotAuthenticated


def of_user(
    user: User, tenant: Tenant | None, role: Role | None = None, *, opened: UserSession | None = None
) -> Principal:
    """A person, in one of their sessions. Whoever must use a second factor and has none may only set one up."""
    scopes: frozenset[str] = ROLES.get(user.role, frozenset()) if role is None else ALL_SCOPES & set(role.scopes)
    must_enroll = tenant is not None and user.role in tenant.mfa_roles and not user.has_mfa
    if tenant is None:
        scopes = frozenset({"catalog:read"})
    elif must_enroll:
        scopes = frozenset()
    by = Principal(ActorKind.USER, user.id, user.name, None, scopes | {SELF}, operator=user.is_operator, role=user.role)
    if opened is not None:
        by = replace(by, session_id=opened.id, expires_at=opened.expires_at, proved_at=opened.proved_at)
    by = replace(by, must_enroll=must_enroll)
    return replace(by, plan="enterprise") if tenant is None else _within(by, tenant)


def in_sandbox(by: Principal, twin: Tenant) -> Principal:
    """The same person in their business's sandbox, where there are no people, keys or settings to manage."""
    return replace(_within(by, twin), scopes=by.scopes - STAFF_SCOPES - {OWNERSHIP})


def of_key(key: ApiKey, tenant: Tenant) -> Principal:
    """A program with an API key."""
    by = Principal(ActorKind.KEY, key.id, key.name, None, _of_program(key.scopes, tenant), dialect=key.dialect)
    return _within(replace(by, expires_at=key.expires_at), tenant)


def of_client(client: OAuthClient, tenant: Tenant, scopes: frozenset[str], *, expires_at: datetime) -> Principal:
    """A platform with a token of its own; it holds what both the token and the client are allowed."""
    granted = _of_program(scopes & frozenset(client.scopes), tenant)
    by = Principal(ActorKind.CLIENT, client.id, client.name, None, granted, dialect="autosync")
    return _within(replace(by, expires_at=expires_at), tenant)


def _of_program(given: Iterable[str], tenant: Tenant) -> frozenset[str]:
    scopes = frozenset(given)
    if tenant.sandbox_of_id is None:
        return scopes
    return scopes | ({SANDBOX_READ} if scopes <= READ_SCOPES else {SANDBOX_READ, SANDBOX_WRITE})


def refuse_suspended(tenant: Tenant | None) -> None:
    """Raises NotAuthenticated where the operator has suspended a business: nobody of it is let in."""
    if tenant is not None and tenant.suspended_at is not None:
        raise NotAuthenticated(f"{tenant.name} is suspended. Ask whoever runs this installation.", code="suspended")


def _within(by: Principal, tenant: Tenant) -> Principal:
    refuse_suspended(tenant)
    return replace(
        by,
        tenant_id=tenant.id,
        tenant_public_id=str(tenant.public_id),
        tenant_name=tenant.display_name or tenant.name,
        sandbox=tenant.sandbox_of_id is not None,
        plan=tenant.plan,
        requests_per_minute=tenant.requests_per_minute,
        time_zone=tenant.time_zone,
        currency=tenant.currency,
        clock_offset_s=tenant.clock_offset_s,
        closes_at=tenant.delete_after,
    )
