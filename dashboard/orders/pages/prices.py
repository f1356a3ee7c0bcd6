"""What single customers pay: a section of the customer's page, with forms of its own."""

from typing import Any

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.customers.forms import read_amount
from dashboard.customers.queries import show_customer
from dashboard.orders import queries, service
from dashboard.orders.forms import PriceForm
from dashboard.orders.pages import words
from dashboard.web.errors import status_of
from dashboard.web.pages import PageBlueprint, render_page, see_other

price_pages = PageBlueprint("customer_prices", __name__, url_prefix="/customers/<int:number>/prices")

READ, WRITE = "customers:read", "customers:write"


@price_pages.page("", needs=WRITE, methods=("GET", "POST"))
def prices(by: Principal, number: int) -> ResponseReturnValue:
    customer = show_customer(by, number)
    form = PriceForm()
    status = 200
    if request.method == "POST":
        status = 422
        try:
            if form.sent():
                price = read_amount(form.price.data or "", by.currency, "price")
                service.set_customer_price(by, number, form.product.data or "", price)
                flash("The price was saved.", "success")
                return see_other(url_for("customer_prices.prices", number=number))
        except (Invalid, Conflict) as error:
            form.refuse(error)
            status = status_of(error)
    return _shown(by, customer.id, number, form, status)


def _shown(by: Principal, customer_id: int, number: int, form: PriceForm, status: int) -> Response:
    return render_page(
        "orders/prices.html",
        status=status,
        customer=show_customer(by, number),
        prices=queries.prices_of(by, customer_id),
        form=form,
        words=words,
    )


@price_pages.page("/<int:price_id>/remove", needs=WRITE, methods=("POST",))
def remove_price(by: Principal, number: int, price_id: int) -> ResponseReturnValue:
    service.remove_customer_price(by, number, price_id)
    flash("The customer pays what everybody pays.", "success")
    return see_other(url_for("customer_prices.prices", number=number))


def load_part(by: Principal, customer_id: int) -> dict[str, Any]:
    """Orders and prices of a customer, for the customer's page."""
    return {
        "orders": queries.orders_of(by, customer_id),
        "prices": queries.prices_of(by, customer_id),
        "words": words,
    }
