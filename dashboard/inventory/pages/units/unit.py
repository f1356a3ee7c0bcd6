"""One unit: what it is, who holds it, what was checked, what happened to it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from flask import Response, flash, request, url_for
from wtforms import Field

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory import service
from dashboard.inventory.models import QUARANTINE_REASONS, SET_ASIDE
from dashboard.inventory.pages.units.blueprint import READ, WRITE, pages
from dashboard.inventory.pages.units.edits import CELLS, find_unit
from dashboard.inventory.pages.units.forms import ChecksForm, UnitForm, choose
from dashboard.inventory.pages.units.labels import code128_svg
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.queries import history
from dashboard.inventory.queries.photos import photos_of
from dashboard.inventory.service.checks import BLACKLIST, LOCKS, Checks, record_checks
from dashboard.inventory.service.corrections import UnitChange
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.photos import MOST
from dashboard.inventory.service.unit_files import read_money, read_percent
from dashboard.web.errors import status_of
from dashboard.web.pages import render_form, render_page, see_other

EVENT_WORDS = {
    "inventory.changed": "Changed",
    "inventory.checked": "Checks recorded",
    "inventory.quarantined": "Set aside in quarantine",
    "inventory.released": "Released from quarantine",
    "inventory.scrapped": "Let go to scrap",
    "inventory.photos-added": "Photos added",
    "inventory.photo-removed": "Photo removed",
    "inventory.received": "Taken in",
    "inventory.receipt-undone": "Receipt taken back",
    "move.receive": "Came in",
    "move.sell": "Sold",
    "move.return": "Came back",
    "move.scrap": "Scrapped",
    "move.adjust": "Adjusted",
    "move.count": "Stocktake",
    "move.transfer_out": "Left the place",
    "move.transfer_in": "Arrived at the place",
}
FIELD_WORDS = {
    **CELLS,
    "warehouse_id": "Place",
    "color": "Colour",
    "carrier": "Carrier",
    "carrier_locked": "Carrier lock",
    "notes": "Notes",
    "activation_lock": "Activation lock",
    "blacklist": "Blacklist",
    "erasure": "Erasure",
}


@pages.page("/units/<unit_id>", needs=READ)
def unit(by: Principal, unit_id: str) -> Response:
    return unit_page(by, unit_id)


def unit_page(by: Principal, unit_id: str, error: Invalid | Conflict | None = None) -> Response:
    """The unit, with what was typed into one of its forms where that was refused. Raises NotFound."""
    row = find_unit(by, unit_id)
    words = Words(by, [row])
    return render_page(
        "inventory/units/show.html",
        status=200 if error is None else status_of(error),
        error=error,
        typed={name: request.form.get(name, "") for name in ("grade", "note", "reason")},
        row=row,
        facts=history.unit_facts(by, row.id),
        entries=[(entry, *entry_text(entry, words)) for entry in history.unit_timeline(by, row.id)],
        photos=photos_of(by, row.id),
        most_photos=MOST,
        words=words,
        bars=code128_svg(row.number),
        reasons=QUARANTINE_REASONS,
        grades=queries.grid_choices(by, DEFAULTS).grades if row.holder in SET_ASIDE else (),
        locks=LOCKS,
        blacklist=BLACKLIST,
    )


def entry_text(entry: history.Entry, words: Words) -> tuple[str, str]:
    """What happened, and its particulars."""
    title = EVENT_WORDS.get(entry.kind, entry.kind.rpartition(".")[2].replace("-", " ").capitalize())
    data = entry.data
    if "changed" in data:
        parts = [
            f"{FIELD_WORDS.get(name, name)}: {_change_text(name, pair, words)}"
            for name, pair in data["changed"].items()
        ]
        return title, "; ".join(parts)
    if entry.kind.startswith("move."):
        return title, " · ".join(filter(None, (data["place"], data["reason"])))
    return title, " · ".join(filter(None, (QUARANTINE_REASONS.get(data.get("reason", ""), ""), data.get("note", ""))))


def _change_text(name: str, pair: list[Any], words: Words) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, dict):
            return str(cast(Mapping[str, Any], value).get("certificate", ""))
        if name == "price":
            return words.money(value)
        return "none" if value in (None, "") else {True: "yes", False: "no"}.get(value, str(value)[:60])

    return f"{shown(pair[0])} → {shown(pair[1])}"


@pages.page("/units/<unit_id>/edit", needs=WRITE, methods=("GET", "POST"))
def unit_edit(by: Principal, unit_id: str) -> Response:
    row = find_unit(by, unit_id)
    words = Words(by)
    form = UnitForm(
        data={
            "grade": row.grade, "price": words.amount(row.price), "place": row.location_code, "color": row.color,
            "battery_health": "" if row.battery_health is None else row.battery_health, "carrier": row.carrier,
            "carrier_locked": row.carrier_locked, "notes": row.notes,
        }
    )  # fmt: skip
    choices = queries.grid_choices(by, DEFAULTS)
    choose(form.grade, [(code, f"{code} · {label}") for code, label in choices.grades])
    choose(form.place, list(choices.places))
    status = 200
    if form.is_submitted():
        status = 422
    if form.sent():
        try:
            service.change_unit(by, unit_id, _change(by, form))
        except (Invalid, Conflict) as error:
            form.refuse(_in_words_of(error))
            status = status_of(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("units.unit", unit_id=unit_id))
    return render_page("inventory/units/edit.html", status=status, row=row, form=form)


def _in_words_of(error: Invalid | Conflict) -> Invalid | Conflict:
    """The form calls a place a place."""
    if error.fields and error.fields[0].field == "warehouse_id":
        return Invalid.field("place", error.message)
    return error


def _change(by: Principal, form: UnitForm) -> UnitChange:
    def typed(field: Field) -> str:
        return str(field.data or "").strip()

    battery = typed(form.battery_health)
    return UnitChange(
        grade=typed(form.grade) or None,
        price=read_money(typed(form.price), by.currency, "price"),
        battery_health=read_percent(battery) if battery else None,
        location_code=typed(form.place) or None,
        color=typed(form.color),
        carrier=typed(form.carrier),
        carrier_locked=bool(form.carrier_locked.data),
        notes=typed(form.notes),
    )


@pages.page("/units/<unit_id>/checks", needs=WRITE, methods=("GET", "POST"))
def unit_checks(by: Principal, unit_id: str) -> Response:
    row = find_unit(by, unit_id)
    erasure = history.unit_facts(by, row.id).erasure or {}
    form = ChecksForm(
        data={
            "activation_lock": row.activation_lock,
            "blacklist": row.blacklist,
            "erasure_standard": erasure.get("standard"),
            "erasure_certificate": erasure.get("certificate"),
            "erased_on": date.fromisoformat(erasure["at"][:10]) if erasure.get("at") else None,
        }
    )
    if form.sent():
        values = form.values()
        try:
            record_checks(by, unit_id, _checks(values))
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            flash("The checks are recorded.", "success")
            return see_other(url_for("units.unit", unit_id=unit_id))
    return render_form("inventory/units/checks.html", row=row, form=form)


def _checks(values: dict[str, Any]) -> Checks:
    return Checks(
        activation_lock=values["activation_lock"],
        blacklist=values["blacklist"],
        erasure_standard=(values["erasure_standard"] or "").strip(),
        erasure_certificate=(values["erasure_certificate"] or "").strip(),
        erased_on=values["erased_on"],
    )
