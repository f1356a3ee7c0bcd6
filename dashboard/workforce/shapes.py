"""Points on the earth as (latitude, longitude) in degrees, and the outlines that they make."""

import math
from collections.abc import Sequence
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]

MAX_CORNERS = 200


def point_fault(latitude: float | None, longitude: float | None) -> str:
    """What is wrong with a pair of coordinates, as a sentence; empty where nothing is. Both or neither are given."""
    if latitude is None and longitude is None:
        return ""
    if latitude is None or longitude is None:
        return "Give both the latitude and the longitude, or neither."
    if not (math.isfinite(latitude) and -90 <= latitude <= 90):
        return "A latitude lies between -90 and 90 degrees."
    if not (math.isfinite(longitude) and -180 <= longitude <= 180):
        return "A longitude lies between -180 and 180 degrees."
    return ""


def polygon_fault(corners: Sequence[Point]) -> str:
    """What is wrong with an outline, as a sentence; empty where nothing is, and where there is no corner at all."""
    if not corners:
        return ""
    if fault := next(filter(None, (point_fault(*corner) for corner in corners)), ""):
        return fault
    if len(corners) > MAX_CORNERS:
        return f"An outline has at most {MAX_CORNERS} corners. Leave some out."
    if len(corners) < 3:
        return "An outline needs at least three corners."
    if len(set(corners)) < len(corners):
        return "An outline goes through each corner once. Leave out the one that comes twice."
    if _crosses_itself(corners):
        return "The outline crosses itself. Give the corners in order, walking round the zone."
    return ""


def is_inside(point: Point, corners: Sequence[Point]) -> bool:
    """Whether `point` lies in the outline or on its edge."""
    inside = False
    for first, second in _edges(corners):
        if _turn(first, second, point) == 0 and _within_box(first, second, point):
            return True
        if (first[0] > point[0]) != (second[0] > point[0]):
            at = first[1] + (point[0] - first[0]) * (second[1] - first[1]) / (second[0] - first[0])
            inside ^= point[1] < at
    return inside


def _edges(corners: Sequence[Point]) -> list[tuple[Point, Point]]:
    return [(corner, corners[(n + 1) % len(corners)]) for n, corner in enumerate(corners)]


def _crosses_itself(corners: Sequence[Point]) -> bool:
    edges = _edges(corners)
    last = len(edges) - 1
    for n, edge in enumerate(edges):
        if _turns_back(edge, edges[(n + 1) % len(edges)]):
            return True
        for m in range(n + 2, len(edges)):
            if (n, m) != (0, last) and _meet(edge, edges[m]):
                return True
    return False


def _turns_back(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether the second edge, which begins where the first ends, lies upon it."""
    (start, corner), (_, end) = first, second
    if _turn(start, corner, end) != 0:
        return False
    return (start[0] - corner[0]) * (end[0] - corner[0]) + (start[1] - corner[1]) * (end[1] - corner[1]) > 0


def _meet(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = first, second
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3] and 0 not in turns:
        return True
    touching = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _within_box(*each) for turn, each in zip(turns, touching, strict=True))


def _turn(a: Point, b: Point, c: Point) -> int:
    """1 where a, b, c turn left, -1 where they turn right, 0 where they lie on a line."""
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return 0 if abs(area) < 1e-14 else 1 if area > 0 else -1


def _within_box(a: Point, b: Point, point: Point) -> bool:
    return all(min(a[n], b[n]) <= point[n] <= max(a[n], b[n]) for n in (0, 1))
