"""Places on the earth: points, how far apart they are, and where a ZIP code lies. Works without a network."""

from collections.abc import Callable
from functools import lru_cache
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Any, cast

from dashboard.core.errors import Invalid

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

EARTH_RADIUS_M = 6_371_008.8


def distance_m(a: Point, b: Point) -> float:
    """Metres between two points along the great circle."""
    north, south = radians(a[0]), radians(b[0])
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def of_zip(zip_code: str) -> Point | None:
    """The middle of the region of a US ZIP code, `33601` or `33601-1234`; None where it is none that is known."""
    digits = zip_code.strip().partition("-")[0]
    if len(digits) != 5 or not (digits.isascii() and digits.isdigit()):
        return None
    return _middle(digits)


@lru_cache(maxsize=4096)
def _middle(digits: str) -> Point | None:
    import zipcodes  # noqa: PLC0415 - its list takes a third of a second to unfold, which few processes need

    matching = cast(Callable[[str], list[dict[str, Any]]], zipcodes.matching)  # pyright: ignore[reportUnknownMemberType]
    for found in matching(digits):
        point = float(found["lat"]), float(found["long"])
        if point != (0.0, 0.0):
            return point
    return None


def point_of(latitude: float | None, longitude: float | None, zip_code: str = "") -> Point | None:
    """Where something is: at its coordinates where they are known, else in the middle of its ZIP code."""
    if latitude is not None and longitude is not None:
        return latitude, longitude
    return of_zip(zip_code)


def checked(latitude: float, longitude: float) -> Point:
    """The point. Raises Invalid for what is no place on the earth (NaN too)."""
    for name, value, limit in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if not isfinite(value) or abs(value) > limit:
            raise Invalid.field(name, f"Field '{name}' must be a number from -{limit} to {limit}.")
    return latitude, longitude
