"""Commands on tenants, users and keys, and the check of every credential."""

from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import joinedload

from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.accounts.roles import ALL_SCOPES, READ_SCOPES, ROLES, read_write_scopes
from dashboard.core import clock, crypto, events
from dashboard.core.context import SYSTEM, ActorKind, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAuthenticated

DIALECTS = ("techfleet", "techparts", "syncauction", "tradekitt", "autosync")
MIN_PASSWORD = 8
MAX_PASSWORD = 256
KEY_LENGTH = 32
LOOKUP_LENGTH = 8


class _Hashing:
    """argon2id as configured for this process, and a hash that fits nobody."""

    def __init__(self) -> None:
        self.configure(2, 19 * 1024)

    def configure(self, time_cost: int, memory_kib: int) -> None:
        self.hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self.decoy = ""

    def decoy_hash(self) -> str:
        """Checked where there is no such user, so that the answer takes as long."""
        if not self.decoy:
            self.decoy = self.hasher.hash("nobody's password")
        return self.decoy


_hashing = _Hashing()


def configure_hashing(time_cost: int, memory_kib: int) -> None:
    """Set argon2id's cost. A stored hash of another cost is renewed at its owner's next sign-in."""
    _hashing.configure(time_cost, memory_kib)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `secret` is shown now and never again."""

    key: ApiKey
    secret: str


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
    if not (2 <= len(code) <= 40 and code.replace("-", "").isalnum() and code.isascii()):
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
        events.record(by, "tenant.created", f"tenant:{tenant.id}", {"business_code": code})
    return tenant


def create_user(
    by: Principal,
    tenant: Tenant | None,
    *,
    username: str,
    password: str,
    role: str,
    name: str | None = None,
    email: str | None = None,
) -> User:
    """Add a person to `tenant`, or an operator where `tenant` is None.

    The owner of an installation's only tenant is its operator as long as there is no other.
    Raises Conflict where the username is taken, Invalid where role or password will not do.
    """
    folded = username.strip().lower()
    if not folded or len(folded) > 80:
        raise Invalid.field("username", "A username has 1 to 80 characters.")
    if role not in ROLES:
        raise Invalid.field("role", f"The role must be one of {', '.join(ROLES)}.")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid.field("password", f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    tenant_id = None if tenant is None else tenant.id
    with atomic(by) as session:
        taken = select(User.id).where(User.tenant_id.is_not_distinct_from(tenant_id), User.username == folded)
        if session.scalar(taken) is not None:
            raise Conflict(f"The username {folded} is taken.", code="username_taken")
        user = User(
            tenant_id=tenant_id,
            username=folded,
            email=email.strip().lower() if email else None,
            name=name or username,
            password_hash=_hashing.hasher.hash(password),
            role=role,
            is_operator=tenant is None or (role == "owner" and _is_first_tenant_without_operator(by)),
            created_at=clock.now(),
        )
        session.add(user)
        session.flush()
        events.record(by, "user.created", f"user:{user.id}", {"username": folded, "role": role})
    return user


def _is_first_tenant_without_operator(by: Principal) -> bool:
    session = reads(by)
    tenants = session.scalar(select(func.count()).select_from(Tenant)) or 0
    operators = session.scalar(select(func.count()).select_from(User).where(User.is_operator)) or 0
    return tenants == 1 and operators == 0


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

    Raises Invalid where dialect, access or a scope is unknown.
    """
    if dialect is not None and dialect not in DIALECTS:
        raise Invalid.field("dialect", f"The dialect must be one of {', '.join(DIALECTS)}.")
    if access not in ("read-only", "read-write"):
        raise Invalid.field("access", "The access must be read-only or read-write.")
    granted = scopes if scopes is not None else READ_SCOPES if access == "read-only" else read_write_scopes(dialect)
    if unknown := granted - ALL_SCOPES:
        raise Invalid.field("scopes", f"Unknown scopes: {', '.join(sorted(unknown))}.")
    kind = "sk_sandbox_" if tenant.sandbox_of_id is not None else "sk_live_"
    full = secret or kind + crypto.token(KEY_LENGTH)
    with atomic(by) as session:
        key = ApiKey(
            tenant_id=tenant.id,
            name=name,
            prefix=key_prefix(full),
            secret_hash=crypto.digest(full),
            scopes=sorted(granted),
            dialect=dialect,
            created_by=by.label,
            created_at=clock.now(),
            expires_at=expires_at,
        )
        session.add(key)
        session.flush()
        events.record(by, "api_key.created", f"api_key:{key.id}", {"prefix": key.prefix, "tenant": tenant.id})
    return NewKey(key, full)


