"""A customer's places."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid, NotFound
from dashboard.customers import queries, service
from dashboard.customers.forms import AddressForm
from dashboard.customers.pages.blueprint import WRITE, pages
from dashboard.customers.pages.customers import show
from dashboard.customers.service import Address
from dashboard.web.pages import render_form, see_other

_CUSTOMER = "<int:number>"
_ADDRESS = "<int:address_id>"


@pages.page(f"/{_CUSTOMER}/addresses", needs=WRITE, methods=("POST",))
def new_address(by: Principal, number: int) -> ResponseReturnValue:
    form = AddressForm()
    queries.show_customer(by, number)
    if form.sent():
        try:
            ships, bills = bool(form.ships.data), bool(form.bills.data)
            service.add_address(by, number, Address.checked(form.parts()), ships=ships, bills=bills)
        except Invalid as error:
            form.refuse(error)
        else:
            flash("The address was added.", "success")
            return see_other(url_for("customers.customer", number=number))
    return show(by, number, address_form=form, status=422)


@pages.page(f"/{_CUSTOMER}/addresses/{_ADDRESS}", needs=WRITE, methods=("GET", "POST"))
def edit_address(by: Principal, number: int, address_id: int) -> ResponseReturnValue:
    customer = queries.show_customer(by, number)
    place = next((each for each in queries.addresses_of(by, customer.id) if each.id == address_id), None)
    if place is None:
        raise NotFound("There is no such address.")
    form = AddressForm(obj=place)
    if form.sent():
        try:
            ships, bills = bool(form.ships.data), bool(form.bills.data)
            service.change_address(by, number, address_id, Address.checked(form.parts()), ships=ships, bills=bills)
        except Invalid as error:
            form.refuse(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("customers.customer", number=number))
    return render_form("customers/address.html", form=form, customer=customer, address_id=address_id)


@pages.page(f"/{_CUSTOMER}/addresses/{_ADDRESS}/remove", needs=WRITE, methods=("POST",))
def remove_address(by: Principal, number: int, address_id: int) -> ResponseReturnValue:
    service.remove_address(by, number, address_id)
    flash("The address was removed.", "success")
    return see_other(url_for("customers.customer", number=number))
