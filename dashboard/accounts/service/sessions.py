"""Sessions: one row for each sign-in. Whatever was made from it (cookie, access token, refresh token) ends with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, select, update
from sqlalchemy.orm import Session, aliased

from dashboard.accounts.models import RefreshToken, Role, Tenant, User, UserSession
from dashboard.accounts.service import principals, tokens
from dashboard.accounts.service.tokens import BadToken, Purpose
from dashboard.core import clock, crypto, events
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import NotAuthenticated, NotFound

PAGE_LIFETIME = timedelta(days=14)
ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_IDLE = timedelta(days=30)
REFRESH_LIFETIME = timedelta(days=90)
REPLAY_LEEWAY = timedelta(seconds=15)
"""How long a refresh token that was just replaced still counts: its answer may have been lost on the way."""

SEEN_EVERY = timedelta(minutes=5)

_Twin = aliased(Tenant)
_Row = tuple[UserSession, User, Tenant | None, Role | None, Tenant | None]

_WITH_PERSON = (
    select(UserSession, User, Tenant, Role, _Twin)
    .join(User, User.id == UserSession.user_id)
    .outerjoin(Tenant, Tenant.id == User.tenant_id)
    .outerjoin(Role, and_(Role.tenant_id == User.tenant_id, Role.name == User.role))
    .outerjoin(_Twin, and_(_Twin.sandbox_of_id == User.tenant_id, UserSession.in_sandbox))
)
"""A session with its person, their business and role, and the sandbox where the session has gone there."""


@dataclass(frozen=True, slots=True)
class Client:
    """Where a sign-in comes from: the network address and what the browser or program calls itself."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an API client holds. `refresh` is None where the one it has stays good."""

    access: str
    refresh: str | None


def open_session(user: User, kind: str, client: Client) -> UserSession:
    """Note a sign-in of `user`, who has proved who they are. `kind` is page or api."""
    now = clock.true_now()
    with atomic(SYSTEM) as session:
        opened = UserSession(
            user_id=user.id,
            kind=kind,
            started_at=now,
            seen_at=now,
            proved_at=now,
            expires_at=now + (PAGE_LIFETIME if kind == "page" else REFRESH_LIFETIME),
            address=client.address[:60],
            agent=client.agent[:200],
        )
        session.add(opened)
        session.execute(update(User).where(User.id == user.id).values(last_signed_in_at=now))
        session.flush()
        events.record(
            SYSTEM,
            "user.signed_in",
            f"user:{user.id}",
            {"kind": kind},
            tenant_id=user.tenant_id,
            actor=f"user:{user.id}",
        )
    return opened


def principal_of_session(session_id: int) -> Principal:
    """Who acts in a session that has not ended. Raises NotAuthenticated."""
    row = reads(SYSTEM).execute(_WITH_PERSON.where(UserSession.id == session_id)).one_or_none()
    if row is None:
        raise NotAuthenticated("Sign in again.")
    opened, user, tenant, role, twin = cast(_Row, row)
    if opened.ended_at is not None or opened.expires_at <= clock.now() or not user.active:
        raise NotAuthenticated("This session has ended. Sign in again.")
    by = principals.of_user(user, tenant, role, opened=opened)
    _note_seen(opened)
    return by if twin is None else principals.in_sandbox(by, twin)


def issue_tokens(opened: UserSession, user: User, tenant: Tenant | None) -> Tokens:
    """The first access and refresh token of a session."""
    with atomic(SYSTEM):
        return Tokens(_access_token(opened.id, user, tenant), _refresh_token(opened.id, user, tenant))


def refresh(token: str, *, rotate: bool = False, tenant_public_id: str | None = None) -> Tokens:
    """A new access token, and with `rotate` a new refresh token in place of this one. Raises BadToken.

    A replaced token that is used again after its leeway was stolen from one side or the other: its session ends.
    """
    _, claims = tokens.read(token, Purpose.REFRESH)
    if tenant_public_id is not None and claims.get("tid") != tenant_public_id:
        raise BadToken
    now = clock.now()
    with atomic(SYSTEM) as session:
        statement = _WITH_PERSON.add_columns(RefreshToken).join(RefreshToken, RefreshToken.session_id == UserSession.id)
        row = session.execute(
            statement.where(RefreshToken.digest == crypto.digest(token)).with_for_update(of=RefreshToken)
        ).one_or_none()
        if row is None:
            raise BadToken
        opened, user, tenant, role, _, kept = row
        stolen = kept.replaced_at is not None and kept.replaced_at + REPLAY_LEEWAY < now
        if not stolen:
            if opened.ended_at is not None or min(kept.idle_until, opened.expires_at) <= now or not user.active:
                raise BadToken
            principals.of_user(user, tenant, role, opened=opened)
            kept.idle_until = now + REFRESH_IDLE
            opened.seen_at = now
            if rotate:
                kept.replaced_at = kept.replaced_at or now
            return Tokens(
                _access_token(opened.id, user, tenant), _refresh_token(opened.id, user, tenant) if rotate else None
            )
    _end_stolen(opened, user)
    raise BadToken