def revoke_key(by: Principal, key_id: int) -> None:
    """End an API key now. Processes that remember it let go within five seconds. Revoking twice is once."""
    with atomic(by) as session:
        mine = ApiKey.id == key_id if by.operator else (ApiKey.id == key_id) & (ApiKey.tenant_id == by.tenant_id)
        session.execute(update(ApiKey).where(mine, ApiKey.revoked_at.is_(None)).values(revoked_at=clock.now()))
        events.record(by, "api_key.revoked", f"api_key:{key_id}")


def key_prefix(secret: str) -> str:
    """The part of a key that is not secret: `sk_live_` and eight characters."""
    head, _, tail = secret.rpartition("_")
    return f"{head}_{tail[:LOOKUP_LENGTH]}"


def principal_of_key(secret: str) -> Principal:
    """Whom an API key stands for. Raises NotAuthenticated where it is unknown, expired or revoked."""
    statement = select(ApiKey, Tenant).join(Tenant, Tenant.id == ApiKey.tenant_id)
    found = reads(SYSTEM).execute(statement.where(ApiKey.prefix == key_prefix(secret[:80]))).one_or_none()
    if found is None or not crypto.same(found[0].secret_hash, crypto.digest(secret)):
        raise NotAuthenticated("This API key is unknown. Check it for missing characters, or make a new one.")
    key, tenant = found
    if key.revoked_at is not None:
        raise NotAuthenticated("This API key was revoked. Make a new one in Settings.")
    if key.expires_at is not None and key.expires_at <= clock.now():
        raise NotAuthenticated("This API key has expired. Make a new one in Settings.")
    return _principal(ActorKind.KEY, key.id, key.name, tenant, frozenset(key.scopes), dialect=key.dialect)


def principal_of_user(user: User, tenant: Tenant | None) -> Principal:
    """Whom a signed-in person stands for: their tenant, with the scopes of their role."""
    scopes = ROLES.get(user.role, frozenset[str]())
    if tenant is None:
        scopes = frozenset({"catalog:read"})
    return _principal(ActorKind.USER, user.id, user.name, tenant, scopes, role=user.role, operator=user.is_operator)


def _principal(
    kind: ActorKind,
    actor_id: int,
    name: str,
    tenant: Tenant | None,
    scopes: frozenset[str],
    *,
    role: str = "",
    dialect: str | None = None,
    operator: bool = False,
) -> Principal:
    return Principal(
        kind=kind,
        actor_id=actor_id,
        name=name,
        tenant_id=None if tenant is None else tenant.id,
        scopes=scopes,
        operator=operator,
        sandbox=tenant is not None and tenant.sandbox_of_id is not None,
        dialect=dialect,
        role=role,
        tenant_name=None if tenant is None else tenant.name,
        plan="enterprise" if tenant is None else tenant.plan,
        requests_per_minute=None if tenant is None else tenant.requests_per_minute,
        time_zone="UTC" if tenant is None else tenant.time_zone,
        currency="USD" if tenant is None else tenant.currency,
    )


def sign_in(*, business_code: str | None, login: str, password: str) -> User:
    """The person who has this username or e-mail and this password. Raises NotAuthenticated, always in the same words.

    Without a business code every tenant's people of that name are tried; the password must fit exactly one.
    """
    candidates = _candidates(business_code, login.strip().lower()[:254])
    fitting = [user for user in candidates if _fits(user.password_hash, password)]
    if not candidates:
        _fits(_hashing.decoy_hash(), password)  # as long as a wrong password takes
    if len(fitting) != 1 or not fitting[0].active:
        raise NotAuthenticated("That user name and password do not match. Check both, and the business code.")
    return _note_sign_in(fitting[0], password)


def _candidates(business_code: str | None, login: str) -> list[User]:
    statement = select(User).where(or_(User.username == login, User.email == login)).options(joinedload(User.tenant))
    if business_code:
        code = business_code.strip().upper()
        statement = statement.join(Tenant, Tenant.id == User.tenant_id).where(Tenant.business_code == code)
    return list(reads(SYSTEM).scalars(statement.limit(8)).unique())


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hashing.hasher.verify(password_hash, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def _note_sign_in(user: User, password: str) -> User:
    values: dict[str, object] = {"last_signed_in_at": clock.now()}
    if _hashing.hasher.check_needs_rehash(user.password_hash):
        values["password_hash"] = _hashing.hasher.hash(password)
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.id == user.id).values(**values))
        events.record(SYSTEM, "user.signed_in", f"user:{user.id}")
    return user


def find_user(user_id: int) -> tuple[User, Tenant | None] | None:
    """The active user of a session with their tenant, or None."""
    statement = select(User).where(User.id == user_id, User.active).options(joinedload(User.tenant))
    user = reads(SYSTEM).scalars(statement).one_or_none()
    return None if user is None else (user, user.tenant)


def find_tenant(business_code: str) -> Tenant | None:
    """The tenant of a business code, in any case, or None."""
    code = business_code.strip().upper()
    return reads(SYSTEM).scalars(select(Tenant).where(Tenant.business_code == code)).one_or_none()
