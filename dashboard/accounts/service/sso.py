"""Signing in, registering and linking with an account at Google, Apple or Microsoft.

An account is known by issuer and subject. Its address alone opens a door only where both sides have proof of it: the
provider that it is the account's now, and we that it is our person's.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from dashboard.accounts.models import ExternalIdentity, Tenant, User
from dashboard.accounts.service import registration, sso_clients, sso_tokens
from dashboard.accounts.service.links import LinkTo
from dashboard.accounts.service.people import folded_username, person
from dashboard.accounts.service.registration import Registered
from dashboard.accounts.service.sessions import Client
from dashboard.accounts.service.sign_in import Challenge, SignedIn, admit
from dashboard.accounts.service.sso_tokens import Identity
from dashboard.config import IdentityProvider
from dashboard.core import clock, events
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound

MOST_IDENTITIES = 10


def identify(provider: IdentityProvider, token: str) -> Identity:
    """Whom a token that a client brings speaks of. Raises BadIdentity or ProviderDown.

    Call it before a command: it may wait for the provider.
    """
    return sso_tokens.verify(
        provider, token, known=lambda audience: sso_clients.reach_of(provider, audience) != frozenset()
    )


def sign_in_with(
    provider: IdentityProvider,
    identity: Identity,
    *,
    client: Client,
    kind: str,
    tenant_public_id: uuid.UUID | None = None,
) -> SignedIn | Challenge:
    """Sign in whoever `identity` is, to the tenant named or to their only one. A second factor is asked for as ever.

    Raises NotAuthenticated where nobody here is linked to it, Conflict with `business_codes` where several are.
    """
    reach = sso_clients.reach_of(provider, identity.audience, identity.issuer)
    linked = _within(_linked(SYSTEM, identity), reach, tenant_public_id)
    held = {user.tenant_id for user in linked}
    by_address = _within(_of_address(identity), reach, tenant_public_id)
    found = linked + [user for user in by_address if user.tenant_id not in held]
    user = _only(provider, found)
    with atomic(SYSTEM):
        entered = admit(user, client, kind)
        if isinstance(entered, SignedIn):
            _note_use(user, identity)
    return entered


def register_with(
    provider: IdentityProvider,
    identity: Identity,
    *,
    company_name: str,
    username: str | None,
    name: str,
    client: Client,
    verify_link: LinkTo,
    kind: str = "api",
) -> Registered:
    """Open a business for whoever `identity` is; they become its owner, without a password, and are signed in.

    Raises Invalid where the provider tells no address, NotAuthenticated where the token is for a tenant's client.
    """
    if sso_clients.reach_of(provider, identity.audience, identity.issuer) is not None:
        raise NotAuthenticated("This token was made for one business alone. A new one is registered without it.")
    if identity.email is None:
        raise Invalid.field("id_token", f"Let {provider.title} tell your e-mail address, then register again.")
    with atomic(SYSTEM):
        opened = registration.register(
            email=identity.email,
            email_is_verified=identity.email_is_proof,
            username=username or username_of(identity.email),
            password=None,
            name=name or identity.name or identity.email,
            company_name=company_name,
            client=client,
            kind=kind,
            verify_link=verify_link,
        )
        _link(SYSTEM, opened.signed_in.user, identity)
    return opened


def link(by: Principal, provider: IdentityProvider, identity: Identity) -> ExternalIdentity:
    """Let the person `by` sign in with `identity` from now on. Linking twice is once.

    Raises Conflict where it is another's in the same tenant, NotAllowed for programs and for the operator of no tenant.
    """
    user = person(by)
    if user.tenant_id is None:
        raise NotAllowed("An operator without a business signs in with a password.")
    reach = sso_clients.reach_of(provider, identity.audience, identity.issuer)
    if reach is not None and user.tenant_id not in reach:
        raise NotAuthenticated("This token was made for another business.")
    with atomic(by) as session:
        # One at a time in a tenant: no constraint spans the people of one.
        session.execute(select(Tenant.id).where(Tenant.id == user.tenant_id).with_for_update())
        holders = {each.user_id: each for each, other in _linked(by, identity) if other.tenant_id == user.tenant_id}
        if user.id in holders:
            return holders[user.id]
        if holders:
            raise Conflict(f"Somebody else here signs in with this {provider.title} account.", code="identity_in_use")
        if len(list_identities(by)) >= MOST_IDENTITIES:
            raise Conflict(f"You have linked {MOST_IDENTITIES} accounts. Unlink one first.", code="too_many_identities")
        return _link(by, user, identity)


def list_identities(by: Principal) -> Sequence[ExternalIdentity]:
    """The accounts with which the person `by` can sign in, the oldest link first."""
    statement = select(ExternalIdentity).where(ExternalIdentity.user_id == person(by).id)
    return reads(by).scalars(statement.order_by(ExternalIdentity.id)).all()


def unlink(by: Principal, identity_id: int) -> None:
    """No longer sign in with a linked account. Raises NotFound, or Conflict where there is no other way in."""
    user = person(by)
    with atomic(by) as session:
        session.execute(select(User.id).where(User.id == user.id).with_for_update())
        mine = ExternalIdentity.user_id == user.id
        held = session.scalar(select(func.count()).select_from(ExternalIdentity).where(mine)) or 0
        one = mine & (ExternalIdentity.id == identity_id)
        gone = session.scalars(select(ExternalIdentity).where(one)).one_or_none()
        if gone is None:
            raise NotFound("There is no such account of yours.")
        if held == 1 and user.password_hash is None:
            raise Conflict("This is your only way to sign in. Set a password first.", code="last_way_in")
        session.execute(delete(ExternalIdentity).where(one))
        facts = {"provider": gone.provider, "email": gone.email}
        events.record(by, "user.identity_unlinked", f"user:{user.id}", facts, tenant_id=user.tenant_id)


def _linked(by: Principal, identity: Identity) -> list[tuple[ExternalIdentity, User]]:
    statement = (
        select(ExternalIdentity, User)
        .join(User, User.id == ExternalIdentity.user_id)
        .options(joinedload(User.tenant))
        .where(
            ExternalIdentity.provider == identity.provider,
            ExternalIdentity.issuer == identity.issuer,
            ExternalIdentity.subject == identity.subject,
            User.active,
        )
        .order_by(User.id)
    )
    return [(held, user) for held, user in reads(by).execute(statement)]


def _of_address(identity: Identity) -> list[tuple[None, User]]:
    if identity.email is None or not identity.email_is_proof:
        return []
    proved = (User.email == identity.email, User.email_verified_at.is_not(None), User.active)
    statement = select(User).where(*proved).options(joinedload(User.tenant)).order_by(User.id)
    return [(None, user) for user in reads(SYSTEM).scalars(statement)]


def _within(
    found: Sequence[tuple[ExternalIdentity | None, User]], reach: frozenset[int] | None, public_id: uuid.UUID | None
) -> list[User]:
    return [
        user
        for _, user in found
        if user.tenant is not None
        and (reach is None or user.tenant.id in reach)
        and (public_id is None or user.tenant.public_id == public_id)
    ]


def _only(provider: IdentityProvider, found: list[User]) -> User:
    open_to = [user for user in found if user.tenant is not None and user.tenant.suspended_at is None] or found
    codes = sorted({user.tenant.business_code for user in open_to if user.tenant is not None})
    if len(codes) > 1:
        raise Conflict(
            f"Your {provider.title} account belongs to several businesses: {', '.join(codes)}. Say which, with its "
            "'X-Tenant-Id' as GET /api/v1/tenants/resolve/{business_code} tells it.",
            code="several_businesses",
            details={"business_codes": codes},
        )
    if len(open_to) != 1:
        raise NotAuthenticated(
            f"Nobody here is linked to this {provider.title} account. Sign in with your password and link it, or "
            "register.",
            code="identity_not_linked",
        )
    return open_to[0]


def _note_use(user: User, identity: Identity) -> None:
    with atomic(SYSTEM) as session:
        used = update(ExternalIdentity).where(
            ExternalIdentity.user_id == user.id,
            ExternalIdentity.provider == identity.provider,
            ExternalIdentity.issuer == identity.issuer,
            ExternalIdentity.subject == identity.subject,
        )
        changes = {"last_used_at": clock.now(), "email": identity.email}
        if session.scalar(used.values(changes).returning(ExternalIdentity.id)) is None:
            _link(SYSTEM, user, identity)


def _link(by: Principal, user: User, identity: Identity) -> ExternalIdentity:
    now = clock.now()
    made = ExternalIdentity(
        user_id=user.id,
        provider=identity.provider,
        issuer=identity.issuer,
        subject=identity.subject,
        email=identity.email,
        linked_at=now,
        last_used_at=now if by is SYSTEM else None,
    )
    with atomic(by) as session:
        session.add(made)
        session.flush()
        facts = {"provider": identity.provider, "email": identity.email}
        actor = f"user:{user.id}"
        events.record(by, "user.identity_linked", actor, facts, tenant_id=user.tenant_id, actor=actor)
    return made


def username_of(email: str) -> str:
    """A username for somebody who named none: the first part of their address, where it will do as one."""
    try:
        return folded_username(email.partition("@")[0])
    except Invalid:
        return "owner"
