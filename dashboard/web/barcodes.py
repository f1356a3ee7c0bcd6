"""GTINs as bars that a scanner reads, and text as QR codes that a phone reads, each one SVG."""

from functools import lru_cache
from typing import Any, cast

import segno
from barcode.ean import EuropeanArticleNumber8, EuropeanArticleNumber13
from barcode.itf import ITF
from markupsafe import Markup

MODULE = 2
"""Width of the narrowest bar, in pixels."""

HEIGHT = 56
QR_MODULE = 5
_SYMBOLOGIES: dict[int, Any] = {8: EuropeanArticleNumber8, 13: EuropeanArticleNumber13, 14: ITF}


@lru_cache(maxsize=256)
def gtin_svg(gtin: str) -> Markup:
    """The bars of a valid GTIN: EAN-8, EAN-13 (a GTIN-12 with its leading zero) or ITF for 14 digits.

    The digits are not part of it. Raises ValueError where `gtin` is not 8, 12, 13 or 14 digits.
    """
    if not (gtin.isascii() and gtin.isdigit()) or len(gtin) not in (8, 12, 13, 14):
        raise ValueError("A GTIN has 8, 12, 13 or 14 digits.")
    digits = gtin.zfill(13) if len(gtin) == 12 else gtin
    modules = cast(str, _SYMBOLOGIES[len(digits)](digits).build()[0])
    bars = "".join(
        f"M{start * MODULE} 0h{width * MODULE}v{HEIGHT}h-{width * MODULE}z" for start, width in _bars(modules)
    )
    width = len(modules) * MODULE
    return Markup(
        '<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true">'
        '<path fill="#000" d="{bars}"/></svg>'
    ).format(width=width, height=HEIGHT, bars=bars)


def qr_svg(text: str) -> Markup:
    """`text` as a QR code, black on white in any theme so that every phone reads it. The picture has no words."""
    drawn = segno.make(text, error="m").svg_inline(scale=QR_MODULE, border=4, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - made here of squares; the text is not in it


def _bars(modules: str) -> list[tuple[int, int]]:
    """Start and width of each run of ones."""
    found: list[tuple[int, int]] = []
    start = 0
    for run in modules.replace("01", "0 1").replace("10", "1 0").split():
        if run[0] == "1":
            found.append((start, len(run)))
        start += len(run)
    return found
