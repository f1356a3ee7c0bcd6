"""Providers' public keys: fetched when first needed, kept for a while, fetched anew when a token names another.

One fetch at a time and at most one each half minute for each provider, whatever tokens name and however it fails.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any, cast

import jwt
from jwt import PyJWK

from dashboard.accounts.service import sso_http
from dashboard.accounts.service.sso_http import ProviderDown
from dashboard.config import IdentityProvider
from dashboard.core import clock

ALGORITHMS = ("RS256", "ES256")
LIFETIME = timedelta(minutes=15)
COOL_DOWN = timedelta(seconds=30)
STALE_FOR = timedelta(hours=24)
"""How long known keys go on being trusted while their provider does not answer."""

MAX_KEYS = 100


@dataclass(frozen=True, slots=True)
class Key:
    """A public key. `issuer` is set where a provider says that it signs for one issuer alone (Microsoft does)."""

    kid: str
    jwk: PyJWK
    issuer: str | None


class KeySet:
    """The keys at one address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._keys: tuple[Key, ...] = ()
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None

    def find(self, provider: IdentityProvider, kid: str, algorithm: str) -> list[Key]:
        """The keys of that name for that algorithm: none, one, or several where a provider uses a name twice.

        Raises ProviderDown where they cannot be had.
        """
        found = self._matching(kid, algorithm)
        if found and self._is_younger_than(LIFETIME):
            return found
        with self._lock:
            self._fetch_if_due(provider)
        if not self._is_younger_than(STALE_FOR):
            raise ProviderDown(provider, "its keys could not be fetched a moment ago")
        return self._matching(kid, algorithm)

    def _matching(self, kid: str, algorithm: str) -> list[Key]:
        return [key for key in self._keys if key.kid == kid and key.jwk.algorithm_name == algorithm]

    def _is_younger_than(self, age: timedelta) -> bool:
        return self._fetched_at is not None and clock.now() < self._fetched_at + age

    def _fetch_if_due(self, provider: IdentityProvider) -> None:
        now = clock.now()
        if self._tried_at is not None and now < self._tried_at + COOL_DOWN:
            return  # also where another thread has fetched them while this one waited
        try:
            self._keys = _read(provider, sso_http.ask(provider, self._url))
            self._fetched_at = now
        except ProviderDown:
            if not self._is_younger_than(STALE_FOR):
                raise
        finally:
            self._tried_at = clock.now()


def _read(provider: IdentityProvider, reply: sso_http.Reply) -> tuple[Key, ...]:
    if reply.status != 200:
        raise ProviderDown(provider, f"status {reply.status} for its keys")
    try:
        document: object = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise ProviderDown(provider, "its keys are not JSON") from error
    offered: object = cast("dict[str, Any]", document).get("keys") if isinstance(document, dict) else None
    if not isinstance(offered, list) or len(cast("list[Any]", offered)) > MAX_KEYS:
        raise ProviderDown(provider, "its keys are no list, or far too many")
    keys = tuple(key for each in cast("list[Any]", offered) if (key := _key(each)) is not None)
    if not keys:
        raise ProviderDown(provider, "none of its keys can be used")
    return keys


def _key(offered: object) -> Key | None:
    if not isinstance(offered, dict):
        return None
    data = cast("dict[str, Any]", offered)
    kid, issuer = data.get("kid"), data.get("issuer")
    if not isinstance(kid, str) or data.get("use", "sig") != "sig":
        return None
    try:
        made = PyJWK(data)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if made.algorithm_name not in ALGORITHMS:
        return None
    return Key(kid, made, issuer if isinstance(issuer, str) else None)


@cache
def key_set(url: str) -> KeySet:
    """The key set at `url`, one for this process."""
    return KeySet(url)
