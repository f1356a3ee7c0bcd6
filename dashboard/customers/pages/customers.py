"""A customer: the page, and the forms that add and change one."""

from typing import Any

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.money import Money
from dashboard.customers import queries, service
from dashboard.customers.forms import AddressForm, CustomerForm, QuickForm, amount_text, read_amount
from dashboard.customers.pages import words
from dashboard.customers.pages.blueprint import READ, WRITE, pages
from dashboard.customers.parts import parts_for
from dashboard.customers.queries import CustomerRow
from dashboard.customers.service import CustomerFacts, Stale
from dashboard.web.pages import render_form, render_page, see_other

_TYPED = ("name", "company", "email", "phone", "terms_days", "tax_exempt", "notes")
_CUSTOMER = "<int:number>"


@pages.page(f"/{_CUSTOMER}", needs=READ)
def customer(by: Principal, number: int) -> Response:
    return show(by, number)


def show(by: Principal, number: int, *, address_form: AddressForm | None = None, status: int = 200) -> Response:
    """The page of a customer; with the form of a new place where that was refused."""
    found = queries.show_customer(by, number)
    parts = [{"template": part.template, **part.load(by, found.id)} for part in parts_for(by)]
    return render_page(
        "customers/show.html",
        status=status,
        customer=found,
        successor=queries.successor_of(by, found),
        addresses=queries.addresses_of(by, found.id),
        address_form=address_form or AddressForm(formdata=None),
        address_open=address_form is not None,
        duplicates=queries.duplicates_of(by, found),
        moments=words.told(by, queries.timeline(by, f"customer:{found.id}")),
        credit=None if found.credit_limit is None else Money(found.credit_limit, by.currency).format(),
        parts=parts,
        may_write=by.may(WRITE) and found.merged_into_id is None,
    )


@pages.page("/new", needs=WRITE, methods=("GET", "POST"))
def new_customer(by: Principal) -> ResponseReturnValue:
    form = CustomerForm()
    if form.sent():
        try:
            made = service.create_customer(by, CustomerFacts(**_facts(by, form)))
        except Invalid as error:
            form.refuse(error)
        else:
            flash(f"{made.name} was added.", "success")
            return see_other(url_for("customers.customer", number=made.number))
    return render_form("customers/edit.html", form=form, customer=None, theirs={})


@pages.page(f"/{_CUSTOMER}/edit", needs=WRITE, methods=("GET", "POST"))
def edit_customer(by: Principal, number: int) -> ResponseReturnValue:
    found = queries.show_customer(by, number)
    if found.merged_into_id is not None:
        raise Conflict(f"{found.name} was merged into another record. Change that one.")
    form = CustomerForm(data=_shown(by, found))
    theirs: dict[str, str] = {}
    if form.sent():
        try:
            service.change_customer(by, number, _facts(by, form), version=_version(form))
        except Stale as error:
            theirs = {name: _text(by, name, value) for name, value in error.theirs.items()}
            form.version.data = str(error.version)
            form.form_errors.append(error.message)
        except Invalid as error:
            form.refuse(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("customers.customer", number=number))
    return render_form("customers/edit.html", form=form, customer=found, theirs=theirs)


@pages.page("/quick", needs=WRITE, methods=("POST",))
def quick_customer(by: Principal) -> Response:
    """Add a customer from within another form: the answer is a fragment with the name and the id, or the form again."""
    form = QuickForm()
    made: CustomerRow | None = None
    if form.sent():
        try:
            facts = CustomerFacts(form.name.data or "", email=form.email.data, phone=form.phone.data)
            made = service.create_customer(by, facts)
        except Invalid as error:
            form.refuse(error)
    return render_page(
        "customers/quick.html", fragment="customers/_quick.html", form=form, customer=made, status=200 if made else 422
    )


def _facts(by: Principal, form: CustomerForm) -> dict[str, Any]:
    typed = (form.credit_limit.data or "").strip()
    limit = read_amount(typed, by.currency, "credit_limit") if typed else None
    return {**{name: form[name].data for name in _TYPED}, "notes": form.notes.data or "", "credit_limit": limit}


def _shown(by: Principal, found: CustomerRow) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in _TYPED}
    return {**shown, "credit_limit": amount_text(found.credit_limit, by.currency), "version": str(found.version)}


def _version(form: CustomerForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _text(by: Principal, name: str, value: Any) -> str:
    """A value as the form would show it."""
    if name == "credit_limit":
        return amount_text(value, by.currency)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)
