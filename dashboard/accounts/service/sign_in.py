"""Signing in: the one engine behind the page and the API. First something known, then, where set up, something held.

Refusals are always in the same words and take as long whether or not there is such a person.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from dashboard.accounts.models import MfaChallenge, Tenant, User, UserSession
from dashboard.accounts.service import mfa, passwords, principals, sessions, tokens
from dashboard.accounts.service.sessions import Client, Tokens
from dashboard.accounts.service.tokens import BadToken, Purpose
from dashboard.core import clock, crypto, events
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads
from dashboard.core.errors import NotAuthenticated, TooMany

CHALLENGE_LIFETIME = timedelta(minutes=5)
CHALLENGE_TRIES = 5
MOST_WRONG_CODES = 20
"""Wrong codes of one person over all their sign-ins: whoever has a password could go on to a new one for ever."""

WRONG_CODES_COUNT_FOR = timedelta(minutes=15)
_MOST_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is in: their session is open. `tokens` are for sessions of the API."""

    user: User
    tenant: Tenant | None
    session: UserSession
    tokens: Tokens | None


@dataclass(frozen=True, slots=True)
class Challenge:
    """Somebody whose second factor is still wanted; `token` stands for the first."""

    token: str


def sign_in(
    *,
    login: str,
    password: str,
    client: Client,
    kind: str,
    business_code: str | None = None,
    tenant_public_id: uuid.UUID | None = None,
) -> SignedIn | Challenge:
    """Sign in by username or e-mail and password. `kind` is the session to open: page or api.

    Without a business code or tenant everybody of that name is tried; the password must fit exactly one.
    Raises NotAuthenticated.
    """
    candidates = _candidates(login.strip().lower()[:254], business_code, tenant_public_id)
    fitting = [user for user in candidates if passwords.fits(user.password_hash, password)]
    if not candidates:
        passwords.fits(None, password)
    if len(fitting) != 1 or not fitting[0].active:
        _note_failure(candidates)
        raise NotAuthenticated("That user name and password do not match. Check both, and the business code.")
    user = fitting[0]
    _renew_hash(user, password)
    return admit(user, client, kind)


def admit(user: User, client: Client, kind: str) -> SignedIn | Challenge:
    """Let in somebody whose first factor is right: open their session, or ask for the second factor."""
    principals.refuse_suspended(user.tenant)
    if user.has_mfa:
        return Challenge(_challenge(user))
    return enter(user, user.tenant, client, kind)


def enter(user: User, tenant: Tenant | None, client: Client, kind: str) -> SignedIn:
    """Open a session of somebody who has shown all that is asked of them."""
    with atomic(SYSTEM):
        opened = sessions.open_session(user, kind, client)
        made = sessions.issue_tokens(opened, user, tenant) if kind == "api" else None
    return SignedIn(user, tenant, opened, made)


def verify_mfa(token: str, code: str, *, client: Client, kind: str) -> SignedIn:
    """Finish a sign-in with a code of the app, of the mail, or a backup code. Raises BadToken or NotAuthenticated.

    Every try counts, also those that come at the same time; after five the challenge is void. Raises TooMany where the
    person's codes were wrong too often of late.
    """
    challenge, user = _counted_try(token)
    with atomic(SYSTEM) as session:
        if _passes(session, challenge, user, code):
            return enter(user, user.tenant, client, kind)
    raise NotAuthenticated("That code is not right. Enter the newest one.", code="mfa_code_wrong")


def code_fits(user: User, code: str) -> bool:
    """Whether `code` is one of the second factor of somebody who is in already; a right one is used up.

    Wrong ones count together with those at signing in. Raises TooMany.
    """
    challenge, user = _counted_try(_challenge(user))
    with atomic(SYSTEM) as session:
        return _passes(session, challenge, user, code)


def mail_code(token: str) -> None:
    """Send a code for a challenge to its person's address. Raises BadToken; Invalid where they have no address."""
    challenge, user = _open_challenge(token)
    mfa.mail_code(SYSTEM, user, challenge)


