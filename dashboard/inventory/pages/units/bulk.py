"""Changing many units at once, picked or all of a list: a preview, the report, and the way back."""

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.pages.units.blueprint import WRITE, pages
from dashboard.inventory.pages.units.listing import read_listing
from dashboard.inventory.pages.units.unit import FIELD_WORDS
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import count_units
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.service import bulk, bulk_lists, quarantine
from dashboard.inventory.service.bulk import Report, Wanted, last_bulk
from dashboard.inventory.service.bulk_lists import Preview
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.unit_files import read_money
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_page, safe_target, see_other

FIELDS = ("price", "percent", "grade", "place", "notes")


@pages.page("/bulk", needs=WRITE, methods=("POST",))
def bulk_change(by: Principal) -> Response:
    """`step` is "" for the form, "preview", or "apply"."""
    units = request.form.getlist("units")
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    step = request.form.get("step", "")
    if step == "quarantine":
        return _set_aside(by, units)
    report: Report | None = None
    error: Invalid | Conflict | None = None
    try:
        if not units:
            raise Invalid.field("units", "Select at least one unit.")
        if step == "apply":
            report = bulk.apply_bulk(by, units, _wanted(by, typed))
            return _report(by, report, f"{report.changed:,} units are changed.")
        if step == "preview":
            report = bulk.preview_bulk(by, units, _wanted(by, typed))
    except (Invalid, Conflict) as refused:
        error = refused
    return render_page(
        "inventory/units/bulk.html",
        status=200 if error is None else status_of(error),
        units=units,
        typed=typed,
        report=report,
        error=error,
        choices=queries.grid_choices(by, DEFAULTS),
        words=Words(by),
        labels=FIELD_WORDS,
        back=_back(),
    )


@pages.page("/bulk/list", needs=WRITE, methods=("GET", "POST"))
def bulk_list(by: Principal) -> Response:
    """Changing all that a list finds, which its address says as the grid's does. `step` is as in `bulk_change`."""
    listing = read_listing(request.args, by.currency)
    where = listing.filter()
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    preview: Preview | None = None
    error: Invalid | Conflict | None = None
    try:
        if request.form.get("step") == "apply":
            change = bulk_lists.change_list(by, where, _wanted(by, typed), seen=_seen())
            return see_other(url_for("units.bulk_done", bulk_id=change.id, back=listing.url()))
        if request.method == "POST":
            preview = bulk_lists.preview_list(by, where, _wanted(by, typed))
    except (Invalid, Conflict) as refused:
        error = refused
    choices = queries.grid_choices(by, DEFAULTS)
    return render_page(
        "inventory/units/bulk_list.html",
        status=200 if error is None else status_of(error),
        listing=listing,
        chips=listing.chips(choices),
        typed=typed,
        total=preview.total if preview else count_units(by, where),
        preview=preview,
        error=error,
        choices=choices,
        words=Words(by),
        labels=FIELD_WORDS,
    )


def _seen() -> int:
    typed = request.form.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 12 else -1


@pages.page("/bulk/<int(max=9007199254740991):bulk_id>", needs=WRITE)
def bulk_done(by: Principal, bulk_id: int) -> Response:
    """How far the change of a list is, and what it did."""
    change = bulk_lists.get_change(by, bulk_id)
    work = bulk_lists.work_of(by, change)
    live = work is not None and work.live
    if is_fragment_request():
        answer = render_page("inventory/units/_bulk_progress.html", change=change, work=work)
        if not live:
            answer.headers["HX-Refresh"] = "true"
        return answer
    last = last_bulk(by)
    return render_page(
        "inventory/units/bulk_done.html",
        change=change,
        work=work,
        live=live,
        report=change.undo_report or change.report or None,
        undoable=not live and last is not None and last.id == bulk_id,
        back=safe_target(request.args.get("back"), url_for("units.grid")),
        words=Words(by),
        labels=FIELD_WORDS,
    )


@pages.page("/bulk/<int(max=9007199254740991):bulk_id>/stop", needs=WRITE, methods=("POST",))
def bulk_stop(by: Principal, bulk_id: int) -> Response:
    try:
        bulk_lists.stop(by, bulk_id)
    except Conflict as error:
        flash(error.message, "warning")
    else:
        flash("It stops after the units that it has in hand.", "success")
    return see_other(url_for("units.bulk_done", bulk_id=bulk_id))


def _back() -> str:
    return safe_target(request.form.get("back"), url_for("units.grid"))


def _wanted(by: Principal, typed: dict[str, str]) -> Wanted:
    """Raises Invalid."""
    percent = typed["percent"].replace("−", "-").rstrip("% ").lstrip("+")
    if percent and not (percent.removeprefix("-").isascii() and percent.removeprefix("-").isdigit()):
        raise Invalid.field("percent", "A percentage is a whole number such as -10.")
    return Wanted(
        price=read_money(typed["price"], by.currency, "price") if typed["price"] else None,
        percent=int(percent) if percent else None,
        grade=typed["grade"] or None,
        location_code=typed["place"] or None,
        notes=typed["notes"] or None,
    )


def _report(by: Principal, report: Report, text: str) -> Response:
    """Back to the list where all went well; else the report stays in sight."""
    if not report.refused:
        flash(text, "success")
        return see_other(_back())
    return render_page(
        "inventory/units/bulk_report.html", report=report, text=text, back=_back(), words=Words(by), labels=FIELD_WORDS
    )


def _set_aside(by: Principal, units: list[str]) -> Response:
    try:
        if not units:
            raise Invalid.field("units", "Select at least one unit.")
        done = quarantine.quarantine(
            by, units, request.form.get("reason") or "inspection", request.form.get("note", "")
        )
    except (Invalid, Conflict) as error:
        flash(error.message, "error")
    else:
        flash(f"{done:,} units are set aside.", "success")
    return see_other(_back())


@pages.page("/bulk/<int(max=9007199254740991):bulk_id>/undo", needs=WRITE, methods=("POST",))
def bulk_undo(by: Principal, bulk_id: int) -> Response:
    try:
        report = bulk_lists.undo_change(by, bulk_id)
    except Conflict as error:
        flash(error.message, "warning")
        return see_other(_back())
    if report is None:
        return see_other(url_for("units.bulk_done", bulk_id=bulk_id))
    return _report(by, report, f"{report.changed:,} units are as they were before your last change.")
