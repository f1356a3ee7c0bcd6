"""Signed tokens (RFC 7519): made and read here alone, with keys that are named in the header and rotate.

Each purpose has keys of its own, so that no token passes for another: what a key signs is decided by its row, never
by the token. Only HS256 is accepted, and of a token's header nothing but `kid` is looked at.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
from sqlalchemy import select

from dashboard.accounts.models import SigningKey
from dashboard.core import clock, crypto, vault
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads
from dashboard.core.errors import NotAuthenticated

ISSUER = "tradecounter"
ALGORITHM = "HS256"
KEEP_RETIRED = timedelta(days=91)
"""How long a retired key goes on being honoured: longer than any token lives."""

MAX_LENGTH = 4096


class Purpose(StrEnum):
    """What a token is for; also its `aud`."""

    ACCESS = "access"
    REFRESH = "refresh"
    MFA = "mfa"
    OAUTH = "oauth"


class BadToken(NotAuthenticated):
    """A token that is none of ours, is for something else, or has expired. Which of them is not told."""

    def __init__(self) -> None:
        super().__init__("The token is not valid, or no longer. Sign in again.")


def sign(purpose: Purpose, claims: dict[str, Any], *, lifetime: timedelta) -> str:
    """A token with `claims` that expires after `lifetime`; its `jti` makes every one different."""
    now = clock.now()
    kid = _current_kid(purpose)
    payload = {
        **claims,
        "iss": ISSUER,
        "aud": purpose.value,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": crypto.token(16),
    }
    return jwt.encode(payload, _secret(kid), algorithm=ALGORITHM, headers={"kid": kid})


def read(token: str, *purposes: Purpose) -> tuple[Purpose, dict[str, Any]]:
    """The claims of a token made for one of `purposes`, and which. Raises BadToken."""
    try:
        purpose, kid = _key_of(token)
        if purpose not in purposes:
            raise BadToken
        claims: dict[str, Any] = jwt.decode(
            token,
            _secret(kid),
            algorithms=[ALGORITHM],
            audience=purpose.value,
            issuer=ISSUER,
            # The clock is ours, so the times are compared below; a sandbox may move it.
            options={"require": ["exp", "iat", "aud", "iss", "jti"], "verify_exp": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise BadToken from error
    now = clock.now().timestamp()
    if not isinstance(claims["exp"], int) or not isinstance(claims["iat"], int):
        raise BadToken
    if not now < claims["exp"] <= now + KEEP_RETIRED.total_seconds():
        raise BadToken
    return purpose, claims


def expiry(claims: dict[str, Any]) -> datetime:
    """When a token that was read stops counting."""
    return datetime.fromtimestamp(claims["exp"], tz=clock.now().tzinfo)


def rotate_keys() -> None:
    """Sign with new keys from now on. Tokens signed before stay good until they expire."""
    with atomic(SYSTEM) as session:
        for key in session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None))):
            key.retired_at = clock.now()


def _current_kid(purpose: Purpose) -> str:
    newest = (
        select(SigningKey.kid)
        .where(SigningKey.purpose == purpose.value, SigningKey.retired_at.is_(None))
        .order_by(SigningKey.created_at.desc(), SigningKey.kid)
        .limit(1)
    )
    found = reads(SYSTEM).scalar(newest)
    if found is not None:
        return found
    key = SigningKey(kid=crypto.token(16), purpose=purpose.value, created_at=clock.now())
    with atomic(SYSTEM) as session:
        session.add(key)
    return key.kid


def _key_of(token: str) -> tuple[Purpose, str]:
    if len(token) > MAX_LENGTH:
        raise BadToken
    kid = jwt.get_unverified_header(token).get("kid")
    if not isinstance(kid, str) or not (kid.isascii() and kid.isalnum() and len(kid) <= 32):
        raise BadToken
    statement = select(SigningKey.purpose, SigningKey.retired_at).where(SigningKey.kid == kid)
    row = reads(SYSTEM).execute(statement).one_or_none()
    if row is None or (row.retired_at is not None and row.retired_at + KEEP_RETIRED < clock.now()):
        raise BadToken
    return Purpose(row.purpose), kid


def _secret(kid: str) -> bytes:
    return vault.vault(SYSTEM).derive(f"token {kid}")