def _candidates(login: str, business_code: str | None, tenant_public_id: uuid.UUID | None) -> list[User]:
    statement = select(User).where(or_(User.username == login, User.email == login)).options(joinedload(User.tenant))
    if business_code or tenant_public_id:
        statement = statement.join(Tenant, Tenant.id == User.tenant_id)
    if business_code:
        statement = statement.where(Tenant.business_code == business_code.strip().upper())
    if tenant_public_id:
        statement = statement.where(Tenant.public_id == tenant_public_id)
    return list(reads(SYSTEM).scalars(statement.order_by(User.id).limit(_MOST_CANDIDATES)).unique())


def _renew_hash(user: User, password: str) -> None:
    if user.password_hash is not None and passwords.is_outdated(user.password_hash):
        renewed = passwords.hash_password(password)
        with atomic(SYSTEM) as session:
            session.execute(update(User).where(User.id == user.id).values(password_hash=renewed))


def _note_failure(candidates: list[User]) -> None:
    """The audit trail of a person tells that somebody tried; with several of that name it is nobody's."""
    if len(candidates) == 1:
        user = candidates[0]
        events.record(SYSTEM, "user.sign_in_failed", f"user:{user.id}", tenant_id=user.tenant_id)


def _challenge(user: User) -> str:
    now = clock.now()
    with atomic(SYSTEM) as session:
        token = tokens.sign(Purpose.MFA, {"sub": str(user.id)}, lifetime=CHALLENGE_LIFETIME)
        session.add(
            MfaChallenge(
                user_id=user.id, digest=crypto.digest(token), created_at=now, expires_at=now + CHALLENGE_LIFETIME
            )
        )
    return token


def _open_challenge(token: str) -> tuple[MfaChallenge, User]:
    tokens.read(token, Purpose.MFA)
    statement = (
        select(MfaChallenge, User)
        .join(User, User.id == MfaChallenge.user_id)
        .options(joinedload(User.tenant))
        .where(
            MfaChallenge.digest == crypto.digest(token),
            MfaChallenge.passed_at.is_(None),
            MfaChallenge.expires_at > clock.now(),
            MfaChallenge.tries < CHALLENGE_TRIES,
            User.active,
        )
    )
    row = reads(SYSTEM).execute(statement).one_or_none()
    if row is None:
        raise BadToken
    challenge, user = row
    return challenge, user


def _counted_try(token: str) -> tuple[MfaChallenge, User]:
    """Count a try before the code is looked at, in a transaction of its own: a wrong code must not undo it."""
    challenge, user = _open_challenge(token)
    counting = update(MfaChallenge).where(
        MfaChallenge.id == challenge.id, MfaChallenge.tries < CHALLENGE_TRIES, MfaChallenge.passed_at.is_(None)
    )
    with atomic(SYSTEM) as session:
        _take_turns(session, user)
        _refuse_guessing(session, user)
        counted = session.execute(counting.values(tries=MfaChallenge.tries + 1).returning(MfaChallenge.id)).scalar()
    if counted is None:
        raise BadToken
    return challenge, user


def _passes(session: Session, challenge: MfaChallenge, user: User, code: str) -> bool:
    _take_turns(session, user)
    if not mfa.use_code(SYSTEM, user, code, challenge):
        return False
    passing = update(MfaChallenge).where(MfaChallenge.id == challenge.id, MfaChallenge.passed_at.is_(None))
    return session.execute(passing.values(passed_at=clock.now()).returning(MfaChallenge.id)).scalar() is not None


def _take_turns(session: Session, user: User) -> None:
    """Let one try of a person at a time look at their challenges and codes; the others wait here, not in a circle."""
    session.execute(select(User.id).where(User.id == user.id).with_for_update())


def _refuse_guessing(session: Session, user: User) -> None:
    """Raises TooMany where a person's wrong codes, whatever sign-in they were entered in, are too many."""
    wrong = select(func.coalesce(func.sum(MfaChallenge.tries), 0)).where(
        MfaChallenge.user_id == user.id,
        MfaChallenge.passed_at.is_(None),
        MfaChallenge.expires_at > clock.now() + CHALLENGE_LIFETIME - WRONG_CODES_COUNT_FOR,
    )
    if (session.scalar(wrong) or 0) >= MOST_WRONG_CODES:
        minutes = WRONG_CODES_COUNT_FOR // timedelta(minutes=1)
        raise TooMany(
            f"Too many wrong codes. Wait {minutes} minutes, then sign in again.",
            retry_after=int(WRONG_CODES_COUNT_FOR.total_seconds()),
        )
