"""Records that may be of one customer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.customers.models import Customer
from dashboard.customers.queries.records import CustomerRow

FEWEST_DIGITS = 7
"""A shorter phone number is an extension, not a sign of the same person."""

MOST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Records that agree in `what` (`phone number`, `name`)."""

    what: str
    customers: Sequence[CustomerRow]


def duplicates_of(by: Principal, customer: CustomerRow, *, limit: int = 10) -> Sequence[CustomerRow]:
    """Other live records with the same e-mail address, phone number or name, spelling and signs aside."""
    same: list[ColumnElement[bool]] = [Customer.search_name == customer.search_name]
    if customer.email_key:
        same.append(Customer.email_key == customer.email_key)
    if customer.phone_digits and len(customer.phone_digits) >= FEWEST_DIGITS:
        same.append(Customer.phone_digits == customer.phone_digits)
    statement = select(Customer).where(
        Customer.id != customer.id, Customer.merged_into_id.is_(None), or_(*same)
    )  # fmt: skip
    return reads(by).scalars(statement.order_by(Customer.id).limit(limit)).all()


def duplicate_groups(by: Principal) -> list[Duplicates]:
    """Groups of live records that agree in phone number or name, at most fifty of each.

    Two live records never share an e-mail address.
    """
    found: list[Duplicates] = []
    long_enough = func.length(Customer.phone_digits) >= FEWEST_DIGITS
    for what, column, condition in (
        ("phone number", Customer.phone_digits, long_enough),
        ("name", Customer.search_name, Customer.search_name != ""),
    ):
        found += [Duplicates(what, group) for group in _groups(by, column, condition)]
    return found


def _groups(
    by: Principal,
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    condition: ColumnElement[bool],
) -> list[list[CustomerRow]]:
    shared: AnySelect = (
        select(column)
        .where(Customer.merged_into_id.is_(None), condition)
        .group_by(column)
        .having(func.count(Customer.id) > 1)
        .limit(MOST_GROUPS)
    )
    keys = reads(by).scalars(shared).all()
    if not keys:
        return []
    statement = select(Customer).where(Customer.merged_into_id.is_(None), column.in_(keys))
    groups: dict[str, list[CustomerRow]] = {}
    for customer in reads(by).scalars(statement.order_by(column, Customer.id)):
        groups.setdefault(getattr(customer, column.key), []).append(customer)
    return list(groups.values())
