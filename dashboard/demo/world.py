"""Loading the demo world, and saying what is in it."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.config import Settings
from dashboard.demo import catalogue, crew, day, generated, people, stock, timesheets

SIZES: dict[str, int | None] = {"small": 400, "medium": None, "large": None}
LARGE = 1_000_000
"""Devices of a large world: the shipped ones and generated ones, for measurements."""


@dataclass(frozen=True, slots=True)
class World:
    """How large a world, and which random numbers it is made of."""

    size: str = "medium"
    seed: int = 42


def load(settings: Settings, world: World, report: Callable[[str, int, int], None]) -> None:
    """Load what is missing. A world that is there is left as it is, whatever `world` asks for."""
    people.load(settings.secret_key)
    stock.load(report, seed=world.seed)
    crew.load(report)
    day.load(report, seed=world.seed)
    timesheets.load(report, seed=world.seed)
    catalogue.load(report, seed=world.seed, limit=SIZES[world.size])
    if world.size == "large":
        generated.load(report, seed=world.seed, wanted=LARGE)


def is_loaded() -> bool:
    """Whether the demo world is there."""
    return people.is_loaded() and catalogue.is_loaded()


def describe(settings: Settings) -> dict[str, object]:
    """Where to go, who to sign in as, and the keys."""
    secret_key = settings.secret_key
    first, second = (people.describe(secret_key, merchant) for merchant in people.MERCHANTS)
    operator = {"username": people.OPERATOR, "password": people.password(secret_key, "", people.OPERATOR)}
    return {"base_url": settings.base_url, **first, "operator": operator, "other_tenant": second}
