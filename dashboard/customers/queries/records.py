"""Lists of customers, and a single one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from dashboard.catalog.normalise import search_text
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.customers.models import Customer, CustomerAddress

CustomerRow = Customer
"""A customer as it is read: detached, its columns readable."""

FEWEST_DIGITS = 4
"""So many digits of a phone number are looked for."""

LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers: by what was typed (name, company, e-mail, digits of the phone), and by their conditions."""

    typed: str = ""
    on_terms: bool | None = None
    tax_exempt: bool | None = None
    with_limit: bool | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return self != CustomerFilter()


def matching(typed: str) -> ColumnElement[bool]:
    """The condition that a customer fits what was typed: part of the name or company, the beginning of an e-mail
    address, part of a phone number, or a code (`CUST-…`).
    """
    text = typed.strip().lower()
    found: list[ColumnElement[bool]] = []
    if name := search_text(typed):
        found.append(Customer.search_name.contains(name, autoescape=True))
    if "@" in text:
        found = [and_(Customer.email_key >= text, Customer.email_key < text + LAST)]
    elif text:
        found.append(and_(Customer.email_key >= text, Customer.email_key < text + LAST))
    digits = "".join(filter(str.isdigit, text))
    if len(digits) >= FEWEST_DIGITS and not any(map(str.isalpha, text)):
        found.append(Customer.phone_digits.contains(digits))
    if text.startswith(("cust-", "buy_")):
        found.append(or_(Customer.code == text.upper(), Customer.public_id == text))
    return or_(*found) if found else Customer.id < 0


def _conditions(where: CustomerFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Customer.merged_into_id.is_(None)]
    if where.typed:
        found.append(matching(where.typed))
    if where.on_terms is not None:
        found.append(Customer.terms_days > 0 if where.on_terms else Customer.terms_days == 0)
    if where.tax_exempt is not None:
        found.append(Customer.tax_exempt.is_(where.tax_exempt))
    if where.with_limit is not None:
        found.append(Customer.credit_limit.is_not(None) if where.with_limit else Customer.credit_limit.is_(None))
    return found


def browse(by: Principal, where: CustomerFilter, *, after: str | None = None, size: int = 50) -> Slice[CustomerRow]:
    """Customers by name. Raises Invalid for a position that does not exist."""
    statement: AnySelect = select(Customer).where(*_conditions(where))
    if after is not None:
        name, last = decode_cursor(after, (str, int))
        beyond = and_(Customer.search_name == (name or ""), Customer.id > (last or 0))
        statement = statement.where(or_(Customer.search_name > (name or ""), beyond))
    ordered = statement.order_by(Customer.search_name, Customer.id).limit(size + 1)
    found = reads(by).scalars(ordered).all()
    shown = found[:size]
    more = encode_cursor([shown[-1].search_name, shown[-1].id]) if len(found) > size else None
    return Slice(shown, more)


def count(by: Principal, where: CustomerFilter) -> int:
    """How many customers there are."""
    return reads(by).scalar(select(func.count(Customer.id)).where(*_conditions(where))) or 0


def customer_page(by: Principal, where: CustomerFilter, page: PageRequest) -> Page[CustomerRow]:
    """A numbered page of customers, the latest first."""
    ordered = select(Customer).where(*_conditions(where)).order_by(Customer.number.desc())
    rows = reads(by).scalars(ordered.limit(page.size).offset(page.offset)).all()
    return Page(rows, page, count(by, where))


def find_customers(by: Principal, typed: str, *, limit: int = 8) -> Sequence[CustomerRow]:
    """The first customers that fit what was typed, by name."""
    return browse(by, CustomerFilter(typed=typed), size=limit).items


def show_customer(by: Principal, number: int) -> CustomerRow:
    """The customer with this number, merged or not. Raises NotFound."""
    found = reads(by).scalar(select(Customer).where(Customer.number == number))
    if found is None:
        raise NotFound(f"There is no customer {number}.")
    return found


def successor_of(by: Principal, customer: CustomerRow) -> CustomerRow | None:
    """The record that this one was merged into."""
    if customer.merged_into_id is None:
        return None
    return reads(by).scalar(select(Customer).where(Customer.id == customer.merged_into_id))


def addresses_of(by: Principal, customer_id: int) -> Sequence[CustomerAddress]:
    """A customer's places: where parcels go first."""
    statement = select(CustomerAddress).where(CustomerAddress.customer_id == customer_id)
    return reads(by).scalars(statement.order_by(CustomerAddress.ships.desc(), CustomerAddress.id)).all()
