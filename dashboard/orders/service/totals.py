"""What an order comes to: tax by the tenant's rule, shipping by the table, exact to the minor unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.core.money import share

TRUNCATE = "truncate"


@dataclass(frozen=True, slots=True)
class Priced:
    """A line to add up: `price` for one piece in minor units."""

    price: int
    quantity: int
    taxed: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units; `total` is the sum of the others."""

    subtotal: int
    tax: int
    shipping: int

    @property
    def total(self) -> int:
        return self.subtotal + self.tax + self.shipping


@dataclass(frozen=True, slots=True)
class RateStep:
    """What sending to a country costs (any where None) from an order value on. Minor units."""

    country: str | None
    from_subtotal: int
    amount: int


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A rate in basis points, and how a part of a minor unit is rounded: `half_even` or `truncate`."""

    rate_bps: int
    rounding: str


def add_up(lines: Iterable[Priced], tax: TaxRule, *, shipping: int = 0) -> Totals:
    """Tax is one figure for the whole order, rounded once (P85).

    Shipping is not taxed.
    """
    lines = list(lines)
    subtotal = sum(line.price * line.quantity for line in lines)
    taxed = sum(line.price * line.quantity for line in lines if line.taxed)
    due = taxed * tax.rate_bps // 10_000 if tax.rounding == TRUNCATE else share(taxed, tax.rate_bps)
    return Totals(subtotal, due, shipping)


def shipping_for(steps: Sequence[RateStep], country: str | None, subtotal: int) -> int:
    """The step of the country where it has any, else of everywhere: the last one that `subtotal` reaches; 0 if none."""
    fitting = [step for step in steps if step.country == country and country is not None]
    fitting = fitting or [step for step in steps if step.country is None]
    reached = [step for step in fitting if step.from_subtotal <= subtotal]
    return max(reached, key=lambda step: step.from_subtotal).amount if reached else 0
