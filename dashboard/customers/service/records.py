"""Adding and changing customers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from dashboard.catalog.normalise import search_text
from dashboard.core import clock, events, ids, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.customers.models import Customer

MAX_CREDIT = 10**12

_LENGTHS = {"name": 160, "company": 160, "phone": 40, "notes": 10_000}
_LABELS = {"name": "A name", "company": "A company", "phone": "A phone number", "notes": "A note"}


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What is known of a customer. `credit_limit` in minor units, None without one; `terms_days` until a bill
    is due.
    """

    name: str
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    terms_days: int = 0
    credit_limit: int | None = None
    tax_exempt: bool = False
    notes: str = ""


FACTS = ("name", "company", "email", "phone", "terms_days", "credit_limit", "tax_exempt", "notes")


class Stale(Conflict):
    """Somebody else changed the record meanwhile. `theirs` is what it says now, by field, where that differs from what
    was sent; `version` the present one.
    """

    code = "changed_meanwhile"

    def __init__(self, theirs: Mapping[str, Any], version: int) -> None:
        what = ", ".join(name.replace("_", " ") for name in theirs) or "the record"
        message = f"Somebody else changed {what} while you were editing. Compare, and save again to keep yours."
        super().__init__(message, details={"version": version, "theirs": dict(theirs)})
        self.theirs = dict(theirs)
        self.version = version


def create_customer(
    by: Principal, facts: CustomerFacts, *, public_id: str | None = None, code: str | None = None
) -> Customer:
    """Add a customer. `public_id` (`buy_…`) and `code` (`CUST-…`) are made where none are given.

    Raises Invalid for a field that is wrong, and where another customer has the e-mail address.
    """
    by.require("customers:write")
    facts = _tidy(facts)
    with atomic(by) as session:
        _check(session, facts)
        now = clock.now()
        number = numbers.take(by, "customer")
        customer = Customer(
            number=number,
            public_id=public_id or ids.public_id("buy"),
            code=code or f"CUST-{number:06d}",
            created_at=now,
            updated_at=now,
            **asdict(facts),
            **_keys(facts),
        )
        session.add(customer)
        session.flush()
        events.record(by, "customer.created", f"customer:{customer.id}", {"name": customer.name})
    return customer


def change_customer(by: Principal, number: int, changes: Mapping[str, Any], *, version: int | None = None) -> Customer:
    """Change facts by name (`FACTS`); the others stay. With `version` only if the record still has that one.

    Raises NotFound, Conflict for a merged record, Stale where the version is another, Invalid naming each field.
    """
    by.require("customers:write")
    with atomic(by) as session:
        customer = locked(session, number)
        before = {name: getattr(customer, name) for name in FACTS}
        facts = _tidy(CustomerFacts(**before | {name: value for name, value in changes.items() if name in FACTS}))
        after = asdict(facts)
        if version is not None and customer.version != version:
            theirs = {name: before[name] for name in FACTS if name in changes and after[name] != before[name]}
            raise Stale(theirs, customer.version)
        _check(session, facts, but=customer.id)
        changed = {name: [before[name], after[name]] for name in FACTS if before[name] != after[name]}
        if changed:
            for name, value in {**after, **_keys(facts)}.items():
                setattr(customer, name, value)
            customer.version, customer.updated_at = customer.version + 1, clock.now()
            events.record(by, "customer.changed", f"customer:{customer.id}", changed)
    return customer


def locked(session: CommandSession, number: int) -> Customer:
    """The live customer with this number, locked until the command ends. Raises NotFound, Conflict for a merged one."""
    statement = select(Customer).where(Customer.number == number).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no customer {number}.")
    if found.merged_into_id is not None:
        raise Conflict(f"{found.name} was merged into another record. Change that one.", code="customer_merged")
    return found


def keys_of_email(email: str | None) -> str | None:
    """The address as it is compared."""
    return (email or "").strip().lower() or None


def _tidy(facts: CustomerFacts) -> CustomerFacts:
    """`facts` with spaces trimmed; what is empty is not known."""
    values = asdict(facts)
    for name in ("company", "email", "phone"):
        values[name] = " ".join((values[name] or "").split()) or None
    values["name"] = " ".join(facts.name.split())
    values["notes"] = facts.notes.replace("\r\n", "\n").strip()
    return CustomerFacts(**values)


def _keys(facts: CustomerFacts) -> dict[str, str | None]:
    """What is compared and searched."""
    return {
        "search_name": search_text(f"{facts.name} {facts.company or ''}")[:160],
        "email_key": keys_of_email(facts.email),
        "phone_digits": "".join(filter(str.isdigit, facts.phone or ""))[:20] or None,
    }


def _check(session: CommandSession, facts: CustomerFacts, *, but: int | None = None) -> None:
    wrong: list[FieldError] = []
    if not facts.name:
        wrong.append(FieldError("name", "Say what the customer is called."))
    for name, length in _LENGTHS.items():
        if len(getattr(facts, name) or "") > length:
            wrong.append(FieldError(name, f"{_LABELS[name]} has at most {length:,} characters."))
    email_key = keys_of_email(facts.email)
    if email_key is not None:
        local, _, domain = email_key.rpartition("@")
        if not local or not domain or " " in email_key or len(email_key) > 254:
            wrong.append(FieldError("email", "Enter an e-mail address, such as jane@example.com."))
        else:
            wrong += _taken(session, email_key, but)
    if facts.credit_limit is not None and not 0 <= facts.credit_limit <= MAX_CREDIT:
        wrong.append(FieldError("credit_limit", "A credit limit is 0 or more."))
    if not 0 <= facts.terms_days <= 365:
        wrong.append(FieldError("terms_days", "Terms are 0 to 365 days."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _taken(session: CommandSession, email_key: str, but: int | None) -> list[FieldError]:
    statement = select(Customer.name).where(Customer.email_key == email_key, Customer.merged_into_id.is_(None))
    if but is not None:
        statement = statement.where(Customer.id != but)
    with session.no_autoflush:
        other = session.scalar(statement)
    return [] if other is None else [FieldError("email", f"{other} has this e-mail address already.")]
