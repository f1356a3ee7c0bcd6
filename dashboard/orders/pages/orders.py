"""An order: its lines, how it stands, its money, and the forms for what comes next."""

from dataclasses import dataclass
from typing import Any

from flask import Response, url_for

from dashboard.accounts.forms.settings import options
from dashboard.core.context import Principal
from dashboard.customers.forms import amount_text
from dashboard.customers.queries import timeline
from dashboard.orders import queries, service
from dashboard.orders.forms import CancelForm, ExtendForm, PaymentForm, ReturnForm, ShipForm
from dashboard.orders.pages import words
from dashboard.orders.pages.blueprint import pages
from dashboard.orders.queries import Account, OrderRow
from dashboard.web.forms import Form
from dashboard.web.pages import render_page

READ, WRITE = "orders:read", "orders:write"
ORDER = "<ref>"

ANYTHING_LEFT = ("confirmed",)
PREFIXES: dict[type[Form], str] = {
    ExtendForm: "extend-",
    CancelForm: "cancel-",
    ShipForm: "ship-",
    PaymentForm: "payment-",
    ReturnForm: "return-",
}


@dataclass(frozen=True, slots=True)
class Possible:
    """What can be done to an order as it stands, by whoever looks."""

    confirm: bool
    extend: bool
    cancel: bool
    ship: bool
    deliver: bool
    pay: bool
    take_back: bool


@pages.page(f"/{ORDER}", needs=READ)
def order(by: Principal, ref: str) -> Response:
    return show(by, ref)


def show(by: Principal, ref: str, *, sent: Form | None = None, said: str = "", status: int = 200) -> Response:
    """The page of an order; `sent` is a form that was refused, `said` what was wrong otherwise."""
    found = queries.show_order(by, ref)
    account = queries.account_of(by, found.id)
    returnable = [line for line in found.lines if line.shipped > line.returned]
    return render_page(
        "orders/show.html",
        status=status,
        order=found,
        account=account,
        customer_url=_customer_url(by, found),
        possible=_possible(by, found, account, bool(returnable)),
        forms=_forms(by, found, account, sent),
        opened=None if sent is None else PREFIXES[type(sent)].rstrip("-"),
        said=said,
        to_send=[line for line in found.lines if line.quantity > line.shipped],
        returnable=returnable,
        parcels=queries.parcels_of(by, found.id),
        payments=queries.payments_of(by, found.id),
        returns=queries.returns_of(by, found.id),
        moments=words.told(by, timeline(by, f"order:{found.id}")),
        words=words,
    )


def _possible(by: Principal, order: OrderRow, account: Account, returnable: bool) -> Possible:  # noqa: FBT001
    may = by.may(WRITE)
    sent = any(line.shipped for line in order.lines)
    return Possible(
        confirm=may and order.status == "pending",
        extend=may and order.status == "pending" and order.extended_at is None,
        cancel=may and order.status in ("pending", "confirmed", "shipped"),
        ship=may and order.status == "confirmed",
        deliver=may and order.status == "shipped",
        pay=may and (account.balance > 0 or account.paid > 0),
        take_back=may and returnable and sent,
    )


def _forms(by: Principal, order: OrderRow, account: Account, sent: Form | None) -> dict[str, Form]:
    """All forms of the page, by the words of the template: the one that was sent as it was sent, the others fresh."""
    first = next((line for line in order.lines if line.shipped > line.returned), None)
    worths = service.worths(by, order.id) if first is not None else {}
    fresh: dict[type[Form], dict[str, Any]] = {
        PaymentForm: {
            "way": "in" if account.balance >= 0 else "out",
            "amount": amount_text(abs(account.balance), account.currency),
        },
        ReturnForm: {
            "line": first.id if first is not None else None,
            "refund": amount_text(
                min(worths[first.id], account.total - account.credited) if first is not None else 0, account.currency
            ),
        },
    }
    made = {
        prefix.rstrip("-"): sent
        if sent is not None and type(sent) is kind
        else kind(formdata=None, prefix=prefix, data=fresh.get(kind))
        for kind, prefix in PREFIXES.items()
    }
    chosen: Any = made["return"]
    chosen.line.choices = options(
        (str(line.id), f"{line.name}{f', IMEI {line.imei}' if line.imei else ''} ({line.shipped - line.returned} out)")
        for line in order.lines
        if line.shipped > line.returned
    )
    return made


def _customer_url(by: Principal, order: OrderRow) -> str:
    return url_for("customers.customer", number=order.customer_number) if by.may("customers:read") else ""
