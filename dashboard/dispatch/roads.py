"""How long it takes to drive somewhere: the straight line, longer by a factor, at the speed of the hour."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.dispatch.models import RoadSettings
from dashboard.dispatch.places import Point, distance_m

METRES_A_MILE = 1609.344
DEFAULT_FACTOR = 130
DEFAULT_SPEEDS = (40,) * 6 + (30, 24, 24, 28, 30, 30, 30, 30, 30, 28, 24, 24, 26, 30, 34, 36, 38, 40)
"""Miles an hour in each hour of the day: quick at night, slow when everybody drives."""


@dataclass(frozen=True, slots=True)
class Roads:
    """A road is `factor_percent` of the straight line; `speeds` are 24 of miles an hour, from midnight on."""

    factor_percent: int = DEFAULT_FACTOR
    speeds: Sequence[float] = DEFAULT_SPEEDS

    def metres(self, a: Point, b: Point) -> float:
        """How long the road is."""
        return distance_m(a, b) * self.factor_percent / 100

    def minutes(self, a: Point, b: Point, at_local_hour: float) -> float:
        """How long it takes to drive from `a` to `b`, setting out at that hour of the tenant's day (8.5 is half past).

        Each hour of the way goes at its own speed, so who sets out later never arrives sooner.
        """
        return drive_seconds(self.metres(a, b), at_local_hour * 3600, self.metres_a_second()) / 60

    def metres_a_second(self) -> tuple[float, ...]:
        """The speeds, as `drive_seconds` takes them."""
        return tuple(speed * METRES_A_MILE / 3600 for speed in self.speeds)


def drive_seconds(metres: float, leaving: float, speeds: Sequence[float]) -> float:
    """Seconds for so many metres, leaving at so many seconds after midnight; `speeds` in metres a second by hour."""
    taken, hour = 0.0, int(leaving // 3600)
    while True:
        speed = speeds[hour % 24]
        left = (hour + 1) * 3600 - leaving - taken
        if metres <= speed * left:
            return taken + metres / speed
        metres -= speed * left
        taken += left
        hour += 1


def roads_of(by: Principal) -> Roads:
    """The roads as the tenant of `by` has set them, or as they are without."""
    found = settings_of(by)
    return Roads() if found is None else Roads(found.factor_percent, tuple(float(each) for each in found.speeds))


def settings_of(by: Principal) -> RoadSettings | None:
    """What the tenant has set, or None."""
    return reads(by).scalar(select(RoadSettings))
