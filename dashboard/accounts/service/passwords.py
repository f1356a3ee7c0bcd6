"""Passwords: argon2id, a list of those that everybody tries first, and no rules about their composition."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dashboard.core.errors import Invalid

MIN_PASSWORD = 8
MAX_PASSWORD = 256


class _Hashing:
    """argon2id as configured for this process, and a hash that fits nobody."""

    def __init__(self) -> None:
        self.configure(2, 19 * 1024)

    def configure(self, time_cost: int, memory_kib: int) -> None:
        self.hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self.decoy = ""

    def decoy_hash(self) -> str:
        if not self.decoy:
            self.decoy = self.hasher.hash("nobody's password")
        return self.decoy


_hashing = _Hashing()


def configure_hashing(time_cost: int, memory_kib: int) -> None:
    """Set argon2id's cost. A stored hash of another cost is renewed at its owner's next sign-in."""
    _hashing.configure(time_cost, memory_kib)


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hashing.hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one behind the hash. Without a hash it takes as long and is never right."""
    try:
        fitting = _hashing.hasher.verify(password_hash or _hashing.decoy_hash(), password[:MAX_PASSWORD])
        return fitting and bool(password_hash) and len(password) <= MAX_PASSWORD
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made at another cost than is configured now."""
    return _hashing.hasher.check_needs_rehash(password_hash)


def check_new(password: str, field: str = "password", *, forbidden: tuple[str | None, ...] = ()) -> None:
    """Raises Invalid for `field` where a new password is too short, too long, known to everybody, or in `forbidden`."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid.field(field, f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    folded = password.lower()
    if folded in _breached() or folded in {text.lower() for text in forbidden if text}:
        raise Invalid.field(field, "This password is among the first that are guessed. Choose another.")


@cache
def _breached() -> frozenset[str]:
    """The 30,000 most frequent passwords of published breaches, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - only whoever sets a password pays for it

    return frozenset(FREQUENCY_LISTS["passwords"])
