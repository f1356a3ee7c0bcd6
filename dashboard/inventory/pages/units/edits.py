"""Editing units in place: one cell of the grid."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory import service
from dashboard.inventory.pages.units.blueprint import WRITE, pages
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.queries.grid import GridRow
from dashboard.inventory.service.corrections import UnitChange
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.unit_files import read_money, read_percent
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, see_other

CELLS = {"price": "Price", "grade": "Grade", "battery_health": "Battery", "place": "Place"}
_COLUMNS = {"price": "price", "grade": "grade", "battery_health": "battery_health", "place": "location_code"}


def find_unit(by: Principal, unit_id: str) -> GridRow:
    """The unit of an address. Raises NotFound, also for text that no database would take."""
    found = queries.units_by_id(by, [unit_id]) if unit_id.isprintable() else []
    if not found:
        raise NotFound("There is no such unit.")
    return found[0]


@pages.page("/units/<unit_id>/fields/<field>", needs=WRITE, methods=("GET", "POST"))
def unit_field(by: Principal, unit_id: str, field: str) -> Response:
    """One cell of the grid: its form, and what it holds after saving."""
    row = find_unit(by, unit_id)
    if field not in CELLS:
        raise NotFound("There is no such field.")
    if request.method == "GET" and not is_fragment_request():
        return see_other(url_for("units.unit_edit", unit_id=unit_id, _anchor=field))
    present = typed_text(row, field, by)
    if request.method == "GET":
        return _cell_form(by, row, field, present, present)
    typed, seen = request.form.get("value", "").strip(), request.form.get("version")
    try:
        if seen is not None and present not in (seen, typed):
            raise Conflict(f"Somebody else changed this to {present or 'empty'} meanwhile. Save again to keep yours.")
        service.change_unit(by, unit_id, read_change(by, field, typed))
    except (Invalid, Conflict) as error:
        if not is_fragment_request():
            raise
        return _cell_form(by, row, field, typed, present, error=error.message, status=status_of(error))
    if not is_fragment_request():
        return see_other(url_for("units.unit", unit_id=unit_id))
    saved = find_unit(by, unit_id)
    return make_response(render_template("inventory/units/_cell.html", row=saved, field=field, words=Words(by)))


def typed_text(row: GridRow, field: str, by: Principal) -> str:
    """What a cell's input begins with."""
    value = getattr(row, _COLUMNS[field])
    if field == "price":
        return Words(by).amount(value)
    return "" if value is None else str(value)


def read_change(by: Principal, field: str, typed: str) -> UnitChange:
    """The change that a cell asks for. Raises Invalid."""
    if field == "price":
        return UnitChange(price=read_money(typed, by.currency, "price"))
    if field == "battery_health":
        return UnitChange(battery_health=read_percent(typed))
    if field == "place":
        places = queries.grid_choices(by, DEFAULTS).places
        code = next((code for code, name in places if typed.lower() in (code, name.lower())), typed)
        return UnitChange(location_code=code)
    return UnitChange(grade=typed.upper() if len(typed) == 1 else typed)


def _cell_form(
    by: Principal, row: GridRow, field: str, text: str, version: str, *, error: str = "", status: int = 200
) -> Response:
    choices = queries.grid_choices(by, DEFAULTS) if field in ("grade", "place") else None
    options: Any = None
    if choices is not None:
        options = [(code, code) for code, _ in choices.grades] if field == "grade" else list(choices.places)
        if text not in dict(options):
            options = [(text, text), *options]
    html = render_template(
        "inventory/units/_cell_form.html",
        url=url_for("units.unit_field", unit_id=row.public_id, field=field),
        label=f"{CELLS[field]} of {row.number}",
        text=text,
        version=version,
        error=error,
        options=options,
        unit={"battery_health": "%", "price": by.currency}.get(field, ""),
    )
    return make_response(html, status)
