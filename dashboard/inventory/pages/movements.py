"""Transfers between places, and stocktakes."""

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.forms.stockroom import CountForm, PostForm, StocktakeForm, TransferForm
from dashboard.inventory.forms.typing import TypedLine, read_lines, read_scan, refuse_unknown
from dashboard.inventory.models import Product, Transfer
from dashboard.inventory.pages import words
from dashboard.inventory.pages.blueprint import pages
from dashboard.inventory.queries import movements as queries
from dashboard.inventory.queries import stock
from dashboard.inventory.service import stocktake as counting
from dashboard.inventory.service import transfers as sending
from dashboard.inventory.service.transfers import Sent
from dashboard.web.pages import is_fragment_request, render_form, render_page, see_other

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


@pages.page("/stocktakes", needs=READ, methods=("GET",))
def stocktakes(by: Principal) -> Response:
    found = queries.stocktake_slice(by, after=request.args.get("after") or None)
    return render_page(
        "inventory/stocktakes/list.html",
        fragment="inventory/stocktakes/_rows.html",
        items=found.items,
        more=url_for("stockroom.stocktakes", after=found.after) if found.after else "",
        words=words,
    )


@pages.page("/stocktakes/new", needs=WRITE, methods=("GET", "POST"))
def stocktake_new(by: Principal) -> Response:
    places = stock.list_locations(by)
    form = StocktakeForm()
    form.place.choices = words.place_choices(places)
    if places and form.sent():
        try:
            place = next(each.id for each in places if each.code == form.place.data)
            made = counting.start_stocktake(by, place)
        except (Invalid, Conflict) as error:
            form.refuse(Invalid.field("place", error.message))
        else:
            return see_other(url_for("stockroom.stocktake", stocktake_id=made.id))
    return render_form("inventory/stocktakes/new.html", form=form, places=places)


@pages.page("/stocktakes/<int:stocktake_id>", needs=READ)
def stocktake(by: Principal, stocktake_id: int) -> Response:
    """What was counted beside what is expected: to review, or as it was posted."""
    row = queries.show_stocktake(by, stocktake_id)
    return render_page(
        "inventory/stocktakes/show.html",
        row=row,
        lines=queries.counted_lines(by, stocktake_id),
        form=PostForm(),
        words=words,
    )


@pages.page("/stocktakes/<int:stocktake_id>/count", needs=WRITE, methods=("GET", "POST"))
def stocktake_count(by: Principal, stocktake_id: int) -> Response:
    form = CountForm()
    said = ""
    if form.sent():
        code, pieces = read_scan(form.scanned.data)
        try:
            line = counting.count_pieces(by, stocktake_id, code, pieces)
        except (Invalid, Conflict) as error:
            form.refuse(Invalid.field("scanned", error.message))
        else:
            said = f"{line.counted} counted of {code}."
            if not is_fragment_request():
                flash(said, "success")
                return see_other(url_for("stockroom.stocktake_count", stocktake_id=stocktake_id))
    wrong = str(next(iter(form.scanned.errors), ""))
    return render_page(
        "inventory/stocktakes/count.html",
        fragment="inventory/stocktakes/_counting.html",
        status=422 if wrong and not is_fragment_request() else 200,  # a scan that was heard, and said to be wrong
        row=queries.show_stocktake(by, stocktake_id),
        form=form,
        said=said,
        wrong=wrong,
        scans=queries.last_scans(by, stocktake_id),
        words=words,
    )


@pages.page("/stocktakes/<int:stocktake_id>/again", needs=WRITE, methods=("POST",))
def stocktake_again(by: Principal, stocktake_id: int) -> Response:
    product = request.form.get("product", "")
    if not (product.isascii() and product.isdigit() and len(product) < 16):
        raise Invalid.field("product", "Say which product is counted again.")
    counting.count_again(by, stocktake_id, int(product))
    return see_other(url_for("stockroom.stocktake", stocktake_id=stocktake_id))


@pages.page("/stocktakes/<int:stocktake_id>/post", needs=WRITE, methods=("POST",))
def stocktake_post(by: Principal, stocktake_id: int) -> Response:
    form = PostForm()
    if not form.sent():
        raise Invalid("The form could not be read. Go back and send it again.")
    try:
        differing = counting.post_stocktake(by, stocktake_id, missing_is_none=bool(form.missing_is_none.data))
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash(f"Posted. {differing} {'product differs' if differing == 1 else 'products differ'}.", "success")
    return see_other(url_for("stockroom.stocktake", stocktake_id=stocktake_id))


@pages.page("/stocktakes/<int:stocktake_id>/cancel", needs=WRITE, methods=("POST",))
def stocktake_cancel(by: Principal, stocktake_id: int) -> Response:
    counting.cancel_stocktake(by, stocktake_id)
    flash("Cancelled; nothing was changed.", "success")
    return see_other(url_for("stockroom.stocktakes"))
