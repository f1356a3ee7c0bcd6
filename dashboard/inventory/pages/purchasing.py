"""Suppliers and purchase orders: the lists, one order, receiving with a scanner, printing."""

from dataclasses import dataclass

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, FieldError, Invalid
from dashboard.inventory.forms.stockroom import PurchaseForm, ReceiveForm, SupplierForm
from dashboard.inventory.forms.typing import read_lines, refuse_unknown
from dashboard.inventory.pages import words
from dashboard.inventory.pages.blueprint import pages
from dashboard.inventory.queries import purchasing as queries
from dashboard.inventory.queries import stock
from dashboard.inventory.queries.purchasing import BoughtLine, PurchaseFilter, PurchaseRow
from dashboard.inventory.service import purchasing as service
from dashboard.inventory.service.purchasing import Arrived, Bought
from dashboard.inventory.service.suppliers import SupplierFacts, change_supplier, create_supplier
from dashboard.web.pages import render_form, render_page, see_other

READ, WRITE = "purchasing:read", "purchasing:write"
TABS = {"": "All", "open": "Open", "draft": "Drafts", "received": "Received", "cancelled": "Cancelled"}


@pages.page("/suppliers", needs=READ)
def suppliers(by: Principal) -> Response:
    archived = request.args.get("archived") == "1"
    return render_page(
        "inventory/suppliers/list.html", suppliers=queries.list_suppliers(by, archived=archived), archived=archived
    )


@pages.page("/suppliers/new", needs=WRITE, methods=("GET", "POST"))
def supplier_new(by: Principal) -> Response:
    form = SupplierForm(lead_days=7)
    if form.sent():
        try:
            made = create_supplier(by, _facts(form))
        except Invalid as error:
            form.refuse(error)
        else:
            flash(f"Added {made.name}.", "success")
            return see_other(url_for("stockroom.suppliers"))
    return render_form("inventory/suppliers/edit.html", form=form, supplier=None)


@pages.page("/suppliers/<int:number>", needs=WRITE, methods=("GET", "POST"))
def supplier(by: Principal, number: int) -> Response:
    shown = queries.show_supplier(by, number)
    form = SupplierForm(obj=shown, data={"archived": shown.archived_at is not None})
    if form.sent():
        try:
            saved = change_supplier(by, number, _facts(form), archived=bool(form.archived.data))
        except Invalid as error:
            form.refuse(error)
        else:
            flash(f"Saved {saved.name}.", "success")
            return see_other(url_for("stockroom.suppliers"))
    return render_form("inventory/suppliers/edit.html", form=form, supplier=shown)


def _facts(form: SupplierForm) -> SupplierFacts:
    return SupplierFacts(
        name=form.name.data or "",
        email=(form.email.data or "").strip() or None,
        phone=(form.phone.data or "").strip() or None,
        lead_days=form.lead_days.data or 0,
        notes=form.notes.data or "",
    )


@pages.page("/purchase-orders", needs=READ)
def purchases(by: Principal) -> Response:
    status = request.args.get("status", "")
    status = status if status in (*queries.STATUSES, "open") else ""
    after = request.args.get("after") or None
    found = queries.purchase_slice(by, PurchaseFilter(status), after=after)
    return render_page(
        "inventory/purchases/list.html",
        fragment="inventory/purchases/_rows.html",
        items=found.items,
        more=url_for("stockroom.purchases", status=status or None, after=found.after) if found.after else "",
        shown=status,
        tabs=TABS,
        words=words,
    )


@pages.page("/purchase-orders/new", needs=WRITE, methods=("GET", "POST"))
def purchase_new(by: Principal) -> Response:
    form = PurchaseForm(data={"supplier": request.args.get("supplier", "")})
    sellers, places = queries.list_suppliers(by), stock.list_locations(by)
    form.supplier.choices = words.supplier_choices(sellers)
    form.place.choices = words.place_choices(places)
    if sellers and form.sent():
        try:
            made = _bought(by, form, next(each.id for each in places if each.code == form.place.data))
        except (Invalid, Conflict) as error:
            form.refuse(_beside_lines(error))
        else:
            flash(f"{made} is a draft. Mark it as ordered once it has gone to the supplier.", "success")
            return see_other(url_for("stockroom.purchases", status="draft"))
    return render_form("inventory/purchases/new.html", form=form, sellers=sellers)


def _bought(by: Principal, form: PurchaseForm, location_id: int) -> str:
    lines = read_lines(form.lines.data, by.currency)
    known = stock.find_by_code(by, [line.code for line in lines])
    refuse_unknown(lines, known)
    wanted = [Bought(known[line.code].number, line.pieces, line.amount) for line in lines]
    made = service.create_purchase_order(
        by,
        int(form.supplier.data),
        wanted,
        location_id=location_id,
        expected_on=form.expected_on.data,
        notes=form.notes.data or "",
    )
    return made.code


def _beside_lines(error: DomainError) -> DomainError:
    """What is wrong with a line of the list stands beside the list."""
    if any(each.field.startswith("items") for each in error.fields):
        return Invalid(error.message, fields=tuple(FieldError("lines", each.message) for each in error.fields))
    return error


