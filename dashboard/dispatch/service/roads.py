"""How fast the roads are: what a business says of its own region."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from sqlalchemy import select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import FieldError, Invalid
from dashboard.dispatch.models import RoadSettings
from dashboard.dispatch.service.rows import MANAGE

LEAST_FACTOR, MOST_FACTOR = 100, 300
LEAST_SPEED, MOST_SPEED = 3, 90


@dataclass(frozen=True, slots=True)
class RoadFacts:
    """A road is `factor_percent` of the straight line; 24 `speeds` in miles an hour; where map tiles come from."""

    factor_percent: int
    speeds: tuple[Decimal, ...]
    tiles_url: str | None = None


def set_roads(by: Principal, facts: RoadFacts) -> None:
    """Say how long roads are and how fast each hour is. Raises Invalid that names every wrong field."""
    by.require(MANAGE)
    _check(facts)
    with atomic(by) as session:
        found = session.scalar(select(RoadSettings).with_for_update())
        if found is None:
            found = RoadSettings(factor_percent=facts.factor_percent, speeds=[])
            session.add(found)
        found.factor_percent = facts.factor_percent
        found.speeds = [str(speed) for speed in facts.speeds]
        found.tiles_url = facts.tiles_url
        events.record(by, "dispatch.roads_changed", f"tenant:{by.tenant_id}", {"factor_percent": facts.factor_percent})


def _check(facts: RoadFacts) -> None:
    wrong: list[FieldError] = []
    if not LEAST_FACTOR <= facts.factor_percent <= MOST_FACTOR:
        wrong.append(FieldError("factor_percent", f"A road is {LEAST_FACTOR} to {MOST_FACTOR} % of the straight line."))
    if len(facts.speeds) != 24:
        wrong.append(FieldError("speeds", "Give a speed for each of the 24 hours."))
    wrong += [
        FieldError(f"speed-{hour}", f"Speeds are {LEAST_SPEED} to {MOST_SPEED} miles an hour.")
        for hour, speed in enumerate(facts.speeds)
        if not (speed.is_finite() and LEAST_SPEED <= speed <= MOST_SPEED)
    ]
    if facts.tiles_url is not None and not _is_address(facts.tiles_url):
        wrong.append(FieldError("tiles_url", "Enter an address such as https://tiles.example/{z}/{x}/{y}.png."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and all(each in text for each in ("{z}", "{x}", "{y}"))
