"""How stock reads on a page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.inventory.forms.stockroom import options
from dashboard.inventory.models import Location, Supplier

PURCHASE_TONES = {"draft": "neutral", "ordered": "info", "partial": "warn", "received": "good", "cancelled": "neutral"}
PURCHASE_WORDS = {
    "draft": "Draft",
    "ordered": "Ordered",
    "partial": "Partly received",
    "received": "Received",
    "cancelled": "Cancelled",
}
TRANSFER_WORDS = {"in_transit": "On its way", "arrived": "Arrived", "cancelled": "Cancelled"}
TRANSFER_TONES = {"in_transit": "info", "arrived": "good", "cancelled": "neutral"}
STOCKTAKE_WORDS = {"counting": "Counting", "posted": "Posted", "cancelled": "Cancelled"}
STOCKTAKE_TONES = {"counting": "info", "posted": "good", "cancelled": "neutral"}
MOVE_WORDS = {
    "receive": "Received",
    "adjust": "Corrected",
    "transfer_out": "Sent away",
    "transfer_in": "Came from another place",
    "sell": "Sold",
    "return": "Returned",
    "count": "Counted",
    "scrap": "Scrapped",
}


def money(by: Principal, minor: int | None) -> str:
    """Minor units of the tenant's currency as a person reads them; empty for None."""
    return "" if minor is None else Money(minor, by.currency).format()


def day(moment: date | None) -> str:
    """A day such as "20 Sep 2026"; empty for None."""
    return "" if moment is None else f"{moment.day} {moment:%b %Y}"


def signed(number: int) -> str:
    """A change with its sign: +3, −2, 0."""
    return f"{number:+d}".replace("-", "−") if number else "0"


def place_choices(places: Sequence[Location]) -> Any:
    """Places to choose from, by their code."""
    return options((place.code, place.name) for place in places)


def supplier_choices(suppliers: Sequence[Supplier], none: str = "") -> Any:
    """Suppliers to choose from, by their number; `none` is what choosing none is called."""
    return options(([("", none)] if none else []) + [(str(each.number), each.name) for each in suppliers])
