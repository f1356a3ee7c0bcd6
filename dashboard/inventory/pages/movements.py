"""Transfers between places: sending, what came of them, what never will."""

from dataclasses import dataclass

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.forms.stockroom import ArriveForm, LossForm, TransferForm
from dashboard.inventory.forms.typing import TypedLine, read_lines, refuse_unknown
from dashboard.inventory.imei import fold_serial
from dashboard.inventory.models import Product, Transfer
from dashboard.inventory.pages import words
from dashboard.inventory.pages.blueprint import pages
from dashboard.inventory.queries import movements as queries
from dashboard.inventory.queries import stock
from dashboard.inventory.queries.movements import TransferredLine
from dashboard.inventory.service import transfers as sending
from dashboard.inventory.service.transfers import Sent
from dashboard.web.pages import render_form, render_page, see_other

READ, WRITE = "inventory:read", "inventory:write"


@pages.page("/transfers", needs=READ)
def transfers(by: Principal) -> Response:
    status = request.args.get("status", "")
    status = status if status in words.TRANSFER_WORDS else ""
    found = queries.transfer_slice(by, status=status, after=request.args.get("after") or None)
    return render_page(
        "inventory/transfers/list.html",
        fragment="inventory/transfers/_rows.html",
        items=found.items,
        more=url_for("stockroom.transfers", status=status or None, after=found.after) if found.after else "",
        shown=status,
        words=words,
    )


@pages.page("/transfers/new", needs=WRITE, methods=("GET", "POST"))
def transfer_new(by: Principal) -> Response:
    places = stock.list_locations(by)
    form = TransferForm()
    form.from_place.choices = form.to_place.choices = words.place_choices(places)
    if len(places) > 1 and form.sent():
        try:
            ids = {place.code: place.id for place in places}
            made = _send(by, form, ids[form.from_place.data], ids[form.to_place.data])
        except (Invalid, Conflict) as error:
            form.refuse(_beside(error))
        else:
            flash(f"{made.code} is on its way. Mark it as arrived when it is there.", "success")
            return see_other(url_for("stockroom.transfer", transfer_id=made.id))
    return render_form("inventory/transfers/new.html", form=form, places=places)


def _send(by: Principal, form: TransferForm, from_id: int, to_id: int) -> Transfer:
    lines = read_lines(form.lines.data, by.currency)
    units = stock.find_units_by_number(by, [line.code for line in lines])
    rest = [line for line in lines if line.code not in units]
    known = stock.find_by_code(by, [line.code for line in rest])
    refuse_unknown(rest, known)
    return sending.send(
        by, from_id, to_id, [_sent(line, units, known) for line in lines], notes=(form.notes.data or "").strip()
    )


def _sent(line: TypedLine, units: dict[str, int], known: dict[str, Product]) -> Sent:
    if line.code in units:
        return Sent(unit_id=units[line.code])
    return Sent(known[line.code].id, line.pieces)


def _beside(error: Invalid | Conflict) -> Invalid | Conflict:
    """The form's own names; what somebody holds stands beside the lines."""
    if isinstance(error, Conflict):
        return Invalid.field("lines", error.message)
    names = {"to": "to_place", "from": "from_place"}
    first = error.fields[0].field if error.fields else ""
    return Invalid.field(names[first], error.message) if first in names else error


@pages.page("/transfers/<int:transfer_id>", needs=READ)
def transfer(by: Principal, transfer_id: int) -> Response:
    row, lines = queries.show_transfer(by, transfer_id)
    return render_page("inventory/transfers/show.html", row=row, lines=lines, words=words)


@pages.page("/transfers/<int:transfer_id>/arrive", needs=WRITE, methods=("POST",))
def transfer_arrive(by: Principal, transfer_id: int) -> Response:
    flash(f"{sending.arrive(by, transfer_id).code} has arrived.", "success")
    return see_other(url_for("stockroom.transfer", transfer_id=transfer_id))


@pages.page("/transfers/<int:transfer_id>/cancel", needs=WRITE, methods=("POST",))
def transfer_cancel(by: Principal, transfer_id: int) -> Response:
    flash(f"{sending.cancel(by, transfer_id).code} is cancelled; everything is where it was.", "success")
    return see_other(url_for("stockroom.transfer", transfer_id=transfer_id))