def _end_stolen(opened: UserSession, user: User) -> None:
    with atomic(SYSTEM) as session:
        _end(session, UserSession.id == opened.id)
        events.record(SYSTEM, "session.replayed", f"user:{user.id}", {"session": opened.id}, tenant_id=user.tenant_id)


def end_session_of_refresh_token(by: Principal, token: str) -> None:
    """Sign out where a refresh token is at hand. Raises NotFound where it is not of `by`."""
    statement = (
        select(UserSession.id)
        .join(RefreshToken, RefreshToken.session_id == UserSession.id)
        .where(RefreshToken.digest == crypto.digest(token), UserSession.user_id == by.actor_id)
    )
    found = reads(by).scalar(statement)
    if found is None:
        raise NotFound("There is no such session of yours.")
    end_session(by, found)


def end_session(by: Principal, session_id: int) -> None:
    """End one of one's own sessions. Raises NotFound for anybody else's."""
    with atomic(by) as session:
        mine = and_(UserSession.id == session_id, UserSession.user_id == by.actor_id)
        if session.scalar(select(UserSession.id).where(mine)) is None:
            raise NotFound("There is no such session of yours.")
        _end(session, mine)
        events.record(by, "session.ended", f"user:{by.actor_id}", {"session": session_id})


def end_other_sessions(by: Principal) -> int:
    """End all of one's sessions but the present one; how many."""
    with atomic(by):
        ended = end_all(by, by.actor_id or 0, but=by.session_id)
        events.record(by, "session.ended_others", f"user:{by.actor_id}", {"count": ended})
    return ended


def end_all(by: Principal, user_id: int, *, but: int | None = None) -> int:
    """End the sessions of a person, as a new password or a closed account does."""
    with atomic(by) as session:
        return _end(session, and_(UserSession.user_id == user_id, UserSession.id != (but or 0)))


def _end(session: Session, which: ColumnElement[bool]) -> int:
    ending = update(UserSession).where(which, UserSession.ended_at.is_(None)).values(ended_at=clock.now())
    return cast("CursorResult[Any]", session.execute(ending)).rowcount


def list_sessions(by: Principal) -> Sequence[UserSession]:
    """One's own sessions that have not ended, the latest first."""
    live = (UserSession.user_id == by.actor_id, UserSession.ended_at.is_(None), UserSession.expires_at > clock.now())
    return reads(by).scalars(select(UserSession).where(*live).order_by(UserSession.seen_at.desc()).limit(100)).all()


def _note_seen(opened: UserSession) -> None:
    """That a page's session is in use, to five minutes; sessions of the API are seen when their tokens are renewed."""
    now = clock.now()
    if opened.kind != "page" or opened.seen_at + SEEN_EVERY > now:
        return
    with atomic(SYSTEM) as session:
        session.execute(update(UserSession).where(UserSession.id == opened.id).values(seen_at=now))


def _access_token(session_id: int, user: User, tenant: Tenant | None) -> str:
    return tokens.sign(Purpose.ACCESS, _claims(session_id, user, tenant), lifetime=ACCESS_LIFETIME)


def _refresh_token(session_id: int, user: User, tenant: Tenant | None) -> str:
    now = clock.now()
    made = tokens.sign(Purpose.REFRESH, _claims(session_id, user, tenant), lifetime=REFRESH_LIFETIME)
    with atomic(SYSTEM) as session:
        session.add(
            RefreshToken(
                session_id=session_id, digest=crypto.digest(made), issued_at=now, idle_until=now + REFRESH_IDLE
            )
        )
    return made


def _claims(session_id: int, user: User, tenant: Tenant | None) -> dict[str, object]:
    return {"sub": str(user.id), "sid": session_id, "tid": None if tenant is None else str(tenant.public_id)}
