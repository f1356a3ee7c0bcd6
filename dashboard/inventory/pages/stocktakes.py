"""Stocktakes: starting one, counting with a scanner, the review, posting."""

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.forms.stockroom import CountForm, PostForm, StocktakeForm
from dashboard.inventory.forms.typing import read_scan
from dashboard.inventory.pages import words
from dashboard.inventory.pages.blueprint import pages
from dashboard.inventory.queries import stock
from dashboard.inventory.queries import stocktakes as queries
from dashboard.inventory.service import stocktake as counting
from dashboard.inventory.service.stocktake import Posted
from dashboard.inventory.service.stocktake_units import UnitScan
from dashboard.web.pages import is_fragment_request, render_form, render_page, see_other

READ, WRITE = "inventory:read", "inventory:write"


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
    kinds = queries.unit_kinds(by, stocktake_id)
    kind = request.args.get("units", "")
    kind = kind if kind in kinds else next((each for each in words.UNIT_KINDS if each in kinds), "")
    found = queries.counted_units(by, stocktake_id, kind, after=request.args.get("after") or None)
    return render_page(
        "inventory/stocktakes/show.html",
        fragment="inventory/stocktakes/_units.html" if "after" in request.args else None,
        row=row,
        lines=queries.counted_lines(by, stocktake_id),
        kinds=kinds,
        kind=kind,
        units=found.items,
        more=_address(stocktake_id, units=kind, after=found.after) if found.after else "",
        form=PostForm(data={"units_aside": row.found + row.extra > 0}),
        words=words,
    )


def _address(stocktake_id: int, **query: str | None) -> str:
    return url_for("stockroom.stocktake", stocktake_id=stocktake_id, **query)  # pyright: ignore[reportArgumentType]


@pages.page("/stocktakes/<int:stocktake_id>/count", needs=WRITE, methods=("GET", "POST"))
def stocktake_count(by: Principal, stocktake_id: int) -> Response:
    form = CountForm()
    said, tone, unknown = "", "", ""
    if form.sent():
        code, pieces = read_scan(form.scanned.data)
        try:
            said, tone = _counted(by, stocktake_id, code, pieces)
        except (Invalid, Conflict) as error:
            form.refuse(Invalid.field("scanned", error.message))
            unknown = code if isinstance(error, counting.NothingKnown) else ""
        else:
            if not is_fragment_request():
                flash(said, {"good": "success", "warn": "warning"}[tone])
                return see_other(url_for("stockroom.stocktake_count", stocktake_id=stocktake_id))
    wrong = str(next(iter(form.scanned.errors), ""))
    return render_page(
        "inventory/stocktakes/count.html",
        fragment="inventory/stocktakes/_counting.html",
        status=422 if wrong and not is_fragment_request() else 200,  # a scan that was heard, and said to be wrong
        row=queries.show_stocktake(by, stocktake_id),
        form=form,
        said=said,
        tone="bad" if wrong else tone,
        wrong=wrong,
        unknown=unknown,
        scans=queries.last_scans(by, stocktake_id),
        words=words,
    )


def _counted(by: Principal, stocktake_id: int, code: str, pieces: int) -> tuple[str, str]:
    """What a scan counted, in a sentence, and whether it needs a look."""
    done = counting.scan(by, stocktake_id, code, pieces, any_serial=request.form.get("unknown") == "1")
    if isinstance(done, UnitScan):
        return words.SCANNED[done.kind].format(done.number), "good" if done.kind in words.AS_EXPECTED else "warn"
    return f"{done.counted} counted of {code}.", "good"


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
    none, aside = bool(form.missing_is_none.data), bool(form.units_aside.data)
    try:
        done = counting.post_stocktake(by, stocktake_id, missing_is_none=none, units_aside=aside)
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash(_told(done), "success")
    return see_other(url_for("stockroom.stocktake", stocktake_id=stocktake_id))


def _told(done: Posted) -> str:
    units = done.units
    parts = [f"{done.products} {'product differs' if done.products == 1 else 'products differ'}"]
    parts += [
        f"{number} {word}"
        for number, word in (
            (units.missing, "set aside as missing"),
            (units.moved + units.arrived, "moved here"),
            (units.listed, "listed to be taken in"),
        )
        if number
    ]
    return f"Posted. {', '.join(parts)}."


@pages.page("/stocktakes/<int:stocktake_id>/cancel", needs=WRITE, methods=("POST",))
def stocktake_cancel(by: Principal, stocktake_id: int) -> Response:
    counting.cancel_stocktake(by, stocktake_id)
    flash("Cancelled; nothing was changed.", "success")
    return see_other(url_for("stockroom.stocktakes"))
