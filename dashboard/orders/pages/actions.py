"""What is done to an order: each step a form of its own, which is refused beside its fields."""

from collections.abc import Callable
from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, FieldError, Invalid
from dashboard.customers.forms import read_amount
from dashboard.orders import queries, service
from dashboard.orders.forms import CancelForm, ExtendForm, PaymentForm, ReturnForm, ShipForm
from dashboard.orders.pages.blueprint import pages
from dashboard.orders.pages.orders import ORDER, PREFIXES, WRITE, show
from dashboard.orders.queries import OrderRow
from dashboard.orders.service import Back
from dashboard.web.errors import status_of
from dashboard.web.forms import Form
from dashboard.web.pages import see_other

POST = ("POST",)


@pages.page(f"/{ORDER}/confirm", needs=WRITE, methods=POST)
def confirm_order(by: Principal, ref: str) -> ResponseReturnValue:
    return _done(by, ref, None, lambda found: service.confirm(by, found.id), "The order is confirmed.")


@pages.page(f"/{ORDER}/deliver", needs=WRITE, methods=POST)
def deliver_order(by: Principal, ref: str) -> ResponseReturnValue:
    return _done(by, ref, None, lambda found: service.deliver(by, found.id), "The order has arrived.")


@pages.page(f"/{ORDER}/extend", needs=WRITE, methods=POST)
def extend_hold(by: Principal, ref: str) -> ResponseReturnValue:
    form = _sent(ExtendForm)

    def act(found: OrderRow) -> None:
        service.extend(by, found.id, minutes=form.minutes.data or 0, reason=form.reason.data or "")

    return _done(by, ref, form, act, "The hold lasts longer now.")


@pages.page(f"/{ORDER}/cancel", needs=WRITE, methods=POST)
def cancel_order(by: Principal, ref: str) -> ResponseReturnValue:
    form = _sent(CancelForm)

    def act(found: OrderRow) -> None:
        service.cancel(by, found.id, reason=form.reason.data or "")

    return _done(by, ref, form, act, "The order is cancelled, and what it held is free.")


@pages.page(f"/{ORDER}/ship", needs=WRITE, methods=POST)
def ship_order(by: Principal, ref: str) -> ResponseReturnValue:
    form = _sent(ShipForm)

    def act(found: OrderRow) -> None:
        service.ship(
            by,
            found.id,
            carrier=_text(form.carrier.data),
            tracking_number=_text(form.tracking_number.data),
            lines=_pieces(found),
        )

    return _done(by, ref, form, act, "The parcel is on its way.")


@pages.page(f"/{ORDER}/payments", needs=WRITE, methods=POST)
def pay_order(by: Principal, ref: str) -> ResponseReturnValue:
    form = _sent(PaymentForm)

    def act(found: OrderRow) -> None:
        typed = read_amount(form.amount.data or "", found.currency, "amount")
        if typed < 0:
            raise Invalid.field("amount", "Enter the amount without a sign, and choose payment or refund.")
        amount = typed if form.way.data == "in" else -typed
        method = form.method.data or ""
        service.record_payment(by, found.id, amount=amount, method=method, reference=form.reference.data)

    return _done(by, ref, form, act, "The payment is noted." if form.way.data == "in" else "The refund is noted.")


@pages.page(f"/{ORDER}/returns", needs=WRITE, methods=POST)
def return_line(by: Principal, ref: str) -> ResponseReturnValue:
    form = _sent(ReturnForm)
    said: list[str] = []

    def act(found: OrderRow) -> None:
        line = form.line.data
        if line not in {each.id for each in found.lines}:
            raise Invalid.field("line", "Choose what came back.")
        back = Back(
            line_id=line,
            quantity=form.quantity.data or 0,
            outcome=form.outcome.data or "",
            reason=form.reason.data or "",
            refund=read_amount(form.refund.data or "", found.currency, "refund"),
            method=form.method.data or "",
        )
        said.append(f"The return is noted as {service.take_return(by, found.id, back).code}.")

    return _done(by, ref, form, act, said)


def _sent(kind: type[Any]) -> Any:
    return kind(prefix=PREFIXES[kind])


def _done(
    by: Principal, ref: str, form: Form | None, act: Callable[[OrderRow], object], said: str | list[str]
) -> ResponseReturnValue:
    """Carry `act` out on the order and go to its page; or show the page with what was refused, as it was typed."""
    found = queries.show_order(by, ref)
    if form is not None and not form.sent():
        return show(by, ref, sent=form, status=422)
    try:
        act(found)
    except (Invalid, Conflict) as error:
        if form is not None:
            form.refuse(error)
        return show(by, ref, sent=form, said="" if form is not None else error.message, status=status_of(error))
    flash(said if isinstance(said, str) else said[0], "success")
    return see_other(url_for("orders.order", ref=ref))


def _text(typed: str | None) -> str | None:
    return " ".join((typed or "").split()) or None


def _pieces(found: OrderRow) -> dict[int, int]:
    """How many pieces of each line go into the parcel. Raises Invalid naming each line that cannot be read."""
    chosen: dict[int, int] = {}
    wrong: list[FieldError] = []
    for line in found.lines:
        typed = request.form.get(f"pieces-{line.id}", "").strip()
        if not typed:
            continue
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
            wrong.append(FieldError(f"line_{line.id}", f"How many of '{line.name}'? Enter a whole number."))
        elif int(typed):
            chosen[line.id] = int(typed)
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return chosen
