"""Money is an integer of minor units with its currency. Nothing here, or anywhere, computes it in binary floats."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache

from babel.numbers import format_currency, get_currency_precision


@cache
def precision(currency: str) -> int:
    """Digits after the point of `currency` (ISO 4217): 2 for USD, 0 for JPY."""
    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents for USD). Adding two currencies raises ValueError."""

    minor: int
    currency: str

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> "Money":
        """Raises ValueError where `amount` has more places than the currency has."""
        scaled = amount.scaleb(precision(currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{currency} has at most {precision(currency)} decimal places.")
        return cls(int(scaled), currency)

    def to_decimal(self) -> Decimal:
        """In major units, with exactly the currency's places: Decimal('549.00')."""
        places = precision(self.currency)
        return Decimal(self.minor).scaleb(-places).quantize(Decimal(1).scaleb(-places))

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added.")
        return Money(self.minor + other.minor, self.currency)

    def format(self, locale: str = "en_US") -> str:
        """As a person reads it: '$549.00'."""
        return _formatted(self, locale)


@lru_cache(maxsize=4096)  # a long list says the same prices over and over
def _formatted(money: Money, locale: str) -> str:
    return format_currency(money.to_decimal(), money.currency, locale=locale)


def divide(minor: int, by: int) -> int:
    """`minor / by` in whole minor units, half to even: the one place where money is rounded."""
    return int((Decimal(minor) / Decimal(by)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def share(minor: int, basis_points: int) -> int:
    """`basis_points` (1/100 of a percent) of `minor`, half to even."""
    return divide(minor * basis_points, 10_000)
