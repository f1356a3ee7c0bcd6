"""OAuth clients: platforms that get short-lived tokens by the client credentials grant (RFC 6749, section 4.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update

from dashboard.accounts.models import OAuthClient, Tenant
from dashboard.accounts.service import tokens
from dashboard.accounts.service.business import own_or_sandbox
from dashboard.accounts.service.grants import check_scopes, is_own
from dashboard.accounts.service.tokens import Purpose
from dashboard.core import clock, crypto, events
from dashboard.core.context import SYSTEM, ActorKind, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound

TOKEN_LIFETIME = timedelta(hours=1)
SECRET_LENGTH = 40
MOST_CLIENTS = 100
_CLIENT_ID = re.compile(r"oc_[0-9A-Za-z]{20}")
_SCOPES = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*")
"""Words between single spaces (RFC 6749, section 3.3)."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client that was just made, or got a new secret. `secret` is shown now and never again."""

    client: OAuthClient
    secret: str


def create_client(
    by: Principal,
    tenant: Tenant,
    *,
    name: str,
    scopes: frozenset[str],
    client_id: str | None = None,
    secret: str | None = None,
) -> NewClient:
    """Make a client that may ask for tokens of up to `scopes`. `client_id` and `secret` are for the demo world.

    Raises Invalid where a scope is unknown, missing or not one's own to give, NotFound where `tenant` is another's.
    """
    if not scopes:
        raise Invalid.field("scopes", "Tick what the client may do.")
    check_scopes(by, scopes)
    if not by.operator and by.tenant_id not in (tenant.id, tenant.sandbox_of_id):
        raise NotFound("There is no such business.")
    made = secret or crypto.token(SECRET_LENGTH)
    with atomic(by) as session:
        live = select(func.count()).where(OAuthClient.tenant_id == tenant.id, OAuthClient.revoked_at.is_(None))
        if (session.scalar(live) or 0) >= MOST_CLIENTS:
            raise Conflict(f"There are {MOST_CLIENTS} clients already. Revoke one first.", code="too_many_clients")
        client = OAuthClient(
            tenant_id=tenant.id,
            name=name.strip()[:120] or "Unnamed",
            client_id=client_id or f"oc_{crypto.token(20)}",
            secret_hash=crypto.digest(made),
            scopes=sorted(scopes),
            created_by=by.label,
            created_at=clock.now(),
        )
        session.add(client)
        session.flush()
        facts = {"client_id": client.client_id, "name": client.name, "scopes": client.scopes}
        events.record(by, "oauth_client.created", f"oauth_client:{client.id}", facts, tenant_id=tenant.id)
    return NewClient(client, made)


def create_own_client(by: Principal, *, name: str, sandbox: bool, scopes: frozenset[str]) -> NewClient:
    """A client of one's own business, or of its sandbox. Raises NotAllowed without `keys:manage`, Invalid."""
    by.require("keys:manage")
    return create_client(by, own_or_sandbox(by, sandbox=sandbox), name=name, scopes=scopes)


def rotate_secret(by: Principal, number: int) -> NewClient:
    """Give a client a new secret; the old one stops at once, tokens got with it end within the hour.

    Raises NotFound, or Conflict where the client was revoked.
    """
    secret = crypto.token(SECRET_LENGTH)
    with atomic(by) as session:
        client = find_client(by, number)
        if client.revoked_at is not None:
            raise Conflict("This client was revoked.", code="client_ended")
        check_scopes(by, frozenset(client.scopes))
        session.execute(update(OAuthClient).where(OAuthClient.id == number).values(secret_hash=crypto.digest(secret)))
        facts = {"client_id": client.client_id, "name": client.name}
        events.record(by, "oauth_client.secret_replaced", f"oauth_client:{number}", facts, tenant_id=client.tenant_id)
    return NewClient(client, secret)


def revoke_client(by: Principal, number: int) -> None:
    """End a client and, within five seconds, all its tokens. Revoking twice is once. Raises NotFound."""
    with atomic(by) as session:
        client = find_client(by, number)
        ending = update(OAuthClient).where(OAuthClient.id == number, OAuthClient.revoked_at.is_(None))
        if session.execute(ending.values(revoked_at=clock.now()).returning(OAuthClient.id)).scalar() is not None:
            facts = {"client_id": client.client_id, "name": client.name}
            events.record(by, "oauth_client.revoked", f"oauth_client:{number}", facts, tenant_id=client.tenant_id)


def find_client(by: Principal, number: int) -> OAuthClient:
    """A client of one's tenant or of its sandbox; the system finds all. Raises NotFound."""
    statement = select(OAuthClient).where(OAuthClient.id == number)
    if by.kind is not ActorKind.SYSTEM or by.tenant_id is not None:
        statement = statement.where(is_own(by, OAuthClient.tenant_id))
    found = reads(by).scalars(statement).one_or_none()
    if found is None:
        raise NotFound("There is no such client.")
    return found


def list_clients(by: Principal) -> Sequence[tuple[OAuthClient, bool]]:
    """The clients of one's tenant and of its sandbox, the newest first, each with whether it acts on the sandbox."""
    statement = (
        select(OAuthClient, Tenant.sandbox_of_id.is_not(None))
        .join(Tenant, Tenant.id == OAuthClient.tenant_id)
        .where(is_own(by, OAuthClient.tenant_id))
        .order_by(OAuthClient.id.desc())
        .limit(2 * MOST_CLIENTS)
    )
    return [(client, sandbox) for client, sandbox in reads(by).execute(statement)]


# The token endpoint


def client_of_id(client_id: str) -> OAuthClient | None:
    """The client that names itself so, or None: also where it was revoked, or its tenant is suspended."""
    if not _CLIENT_ID.fullmatch(client_id):
        return None
    statement = (
        select(OAuthClient)
        .join(Tenant, Tenant.id == OAuthClient.tenant_id)
        .where(OAuthClient.client_id == client_id, OAuthClient.revoked_at.is_(None), Tenant.suspended_at.is_(None))
    )
    return reads(SYSTEM).scalars(statement).one_or_none()


def secret_fits(client: OAuthClient, secret: str) -> bool:
    """Whether `secret` is the client's."""
    return crypto.same(client.secret_hash, crypto.digest(secret))


def granted_scopes(client: OAuthClient, asked: str | None) -> str:
    """What is granted of the scopes asked for, in their order: those that the client is allowed, all where none are
    asked for. Empty where nothing is left, or where what is asked is not a list of scopes."""
    if not asked:  # a parameter without a value counts as one that was left out
        return " ".join(client.scopes)
    if len(asked) > 4_000 or not _SCOPES.fullmatch(asked):
        return ""
    return " ".join(scope for scope in dict.fromkeys(asked.split(" ")) if scope in client.scopes)


def issue_token(client: OAuthClient, scope: str) -> str:
    """An access token for `scope`, a list that `granted_scopes` gave. It lasts TOKEN_LIFETIME, also by the clock of a
    sandbox that is ahead already."""
    with atomic(SYSTEM) as session:
        ahead = session.scalars(select(Tenant.clock_offset_s).where(Tenant.id == client.tenant_id)).one()
        session.execute(update(OAuthClient).where(OAuthClient.id == client.id).values(last_used_at=clock.now()))
        claims = {"sub": client.client_id, "scope": scope} | ({"ahead": ahead} if ahead else {})
        return tokens.sign(Purpose.OAUTH, claims, lifetime=TOKEN_LIFETIME)
