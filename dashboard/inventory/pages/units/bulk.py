"""Changing many units at once: a preview, the report, and the way back."""

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory.pages.units.blueprint import WRITE, pages
from dashboard.inventory.pages.units.unit import FIELD_WORDS
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.service import bulk, quarantine
from dashboard.inventory.service.bulk import Report, Wanted
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.unit_files import read_money
from dashboard.web.errors import status_of
from dashboard.web.pages import render_page, safe_target, see_other

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
        report = bulk.undo_bulk(by, bulk_id)
    except Conflict as error:
        flash(error.message, "warning")
        return see_other(_back())
    return _report(by, report, f"{report.changed:,} units are as they were before your last change.")
