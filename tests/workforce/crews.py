"""Technicians to test with."""

from collections.abc import Sequence
from typing import Any

from dashboard.core.context import Principal
from dashboard.inventory.models import Location
from dashboard.inventory.service.locations import create_location
from dashboard.workforce.models import Technician
from dashboard.workforce.service import Shift, TechnicianFacts, create_technician

NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal", "Ivy", "Jon", "Kay", "Leo")
TAMPA = (27.9506, -82.4572)
WEEKDAYS_8_TO_17 = tuple(Shift(day, 8 * 60, 17 * 60, 12 * 60, 12 * 60 + 30) for day in range(5))


def technician(by: Principal, name: str = "Ann", **facts: Any) -> Technician:
    """A technician in Tampa who works Monday to Friday, 8 to 17 with half an hour's break at noon."""
    known: dict[str, Any] = {
        "base_pay": 2500,
        "home_zip": "33601",
        "home_latitude": TAMPA[0],
        "home_longitude": TAMPA[1],
        "shifts": WEEKDAYS_8_TO_17,
    }
    return create_technician(by, TechnicianFacts(name, **known | facts))


def crew(by: Principal, how_many: int = 3, **facts: Any) -> Sequence[Technician]:
    """So many technicians, named in the order of the alphabet."""
    return [technician(by, name_of(n), **facts) for n in range(how_many)]


def name_of(n: int) -> str:
    """A name for each number; they sort in that order within the first dozen."""
    return NAMES[n] if n < len(NAMES) else f"Tech {n:03}"


def van(by: Principal, name: str = "Van 1") -> Location:
    """A place of stock on wheels."""
    return create_location(by, name, kind="van")
