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
TRANSFER_STATES = TRANSFER_WORDS | {"partial": "Partly arrived", "lost": "Lost"}
TRANSFER_TONES = {"in_transit": "info", "partial": "warn", "arrived": "good", "lost": "bad", "cancelled": "neutral"}
STOCKTAKE_WORDS = {"counting": "Counting", "posted": "Posted", "cancelled": "Cancelled"}
STOCKTAKE_TONES = {"counting": "info", "posted": "good", "cancelled": "neutral"}
UNIT_KINDS = {
    "missing": "Missing",
    "elsewhere": "At another place",
    "on_its_way": "On its way",
    "sold": "Sold or scrapped",
    "unknown": "Not in the books",
    "came": "Came since",
    "left": "Left since",
    "matched": "Found",
    "moved": "Moved here",
    "arrived": "Arrived by transfer",
    "intake": "Listed to be taken in",
    "held": "Held elsewhere, not moved",
    "left_alone": "Left as it is",
    "unscanned": "Not scanned",
}
"""What a unit of a stocktake is, or became of it when it was posted; what needs people first."""

UNIT_NEXT = {
    "missing": "The books have them here and nobody scanned them. Posting sets them aside as missing.",
    "elsewhere": "They lie here, and the books have them at another place. Posting moves them here.",
    "on_its_way": "They came with a transfer that nobody has taken in. Posting takes in those that were sent here.",
    "sold": "They lie here, and the books say that they left. Posting lists them on a manifest, to be looked at.",
    "unknown": "The books know no such unit. Posting lists them on a manifest, to be taken in.",
    "came": "They were taken in or moved here after the count began.",
    "left": "They were sold, promised to somebody or moved away after the count began, so they are not missing.",
    "intake": "They are on a manifest: decide there what comes in.",
    "held": "Somebody holds them at their place. Release them, then move them here.",
}
SCANNED = {
    "matched": "{} is here.",
    "came": "{} is here; it came after the count began.",
    "again": "{} was scanned already.",
    "back": "The scan of {} is taken back.",
    "elsewhere": "{} is at another place in the books. It is listed.",
    "on_its_way": "{} is on its way in the books. It is listed.",
    "sold": "{} has left in the books. It is listed.",
    "unknown": "{} is not in the books. It is listed.",
}
HOLDERS = {"quarantine": "Quarantine", "order": "Order", "draft": "Order being typed", "transfer": "Transfer"}
AS_EXPECTED = ("matched", "came", "back")
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
