"""Credential to principal: one Bearer parser for all dialects, which never infers the dialect from the token."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from dashboard.core import clock, crypto
from dashboard.core.context import Principal
from dashboard.core.errors import NotAuthenticated
from dashboard.web.registry import registry

REMEMBERED_FOR = timedelta(seconds=2)
"""How long a process goes on trusting a credential it has checked; revocation may take five seconds."""

_MAX_REMEMBERED = 4096
_MISSING = "Valid API key required. Include 'Authorization: Bearer YOUR_API_KEY' header."

_remembered: OrderedDict[str, tuple[Principal, datetime]] = OrderedDict()
_lock = Lock()


def principal_of(header: str | None) -> Principal:
    """Whom an Authorization header stands for. Raises NotAuthenticated."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > 4096 or not token.isascii():
        raise NotAuthenticated(_MISSING)
    fingerprint = crypto.digest(token)
    known = _remembered.get(fingerprint)
    if known is not None and known[1] > clock.now():
        return _in_its_time(known[0])
    by = _resolve(token)
    if by.sandbox:
        return _in_its_time(by)  # never remembered: its clock may be moved before the next request
    until = clock.now() + REMEMBERED_FOR
    with _lock:
        _remembered[fingerprint] = (by, until if by.expires_at is None else min(until, by.expires_at))
        while len(_remembered) > _MAX_REMEMBERED:
            _remembered.popitem(last=False)
    return _in_its_time(by)


def _in_its_time(by: Principal) -> Principal:
    """Go to the time of `by`, whose sandbox may have moved its clock: a credential may have ended there already."""
    if by.clock_offset_s:
        clock.move_ahead(by.clock_offset_s)
        if by.expires_at is not None and by.expires_at <= clock.now():
            raise NotAuthenticated("This credential has expired, by the clock of your sandbox.")
    return by


def forget_all() -> None:
    """Check every credential anew at its next use."""
    with _lock:
        _remembered.clear()


def _resolve(token: str) -> Principal:
    for kind in registry().credentials:
        if token.startswith(kind.prefix):
            return kind.resolve(token)
    raise NotAuthenticated(_MISSING)
