"""Manifests: what is expected, the scanning, what is received of it."""

from flask import Response, current_app, flash, request, url_for

from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, DomainError, Invalid
from dashboard.inventory import service
from dashboard.inventory.pages.units.blueprint import READ, WRITE, pages
from dashboard.inventory.pages.units.files import sent_rows
from dashboard.inventory.pages.units.forms import ManifestForm, choose
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.queries import uploads
from dashboard.inventory.service import manifests
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.unit_files import pasted_rows
from dashboard.inventory.service.unit_import import keep_upload
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_form, render_page, see_other


@pages.page("/manifests", needs=READ)
def manifest_list(by: Principal) -> Response:
    return render_page("inventory/units/manifests.html", manifests=uploads.manifest_list(by), words=Words(by))


@pages.page("/manifests/new", needs=WRITE, methods=("GET", "POST"))
def manifest_new(by: Principal) -> Response:
    form = ManifestForm()
    places = list(queries.grid_choices(by, DEFAULTS).places)
    choose(form.location_code, places or [("", "Main stock")])
    if form.sent():
        try:
            return see_other(url_for("units.manifest", manifest_id=_open(by, form)))
        except (Invalid, Conflict) as error:
            form.refuse(error)
    return render_form("inventory/units/manifest_new.html", form=form)


def _open(by: Principal, form: ManifestForm) -> int:
    file = form.file.data
    settings: Settings = current_app.extensions["settings"]
    with atomic(by):
        code = form.location_code.data or service.default_location(by).code
        manifest = manifests.open_manifest(by, form.name.data or "", code)
        rows = sent_rows(file, settings) if file and file.filename else pasted_rows(form.text.data or "")
        keep_upload(
            by,
            rows,
            filename=file.filename if file and file.filename else "Pasted list",
            location_id=manifest.location_id,
            manifest_id=manifest.id,
        )
    return manifest.id


@pages.page("/manifests/<int(max=9007199254740991):manifest_id>", needs=READ)
def manifest(by: Principal, manifest_id: int) -> Response:
    found = uploads.get_manifest(by, manifest_id)
    if is_fragment_request() and "after" not in request.args:
        live = found.work is not None and found.work.live
        answer = render_page("inventory/units/_receiving.html", manifest=found)
        if not live:
            answer.headers["HX-Refresh"] = "true"
        return answer
    return _page(by, found)


def _page(
    by: Principal, found: uploads.ManifestRow, *, said: tuple[str, str] = ("", ""), status: int = 200
) -> Response:
    kind = request.values.get("kind", "")
    kind = kind if kind in uploads.KINDS else ""
    files = [uploads.get_upload(by, each.id) for each in uploads.recent_uploads(by, found.id, 5)]
    return render_page(
        "inventory/units/manifest.html",
        fragment="inventory/units/_manifest_rows.html" if "after" in request.args else "inventory/units/_scanning.html",
        status=status,
        manifest=found,
        kind=kind,
        kinds=uploads.KINDS,
        lines=uploads.manifest_lines(by, found.id, kind, request.args.get("after")),
        latest=uploads.latest_scans(by, found.id),
        files=files,
        said=said,
        words=Words(by),
    )


@pages.page("/manifests/<int(max=9007199254740991):manifest_id>/scan", needs=WRITE, methods=("POST",))
def manifest_scan(by: Principal, manifest_id: int) -> Response:
    try:
        result = manifests.scan(by, manifest_id, request.form.get("scan", ""))
    except (Invalid, Conflict) as error:
        said, status = ("bad", error.message), status_of(error)
    else:
        text = {
            "matched": f"{result.number} is on the list.",
            "again": f"{result.number} was scanned already.",
            "unexpected": f"{result.number} is not on the list. Decide on it below.",
        }[result.kind]
        said, status = ({"matched": "good", "again": "warn", "unexpected": "bad"}[result.kind], text), 200
    if is_fragment_request():
        return _page(by, uploads.get_manifest(by, manifest_id), said=said)
    if status == 200:
        flash(said[1], {"good": "success", "warn": "warning", "bad": "error"}[said[0]])
        return see_other(url_for("units.manifest", manifest_id=manifest_id))
    return _page(by, uploads.get_manifest(by, manifest_id), said=said, status=status)


@pages.page("/manifest-lines/<int(max=9007199254740991):line_id>", needs=WRITE, methods=("POST",))
def manifest_line(by: Principal, line_id: int) -> Response:
    """Decide on a scanned line, or take its scan back."""
    form = request.form
    manifest_id = uploads.manifest_of(by, line_id)
    try:
        if form.get("decision") == "unscan":
            manifests.take_scan_back(by, manifest_id, line_id)
            flash("The scan is taken back.", "success")
        else:
            sku, reason = form.get("sku", "").strip(), form.get("reason", "")
            manifests.decide(by, manifest_id, line_id, form.get("decision", ""), sku=sku, reason=reason)
            flash("Decided.", "success")
    except (Invalid, Conflict) as error:
        flash(error.message, "error")
    kind = form.get("kind", "") if form.get("kind", "") in uploads.KINDS else None
    return see_other(url_for("units.manifest", manifest_id=manifest_id, kind=kind or None, _anchor="lines"))


@pages.page("/manifests/<int(max=9007199254740991):manifest_id>/receive", needs=WRITE, methods=("POST",))
def manifest_receive(by: Principal, manifest_id: int) -> Response:
    return _told(by, manifest_id, "receive")


@pages.page("/manifests/<int(max=9007199254740991):manifest_id>/close", needs=WRITE, methods=("POST",))
def manifest_close(by: Principal, manifest_id: int) -> Response:
    return _told(by, manifest_id, "close")


def _told(by: Principal, manifest_id: int, act: str) -> Response:
    try:
        if act == "close":
            manifests.close_manifest(by, manifest_id)
            flash("The manifest is closed.", "success")
        elif manifests.start_receiving(by, manifest_id) is None:
            received = uploads.get_manifest(by, manifest_id).received
            flash(f"{received:,} units of this delivery are received.", "success")
    except Conflict as error:
        flash(error.message, "warning")
    except DomainError as error:
        flash(error.message, "error")
    return see_other(url_for("units.manifest", manifest_id=manifest_id))
