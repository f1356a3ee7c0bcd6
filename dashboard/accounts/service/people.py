"""Commands on people."""

import unicodedata

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dashboard.accounts.models import Role, Tenant, User
from dashboard.accounts.roles import ROLES
from dashboard.accounts.service import passwords
from dashboard.core import clock, events, numbers
from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed

MAX_USERNAME = 80


def folded_username(text: str) -> str:
    """A username as it is stored and compared. Raises Invalid where it is empty, long, or could pass for another.

    Names are ASCII: letters of other alphabets look like Latin ones, and two people must never look the same.
    """
    name = unicodedata.normalize("NFKC", text).strip().lower()
    if not name or len(name) > MAX_USERNAME:
        raise Invalid.field("username", f"A username has 1 to {MAX_USERNAME} characters.")
    if not name.isascii() or not name.isprintable() or " " in name:
        raise Invalid.field("username", "A username has plain letters, digits and signs, without spaces.")
    return name


def create_user(
    by: Principal,
    tenant: Tenant | None,
    *,
    username: str,
    password: str | None,
    role: str,
    name: str | None = None,
    email: str | None = None,
    email_is_verified: bool = False,
) -> User:
    """Add a person to `tenant`, or an operator where `tenant` is None; without a password for sign-in by a provider.

    The owner of an installation's only tenant is its operator as long as there is no other.
    Raises Conflict where the username is taken, Invalid where username, role or password will not do.
    """
    folded = folded_username(username)
    tenant_id = None if tenant is None else tenant.id
    if role not in ROLES and not _is_own_role(by, tenant_id, role):
        raise Invalid.field("role", f"The role must be one of {', '.join(ROLES)}.")
    if password is not None:
        passwords.check_new(password, forbidden=(folded, email))
    now = clock.now()
    with atomic(by) as session:
        taken = select(User.id).where(User.tenant_id.is_not_distinct_from(tenant_id), User.username == folded)
        if session.scalar(taken) is not None:
            raise Conflict(f"The username {folded} is taken.", code="username_taken")
        user = User(
            tenant_id=tenant_id,
            number=_next_number(by, tenant_id),
            username=folded,
            email=email.strip().lower() if email else None,
            email_verified_at=now if email and email_is_verified else None,
            name=name or username,
            password_hash=None if password is None else passwords.hash_password(password),
            password_changed_at=None if password is None else now,
            role=role,
            is_operator=tenant is None or (role == "owner" and _is_first_tenant_without_operator(by)),
            created_at=now,
        )
        session.add(user)
        session.flush()
        events.record(by, "user.created", f"user:{user.id}", {"username": folded, "role": role}, tenant_id=tenant_id)
    return user


def _next_number(by: Principal, tenant_id: int | None) -> int:
    if tenant_id is not None:
        return numbers.take(by, "user", tenant_id=tenant_id)
    return (reads(by).scalar(select(func.max(User.number)).where(User.tenant_id.is_(None))) or 0) + 1


def _is_own_role(by: Principal, tenant_id: int | None, role: str) -> bool:
    return reads(by).scalar(select(Role.id).where(Role.tenant_id == tenant_id, Role.name == role)) is not None


def _is_first_tenant_without_operator(by: Principal) -> bool:
    session = reads(by)
    live = select(func.count()).select_from(Tenant).where(Tenant.sandbox_of_id.is_(None))
    tenants = session.scalar(live) or 0
    operators = session.scalar(select(func.count()).select_from(User).where(User.is_operator)) or 0
    return tenants == 1 and operators == 0


def find_user(by: Principal, user_id: int) -> tuple[User, Tenant | None] | None:
    """An active user with their tenant, or None."""
    statement = select(User).where(User.id == user_id, User.active).options(joinedload(User.tenant))
    user = reads(by).scalars(statement).one_or_none()
    return None if user is None else (user, user.tenant)


def person(by: Principal) -> User:
    """The person behind a principal, with their tenant. Raises NotAllowed for programs and for the system."""
    found = find_user(by, by.actor_id) if by.kind is ActorKind.USER and by.actor_id is not None else None
    if found is None:
        raise NotAllowed("Only a person who is signed in can do that.")
    return found[0]
