"""Public ids: a prefix that names the kind and a ULID, so that ids sort by the time they were made."""

import os
import re

from dashboard.core import clock

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{4,64}")


def ulid() -> str:
    """26 characters: 48 bits of milliseconds since 1970, then 80 random bits, in Crockford's alphabet."""
    millis = int(clock.now().timestamp() * 1000)
    number = (millis << 80) | int.from_bytes(os.urandom(10))
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def public_id(prefix: str) -> str:
    """A new id such as `ord_01k…`: `prefix`, an underscore and a ULID."""
    return f"{prefix}_{ulid()}"


def request_id(offered: str | None = None) -> str:
    """The caller's own request id where it is harmless text, else a new `req_…` of 12 hex digits (as in F66)."""
    if offered and _REQUEST_ID.fullmatch(offered):
        return offered
    return f"req_{os.urandom(6).hex()}"
