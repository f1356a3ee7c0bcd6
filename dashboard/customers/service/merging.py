"""Two records of one customer become one."""

from dataclasses import dataclass

from sqlalchemy import select, update

from dashboard.catalog.normalise import search_text
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.customers.models import Customer, CustomerAddress


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a merge: the record that stays, and what it took over."""

    customer: Customer
    gone: Customer
    taken_over: tuple[str, ...]


def merge_customers(by: Principal, *, into: int, gone: int) -> Merged:
    """Merge the customer numbered `gone` into the one numbered `into`.

    Addresses move, and what other domains keep moves with the event `customer.merged`, in the same transaction. E-mail,
    phone and company are taken over where the one that stays has none, notes are put together. The merged record stays
    and names its successor, and so do those merged into it before. Raises NotFound, Invalid for a record with itself,
    Conflict for one that was merged already.
    """
    by.require("customers:write")
    if into == gone:
        raise Invalid.field("other", "Choose another record: this one is itself.")
    with atomic(by) as session:
        stays, goes = _lock_both(session, into, gone)
        goes.merged_into_id = stays.id
        goes.updated_at, goes.version = clock.now(), goes.version + 1
        session.execute(update(Customer).where(Customer.merged_into_id == goes.id).values(merged_into_id=stays.id))
        session.flush()  # the address is free only once its owner is merged
        taken_over = _take_over(stays, goes)
        stays.updated_at, stays.version = clock.now(), stays.version + 1
        session.flush()
        _move_addresses(session, stays, goes)
        told = {"into": stays.id, "gone": goes.id, "name": stays.name, "gone_name": goes.name, "gone_number": gone}
        events.record(
            by, "customer.merged", f"customer:{stays.id}", {**told, "taken_over": [name for name, _ in taken_over]}
        )
    return Merged(stays, goes, tuple(name for name, _ in taken_over))


def _lock_both(session: CommandSession, into: int, gone: int) -> tuple[Customer, Customer]:
    """Both records, locked in the order of their ids."""
    statement = (
        select(Customer)
        .where(Customer.number.in_((into, gone)))
        .order_by(Customer.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {customer.number: customer for customer in session.scalars(statement)}
    for number in (into, gone):
        if number not in found:
            raise NotFound(f"There is no customer {number}.")
        if found[number].merged_into_id is not None:
            raise Conflict(f"{found[number].name} was merged into another record already.", code="customer_merged")
    return found[into], found[gone]


def what_is_taken_over(stays: Customer, goes: Customer) -> list[tuple[str, str]]:
    """What the record that stays lacks and the other has: pairs of field and value."""
    return [(name, getattr(goes, name)) for name in _FILLED if not getattr(stays, name) and getattr(goes, name)]


_FILLED = ("email", "phone", "company")
_KEYS = {"email": "email_key", "phone": "phone_digits"}


def _take_over(stays: Customer, goes: Customer) -> list[tuple[str, str]]:
    found = what_is_taken_over(stays, goes)
    for name, value in found:
        setattr(stays, name, value)
        if name in _KEYS:
            setattr(stays, _KEYS[name], getattr(goes, _KEYS[name]))
    stays.search_name = search_text(f"{stays.name} {stays.company or ''}")[:160]
    if goes.notes and goes.notes != stays.notes:
        stays.notes = "\n\n".join(filter(None, (stays.notes, goes.notes)))
        found.append(("notes", goes.notes))
    return found


def _move_addresses(session: CommandSession, stays: Customer, goes: Customer) -> None:
    """All places move; those of the record that stays go on being where parcels and bills go."""
    for column in (CustomerAddress.ships, CustomerAddress.bills):
        if session.scalar(select(CustomerAddress.id).where(CustomerAddress.customer_id == stays.id, column).limit(1)):
            session.execute(
                update(CustomerAddress).where(CustomerAddress.customer_id == goes.id).values({column: False})
            )
    session.execute(update(CustomerAddress).where(CustomerAddress.customer_id == goes.id).values(customer_id=stays.id))
