"""A customer's places. At most one each is where parcels and where bills go unless something else is said."""

from sqlalchemy import select, update

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Invalid, NotFound
from dashboard.customers.models import Customer, CustomerAddress
from dashboard.customers.service.postal import Address
from dashboard.customers.service.records import locked

MAX_ADDRESSES = 50


def add_address(
    by: Principal, number: int, address: Address, *, ships: bool = False, bills: bool = False
) -> CustomerAddress:
    """Add a place to the customer with this number; the first one is where parcels and bills go.

    Raises NotFound, Conflict for a merged record, Invalid beyond fifty places.
    """
    by.require("customers:write")
    with atomic(by) as session:
        customer = locked(session, number)
        others = session.scalars(
            select(CustomerAddress.id).where(CustomerAddress.customer_id == customer.id).limit(MAX_ADDRESSES)
        ).all()
        if len(others) == MAX_ADDRESSES:
            raise Invalid(f"A customer has at most {MAX_ADDRESSES} places. Remove one first.")
        ships, bills = ships or not others, bills or not others
        _give_up(session, customer, ships=ships, bills=bills)
        place = CustomerAddress(customer_id=customer.id, ships=ships, bills=bills, **address.columns())
        session.add(place)
        session.flush()
        events.record(by, "customer.address_added", f"customer:{customer.id}", {"city": address.city})
    return place


def change_address(
    by: Principal, number: int, address_id: int, address: Address, *, ships: bool, bills: bool
) -> CustomerAddress:
    """Write a place of the customer with this number anew. Raises NotFound, Conflict for a merged record."""
    by.require("customers:write")
    with atomic(by) as session:
        customer = locked(session, number)
        place = _place(session, customer, address_id)
        _give_up(session, customer, ships=ships, bills=bills)
        for name, value in address.columns().items():
            setattr(place, name, value)
        place.ships, place.bills = ships, bills
        events.record(by, "customer.address_changed", f"customer:{customer.id}", {"city": address.city})
    return place


def remove_address(by: Principal, number: int, address_id: int) -> None:
    """Forget a place; orders keep the address that they were sent to. Raises NotFound, Conflict."""
    by.require("customers:write")
    with atomic(by) as session:
        customer = locked(session, number)
        place = _place(session, customer, address_id)
        session.delete(place)
        events.record(by, "customer.address_removed", f"customer:{customer.id}", {"city": place.city})


def _place(session: CommandSession, customer: Customer, address_id: int) -> CustomerAddress:
    found = session.scalar(
        select(CustomerAddress).where(CustomerAddress.id == address_id, CustomerAddress.customer_id == customer.id)
    )
    if found is None:
        raise NotFound("There is no such address.")
    return found


def _give_up(session: CommandSession, customer: Customer, *, ships: bool, bills: bool) -> None:
    """Take from the other places what a new or changed one is now for."""
    for column, taken in ((CustomerAddress.ships, ships), (CustomerAddress.bills, bills)):
        if taken:
            session.execute(
                update(CustomerAddress)
                .where(CustomerAddress.customer_id == customer.id, column)
                .values({column: False})
            )
