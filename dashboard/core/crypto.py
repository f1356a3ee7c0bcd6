"""Secrets: made, hashed, compared. Nothing here stores one."""

import hashlib
import hmac
import secrets

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def token(length: int = 32) -> str:
    """`length` random letters and digits (5.9 bits each)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def derived_token(secret_key: str, purpose: str, length: int = 32) -> str:
    """The same letters and digits for the same key and purpose: the demo's secrets, which must print again."""
    stream = hashlib.shake_256(f"{purpose}\0{secret_key}".encode()).digest(length * 2)
    pairs = zip(stream[::2], stream[1::2], strict=True)
    return "".join(_ALPHABET[(high << 8 | low) % len(_ALPHABET)] for high, low in pairs)


def digest(secret: str) -> str:
    """SHA-256 in hex. Enough for a random token of 128 bits or more; never for a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in a time that does not depend on where two strings differ."""
    return hmac.compare_digest(left.encode(), right.encode())
