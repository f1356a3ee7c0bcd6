"""Global Trade Item Numbers: the digits under a barcode."""

import re

from stdnum import ean

_SEPARATORS = re.compile(r"[\s\u00a0-]+")


def gtin_is_valid(code: str) -> bool:
    """Whether `code` is 8, 12, 13 or 14 ASCII digits whose last one is the right check digit, and not all
    zero.
    """
    return code.isascii() and code.isdigit() and code.strip("0") != "" and ean.is_valid(code)


def clean_gtin(text: str) -> str | None:
    """The digits of a valid GTIN written with or without spaces and hyphens; None for anything else.

    Leading zeros are kept as written: "0195949770272" and "195949770272" are the same article to a scanner,
    and which of both is stored is for the caller to say.
    """
    code = _SEPARATORS.sub("", text)
    return code if gtin_is_valid(code) else None
