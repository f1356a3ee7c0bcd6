"""Commands of whoever manages a business's people: change, switch off, hand over; and the roles it makes itself."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from dashboard.accounts.models import Role, Tenant, User
from dashboard.accounts.roles import ALL_SCOPES, OWNERSHIP, ROLES
from dashboard.accounts.service import links, mfa, sessions
from dashboard.accounts.service.links import LinkTo
from dashboard.core import clock, events, mail
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound

OWNER = "owner"
MOST_ROLES = 50


def list_people(by: Principal) -> Sequence[User]:
    """Everybody of one's tenant, by name."""
    return reads(by).scalars(select(User).where(User.tenant_id == by.tenant_id).order_by(User.name, User.id)).all()


def find_person(by: Principal, number: int) -> User:
    """One of one's tenant by their number. Raises NotFound."""
    found = reads(by).scalars(select(User).where(User.tenant_id == by.tenant_id, User.number == number)).one_or_none()
    if found is None:
        raise NotFound("There is no such person in your business.")
    return found


def change_person(
    by: Principal,
    number: int,
    *,
    name: str,
    email: str | None,
    role: str,
    active: bool,
    verify_link: LinkTo | None = None,
) -> User:
    """Change what a colleague is called, where they are written to, what they may do, and whether they may sign in.

    A new role or switching off takes effect at once; switching off ends all their sessions. Nobody gives rights that
    they lack, and the owner is changed by handing the business over. With `verify_link` a new address is mailed a link
    that proves it. Raises NotFound, NotAllowed or Invalid.
    """
    if not name.strip():
        raise Invalid.field("name", "Everybody has a name.")
    with atomic(by) as session:
        user = find_person(by, number)
        _check_reach(by, user, role=role, active=active)
        before = {"name": user.name, "email": user.email, "role": user.role, "active": user.active}
        address = mail.folded_address(email) if email and email.strip() else None
        moved = address != user.email
        if moved and user.role == OWNER and user.id != by.actor_id:
            raise NotAllowed("Only the owner changes their own address: links that set a password go there.")
        if moved:
            user.email, user.email_verified_at = address, None
        user.name, user.role, user.active = name.strip()[:120], role, active
        session.add(user)
        session.flush()
        if moved and verify_link is not None:
            links.send_verification(by, user, verify_link)
        if not active:
            sessions.end_all(by, user.id)
        after = {"name": user.name, "email": user.email, "role": role, "active": active}
        changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if changed:
            events.record(by, "user.changed", f"user:{user.id}", changed)
    return user


def _check_reach(by: Principal, user: User, *, role: str, active: bool) -> None:
    if user.role == OWNER and (role != OWNER or not active):
        raise NotAllowed("The owner stays owner until the business is handed over to somebody else.")
    if user.role != OWNER and role == OWNER:
        raise NotAllowed("There is one owner. Hand the business over instead.")
    if user.id == by.actor_id and (role != user.role or not active):
        raise NotAllowed("Nobody changes their own role or switches themselves off.")
    for name in {role, user.role}:
        if beyond := scopes_of(by, name) - by.scopes - {OWNERSHIP}:
            raise NotAllowed(f"You cannot give or take rights that you lack: {', '.join(sorted(beyond))}.")


def reset_mfa(by: Principal, number: int) -> None:
    """Remove a colleague's second factor, who has lost it. They sign in by password and set up another."""
    with atomic(by):
        user = find_person(by, number)
        if user.role == OWNER and by.role != OWNER:
            raise NotAllowed("The owner's second factor is removed by whoever runs this installation.")
        _check_reach(by, user, role=user.role, active=user.active)
        mfa.clear(by, user.id)
        sessions.end_all(by, user.id)


def hand_over(by: Principal, number: int) -> None:
    """Make a colleague the owner; whoever was becomes an administrator. Raises NotAllowed for all but the owner."""
    by.require(OWNERSHIP)
    with atomic(by) as session:
        heir = find_person(by, number)
        if heir.id == by.actor_id or not heir.active:
            raise Invalid("Choose a colleague who can sign in.")
        session.execute(update(User).where(User.id == by.actor_id).values(role="admin"))
        session.execute(update(User).where(User.id == heir.id).values(role=OWNER))
        events.record(by, "tenant.handed_over", f"tenant:{by.tenant_id}", {"from": by.actor_id, "to": heir.id})


def scopes_of(by: Principal, name: str) -> frozenset[str]:
    """What a role may do, built-in or made by one's tenant. Raises Invalid where there is none of that name."""
    if name in ROLES:
        return ROLES[name]
    scopes = reads(by).scalar(select(Role.scopes).where(Role.tenant_id == by.tenant_id, Role.name == name))
    if scopes is None:
        raise Invalid.field("role", f"There is no role '{name}'.")
    return frozenset(scopes)


def list_roles(by: Principal) -> dict[str, frozenset[str]]:
    """All roles of one's tenant: the built-in ones, then its own by name."""
    own = reads(by).scalars(select(Role).where(Role.tenant_id == by.tenant_id).order_by(Role.name))
    return {**ROLES, **{role.name: frozenset(role.scopes) for role in own}}


def save_role(by: Principal, name: str, scopes: frozenset[str]) -> None:
    """Make a role, or change one that the tenant made. Takes effect at once for everybody who has it.

    Raises Invalid where the name is built in or malformed or a scope unknown, NotAllowed for rights one lacks.
    """
    plain = name.strip().lower()
    if plain in ROLES or not plain or len(plain) > 40 or not plain.replace("-", "").replace(" ", "").isalnum():
        raise Invalid.field("name", "Choose a name of letters and digits that no built-in role has.")
    if unknown := scopes - ALL_SCOPES:
        raise Invalid.field("scopes", f"Unknown rights: {', '.join(sorted(unknown))}.")
    if beyond := scopes - by.scopes:
        raise NotAllowed(f"You cannot give rights that you lack: {', '.join(sorted(beyond))}.")
    with atomic(by) as session:
        session.execute(select(Tenant.id).where(Tenant.id == by.tenant_id).with_for_update())
        role = session.scalars(select(Role).where(Role.tenant_id == by.tenant_id, Role.name == plain)).one_or_none()
        before = None if role is None else role.scopes
        if role is None:
            count = session.scalar(select(func.count()).where(Role.tenant_id == by.tenant_id)) or 0
            if count >= MOST_ROLES:
                raise Conflict(f"A business has at most {MOST_ROLES} roles of its own.")
            role = Role(tenant_id=by.tenant_id, name=plain, created_at=clock.now())
        elif beyond := set(role.scopes) - by.scopes:
            raise NotAllowed(f"This role holds rights that you lack: {', '.join(sorted(beyond))}.")
        role.scopes = sorted(scopes)
        session.add(role)
        events.record(by, "role.saved", f"role:{plain}", {"scopes": [before, role.scopes]})


def delete_role(by: Principal, name: str) -> None:
    """Remove a role that nobody has. Raises NotFound, or Conflict while somebody has it."""
    with atomic(by) as session:
        held = select(func.count()).where(User.tenant_id == by.tenant_id, User.role == name)
        if session.scalar(held):
            raise Conflict("Somebody still has this role. Give them another first.", code="role_in_use")
        gone = delete(Role).where(Role.tenant_id == by.tenant_id, Role.name == name).returning(Role.id)
        if session.scalar(gone) is None:
            raise NotFound("There is no such role.")
        events.record(by, "role.deleted", f"role:{name}")
