"""How an order is said: its state, its door, what happened to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.customers.queries import Moment
from dashboard.orders.queries import DOORS

TONES = {"pending": "warn", "confirmed": "info", "shipped": "info", "delivered": "good", "cancelled": "neutral"}
METHODS = {"card": "Card", "cash": "Cash", "transfer": "Bank transfer", "check": "Check", "other": "Other"}
OUTCOMES = {"restock": "Back on the shelf", "repair": "To be repaired", "scrap": "Scrap"}
REASONS = {"hold_expired": "The hold lapsed before anybody confirmed it.", "cancelled": ""}
"""Why an order was cancelled, where that is not in somebody's own words."""

_PLAIN = {
    "order.confirmed": "Confirmed",
    "order.parcel_sent": "Parcel sent",
    "order.shipped": "Shipped",
    "order.delivered": "Delivered",
}


class Told(NamedTuple):
    """A line of a timeline."""

    text: str
    detail: str
    who: str
    at: datetime


def money(minor: int, currency: str) -> str:
    """An amount as a person reads it."""
    return Money(minor, currency).format()


def clock_text(by: Principal, moment: datetime) -> str:
    """An instant of today as a time, 14:52; of another day with its date."""
    zone = ZoneInfo(by.time_zone)
    local = moment.astimezone(zone)
    is_today = local.date() == clock.now().astimezone(zone).date()
    return f"{local:%H:%M}" if is_today else f"{local:%-d %b, %H:%M}"


def door_text(door: str) -> str:
    """How an order came in."""
    return DOORS.get(door, door.replace("_", " "))


def told(by: Principal, moments: Sequence[Moment]) -> list[Told]:
    """The lines of an order's timeline."""
    return [Told(*_sentence(by, each.name, each.data), each.who, each.at) for each in moments]


def _sentence(by: Principal, name: str, data: Mapping[str, Any]) -> tuple[str, str]:
    currency = str(data.get("currency") or by.currency)
    if name == "order.received":
        return "Placed", money(int(data["total"]), currency)
    if name in ("order.paid", "order.refunded"):
        detail = [money(int(data["amount"]), currency), METHODS.get(str(data["method"]), ""), data.get("reference")]
        return "Paid" if name == "order.paid" else "Refunded", " · ".join(str(each) for each in detail if each)
    if name == "order.returned":
        outcome = OUTCOMES.get(str(data["outcome"]), "")
        return "Returned", f"{data['return']}: {data['quantity']} × {data['sku']} · {outcome} · {data['reason']}"
    if name == "order.cancelled":
        reason = str(data.get("reason") or "")
        return "Cancelled", REASONS.get(reason, reason)
    if name == "order.hold_extended":
        until = datetime.fromisoformat(str(data["until"]))
        return "Hold extended", f"until {clock_text(by, until)} · {data['reason']}"
    if name == "order.shipped":
        return "Shipped", " ".join(str(data[key]) for key in ("carrier", "tracking") if data.get(key))
    return _PLAIN.get(name, name.partition(".")[2].replace("_", " ").capitalize()), ""
