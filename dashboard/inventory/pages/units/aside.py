"""Setting units aside, what is set aside, and how it is let go: back to stock, with another grade if need be, or to
scrap.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import QUARANTINE_REASONS
from dashboard.inventory.pages.units.blueprint import READ, WRITE, pages
from dashboard.inventory.pages.units.edits import find_unit
from dashboard.inventory.pages.units.unit import unit_page
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.queries import set_aside
from dashboard.inventory.queries.holders import holder_names
from dashboard.inventory.service import quarantine
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_page, safe_target, see_other


@pages.page("/set-aside", needs=READ)
def aside(by: Principal) -> Response:
    return _page(by)


@pages.page("/set-aside/units", needs=WRITE, methods=("POST",))
def aside_units(by: Principal) -> Response:
    """`step` is "release" or "scrap"; where something is refused, what was picked and typed stays."""
    picked, form = request.form.getlist("units"), request.form
    try:
        if form.get("step") == "scrap":
            done = quarantine.scrap(by, picked, form.get("note", ""))
            text = f"{done:,} {'unit is' if done == 1 else 'units are'} scrapped."
        else:
            done = quarantine.release(by, picked, grade=form.get("grade") or None)
            text = f"{done:,} {'unit is' if done == 1 else 'units are'} back in stock."
    except (Invalid, Conflict, NotFound) as error:
        return _page(by, error=error, picked=picked)
    flash(text, "success")
    return see_other(safe_target(form.get("back"), url_for("units.aside", reason=form.get("reason") or None)))


@pages.page("/set-aside/pieces/<int(max=9007199254740991):claim_id>", needs=WRITE, methods=("POST",))
def aside_pieces(by: Principal, claim_id: int) -> Response:
    form = request.form
    usable = form.get("step") != "scrap"
    try:
        typed = form.get("quantity", "").strip()
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            raise Invalid.field("quantity", "Give a whole number of pieces.")
        quarantine.let_go_pieces(by, claim_id, int(typed), usable=usable)
    except (Invalid, Conflict) as error:
        return _page(by, error=error, claim_id=claim_id)
    flash("The pieces are back in stock." if usable else "The pieces are scrapped.", "success")
    return see_other(url_for("units.aside"))


def _page(
    by: Principal,
    *,
    error: Invalid | Conflict | NotFound | None = None,
    picked: list[str] | None = None,
    claim_id: int | None = None,
) -> Response:
    reason = request.values.get("reason", "")
    reason = reason if reason in QUARANTINE_REASONS else ""
    after = request.args.get("after") or None
    rows = set_aside.units_aside(by, reason=reason, after=after)
    words = Words(by)
    shown: dict[str, Any] = {
        "rows": rows,
        "names": set_aside.aside_names(by, rows.items),
        "reasons": QUARANTINE_REASONS,
        "reason": reason,
        "words": words,
        "picked": picked or [],
    }
    if after and is_fragment_request():
        return render_page("inventory/units/_aside_rows.html", **shown)
    pieces = set_aside.pieces_aside(by)
    return render_page(
        "inventory/units/aside.html",
        status=200 if error is None else status_of(error),
        **shown,
        error=error,
        claim_id=claim_id,
        typed={name: request.form.get(name, "") for name in ("grade", "note", "quantity")},
        counts=set_aside.count_aside(by),
        pieces=pieces,
        returns=holder_names(by, [("repair", each.return_id) for each in pieces]),
        address_of=words.holder_address,
        grades=queries.grid_choices(by, DEFAULTS).grades,
    )


@pages.page("/units/<unit_id>/quarantine", needs=WRITE, methods=("POST",))
def unit_quarantine(by: Principal, unit_id: str) -> Response:
    form = request.form
    return _one(
        by,
        unit_id,
        lambda unit: quarantine.quarantine(by, [unit], form.get("reason", ""), form.get("note", "")),
        "The unit is set aside. Nobody can sell it until it is released.",
    )


@pages.page("/units/<unit_id>/release", needs=WRITE, methods=("POST",))
def unit_release(by: Principal, unit_id: str) -> Response:
    grade = request.form.get("grade") or None
    return _one(by, unit_id, lambda unit: quarantine.release(by, [unit], grade=grade), "The unit is free again.")


@pages.page("/units/<unit_id>/scrap", needs=WRITE, methods=("POST",))
def unit_scrap(by: Principal, unit_id: str) -> Response:
    note = request.form.get("note", "")
    return _one(by, unit_id, lambda unit: quarantine.scrap(by, [unit], note), "The unit is scrapped.")


def _one(by: Principal, unit_id: str, act: Callable[[str], int], done: str) -> Response:
    """Do this to a unit; where it is refused, its page says why and keeps what was typed."""
    try:
        act(find_unit(by, unit_id).public_id)
    except (Invalid, Conflict) as error:
        return unit_page(by, unit_id, error)
    flash(done, "success")
    return see_other(url_for("units.unit", unit_id=unit_id))
