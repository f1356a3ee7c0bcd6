"""The fleet: the list with what is due, a vehicle, its papers and the work that comes again."""

from typing import Any

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.customers.service import Stale
from dashboard.inventory.queries import stock
from dashboard.web.pages import PageBlueprint, render_form, render_page, see_other
from dashboard.web.registry import NavItem, SearchHit
from dashboard.workforce import words
from dashboard.workforce.forms.fleet import MileageForm, PaperForm, ServiceForm, VehicleForm
from dashboard.workforce.queries import fleet as queries
from dashboard.workforce.queries.fleet import VehicleRow
from dashboard.workforce.queries.technicians import technician_choices
from dashboard.workforce.service import fleet
from dashboard.workforce.service.fleet import Maintenance, Paper, VehicleFacts

pages = PageBlueprint("fleet", __name__, url_prefix="/fleet")

READ, WRITE = "fleet:read", "fleet:write"
NAVIGATION = NavItem("Fleet", "fleet.vehicles", "car", READ, "Serve", 60)
MAX_TYPED = 100
_PLAIN = ("name", "plate", "make", "model", "year", "mileage", "active")
_ONE = "/<int:number>"


@pages.page("", needs=READ)
def vehicles(by: Principal) -> Response:
    typed = "".join(each for each in request.args.get("q", "") if each.isprintable()).strip()[:MAX_TYPED]
    retired = request.args.get("show") == "retired"
    found = queries.list_vehicles(by, active=not retired, typed=typed)
    due = {each.number: queries.alerts_of(each) for each in found}
    return render_page(
        "workforce/fleet/list.html",
        fragment="workforce/fleet/_listing.html",
        rows=found,
        due=due,
        alerts=[] if retired else queries.fleet_alerts(by, found),
        typed=typed,
        retired=retired,
        words=words,
    )


@pages.page(_ONE, needs=READ)
def vehicle(by: Principal, number: int) -> Response:
    return _show(by, number)


def _show(by: Principal, number: int, *, refused: MileageForm | PaperForm | ServiceForm | None = None) -> Response:
    """The page of a vehicle; with one of its small forms as it was refused."""
    found = queries.show_vehicle(by, number)
    return render_page(
        "workforce/fleet/show.html",
        status=200 if refused is None else 422,
        vehicle=found,
        alerts=queries.alerts_of(found),
        mileage_form=refused if isinstance(refused, MileageForm) else MileageForm(formdata=None),
        paper_form=refused if isinstance(refused, PaperForm) else PaperForm(formdata=None),
        service_form=refused if isinstance(refused, ServiceForm) else ServiceForm(formdata=None),
        may_write=by.may(WRITE),
        words=words,
    )


@pages.page("/new", needs=WRITE, methods=("GET", "POST"))
def vehicle_new(by: Principal) -> Response:
    form = _choices(by, VehicleForm(), None)
    if form.sent():
        try:
            made = fleet.create_vehicle(by, VehicleFacts(**_facts(form)))
        except (Invalid, Conflict) as error:
            form.refuse(_placed(error))
        else:
            return _saved(by, made.number, f"{made.name} was added.")
    return render_form("workforce/fleet/edit.html", form=form, vehicle=None, theirs={})


@pages.page(f"{_ONE}/edit", needs=WRITE, methods=("GET", "POST"))
def vehicle_edit(by: Principal, number: int) -> Response:
    found = queries.show_vehicle(by, number)
    form = _choices(by, VehicleForm(data=_shown(found)), found)
    theirs: dict[str, str] = {}
    if form.sent():
        try:
            fleet.change_vehicle(by, number, _facts(form), version=_version(form))
        except Stale as error:
            theirs = {name: _text(value) for name, value in error.theirs.items()}
            form.version.data = str(error.version)
            form.form_errors.append(error.message)
        except (Invalid, Conflict) as error:
            form.refuse(_placed(error))
        else:
            return _saved(by, number, "Saved.")
    return render_form("workforce/fleet/edit.html", form=form, vehicle=found, theirs=theirs)


def _choices(by: Principal, form: VehicleForm, found: VehicleRow | None) -> VehicleForm:
    """Who can drive it and what it can carry; whoever drives it stays to be chosen, active or not."""
    drivers = {"": "Nobody", **{str(each.number): each.name for each in technician_choices(by)}}
    if found is not None and found.technician is not None:
        drivers.setdefault(str(found.technician), found.technician_name or "")
    places = {"": "None", **{str(each.number): each.name for each in stock.list_locations(by) if each.kind == "van"}}
    if found is not None and found.location is not None:
        places.setdefault(str(found.location), found.location_name or "")
    form.technician_id.choices, form.location_id.choices = drivers, places
    return form


