"""Addresses that a mail can be sent to: one mailbox, no names, lists, quotes, spaces or line ends."""

import re

from dashboard.core.errors import Invalid

MAX_ADDRESS = 254
_LOCAL = r"[^\s@\"<>()\[\]\\,:;.]+(?:\.[^\s@\"<>()\[\]\\,:;.]+)*"
_DOMAIN = r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+"
_ADDRESS = re.compile(rf"(?:{_LOCAL})@(?:{_DOMAIN})")


def is_address(text: str) -> bool:
    """Whether `text` is one mail address and nothing else."""
    return len(text) <= MAX_ADDRESS and text.isprintable() and _ADDRESS.fullmatch(text) is not None


def folded_address(text: str, field: str = "email") -> str:
    """An address as it is stored and compared. Raises Invalid for `field` where it is none."""
    address = text.strip().lower()
    if not is_address(address):
        raise Invalid.field(field, "Enter an e-mail address, such as jane@shop.example.")
    return address
