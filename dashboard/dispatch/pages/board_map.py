"""The day's jobs where they are, as a drawing: no tiles, nothing from outside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.dispatch.places import Point
from dashboard.dispatch.queries.board import Board, Card, point_of

WIDTH, HEIGHT, MARGIN = 640, 400, 24
COLOURS = 8
"""Routes are told apart by so many colours, in turn."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A job at (x, y) of the drawing; `order` counts the stops of its technician, 0 is one that waits."""

    number: int
    title: str
    x: float
    y: float
    order: int
    colour: int
    has_problem: bool


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a technician from stop to stop, as the points of a line; `seen` is where they are."""

    name: str
    line: str
    colour: int
    seen: Point | None


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing of WIDTH × HEIGHT. `unplaced` jobs have neither coordinates nor a ZIP code that is known."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    routes: tuple[Route, ...]
    unplaced: int


class _Frame:
    """Puts latitude and longitude onto the drawing: near enough to true within a region that is driven in a day."""

    def __init__(self, points: Sequence[Point]) -> None:
        south, north = min(each[0] for each in points), max(each[0] for each in points)
        west, east = min(each[1] for each in points), max(each[1] for each in points)
        self._narrow = math.cos(math.radians((south + north) / 2))
        wide, high = max((east - west) * self._narrow, 0.01), max(north - south, 0.01)
        self._scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
        self._north, self._west = north, west
        self._left = (WIDTH - wide * self._scale) / 2
        self._top = (HEIGHT - high * self._scale) / 2

    def __call__(self, point: Point) -> Point:
        x = self._left + (point[1] - self._west) * self._narrow * self._scale
        y = self._top + (self._north - point[0]) * self._scale
        return round(x, 1), round(y, 1)


def drawn(board: Board) -> Map | None:
    """The map of a board; None where nothing on it has a place."""
    cards = [card for lane in board.lanes for card in lane.cards] + list(board.waiting)
    places = {card.job.id: place for card in cards if (place := point_of(card.job)) is not None}
    seen = {lane.technician.id: lane.technician.seen[:2] for lane in board.lanes if lane.technician.seen is not None}
    if not places:
        return None
    frame = _Frame([*places.values(), *seen.values()])
    dots: list[Dot] = []
    routes: list[Route] = []
    for index, lane in enumerate(board.lanes):
        stops = [card for card in lane.cards if card.job.id in places and card.column]
        colour = index % COLOURS
        dots += [_dot(frame, card, places[card.job.id], order, colour) for order, card in enumerate(stops, 1)]
        line = " ".join(f"{x},{y}" for x, y in (frame(places[card.job.id]) for card in stops))
        at = seen.get(lane.technician.id)
        if line or at is not None:
            routes.append(Route(lane.technician.name, line, colour, None if at is None else frame(at)))
    dots += [_dot(frame, card, places[card.job.id], 0, 0) for card in board.waiting if card.job.id in places]
    return Map(WIDTH, HEIGHT, tuple(dots), tuple(routes), len({card.job.id for card in cards} - places.keys()))


def _dot(frame: _Frame, card: Card, place: Point, order: int, colour: int) -> Dot:
    x, y = frame(place)
    return Dot(card.job.number, card.job.title, x, y, order, colour, bool(card.problems))
