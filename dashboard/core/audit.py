"""Equations that must hold in the data whatever was done to it. `flask audit` looks for rows that break one.

A domain adds its equations with `equation`, beside its other reads. Each is a statement that selects the offenders over
all tenants; nothing selected means that it holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.tenancy import EVERY_TENANT

SHOWN = 20
"""Offenders of one equation that are shown at most."""


@dataclass(frozen=True, slots=True)
class Equation:
    """`name` for lists, `says` the sentence that must be true, `offenders` the statement that finds what is not."""

    name: str
    says: str
    offenders: Callable[[], AnySelect]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of looking at one equation: no offenders means that it holds."""

    equation: Equation
    offenders: Sequence[RowMapping]


equations: dict[str, Equation] = {}


def equation(name: str, says: str) -> Callable[[Callable[[], AnySelect]], Callable[[], AnySelect]]:
    """Add the decorated function, which makes the statement that finds offenders. Raises ValueError for a second."""

    def add(offenders: Callable[[], AnySelect]) -> Callable[[], AnySelect]:
        if name in equations:
            raise ValueError(f"The equation {name!r} is there twice.")
        equations[name] = Equation(name, says, offenders)
        return offenders

    return add


def audit(by: Principal) -> list[Finding]:
    """Look at every equation, over all tenants. Raises NotAllowed for all but the operator and the system."""
    above = by.above_tenants()
    session = reads(above)
    return [
        Finding(each, session.execute(each.offenders().limit(SHOWN), execution_options=EVERY_TENANT).mappings().all())
        for each in equations.values()
    ]
