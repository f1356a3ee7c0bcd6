"""Putting two records of one customer together: choose, see what moves, do it."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.customers import queries, service
from dashboard.customers.forms import MergeForm
from dashboard.customers.pages.blueprint import READ, WRITE, pages
from dashboard.customers.parts import parts_for
from dashboard.customers.queries import CustomerRow
from dashboard.web.errors import status_of
from dashboard.web.pages import render_page, see_other

MAX_TYPED = 100


@pages.page("/duplicates", needs=READ)
def duplicates(by: Principal) -> Response:
    return render_page("customers/duplicates.html", groups=queries.duplicate_groups(by), may_write=by.may(WRITE))


@pages.page("/<int:number>/merge", needs=WRITE, methods=("GET", "POST"))
def merge(by: Principal, number: int) -> ResponseReturnValue:
    """Put another record into this one."""
    stays = queries.show_customer(by, number)
    form = MergeForm()
    status = 200
    if request.method == "POST":
        other = form.other.data or ""
        try:
            if not form.sent():
                raise Invalid.field("other", "Choose the record that goes.")
            merged = service.merge_customers(by, into=number, gone=_number(other))
        except (Invalid, Conflict, NotFound) as error:
            form.refuse(error)
            status = status_of(error)
        else:
            flash(f"{merged.gone.name} (customer {merged.gone.number}) is part of this record now.", "success")
            return see_other(url_for("customers.customer", number=number))
    return _shown(by, stays, form, status)


def _shown(by: Principal, stays: CustomerRow, form: MergeForm, status: int) -> Response:
    typed = request.args.get("q", "")[:MAX_TYPED].replace("\0", "").strip()
    chosen = _chosen(by, form.other.data or request.args.get("with", ""), stays)
    if chosen is not None:
        form.other.data = str(chosen.number)
    found = queries.find_customers(by, typed, limit=20) if typed else queries.duplicates_of(by, stays)
    return render_page(
        "customers/merge.html",
        status=status,
        stays=stays,
        form=form,
        typed=typed,
        found=[each for each in found if each.id != stays.id],
        chosen=chosen,
        moves=[] if chosen is None else _moves(by, chosen),
        taken_over=[] if chosen is None else service.what_is_taken_over(stays, chosen),
    )


def _chosen(by: Principal, text: str, stays: CustomerRow) -> CustomerRow | None:
    """The record that would go, or None where none that can go was chosen."""
    if not text:
        return None
    try:
        found = queries.show_customer(by, _number(text))
    except (NotFound, Invalid):
        return None
    return None if found.merged_into_id is not None or found.id == stays.id else found


def _moves(by: Principal, chosen: CustomerRow) -> list[tuple[str, int]]:
    moves = [("Addresses", len(queries.addresses_of(by, chosen.id)))]
    for part in parts_for(by):
        moves += part.moves(by, chosen.id)
    return moves


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Invalid.field("other", "Choose the record that goes.")
    return int(text)
