"""Identity tokens of providers: whom one speaks of, once everything about it has been found right."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from dashboard.accounts.service.sso_keys import ALGORITHMS, Key, key_set
from dashboard.config import IdentityProvider
from dashboard.core import clock, crypto
from dashboard.core.errors import NotAuthenticated

SKEW_S = 60
"""How far a provider's clock may differ from ours."""

MAX_LENGTH = 10_000

_DIRECTORY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")

log = logging.getLogger(__name__)


class BadIdentity(NotAuthenticated):
    """An identity token that is not to be trusted. What was wrong stands in the log, not in the answer."""

    def __init__(self, provider: IdentityProvider, reason: str) -> None:
        log.info("An identity token of %s was refused: %s", provider.title, reason)
        super().__init__(f"{provider.title} could not tell who you are. Sign in there again.")


@dataclass(frozen=True, slots=True)
class Identity:
    """An account at a provider. `audience` is the client that the token was made for.

    `email_is_proof` is set where whoever holds this account also holds the address now, as far as the provider knows.
    `signed_in_at` is when its holder last showed the provider who they are, where it says so, else when it made the
    token; both in epoch seconds, by the provider's clock.
    """

    provider: str
    issuer: str
    subject: str
    audience: str
    email: str | None
    email_is_proof: bool
    name: str | None
    signed_in_at: int = 0


def verify(
    provider: IdentityProvider, token: str, *, known: Callable[[str], bool], nonce: str | None = None
) -> Identity:
    """Whom `token` speaks of. `known` says whether an audience is a client of ours.

    Raises BadIdentity, or ProviderDown where the keys cannot be had. The provider is asked for keys only where
    everything but the signature is right.
    """
    if len(token) > MAX_LENGTH:
        raise BadIdentity(provider, "too long")
    try:
        header = jwt.get_unverified_header(token)
        offered: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        if not known(_identity(provider, offered, nonce).audience):
            raise BadIdentity(provider, "the audience is no client of ours")
        claims = _signed_claims(provider, token, header)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadIdentity(provider, type(error).__name__) from error
    return _identity(provider, claims, nonce)


def _signed_claims(provider: IdentityProvider, token: str, header: dict[str, Any]) -> dict[str, Any]:
    """The claims once one of the provider's keys has signed them. Of the header only `alg` and `kid` are looked at."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(kid, str):
        raise BadIdentity(provider, "algorithm or key name")
    unchecked = ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss")  # `_identity` does, by our clock
    options: Any = {"enforce_minimum_key_length": True, **dict.fromkeys(unchecked, False)}
    for key in key_set(provider.keys_url).find(provider, kid, algorithm):
        try:
            claims: dict[str, Any] = jwt.decode(token, key.jwk, algorithms=[algorithm], options=options)
        except jwt.InvalidSignatureError:
            continue
        if _signs_for(key, claims):
            return claims
    raise BadIdentity(provider, "no key of that name signed it")


def _signs_for(key: Key, claims: dict[str, Any]) -> bool:
    return key.issuer is None or key.issuer.replace("{tenantid}", str(claims.get("tid"))) == claims["iss"]


def _identity(provider: IdentityProvider, claims: dict[str, Any], nonce: str | None) -> Identity:
    _check_times(provider, claims)
    if nonce is not None and not crypto.same(nonce, str(claims.get("nonce"))):
        raise BadIdentity(provider, "nonce")
    subject, audience = claims.get("sub"), claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:  # pyright: ignore[reportUnknownArgumentType]
        audience = audience[0]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(audience, str) or not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise BadIdentity(provider, "audience or subject")
    if not subject.isascii() or not subject.isprintable():
        raise BadIdentity(provider, "subject")
    email, name = claims.get("email"), claims.get("name")
    usable = isinstance(email, str) and email.isascii() and email.isprintable() and _ADDRESS.fullmatch(email)
    address = email.lower() if usable and isinstance(email, str) else None
    return Identity(
        provider=provider.name,
        issuer=_issuer(provider, claims),
        subject=subject,
        audience=audience,
        email=address,
        email_is_proof=address is not None and _is_proof(provider, address, claims),
        name=name.replace("\0", "").strip()[:120] or None if isinstance(name, str) else None,
        signed_in_at=_signed_in_at(claims),
    )


def _signed_in_at(claims: dict[str, Any]) -> int:
    """What cannot be read counts as long ago: it is no reason to refuse a sign-in, and proves nothing new."""
    said = claims.get("auth_time", claims["iat"])
    return said if type(said) is int else 0


def _check_times(provider: IdentityProvider, claims: dict[str, Any]) -> None:
    now = clock.true_now().timestamp()  # whatever sandbox somebody is in, the provider is not
    issued, expires, begins = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if type(issued) is not int or type(expires) is not int or type(begins) is not int:
        raise BadIdentity(provider, "times are missing")
    if expires <= now - SKEW_S or max(issued, begins) > now + SKEW_S:
        raise BadIdentity(provider, "expired, or not valid yet")


def _issuer(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """The issuer in the spelling that is kept: one account is one identity."""
    issuer, directory = claims.get("iss"), claims.get("tid")
    if not isinstance(issuer, str):
        raise BadIdentity(provider, "issuer")
    if issuer in provider.issuers and "{tid}" not in issuer:
        return provider.issuers[0]
    if isinstance(directory, str) and _DIRECTORY.fullmatch(directory):
        for pattern in provider.issuers:
            if "{tid}" in pattern and issuer == pattern.replace("{tid}", directory):
                return issuer
    raise BadIdentity(provider, "issuer")


def _is_proof(provider: IdentityProvider, address: str, claims: dict[str, Any]) -> bool:
    """Whether the address is the account's now. Each provider says so in its own way.

    Google checks a foreign address once and never again, so only its own domains and those it hosts count. Microsoft
    lets a directory write any address into its accounts, unless it has seen that the domain is the directory's own.
    """
    domain = address.rpartition("@")[2]
    if provider.name == "microsoft":
        return claims.get("xms_edov") in (True, 1, "1", "true")
    verified = claims.get("email_verified") in (True, "true")
    if provider.name == "google":
        return verified and (domain in ("gmail.com", "googlemail.com") or claims.get("hd") == domain)
    return verified
