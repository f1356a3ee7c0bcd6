"""A technician: the page, the forms that add and change one, and absences."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, FieldError, Invalid
from dashboard.core.money import Money
from dashboard.customers import queries as customers
from dashboard.customers.forms import amount_text, read_amount
from dashboard.customers.service import Stale
from dashboard.inventory.queries.stock import list_locations
from dashboard.web.pages import render_form, render_page, see_other
from dashboard.workforce import service
from dashboard.workforce.forms.reading import point_text, read_point
from dashboard.workforce.forms.technicians import AbsenceForm, TechnicianForm
from dashboard.workforce.local_time import day_of, exact_instant
from dashboard.workforce.pages.blueprint import READ, WRITE, pages
from dashboard.workforce.pages.stories import told
from dashboard.workforce.queries.details import Details, details_of
from dashboard.workforce.queries.technicians import TechnicianRow, show_technician, user_choices
from dashboard.workforce.queries.zones import list_zones
from dashboard.workforce.service import Absence, Shift, TechnicianFacts
from dashboard.workforce.service.timetable import WEEKDAYS, clock_text

_TECHNICIAN = "/technicians/<int:number>"
_TEXTS = ("name", "email", "phone", "pay_type", "start_from", "home_address", "home_zip", "start_zip")
_LINKS = {"user": "user_id", "location": "location_id", "van": "van_id"}
_FIELDS = {
    **_LINKS,
    "base_pay": "base_pay_cents",
    "home_latitude": "home_point",
    "home_longitude": "home_point",
    "start_latitude": "start_point",
    "start_longitude": "start_point",
}
"""The field of the form behind a word of the service."""


@pages.page(_TECHNICIAN, needs=READ)
def technician(by: Principal, number: int) -> Response:
    return show(by, number)


def show(by: Principal, number: int, *, absence_form: AbsenceForm | None = None, status: int = 200) -> Response:
    """The page of a technician; with the form of an absence where that was refused."""
    found = show_technician(by, number)
    now = clock.now()
    details = details_of(by, [found.id])[found.id]
    return render_page(
        "workforce/technicians/show.html",
        status=status,
        technician=found,
        details=details,
        hours=_hours(details),
        absences=[each for each in details.absences if each.ends_at > now],
        past=sum(each.ends_at <= now for each in details.absences),
        now=now,
        today=day_of(now, by.time_zone),
        pay=Money(found.base_pay, by.currency).format() if by.may(WRITE) or by.may("costs:read") else None,
        absence_form=absence_form or AbsenceForm(formdata=None),
        absence_open=absence_form is not None,
        moments=told(customers.timeline(by, f"technician:{found.id}", limit=20)),
        may_write=by.may(WRITE),
    )


def _hours(details: Details) -> list[tuple[str, str, str]]:
    """Weekday, hours and break in words."""
    by_day = {each.weekday: each for each in details.shifts}
    rows: list[tuple[str, str, str]] = []
    for weekday, day in enumerate(WEEKDAYS):
        shift = by_day.get(weekday)
        if shift is None:
            rows.append((day, "", ""))
            continue
        pause = "" if shift.break_from is None else f"{clock_text(shift.break_from)}–{clock_text(shift.break_until)}"
        rows.append((day, f"{clock_text(shift.starts)}–{clock_text(shift.ends)}", pause))
    return rows


@pages.page("/technicians/new", needs=WRITE, methods=("GET", "POST"))
def technician_new(by: Principal) -> ResponseReturnValue:
    form = _form(by, None)
    if form.sent():
        try:
            made = service.create_technician(by, TechnicianFacts(**_facts(by, form)))
        except (Invalid, Conflict) as error:
            _refuse(form, error)
        else:
            flash(f"{made.name} was added.", "success")
            return see_other(url_for("workforce.technician", number=made.number))
    elif not form.is_submitted():
        _usual_hours(form)
    return render_form("workforce/technicians/edit.html", form=form, technician=None, weekdays=WEEKDAYS, theirs={})


@pages.page(f"{_TECHNICIAN}/edit", needs=WRITE, methods=("GET", "POST"))
def technician_edit(by: Principal, number: int) -> ResponseReturnValue:
    found = show_technician(by, number)
    form = _form(by, found)
    theirs: dict[str, str] = {}
    if form.sent():
        try:
            service.update_technician(by, number, _facts(by, form), version=_version(form))
        except Stale as error:
            theirs = {_FIELDS.get(name, name): _word(by, name, value) for name, value in error.theirs.items()}
            form.version.data = str(error.version)
            form.form_errors.append(error.message)
        except (Invalid, Conflict) as error:
            _refuse(form, error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("workforce.technician", number=number))
    elif not form.is_submitted():
        form.show_shifts(details_of(by, [found.id])[found.id].shifts)
    return render_form("workforce/technicians/edit.html", form=form, technician=found, weekdays=WEEKDAYS, theirs=theirs)


@pages.page(f"{_TECHNICIAN}/absences", needs=WRITE, methods=("POST",))
def absence_new(by: Principal, number: int) -> ResponseReturnValue:
    show_technician(by, number)
    form = AbsenceForm()
    if form.sent():
        try:
            service.add_absence(by, number, _absence(by, form))
        except Invalid as error:
            form.refuse(error)
        else:
            flash("The absence was added.", "success")
            return see_other(url_for("workforce.technician", number=number))
    return show(by, number, absence_form=form, status=422)


@pages.page(f"{_TECHNICIAN}/absences/<int:absence_id>/remove", needs=WRITE, methods=("POST",))
def absence_remove(by: Principal, number: int, absence_id: int) -> ResponseReturnValue:
    service.remove_absence(by, number, absence_id)
    flash("The absence was removed.", "success")
    return see_other(url_for("workforce.technician", number=number))


def _absence(by: Principal, form: AbsenceForm) -> Absence:
    """What was typed. Raises Invalid for a moment that the wall never shows, or twice."""
    starts, ends = form.starts_at.data, form.ends_at.data
    assert starts is not None
    assert ends is not None
    return Absence(
        exact_instant(starts, by.time_zone, "starts_at"),
        exact_instant(ends, by.time_zone, "ends_at"),
        form.reason.data or "",
    )


def _form(by: Principal, found: TechnicianRow | None) -> TechnicianForm:
    """The form with its choices, beginning with what is known."""
    form = TechnicianForm(data=None if found is None else _shown(by, found))
    users = [("", "Nobody"), *((str(number), name) for number, name in user_choices(by, found))]
    places = [(str(each.number), each.name, each.kind) for each in list_locations(by)]
    form.user_id.choices = users
    form.location_id.choices = [("", "Choose a place"), *((number, name) for number, name, _ in places)]
    form.van_id.choices = [("", "None"), *((number, name) for number, name, kind in places if kind == "van")]
    form.zones.choices = [(each.number, each.name) for each in list_zones(by)]
    return form


def _shown(by: Principal, found: TechnicianRow) -> dict[str, Any]:
    zones = details_of(by, [found.id])[found.id].zones
    return {
        **{name: getattr(found, name) for name in _TEXTS},
        "active": found.active,
        "user_id": str(found.user_number or ""),
        "location_id": str(found.location_number or ""),
        "van_id": str(found.van_number or ""),
        "base_pay_cents": amount_text(found.base_pay, by.currency),
        "home_point": point_text(found.home_latitude, found.home_longitude),
        "start_point": point_text(found.start_latitude, found.start_longitude),
        "zones": [each.number for each in zones],
        "version": str(found.version),
    }


def _usual_hours(form: TechnicianForm) -> None:
    """Monday to Friday from 8 to 17 with half an hour at noon: quicker to correct than to type."""
    form.show_shifts([_usual(weekday) for weekday in range(5)])


def _usual(weekday: int) -> Shift:
    return Shift(weekday, 8 * 60, 17 * 60, 12 * 60, 12 * 60 + 30)


def _facts(by: Principal, form: TechnicianForm) -> dict[str, Any]:
    """What was typed, by the service's words. Raises Invalid beside what cannot be read."""
    found: dict[str, Any] = {name: form[name].data or "" for name in _TEXTS}
    found |= {name: _number(form[field].data) for name, field in _LINKS.items()}
    found["active"] = bool(form.active.data)
    found["base_pay"] = read_amount(form.base_pay_cents.data or "0", by.currency, "base_pay_cents")
    for place in ("home", "start"):
        point = read_point(form[f"{place}_point"].data, f"{place}_point")
        found[f"{place}_latitude"], found[f"{place}_longitude"] = point or (None, None)
    return {**found, "shifts": form.shifts(), "zones": tuple(form.zones.data or ())}


def _number(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _version(form: TechnicianForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _refuse(form: TechnicianForm, error: DomainError) -> None:
    """Show a refusal beside the fields of this form that it means."""
    weekdays: list[int] = []
    try:
        weekdays = [each.weekday for each in form.shifts()]
    except Invalid:
        weekdays = []
    fields = tuple(FieldError(_field(each.field, weekdays), each.message) for each in error.fields)
    form.refuse(Invalid(error.message, fields=fields))


def _field(name: str, weekdays: list[int]) -> str:
    if name.startswith("shifts["):
        place = int(name.removeprefix("shifts[").removesuffix("]"))
        return f"day{weekdays[place]}_until" if place < len(weekdays) else name
    return _FIELDS.get(name, name)


def _word(by: Principal, name: str, value: Any) -> str:
    """A value as the form would show it."""
    if name == "base_pay":
        return amount_text(value, by.currency)
    if isinstance(value, bool):
        return "yes" if value else "no"
    words: Mapping[Any, str] = {None: "", "hourly": "the hour", "salary": "the year", "home": "home"}
    return words.get(value, str(value))
