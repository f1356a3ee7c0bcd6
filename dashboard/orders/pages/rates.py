"""Settings: what sending costs."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.customers.forms import amount_text, read_amount
from dashboard.customers.service import COUNTRIES
from dashboard.orders import service
from dashboard.orders.forms import RateForm
from dashboard.orders.pages import words
from dashboard.orders.service import Rate
from dashboard.web.pages import PageBlueprint, render_page, see_other

rate_pages = PageBlueprint("shipping_rates", __name__, url_prefix="/settings/shipping")

MANAGE = "settings:manage"
_RATE = "<int:rate_id>"


@rate_pages.page("", needs=MANAGE, methods=("GET", "POST"))
def rates(by: Principal) -> ResponseReturnValue:
    form = RateForm()
    if form.sent():
        try:
            service.save_rate(by, _read(by, form))
        except Invalid as error:
            form.refuse(error)
        else:
            flash("The rate was added.", "success")
            return see_other(url_for("shipping_rates.rates"))
    return _shown(by, form)


def _shown(by: Principal, form: RateForm) -> Response:
    return render_page(
        "orders/rates.html",
        status=422 if request.method == "POST" else 200,
        rates=service.list_rates(by),
        form=form,
        countries=COUNTRIES,
        words=words,
    )


@rate_pages.page(f"/{_RATE}", needs=MANAGE, methods=("GET", "POST"))
def edit_rate(by: Principal, rate_id: int) -> ResponseReturnValue:
    rate = service.find_rate(by, rate_id)
    form = RateForm(
        data={
            "name": rate.name,
            "country": rate.country or "",
            "from_subtotal": amount_text(rate.from_subtotal, by.currency),
            "amount": amount_text(rate.amount, by.currency),
        }
    )
    if form.sent():
        try:
            service.save_rate(by, _read(by, form), rate_id=rate_id)
        except Invalid as error:
            form.refuse(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("shipping_rates.rates"))
    return render_page("orders/rate.html", status=422 if request.method == "POST" else 200, form=form, rate=rate)


@rate_pages.page(f"/{_RATE}/remove", needs=MANAGE, methods=("POST",))
def remove_rate(by: Principal, rate_id: int) -> ResponseReturnValue:
    service.remove_rate(by, rate_id)
    flash("The rate was removed. Orders keep what they were placed for.", "success")
    return see_other(url_for("shipping_rates.rates"))


def _read(by: Principal, form: RateForm) -> Rate:
    return Rate(
        name=form.name.data or "",
        country=form.country.data or None,
        from_subtotal=read_amount(form.from_subtotal.data or "", by.currency, "from_subtotal"),
        amount=read_amount(form.amount.data or "", by.currency, "amount"),
    )
