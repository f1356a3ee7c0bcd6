"""What happened to a customer, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.customers.queries import Moment

_PLAIN = {
    "customer.created": "Added",
    "customer.address_added": "Address added",
    "customer.address_changed": "Address changed",
    "customer.address_removed": "Address removed",
}
_FIELDS = {"terms_days": "terms", "credit_limit": "credit limit", "tax_exempt": "tax", "email": "e-mail"}


class Told(NamedTuple):
    """A line of a timeline."""

    text: str
    detail: str
    who: str
    at: datetime


def told(by: Principal, moments: Sequence[Moment]) -> list[Told]:
    """The lines of a customer's timeline."""
    return [Told(*_sentence(by, each.name, each.data), each.who, each.at) for each in moments]


def _sentence(by: Principal, name: str, data: Mapping[str, Any]) -> tuple[str, str]:
    if name == "customer.changed":
        return "Changed", ", ".join(_change(by, field, *pair) for field, pair in data.items())
    if name == "customer.merged":
        return "Merged", f"{data.get('gone_name')} (customer {data.get('gone_number')}) was put into this record"
    if name == "customer.price_changed":
        before, after = (_money(by, value) for value in data["price"])
        return "Own price", f"{data['sku']}: {before} → {after}"
    return _PLAIN.get(name, name.partition(".")[2].replace("_", " ").capitalize()), str(data.get("city") or "")


def _change(by: Principal, field: str, before: Any, after: Any) -> str:
    label = _FIELDS.get(field, field)
    if field == "notes":
        return "notes"
    if field == "credit_limit":
        before, after = _money(by, before), _money(by, after)
    return f"{label}: {_word(before)} → {_word(after)}"


def _money(by: Principal, minor: int | None) -> str:
    return "none" if minor is None else Money(minor, by.currency).format()


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "empty" if value in (None, "") else str(value)
