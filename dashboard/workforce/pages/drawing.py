"""Outlines as pictures."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from dashboard.workforce.shapes import Point

WIDTH, HEIGHT, MARGIN = 200, 140, 10


class Drawing(NamedTuple):
    """The points of an SVG polygon, and what it shows in words."""

    points: str
    words: str


def drawn(corners: Sequence[Point]) -> Drawing | None:
    """An outline that fills a box of 200 by 140, north at the top; None where there is none."""
    if not corners:
        return None
    middle = math.radians(sum(latitude for latitude, _ in corners) / len(corners))
    flat = [(longitude * math.cos(middle), -latitude) for latitude, longitude in corners]
    left, top = min(x for x, _ in flat), min(y for _, y in flat)
    wide, high = max(x for x, _ in flat) - left, max(y for _, y in flat) - top
    scale = min((WIDTH - 2 * MARGIN) / (wide or 1e-9), (HEIGHT - 2 * MARGIN) / (high or 1e-9))
    shift_x, shift_y = (WIDTH - wide * scale) / 2, (HEIGHT - high * scale) / 2
    points = " ".join(f"{(x - left) * scale + shift_x:.1f},{(y - top) * scale + shift_y:.1f}" for x, y in flat)
    return Drawing(points, f"Outline with {len(corners)} corners")
