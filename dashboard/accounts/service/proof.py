"""Asking again who somebody is, before something dangerous: for their password, or where they have none, for what signs
them in instead. What was shown counts for the one session in which it was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from dashboard.accounts.models import ExternalIdentity, User, UserSession
from dashboard.accounts.service import passwords, sso, sso_clients
from dashboard.accounts.service.people import person
from dashboard.accounts.service.sign_in import code_fits
from dashboard.accounts.service.sso_tokens import SKEW_S, Identity
from dashboard.config import IdentityProvider
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed


@dataclass(frozen=True, slots=True)
class ProofWays:
    """How somebody can show again who they are. Where there is a password, it is the only way."""

    password: bool
    code: bool
    providers: Sequence[IdentityProvider]


def proof_ways(by: Principal, providers: Sequence[IdentityProvider]) -> ProofWays:
    """The ways of `by`, of all `providers` that the installation knows."""
    user = person(by)
    if user.password_hash is not None:
        return ProofWays(password=True, code=False, providers=())
    linked = {each.provider for each in sso.list_identities(by)}
    offered = [each for each in sso_clients.offered(providers, user.tenant) if each.name in linked]
    return ProofWays(password=False, code=user.has_mfa, providers=offered)


def prove_again(by: Principal, password: str) -> None:
    """Note in the session that its person has just given their password. Raises Invalid where it is wrong."""
    user = person(by)
    if not passwords.fits(user.password_hash, password):
        _note_failure(by, user)
        raise Invalid.field("password", "That password is not right.")
    _note_proof(by, user)


def prove_by_code(by: Principal, code: str) -> None:
    """Note in the session that its person, who has no password, has just given a code of their second factor.

    Raises Invalid where it is wrong, TooMany where codes were wrong too often of late, Conflict where there is a
    password or no second factor.
    """
    user = _without_password(by)
    if not user.has_mfa:
        raise Conflict("No second factor is set up.", code="mfa_not_enabled")
    with clock.ahead_by(0):  # a person's codes count by the true time, in a sandbox too
        fits = code_fits(user, code)
    if not fits:
        _note_failure(by, user)
        raise Invalid.field("code", "That code is not right. Enter the newest one.")
    _note_proof(by, user)


def prove_by_identity(by: Principal, provider: IdentityProvider, identity: Identity, *, asked_at: datetime) -> None:
    """Note in the session that its person, who has no password, has signed in at their provider since `asked_at` (UTC).

    Raises NotAllowed where it is another account than one they linked, or where the provider let them in by a sign-in
    of before; Conflict where there is a password.
    """
    user = _without_password(by)
    linked = select(ExternalIdentity.id).where(
        ExternalIdentity.user_id == user.id,
        ExternalIdentity.provider == identity.provider,
        ExternalIdentity.issuer == identity.issuer,
        ExternalIdentity.subject == identity.subject,
    )
    if reads(by).scalar(linked) is None:
        _note_failure(by, user)
        raise NotAllowed(f"That is not the {provider.title} account that you sign in with here.")
    if identity.signed_in_at < asked_at.timestamp() - SKEW_S:
        _note_failure(by, user)
        raise NotAllowed(
            f"{provider.title} let you in without asking who you are. Sign out at {provider.title}, then confirm again."
        )
    _note_proof(by, user)


def _without_password(by: Principal) -> User:
    user = person(by)
    if user.password_hash is not None:
        raise Conflict("You have a password. Enter it instead.", code="has_password")
    return user


def _note_failure(by: Principal, user: User) -> None:
    events.record(by, "session.proof_failed", f"user:{user.id}")


def _note_proof(by: Principal, user: User) -> None:
    with atomic(by) as session:
        mine = update(UserSession).where(UserSession.id == by.session_id, UserSession.user_id == user.id)
        session.execute(mine.values(proved_at=clock.true_now()))
