"""The grid of units: list, export, labels, saved views."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, flash, request, stream_with_context, url_for

from dashboard.catalog.queries.imports import harmless
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.inventory.pages.units.blueprint import READ, pages
from dashboard.inventory.pages.units.labels import label_of
from dashboard.inventory.pages.units.listing import Listing, read_listing
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.queries.grid import GridRow
from dashboard.inventory.queries.photos import first_photos
from dashboard.inventory.service import saved_views
from dashboard.inventory.service.bulk import last_bulk
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.web.pages import is_fragment_request, render_page, see_other

MOST_LABELS = 200
HEADINGS = (
    "id", "imei", "serial", "sku", "model", "storage", "color", "grade", "battery_health", "carrier", "carrier_locked",
    "price", "cost", "place", "state", "held_by", "notes",
)  # fmt: skip


@pages.page("", needs=READ)
def grid(by: Principal) -> Response:
    listing = read_listing(request.args, by.currency)
    after = request.args.get("after") or None
    if "" in request.args.values() and not is_fragment_request():
        return see_other(listing.url(after))  # a form sends its empty fields too
    where = listing.filter()
    counts = queries.grid_counts(by, where)
    where = replace(where, dense=counts.total > queries.DENSE and listing.sort in ("newest", "oldest"))
    rows = queries.grid_page(by, where, sort=listing.sort, after=after)
    words = Words(by, list(rows.items))
    shown: dict[str, Any] = {
        "rows": rows,
        "words": words,
        "photos": first_photos(by, [row.id for row in rows.items]) if rows.items else {},
        "more_url": rows.after and listing.url(rows.after),
        "listing": listing,
    }
    if after and is_fragment_request():
        return render_page("inventory/units/_rows.html", **shown)
    choices = queries.grid_choices(by, DEFAULTS)
    return render_page(
        "inventory/units/grid.html",
        **shown,
        choices=choices,
        counts=counts,
        further_down=after is not None,
        undoable=last_bulk(by) if by.may("inventory:write") else None,
    )


@pages.page("/export.csv", needs=READ)
def export(by: Principal) -> Response:
    """All units of the list, streamed: however many there are, some hundred are in memory at a time."""
    listing = read_listing(request.args, by.currency)
    named = {"Content-Disposition": 'attachment; filename="units.csv"'}
    return Response(stream_with_context(_csv(by, listing)), mimetype="text/csv", headers=named)


def _csv(by: Principal, listing: Listing) -> Iterator[str]:
    words, costs = Words(by), by.may("costs:read")
    text = io.StringIO()
    writer = csv.writer(text)
    headings = [each for each in HEADINGS if each != "cost" or costs]
    writer.writerow(headings)
    yield "\ufeff"
    for number, row in enumerate(queries.export_rows(by, listing.filter(), listing.sort), 1):
        cells = _cells(row, words)
        writer.writerow([harmless(cells[each]) for each in headings])
        if number % 500 == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _cells(row: GridRow, words: Words) -> dict[str, str]:
    plain = (
        "imei",
        "serial",
        "sku",
        "model",
        "storage",
        "color",
        "grade",
        "battery_health",
        "carrier",
        "state",
        "notes",
    )
    cells = {name: "" if (value := getattr(row, name)) is None else str(value) for name in plain}
    return cells | {
        "id": row.public_id,
        "carrier_locked": "yes" if row.carrier_locked else "no",
        "price": words.amount(row.price),
        "cost": words.amount(row.cost),
        "place": row.location_code,
        "held_by": row.holder or "",
    }


@pages.page("/labels", needs=READ)
def labels(by: Principal) -> Response:
    """Labels to print: of the units that are picked, or else of the first of the list."""
    picked = request.args.getlist("units")[:MOST_LABELS]
    if picked:
        rows = queries.units_by_id(by, picked)
    else:
        listing = read_listing(request.args, by.currency)
        rows = list(queries.grid_page(by, listing.filter(), sort=listing.sort, size=MOST_LABELS).items)
    return render_page(
        "inventory/units/labels.html", labels=[label_of(row, Words(by)) for row in rows], most=MOST_LABELS
    )


@pages.page("/views", needs=READ, methods=("POST",))
def view_keep(by: Principal) -> Response:
    listing = read_listing(request.form, by.currency)
    name = request.form.get("name", "")
    try:
        saved_views.keep_view(by, name, listing.query())
    except Invalid as error:
        flash(error.message, "error")
    else:
        flash(f"“{' '.join(name.split())}” is kept among your views.", "success")
    return see_other(listing.url())


@pages.page("/views/<int(max=9007199254740991):view_id>/remove", needs=READ, methods=("POST",))
def view_drop(by: Principal, view_id: int) -> Response:
    saved_views.drop_view(by, view_id)
    flash("The view is removed.", "success")
    return see_other(url_for("units.grid"))
