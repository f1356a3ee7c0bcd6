"""What routes are planned of, and what a plan says. All times are seconds since the day began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dashboard.dispatch.places import Point
from dashboard.dispatch.roads import Roads, drive_seconds

Span = tuple[int, int]
"""From the first second until before the second."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """That a stop stays with a van, and when its work begins."""

    van: int
    starts: int


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """Work at `place`, a point of the network, that takes `service` seconds and may begin from `early` to `late`.

    `needs` are skills and their least levels, `zones` the zones that the place lies in. `prize` is how many seconds of
    driving it is worth. A `fixed` one is a fact: it is neither moved nor dropped, even where it breaks a rule.
    """

    key: int
    place: int
    service: int
    early: int = 0
    late: int = 86_400
    needs: Mapping[int, int] = field(default_factory=dict[int, int])
    zones: frozenset[int] = frozenset()
    prize: int = 36_000
    fixed: Fixed | None = None


@dataclass(frozen=True, slots=True)
class Van:
    """Somebody with a van who works from `begins` to `ends`, sets out from `start` and is back at `end` by then.

    In a pause they neither work nor drive. Who serves no `zones` goes anywhere.
    """

    key: int
    start: int
    end: int
    begins: int
    ends: int
    pauses: tuple[Span, ...] = ()
    skills: Mapping[int, int] = field(default_factory=dict[int, int])
    zones: frozenset[int] = frozenset()


class Network:
    """Roads between points: metres from each to each, and metres a second in each hour."""

    def __init__(self, metres: Sequence[Sequence[float]], speeds: Sequence[float], *, offset: int = 0) -> None:
        """`offset` is the local time of day, in seconds, at which the day began: 0 but where clocks change."""
        self.metres = metres
        self.speeds = tuple(speeds)
        self.paces = tuple(1 / speed for speed in self.speeds)
        self.offset = offset

    @classmethod
    def between(cls, points: Sequence[Point], roads: Roads, *, offset: int = 0) -> "Network":
        """The roads between `points`."""
        metres = [[roads.metres(a, b) for b in points] for a in points]
        return cls(metres, roads.metres_a_second(), offset=offset)

    def seconds(self, a: int, b: int, leaving: int) -> int:
        """How long it takes from point `a` to point `b`."""
        at = leaving + self.offset
        hour, gone = divmod(at, 3600)
        metres, left = self.metres[a][b], 3600 - gone
        pace = self.paces[hour % 24]
        if metres * pace <= left:
            return int(metres * pace + 0.5)
        rest = (metres - left / pace) * self.paces[(hour + 1) % 24]
        if rest <= 3600:
            return int(left + rest + 0.5)
        return int(drive_seconds(metres, at, self.speeds) + 0.5)

    def slow_seconds(self, a: int, b: int, hours: range) -> int:
        """How long it takes in the slowest of `hours`."""
        return round(self.metres[a][b] * max(self.paces[hour % 24] for hour in hours))


@dataclass(frozen=True, slots=True)
class Problem:
    """A day to plan."""

    stops: Sequence[Stop]
    vans: Sequence[Van]
    network: Network


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop on a route: `drive` seconds on the way there, arrival, and from when to when is worked."""

    key: int
    drive: int
    arrives: int
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Route:
    """What one van does: its visits in order, all seconds of driving, and when it is back."""

    van: int
    visits: tuple[Visit, ...]
    drive: int
    back_at: int
    clashes: int = 0
    """Fixed stops that cannot be reached in time."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A stop that no route has, the constraint that binds, and what stood against each van: a word of `reasons`."""

    key: int
    reason: str
    by_van: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes for all vans, and what is left over."""

    routes: tuple[Route, ...]
    unplaced: tuple[Unplaced, ...]

    @property
    def drive(self) -> int:
        """Seconds of driving in all."""
        return sum(route.drive for route in self.routes)
