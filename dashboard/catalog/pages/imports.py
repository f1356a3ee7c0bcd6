"""Importing devices: the operator's pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from dashboard.catalog import presentation
from dashboard.catalog.forms.imports import UploadForm, fitting_presets, plan_form
from dashboard.catalog.pages.blueprint import pages
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.service import imports
from dashboard.catalog.sources import ReadLimits
from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, TooLarge
from dashboard.web import session
from dashboard.web.pages import is_fragment_request, render_page, see_other

FORM_BYTES = 64 * 1024
"""What a request carries beside the file: the boundaries and the token."""

MEGABYTE = 1024 * 1024


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


@pages.url_value_preprocessor
def accept_import_file(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Let the operator send a file here. Before the form is read for its token, hence before any view."""
    if endpoint == "catalog.import_new" and session.present().may("operator"):
        limit = _settings().max_import_bytes + FORM_BYTES
        if (request.content_length or 0) > limit:
            raise TooLarge(f"The file is larger than {_limit_mb()} MB. Split it, or pack it as .gz or .zip.")
        request.max_content_length = limit


def _limit_mb() -> str:
    return f"{_settings().max_import_bytes / MEGABYTE:,.0f}"


def _upload_page(form: UploadForm, status: int) -> Response:
    return render_page("catalog/imports/new.html", form=form, limit_mb=_limit_mb(), status=status)


@pages.page("/imports", needs="operator")
def imports_list(by: Principal) -> ResponseReturnValue:
    found = queries.list_imports(by, after=request.args.get("after"))
    return render_page(
        "catalog/imports/list.html",
        fragment="catalog/imports/_rows.html",
        imports=found.items,
        after=found.after,
        **_words(by),
    )


@pages.page("/imports/new", needs="operator", methods=("GET", "POST"))
def import_new(by: Principal) -> ResponseReturnValue:
    form = UploadForm()
    if form.sent():
        file = form.file.data
        settings = _settings()
        folder = imports.import_folder(settings.instance_path)
        try:
            limits = ReadLimits(max_bytes=settings.max_import_bytes)
            run = imports.add_import(by, file.stream, file.filename or "", folder, limits)
        except Invalid as error:
            form.refuse(error)
        else:
            return see_other(url_for("catalog.import_mapping", import_id=run.id))
    return _upload_page(form, 422 if request.method == "POST" else 200)


@pages.page("/imports/<int:import_id>/mapping", needs="operator", methods=("GET", "POST"))
def import_mapping(by: Principal, import_id: int) -> ResponseReturnValue:
    view = queries.get_import(by, import_id)
    if view.state != "draft":
        return see_other(url_for("catalog.import_show", import_id=import_id))
    preset = request.args.get("preset")
    form = plan_form(view.run, preset)
    if form.sent():
        try:
            imports.start_import(by, import_id, form.plan(view.run, dry_run="dry_run" in request.form))
        except Invalid as error:
            form.refuse(error)
        else:
            return see_other(url_for("catalog.import_show", import_id=import_id))
    presets = fitting_presets(view.run.columns)
    return render_page(
        "catalog/imports/mapping.html",
        view=view,
        form=form,
        presets=presets,
        preset=preset,
        status=422 if request.method == "POST" else 200,
    )


@pages.page("/imports/<int:import_id>", needs="operator")
def import_show(by: Principal, import_id: int) -> ResponseReturnValue:
    view = queries.get_import(by, import_id)
    if view.state == "draft":
        return see_other(url_for("catalog.import_mapping", import_id=import_id))
    if is_fragment_request():
        # Once it has ended the whole page is another one.
        headers = {} if view.live else {"HX-Refresh": "true"}
        return render_page("catalog/imports/_progress.html", view=view), headers
    found = None if view.live else queries.problems(by, import_id)
    return render_page("catalog/imports/show.html", view=view, problems=found, only="", **_words(by))


@pages.page("/imports/<int:import_id>/problems", needs="operator")
def import_problems(by: Principal, import_id: int) -> ResponseReturnValue:
    only = "refused" if request.args.get("only") == "refused" else ""
    found = queries.problems(by, import_id, refused_only=only == "refused", after=request.args.get("after"))
    return render_page(
        "catalog/imports/problems.html",
        fragment="catalog/imports/_problems.html",
        view=queries.get_import(by, import_id),
        problems=found,
        only=only,
        **_words(by),
    )


@pages.page("/imports/<int:import_id>/problems.csv", needs="operator")
def import_report(by: Principal, import_id: int) -> ResponseReturnValue:
    queries.get_import(by, import_id)
    report = stream_with_context(queries.problem_report(by, import_id))
    named = {"Content-Disposition": f'attachment; filename="import-{import_id}-report.csv"'}
    return Response(report, mimetype="text/csv", headers=named)


@pages.page("/imports/<int:import_id>/cancel", needs="operator", methods=("POST",))
def import_cancel(by: Principal, import_id: int) -> ResponseReturnValue:
    said = "The import stops after the rows it is working on. What it has written stays."
    return _told(import_id, lambda: imports.cancel_import(by, import_id), said)


@pages.page("/imports/<int:import_id>/resume", needs="operator", methods=("POST",))
def import_resume(by: Principal, import_id: int) -> ResponseReturnValue:
    return _told(import_id, lambda: imports.resume_import(by, import_id), "The import goes on where it had got to.")


@pages.page("/imports/<int:import_id>/repeat", needs="operator", methods=("POST",))
def import_repeat(by: Principal, import_id: int) -> ResponseReturnValue:
    run = imports.repeat_import(by, import_id, start="start" in request.form)
    return see_other(url_for("catalog.import_show", import_id=run.id))


def _told(import_id: int, act: Callable[[], None], said: str) -> ResponseReturnValue:
    try:
        act()
    except Conflict as error:
        flash(error.message, "warning")
    else:
        flash(said, "success")
    return see_other(url_for("catalog.import_show", import_id=import_id))


def _words(by: Principal) -> dict[str, Any]:
    """How the templates say a moment, and the field of a problem."""
    zone = ZoneInfo(by.time_zone)

    def moment_text(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%-d %b %Y, %H:%M}"

    return {"moment_text": moment_text, "field_text": _field_text}


def _field_text(name: str) -> str:
    text = name.removeprefix("spec:") if name.startswith("spec:") else presentation.field_text(name)
    return text[:1].upper() + text[1:]