@pages.page("/purchase-orders/<int:number>", needs=READ)
def purchase(by: Principal, number: int) -> Response:
    return render_page("inventory/purchases/show.html", order=queries.show_purchase(by, number), words=words)


@pages.page("/purchase-orders/<int:number>/print", needs=READ)
def purchase_print(by: Principal, number: int) -> Response:
    return render_page("inventory/purchases/print.html", order=queries.show_purchase(by, number), words=words)


@pages.page("/purchase-orders/<int:number>/order", needs=WRITE, methods=("POST",))
def purchase_order(by: Principal, number: int) -> Response:
    flash(f"{service.place_order(by, number).code} is ordered.", "success")
    return see_other(url_for("stockroom.purchase", number=number))


@pages.page("/purchase-orders/<int:number>/cancel", needs=WRITE, methods=("POST",))
def purchase_cancel(by: Principal, number: int) -> Response:
    flash(f"{service.cancel_order(by, number).code} is cancelled; what has come stays.", "success")
    return see_other(url_for("stockroom.purchase", number=number))


@dataclass(slots=True)
class Counted:
    """What was typed beside a line: pieces, and of units their numbers; and what is wrong with it."""

    line: BoughtLine
    pieces: str = ""
    serials: str = ""
    error: str = ""

    @property
    def numbers(self) -> tuple[str, ...]:
        """IMEIs and serial numbers, one a line."""
        return tuple(text.strip() for text in self.serials.splitlines() if text.strip())

    @property
    def quantity(self) -> int | None:
        """Pieces that came; None where no number was typed."""
        if self.line.kind == "serialised":
            return len(self.numbers)
        text = self.pieces.strip() or "0"
        return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


@pages.page("/purchase-orders/<int:number>/receive", needs=WRITE, methods=("GET", "POST"))
def purchase_receive(by: Principal, number: int) -> Response:
    order = queries.show_purchase(by, number)
    form = ReceiveForm()
    counted = [
        Counted(
            line,
            request.form.get(f"pieces-{line.id}", "")[:10],
            request.form.get(f"serials-{line.id}", "").replace("\0", "")[:60_000],
        )
        for line in order.lines
    ]
    said = ""
    if form.sent():
        if request.form.get("action") == "all":
            _fill(counted)
        elif (form.scan.data or "").strip():
            said = _scan(form, counted, (form.scan.data or "").strip())
        elif done := _receive(by, order, form, counted):
            flash(done, "success")
            return see_other(url_for("stockroom.purchase", number=number))
    status = 422 if form.errors else 200
    return render_page(
        "inventory/purchases/receive.html", status=status, order=order, form=form, counted=counted, said=said
    )


def _fill(counted: list[Counted]) -> None:
    """Everything that is outstanding has come; units are still to be scanned."""
    for each in counted:
        if each.line.kind != "serialised" and each.line.outstanding:
            each.pieces = str(each.line.outstanding)


def _scan(form: ReceiveForm, counted: list[Counted], text: str) -> str:
    """One more of the product that was scanned, or one more unit; what happened, in a sentence."""
    for each in counted:
        if text.upper() == each.line.sku.upper() or text == each.line.barcode:
            if each.line.kind == "serialised":
                form.refuse(Invalid.field("scan", f"{each.line.sku} comes in units: scan the IMEI of each."))
                return ""
            each.pieces = str((each.quantity or 0) + 1)
            form.scan.raw_data, form.scan.data = [""], ""
            return f"{each.pieces} of {each.line.sku}."
    units = [each for each in counted if each.line.kind == "serialised"]
    wanting = next((each for each in units if len(each.numbers) < each.line.outstanding), None)
    if wanting is None:
        form.refuse(Invalid.field("scan", f"“{text[:40]}” is not on this order."))
        return ""
    if any(text in each.numbers for each in units):
        form.refuse(Invalid.field("scan", f"{text[:40]} was scanned already."))
        return ""
    wanting.serials = "\n".join((*wanting.numbers, text))
    form.scan.raw_data, form.scan.data = [""], ""
    return f"{len(wanting.numbers)} of {wanting.line.sku}: {text}."


def _receive(by: Principal, order: PurchaseRow, form: ReceiveForm, counted: list[Counted]) -> str:
    """What was received, in a sentence; empty where it was refused."""
    for each in counted:
        if each.quantity is None:
            each.error = "Write how many came."
            form.refuse(Invalid(f"{each.line.sku}: write how many came."))
    if form.errors:
        return ""
    came = [each for each in counted if each.quantity]
    arrived = [Arrived(each.line.id, each.quantity or 0, serials=each.numbers) for each in came]
    try:
        saved = service.receive_order(by, order.number, arrived, allow_over=bool(form.allow_over.data))
    except (Invalid, Conflict) as error:
        for item in error.fields:
            position = item.field.partition("[")[2].partition("]")[0]
            if position.isdigit() and int(position) < len(came):
                came[int(position)].error = item.message
        form.refuse(Invalid(error.message))
        return ""
    pieces = sum(each.quantity or 0 for each in came)
    return f"Received {pieces} pieces. {saved.code} is {words.PURCHASE_WORDS[saved.status].lower()}."
