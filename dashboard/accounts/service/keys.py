"""API keys: made, shown once, checked, replaced with an overlap, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from dashboard.accounts.models import ApiKey, Tenant
from dashboard.accounts.roles import READ_SCOPES, read_write_scopes
from dashboard.accounts.service import principals
from dashboard.accounts.service.business import own_or_sandbox
from dashboard.accounts.service.grants import check_scopes, is_own
from dashboard.core import clock, crypto, events
from dashboard.core.context import SYSTEM, ActorKind, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAuthenticated, NotFound

DIALECTS = ("techfleet", "techparts", "syncauction", "tradekitt", "autosync")
KEY_LENGTH = 32
LOOKUP_LENGTH = 8
MOST_KEYS = 100
OVERLAP = timedelta(hours=24)
"""How long a replaced key goes on working, unless another time is asked for."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `secret` is shown now and never again."""

    key: ApiKey
    secret: str


def create_key(
    by: Principal,
    tenant: Tenant,
    *,
    name: str,
    dialect: str | None = None,
    access: str = "read-write",
    scopes: frozenset[str] | None = None,
    expires_at: datetime | None = None,
    secret: str | None = None,
) -> NewKey:
    """Make an API key. `access` is read-only or read-write; `scopes` overrides it; `secret` only for the demo world.

    Raises Invalid where dialect, access or a scope is unknown or nobody who acts here may hand it out.
    """
    if dialect is not None and dialect not in DIALECTS:
        raise Invalid.field("dialect", f"The dialect must be one of {', '.join(DIALECTS)}.")
    if access not in ("read-only", "read-write"):
        raise Invalid.field("access", "The access must be read-only or read-write.")
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid.field("expires_at", "A key must end in the future.")
    granted = scopes if scopes is not None else READ_SCOPES if access == "read-only" else read_write_scopes(dialect)
    check_scopes(by, granted)
    with atomic(by) as session:
        live = select(func.count()).where(ApiKey.tenant_id == tenant.id, ApiKey.revoked_at.is_(None))
        if (session.scalar(live) or 0) >= MOST_KEYS:
            raise Conflict(f"There are {MOST_KEYS} keys already. Revoke one that is not used.", code="too_many_keys")
        key = ApiKey(
            name=name.strip()[:120] or "Unnamed", scopes=sorted(granted), dialect=dialect, expires_at=expires_at
        )
        return _add(by, tenant, key, secret)


def create_own_key(
    by: Principal,
    *,
    name: str,
    sandbox: bool,
    dialect: str | None,
    access: str | None,
    scopes: frozenset[str],
    expires_at: datetime | None,
) -> NewKey:
    """A key of one's own business, or of its sandbox. `scopes` count where `access` is None. Raises Invalid."""
    by.require("keys:manage")
    tenant = own_or_sandbox(by, sandbox=sandbox)
    if access is None and not scopes:
        raise Invalid.field("scopes", "Tick what the key may do.")
    return create_key(
        by,
        tenant,
        name=name,
        dialect=dialect,
        access=access or "read-only",
        scopes=None if access is not None else scopes,
        expires_at=expires_at,
    )


def _add(by: Principal, tenant: Tenant, key: ApiKey, secret: str | None = None) -> NewKey:
    kind = "sk_sandbox_" if tenant.sandbox_of_id is not None else "sk_live_"
    full = secret or kind + crypto.token(KEY_LENGTH)
    with atomic(by) as session:
        key.tenant_id = tenant.id
        key.prefix, key.secret_hash = key_prefix(full), crypto.digest(full)
        key.created_by, key.created_at = by.label, clock.now()
        session.add(key)
        session.flush()
        facts = {"prefix": key.prefix, "name": key.name, "dialect": key.dialect, "scopes": key.scopes}
        events.record(by, "api_key.created", f"api_key:{key.id}", facts, tenant_id=tenant.id)
    return NewKey(key, full)


