"""Service zones: the list with their outlines, a page and a form each."""

from typing import Any

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.customers.service import Stale
from dashboard.web.pages import render_form, render_page, see_other
from dashboard.workforce import service
from dashboard.workforce.forms.reading import codes_text, outline_text, read_codes, read_outline
from dashboard.workforce.forms.zones import ZoneForm
from dashboard.workforce.pages.blueprint import ZONES_READ, ZONES_WRITE, pages
from dashboard.workforce.pages.drawing import drawn
from dashboard.workforce.queries.technicians import technician_choices
from dashboard.workforce.queries.zones import ZoneRow, list_zones, show_zone
from dashboard.workforce.service import ZoneFacts

_ZONE = "/zones/<int:number>"


@pages.page("/zones", needs=ZONES_READ)
def zones(by: Principal) -> Response:
    found = list_zones(by)
    return render_page(
        "workforce/zones/list.html",
        zones=found,
        codes={zone.id: codes_text(zone.zips) for zone in found},
        drawings={zone.id: drawn(zone.polygon) for zone in found},
        may_write=by.may(ZONES_WRITE),
    )


@pages.page(_ZONE, needs=ZONES_READ)
def zone(by: Principal, number: int) -> Response:
    found = show_zone(by, number)
    return render_page(
        "workforce/zones/show.html",
        zone=found,
        codes=codes_text(found.zips),
        drawing=drawn(found.polygon),
        may_write=by.may(ZONES_WRITE),
    )


@pages.page("/zones/new", needs=ZONES_WRITE, methods=("GET", "POST"))
def zone_new(by: Principal) -> ResponseReturnValue:
    form = _form(by, None)
    if form.sent():
        try:
            made = service.create_zone(by, ZoneFacts(**_facts(form)))
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash(f"{made.name} was added.", "success")
            return see_other(url_for("workforce.zone", number=made.number))
    return render_form("workforce/zones/edit.html", form=form, zone=None, theirs={})


@pages.page(f"{_ZONE}/edit", needs=ZONES_WRITE, methods=("GET", "POST"))
def zone_edit(by: Principal, number: int) -> ResponseReturnValue:
    found = show_zone(by, number)
    form = _form(by, found)
    theirs: dict[str, str] = {}
    if form.sent():
        try:
            service.change_zone(by, number, _facts(form), version=_version(form))
        except Stale as error:
            theirs = {name: _word(name, value) for name, value in error.theirs.items()}
            form.version.data = str(error.version)
            form.form_errors.append(error.message)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("workforce.zone", number=number))
    return render_form("workforce/zones/edit.html", form=form, zone=found, theirs=theirs)


@pages.page(f"{_ZONE}/remove", needs=ZONES_WRITE, methods=("POST",))
def zone_remove(by: Principal, number: int) -> ResponseReturnValue:
    service.remove_zone(by, number)
    flash("The zone was removed.", "success")
    return see_other(url_for("workforce.zones"))


def _form(by: Principal, found: ZoneRow | None) -> ZoneForm:
    form = ZoneForm(data=None if found is None else _shown(found))
    people = {each.number: each.name for each in technician_choices(by)}
    people |= {each.number: each.name for each in (found.technicians if found else ())}
    form.technicians.choices = list(people.items())
    return form


def _shown(found: ZoneRow) -> dict[str, Any]:
    return {
        "name": found.name,
        "zips": codes_text(found.zips),
        "polygon": outline_text(found.polygon),
        "technicians": [each.number for each in found.technicians],
        "version": str(found.version),
    }


def _facts(form: ZoneForm) -> dict[str, Any]:
    return {
        "name": form.name.data or "",
        "zips": read_codes(form.zips.data),
        "polygon": read_outline(form.polygon.data),
        "technicians": tuple(sorted(form.technicians.data or ())),
    }


def _version(form: ZoneForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _word(name: str, value: Any) -> str:
    """A value as the form would show it."""
    if name == "zips":
        return codes_text(value)
    if name == "polygon":
        return f"{len(value)} corners"
    return str(value) if name == "name" else f"{len(value)} technicians"
