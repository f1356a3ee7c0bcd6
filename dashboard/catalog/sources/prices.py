"""Prices as files write them, into minor units."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

from dashboard.catalog.normalise import SpecError, clean_text, is_absent

_SIGNS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
# fmt: off
_TWO_DIGITS = frozenset((
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "MXN",
    "MYR", "NOK", "NZD", "PHP", "PKR", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "ZAR",
))
# fmt: on
_NO_DIGITS = frozenset(("JPY", "KRW", "VND", "CLP"))
MAX_PRICE = 1_000_000
_PRICE = re.compile(r"(?P<before>[^\d\s.,-]*)\s*(?P<number>[0-9][0-9.,]*)\s*(?P<after>[^\d\s.,-]*)")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]{1,2})?")
_POINTS = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]{1,2}")


def parse_price(text: str, currency: str = "") -> tuple[int, str] | None:
    """Minor units and ISO currency of "$799", "USD 1,099", "451.5" with `currency` given; None where
    nothing is said.

    Raises SpecError where no currency is stated, for what is no price, and for 0 or more than 1,000,000.
    """
    text = clean_text(text)
    if is_absent(text):
        return None
    match = _PRICE.fullmatch(text)
    if match is None:
        raise SpecError("is not a price; write it as USD 799.00")
    stated = _currency(match["before"] or match["after"])
    if not stated and not currency:
        raise SpecError("states no currency, so it is not taken; map the column as a price in one currency")
    amount = _amount(match["number"])
    if not 0 < amount <= MAX_PRICE:
        raise SpecError(f"is outside what is believed for a price (more than 0, at most {MAX_PRICE:,})")
    taken = stated or currency
    digits = 0 if taken in _NO_DIGITS else 2
    return int((amount * 10**digits).quantize(Decimal(1), ROUND_HALF_EVEN)), taken


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO currency that prices are read in."""
    return code in _TWO_DIGITS or code in _NO_DIGITS


def _currency(mark: str) -> str:
    code = _SIGNS.get(mark, mark.upper())
    if code and not is_currency(code):
        raise SpecError(f'is in a currency that is not known ("{mark}")')
    return code


def _amount(number: str) -> Decimal:
    if len(number) > 20:
        raise SpecError("is not a price; write it as USD 799.00")
    if _COMMAS.fullmatch(number):
        number = number.replace(",", "")
    elif _POINTS.fullmatch(number):
        number = number.replace(".", "").replace(",", ".")
    if not _PLAIN.fullmatch(number):
        raise SpecError("is not a price; write it as USD 799.00")
    return Decimal(number)
