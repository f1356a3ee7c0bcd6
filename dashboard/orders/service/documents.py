"""An order on paper: its confirmation, and the slip that goes into a parcel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, NotFound
from dashboard.core.money import Money
from dashboard.core.paper import print_pdf
from dashboard.orders.queries import Account, LineRow, OrderRow, Parcel, account_of, parcels_of, show_order

TEMPLATES = Path(__file__).parents[1] / "paper"
LETTER_CURRENCIES = frozenset({"USD", "CAD", "MXN"})
"""Currencies of the countries that print on US letter; the others take A4."""


@dataclass(frozen=True, slots=True)
class Document:
    """A finished PDF and the name to save it by."""

    name: str
    content: bytes


def order_confirmation(by: Principal, ref: str) -> Document:
    """The order as its customer gets it. Raises NotFound."""
    by.require("orders:read")
    order = show_order(by, ref)
    account = account_of(by, order.id)
    data = {
        **_head(by, order, "Order confirmation"),
        "status": order.status.capitalize(),
        "lines": [_priced(line, order.currency) for line in order.lines],
        "totals": _rows(
            order.currency, (("Subtotal", order.subtotal), ("Shipping", order.shipping), ("Tax", order.tax))
        ),
        "sums": _sums(account),
        "notes": order.notes,
        "foot": "Thank you for your order.",
    }
    return Document(f"{order.code}-confirmation.pdf", _print(by, "confirmation.typ", data))


def packing_slip(by: Principal, ref: str, *, parcel_id: int | None = None) -> Document:
    """What goes into a parcel, or (None) what is still to be sent of the order. Raises NotFound, Conflict."""
    by.require("orders:read")
    order = show_order(by, ref)
    parcels = parcels_of(by, order.id)
    parcel = next((each for each in parcels if each.id == parcel_id), None)
    if parcel_id is not None and parcel is None:
        raise NotFound("There is no such parcel.")
    if parcel is None and order.status == "cancelled":
        raise Conflict("The order is cancelled, so nothing is to be packed.")
    packed = _packed(order, parcel)
    if not packed:
        raise Conflict("Everything of this order was sent. Print the slip of one of its parcels.")
    number = parcels.index(parcel) + 1 if parcel is not None else len(parcels) + 1
    data = {
        **_head(by, order, "Packing slip"),
        "parcel": str(number),
        "sent_by": [text for text in (parcel.carrier, parcel.tracking_number) if text] if parcel is not None else [],
        "lines": [{**_named(line), "quantity": str(quantity)} for line, quantity in packed],
        "pieces": str(sum(quantity for _, quantity in packed)),
        "foot": "Something missing or broken? Tell us the order number.",
    }
    return Document(f"{order.code}-packing-{number}.pdf", _print(by, "packing.typ", data))


def _packed(order: OrderRow, parcel: Parcel | None) -> list[tuple[LineRow, int]]:
    if parcel is not None:
        return [(line, parcel.lines[line.id]) for line in order.lines if parcel.lines.get(line.id)]
    return [(line, line.quantity - line.shipped) for line in order.lines if line.quantity > line.shipped]


def _head(by: Principal, order: OrderRow, title: str) -> dict[str, Any]:
    tenant = accounts.own_tenant(by)
    local = order.created_at.astimezone(ZoneInfo(tenant.time_zone))
    return {
        "title": title,
        "merchant": tenant.display_name or tenant.name,
        "paper": "us-letter" if tenant.currency in LETTER_CURRENCIES else "a4",
        "number": order.code,
        "date": f"{local:%-d %b %Y}",
        "customer": [text for text in (order.buyer_name, order.buyer_email) if text],
        "ship_to": _address_lines(order.shipping_address),
    }


def _address_lines(address: Mapping[str, Any] | None) -> list[str]:
    if address is None:
        return []
    town = " ".join(str(address[key]) for key in ("city", "state", "zip") if address.get(key))
    lines = [*(address.get(key) for key in ("name", "street", "street2")), town, address.get("country")]
    return [str(line) for line in lines if line]


def _named(line: LineRow) -> dict[str, Any]:
    told = (("IMEI", line.imei), ("Grade", line.grade))
    return {"sku": line.sku, "name": line.name, "numbers": [f"{word} {text}" for word, text in told if text]}


def _priced(line: LineRow, currency: str) -> dict[str, Any]:
    return {
        **_named(line),
        "quantity": str(line.quantity),
        "price": Money(line.price, currency).format(),
        "amount": Money(line.price * line.quantity, currency).format(),
    }


def _rows(currency: str, rows: Sequence[tuple[str, int]]) -> list[dict[str, str]]:
    return [{"label": label, "value": Money(minor, currency).format()} for label, minor in rows]


def _sums(account: Account) -> list[dict[str, str]]:
    rows = [("Total", account.total)]
    if account.credited:
        rows.append(("Returned", -account.credited))
    if account.paid:
        rows.append(("Paid", account.paid))
    if account.paid or account.credited or account.is_cancelled:
        rows.append(("Balance", account.balance))
    return _rows(account.currency, rows)


def _print(by: Principal, template: str, data: Mapping[str, Any]) -> bytes:
    tenant: Tenant = accounts.own_tenant(by)
    logo = accounts.logo_of(tenant)
    return print_pdf(
        TEMPLATES / template, data, color=tenant.primary_color, logo=None if logo is None else logo.content
    )
