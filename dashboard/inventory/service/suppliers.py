"""Suppliers: who sells to the tenant."""

from dataclasses import asdict, dataclass

from sqlalchemy import select

from dashboard.core import clock, events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import FieldError, Invalid, NotFound
from dashboard.inventory.models import Supplier


@dataclass(frozen=True, slots=True)
class SupplierFacts:
    """What is known of a supplier. `lead_days` is how long a delivery takes."""

    name: str
    email: str | None = None
    phone: str | None = None
    lead_days: int = 7
    notes: str = ""


def create_supplier(by: Principal, facts: SupplierFacts) -> Supplier:
    """Add a supplier. Raises Invalid naming each field."""
    by.require("purchasing:write")
    _check(facts)
    with atomic(by) as session:
        columns = asdict(facts) | {"name": " ".join(facts.name.split())}
        supplier = Supplier(number=numbers.take(by, "supplier"), created_at=clock.now(), **columns)
        session.add(supplier)
        session.flush()
        events.record(by, "supplier.created", f"supplier:{supplier.id}", {"name": supplier.name})
    return supplier


def change_supplier(by: Principal, number: int, facts: SupplierFacts, *, archived: bool = False) -> Supplier:
    """Change a supplier; an archived one is offered no more. Raises NotFound, Invalid."""
    by.require("purchasing:write")
    _check(facts)
    with atomic(by) as session:
        supplier = session.scalar(select(Supplier).where(Supplier.number == number).with_for_update())
        if supplier is None:
            raise NotFound(f"There is no supplier {number}.")
        for name, value in asdict(facts).items():
            setattr(supplier, name, value)
        supplier.archived_at = (supplier.archived_at or clock.now()) if archived else None
        events.record(by, "supplier.changed", f"supplier:{supplier.id}", {"name": supplier.name, "archived": archived})
    return supplier


def _check(facts: SupplierFacts) -> None:
    wrong: list[FieldError] = []
    if not facts.name.strip() or len(facts.name) > 160:
        wrong.append(FieldError("name", "Say who sells to you, in up to 160 characters."))
    if facts.email and ("@" not in facts.email.strip("@") or len(facts.email) > 254):
        wrong.append(FieldError("email", "Enter an e-mail address, such as sales@example.com."))
    if len(facts.phone or "") > 40:
        wrong.append(FieldError("phone", "A phone number has at most 40 characters."))
    if not 0 <= facts.lead_days <= 365:
        wrong.append(FieldError("lead_days", "A delivery takes 0 to 365 days."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