def rotate_key(by: Principal, key_id: int, *, overlap: timedelta = OVERLAP) -> NewKey:
    """A new key with the rights of an old one, which goes on working for `overlap`. One made for so many days is
    renewed for as many. Raises NotFound, or Conflict where the old one has ended or was replaced already.
    """
    with atomic(by) as session:
        old = find_key(by, key_id)
        if old.revoked_at is not None or old.replaced_by_id is not None:
            raise Conflict("This key has ended or been replaced already.", code="key_ended")
        check_scopes(by, frozenset(old.scopes))
        tenant = session.get_one(Tenant, old.tenant_id)
        now = clock.now()
        lasts = None if old.expires_at is None else now + (old.expires_at - old.created_at)
        new = _add(by, tenant, ApiKey(name=old.name, scopes=old.scopes, dialect=old.dialect, expires_at=lasts))
        until = now + overlap
        ends = until if old.expires_at is None else min(old.expires_at, until)
        session.execute(update(ApiKey).where(ApiKey.id == old.id).values(expires_at=ends, replaced_by_id=new.key.id))
        facts = {"prefix": old.prefix, "by": new.key.prefix}
        events.record(by, "api_key.replaced", f"api_key:{old.id}", facts, tenant_id=tenant.id)
    return new


def revoke_key(by: Principal, key_id: int) -> None:
    """End an API key now. Processes that remember it let go within five seconds. Revoking twice is once.

    Raises NotFound where it is not of the tenant of `by`.
    """
    with atomic(by) as session:
        key = find_key(by, key_id)
        ending = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        if session.execute(ending.values(revoked_at=clock.now()).returning(ApiKey.id)).scalar() is not None:
            facts = {"prefix": key.prefix, "name": key.name}
            events.record(by, "api_key.revoked", f"api_key:{key_id}", facts, tenant_id=key.tenant_id)


def find_key(by: Principal, key_id: int) -> ApiKey:
    """A key of one's tenant or of its sandbox; the system finds all. Raises NotFound.

    An operator who also has a business finds that one's alone: its settings are no way into others'.
    """
    statement = select(ApiKey).where(ApiKey.id == key_id)
    if by.kind is not ActorKind.SYSTEM or by.tenant_id is not None:
        statement = statement.where(is_own(by, ApiKey.tenant_id))
    found = reads(by).scalars(statement).one_or_none()
    if found is None:
        raise NotFound("There is no such key.")
    return found


def list_keys(by: Principal) -> Sequence[tuple[ApiKey, bool]]:
    """The keys of one's tenant and of its sandbox, the newest first, each with whether it acts on the sandbox."""
    statement = (
        select(ApiKey, Tenant.sandbox_of_id.is_not(None))
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .where(is_own(by, ApiKey.tenant_id))
        .order_by(ApiKey.id.desc())
        .limit(2 * MOST_KEYS)
    )
    return [(key, sandbox) for key, sandbox in reads(by).execute(statement)]


def key_prefix(secret: str) -> str:
    """The part of a key that is not secret: `sk_live_` and eight characters."""
    head, _, tail = secret.rpartition("_")
    return f"{head}_{tail[:LOOKUP_LENGTH]}"


def principal_of_key(secret: str) -> Principal:
    """Whom an API key stands for. Raises NotAuthenticated where it is unknown, expired or revoked."""
    statement = select(ApiKey, Tenant).join(Tenant, Tenant.id == ApiKey.tenant_id)
    row = reads(SYSTEM).execute(statement.where(ApiKey.prefix == key_prefix(secret))).one_or_none()
    if row is None or not crypto.same(row[0].secret_hash, crypto.digest(secret)):
        raise NotAuthenticated("This API key is not known here. Check that it was copied whole.")
    key, tenant = row
    if key.revoked_at is not None:
        raise NotAuthenticated("This API key was revoked.")
    if key.expires_at is not None and key.expires_at <= clock.now():
        raise NotAuthenticated("This API key has expired.")
    return principals.of_key(key, tenant)