@dataclass(slots=True)
class Came:
    """A line of a transfer and how many of it came, as it was typed; `error` is what is wrong with that."""

    line: TransferredLine
    typed: str
    error: str = ""

    @property
    def pieces(self) -> int | None:
        """The number typed, none for an empty field; None for what is no number."""
        text = self.typed.strip()
        return int(text or "0") if (text or "0").isascii() and (text or "0").isdigit() and len(text) < 8 else None


@pages.page("/transfers/<int:transfer_id>/receive", needs=WRITE, methods=("GET", "POST"))
def transfer_receive(by: Principal, transfer_id: int) -> Response:
    """What has come of a transfer: scanned or typed; the rest stays on its way."""
    row, lines = queries.show_transfer(by, transfer_id)
    if row.status != "in_transit":
        return see_other(url_for("stockroom.transfer", transfer_id=transfer_id))
    form = ArriveForm()
    came = [Came(line, request.form.get(f"line-{line.id}", "")[:10]) for line in lines if line.left]
    said = ""
    if form.sent():
        if request.form.get("action") == "all":
            for each in came:
                each.typed = str(each.line.left)
        elif text := (form.scan.data or "").strip():
            said = _scan(form, came, text)
        elif (answer := _arrive(by, transfer_id, form, came)) is not None:
            return answer
    status = 422 if form.errors else 200
    return render_page(
        "inventory/transfers/receive.html", status=status, row=row, came=came, form=form, said=said, words=words
    )


def _scan(form: ArriveForm, came: list[Came], text: str) -> str:
    """One more of what was scanned; what happened, in a sentence."""
    number = fold_serial(text)
    for each in came:
        line = each.line
        if line.serial is not None:
            fits = number == fold_serial(line.serial)
        else:
            fits = text.upper() == line.sku.upper() or text == line.barcode
        if not fits:
            continue
        if (each.pieces or 0) >= line.left:
            form.refuse(Invalid.field("scan", f"All {line.left} of {line.serial or line.sku} are counted already."))
            return ""
        each.typed = str((each.pieces or 0) + 1)
        form.scan.raw_data, form.scan.data = [""], ""
        return f"{line.serial} is here." if line.serial else f"{each.typed} of {line.sku}."
    form.refuse(Invalid.field("scan", f"“{text[:40]}” is not on its way with this transfer."))
    return ""


def _arrive(by: Principal, transfer_id: int, form: ArriveForm, came: list[Came]) -> Response | None:
    for each in came:
        if each.pieces is None:
            each.error = "Write a number of pieces."
    if any(each.error for each in came):
        form.refuse(Invalid("One of the numbers cannot be read."))
        return None
    try:
        done = sending.arrive(by, transfer_id, {each.line.id: each.pieces or 0 for each in came})
    except Invalid as error:
        told = {wrong.field: wrong.message for wrong in error.fields}
        for each in came:
            each.error = told.get(f"line-{each.line.id}", "")
        form.refuse(Invalid(error.message))
        return None
    except Conflict as error:
        form.refuse(error)
        return None
    flash(
        f"All of {done.code} has ended." if done.ended_at else f"Taken in. The rest of {done.code} is on its way.",
        "success",
    )
    return see_other(url_for("stockroom.transfer", transfer_id=transfer_id))


@pages.page("/transfers/<int:transfer_id>/close", needs=WRITE, methods=("GET", "POST"))
def transfer_close(by: Principal, transfer_id: int) -> Response:
    """What is still on its way will not come."""
    row, lines = queries.show_transfer(by, transfer_id)
    if row.status != "in_transit":
        return see_other(url_for("stockroom.transfer", transfer_id=transfer_id))
    form = LossForm()
    if form.sent():
        try:
            done = sending.give_up(by, transfer_id, form.reason.data or "", form.note.data or "")
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash(f"{done.code} is closed; what did not come is out of the books.", "success")
            return see_other(url_for("stockroom.transfer", transfer_id=transfer_id))
    return render_form(
        "inventory/transfers/close.html", form=form, row=row, lines=[line for line in lines if line.left]
    )