def _facts(form: VehicleForm) -> dict[str, Any]:
    facts = {name: form[name].data for name in _PLAIN}
    facts |= {name: facts[name] or "" for name in ("make", "model")}
    links = {name: int(text) if (text := form[f"{name}_id"].data) else None for name in ("technician", "location")}
    return {**facts, **links, "vin": form.vin.data or None}


def _shown(found: VehicleRow) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in (*_PLAIN, "vin")}
    links = {"technician_id": str(found.technician or ""), "location_id": str(found.location or "")}
    return {**shown, **links, "version": str(found.version)}


def _placed(error: Invalid | Conflict) -> Invalid | Conflict:
    """A plate or a place that another has is said beside its field."""
    field = {"plate_taken": "plate", "place_taken": "location_id"}.get(error.code)
    return error if field is None else Invalid.field(field, error.message)


def _version(form: VehicleForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


def _saved(by: Principal, number: int, said: str) -> Response:
    flash(said, "success")
    for warning in queries.show_vehicle(by, number).warnings:
        flash(warning, "warning")
    return see_other(url_for("fleet.vehicle", number=number))


@pages.page(f"{_ONE}/remove", needs=WRITE, methods=("POST",))
def vehicle_remove(by: Principal, number: int) -> Response:
    fleet.remove_vehicle(by, number)
    flash("The vehicle was removed.", "success")
    return see_other(url_for("fleet.vehicles"))


@pages.page(f"{_ONE}/mileage", needs=WRITE, methods=("POST",))
def mileage(by: Principal, number: int) -> Response:
    form = MileageForm()
    queries.show_vehicle(by, number)
    if form.sent():
        try:
            fleet.record_mileage(by, number, form.mileage.data or 0)
        except Invalid as error:
            form.refuse(error)
        else:
            return _done(number, "The mileage was saved.")
    return _show(by, number, refused=form)


@pages.page(f"{_ONE}/papers", needs=WRITE, methods=("POST",))
def paper_new(by: Principal, number: int) -> Response:
    form = PaperForm()
    queries.show_vehicle(by, number)
    if form.sent():
        try:
            fleet.add_paper(by, number, Paper(form.kind.data or "", form.reference.data or "", form.expires_on.data))
        except Invalid as error:
            form.refuse(error)
        else:
            return _done(number, "The paper was added.")
    return _show(by, number, refused=form)


@pages.page(f"{_ONE}/papers/<int:paper_id>/remove", needs=WRITE, methods=("POST",))
def paper_remove(by: Principal, number: int, paper_id: int) -> Response:
    fleet.remove_paper(by, number, paper_id)
    return _done(number, "The paper was removed.")


@pages.page(f"{_ONE}/services", needs=WRITE, methods=("POST",))
def service_new(by: Principal, number: int) -> Response:
    form = ServiceForm()
    queries.show_vehicle(by, number)
    if form.sent():
        names = ("every_miles", "every_days", "done_at_mileage", "done_on")
        try:
            wanted = Maintenance(form["name"].data or "", **{name: form[name].data for name in names})
            fleet.add_service(by, number, wanted)
        except Invalid as error:
            form.refuse(error)
        else:
            return _done(number, "The work was added.")
    return _show(by, number, refused=form)


@pages.page(f"{_ONE}/services/<int:service_id>/done", needs=WRITE, methods=("POST",))
def service_done(by: Principal, number: int, service_id: int) -> Response:
    fleet.service_done(by, number, service_id)
    return _done(number, "Done today: it comes again from here.")


@pages.page(f"{_ONE}/services/<int:service_id>/remove", needs=WRITE, methods=("POST",))
def service_remove(by: Principal, number: int, service_id: int) -> Response:
    fleet.remove_service(by, number, service_id)
    return _done(number, "The work was removed.")


def _done(number: int, said: str) -> Response:
    flash(said, "success")
    return see_other(url_for("fleet.vehicle", number=number))


def find_in_shell(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Vehicles for what was typed into the search box: a name, a plate, a VIN."""
    return [
        SearchHit(each.name, each.plate, url_for("fleet.vehicle", number=each.number), "Vehicles", "car")
        for each in queries.list_vehicles(by, typed=typed)[:limit]
    ]
