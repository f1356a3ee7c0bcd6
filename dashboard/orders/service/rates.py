"""The table of what sending costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import FieldError, Invalid, NotFound
from dashboard.customers.service import COUNTRIES
from dashboard.orders.models import ShippingRate

MAX_RATES = 200
MAX_AMOUNT = 10**10


@dataclass(frozen=True, slots=True)
class Rate:
    """What sending costs to `country` (ISO 3166-1 alpha-2, everywhere None) from an order value on; minor units."""

    name: str
    country: str | None
    from_subtotal: int
    amount: int


def list_rates(by: Principal) -> Sequence[ShippingRate]:
    """All steps: those for everywhere first, then by country, each by order value."""
    rows = reads(by).scalars(select(ShippingRate)).all()
    return sorted(rows, key=lambda row: (row.country or "", row.from_subtotal))


def find_rate(by: Principal, rate_id: int) -> ShippingRate:
    """One step of the table. Raises NotFound."""
    found = reads(by).scalar(select(ShippingRate).where(ShippingRate.id == rate_id))
    if found is None:
        raise NotFound("There is no such rate.")
    return found


def save_rate(by: Principal, rate: Rate, *, rate_id: int | None = None) -> ShippingRate:
    """Add a step, or write the one with this id anew. Raises Invalid naming each field, NotFound."""
    by.require("settings:manage")
    with atomic(by) as session:
        row = ShippingRate() if rate_id is None else find_rate(by, rate_id)
        name = " ".join(rate.name.split())
        _check(session, rate, name, rate_id)
        row.name, row.country, row.from_subtotal, row.amount = name, rate.country, rate.from_subtotal, rate.amount
        session.add(row)
        session.flush()
        told = {"name": name, "country": rate.country, "from_subtotal": rate.from_subtotal, "amount": rate.amount}
        events.record(by, "shipping_rate.saved", f"shipping_rate:{row.id}", told)
    return row


def remove_rate(by: Principal, rate_id: int) -> None:
    """Take a step out of the table; orders keep what they were placed for. Raises NotFound."""
    by.require("settings:manage")
    with atomic(by) as session:
        row = find_rate(by, rate_id)
        session.delete(row)
        told = {"name": row.name, "country": row.country, "from_subtotal": row.from_subtotal, "amount": row.amount}
        events.record(by, "shipping_rate.removed", f"shipping_rate:{rate_id}", told)


def _check(session: CommandSession, rate: Rate, name: str, rate_id: int | None) -> None:
    wrong: list[FieldError] = []
    if not 1 <= len(name) <= 60:
        wrong.append(FieldError("name", "Give the rate a name of up to 60 characters, such as Ground."))
    if rate.country is not None and rate.country not in COUNTRIES:
        wrong.append(FieldError("country", "Choose a country, or everywhere."))
    wrong += [
        FieldError(field, "Enter an amount of 0 or more.")
        for field in ("from_subtotal", "amount")
        if not 0 <= getattr(rate, field) <= MAX_AMOUNT
    ]
    # The database does not compare what is NULL, so it would let everywhere in twice.
    same = session.scalars(
        select(ShippingRate.id).where(
            ShippingRate.country.is_(None) if rate.country is None else ShippingRate.country == rate.country,
            ShippingRate.from_subtotal == rate.from_subtotal,
        )
    ).all()
    if any(each != rate_id for each in same):
        wrong.append(FieldError("from_subtotal", "There is a rate from this order value on already."))
    elif rate_id is None and len(session.scalars(select(ShippingRate.id)).all()) >= MAX_RATES:
        wrong.append(FieldError("name", f"The table has at most {MAX_RATES} rates."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
