"""Files of units: sending one, how far it is, what was refused."""

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Response, current_app, request, stream_with_context, url_for
from werkzeug.datastructures import FileStorage

from dashboard.catalog.sources import ReadLimits, RowSource, SourceError, SourceRow, open_rows
from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, TooLarge
from dashboard.inventory import service
from dashboard.inventory.pages.units.blueprint import READ, WRITE, pages
from dashboard.inventory.pages.units.forms import UnitFileForm, choose
from dashboard.inventory.pages.units.words import Words
from dashboard.inventory.queries import grid as queries
from dashboard.inventory.queries import uploads
from dashboard.inventory.service.grades import DEFAULTS
from dashboard.inventory.service.unit_files import COLUMNS, Row, column_of, mapped_rows
from dashboard.inventory.service.unit_import import keep_upload
from dashboard.web import session
from dashboard.web.pages import is_fragment_request, render_form, render_page, see_other

FORM_BYTES = 4 * 1024 * 1024
"""What a request carries beside the file: a pasted list."""

_TAKES_FILES = frozenset({"units.unit_file_new", "units.manifest_new"})


@pages.url_value_preprocessor
def accept_unit_file(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Let a file be sent here. Before the form is read for its token, hence before any view."""
    if endpoint in _TAKES_FILES and session.present().may(WRITE):
        settings: Settings = current_app.extensions["settings"]
        limit = settings.max_import_bytes + FORM_BYTES
        if (request.content_length or 0) > limit:
            raise TooLarge(f"The file is larger than {settings.max_import_bytes // (1024 * 1024):,} MB. Split it.")
        request.max_content_length = limit
        request.max_form_memory_size = FORM_BYTES


def sent_rows(file: FileStorage, settings: Settings) -> Iterator[Row]:
    """The rows of a file that was sent, read in constant memory. Raises Invalid, with the reason."""
    suffix = "".join(Path(file.filename or "").suffixes[-2:])[-12:]
    with tempfile.NamedTemporaryFile(suffix=suffix.lower(), dir=settings.instance_path) as kept:
        shutil.copyfileobj(file.stream, kept)
        kept.flush()
        try:
            source = open_rows(Path(kept.name), limits=ReadLimits(max_bytes=settings.max_import_bytes))
        except SourceError as error:
            raise Invalid.field("file", str(error)) from error
        if not any(column_of(each) in ("number", "serial") for each in source.columns):
            raise Invalid.field("file", "No column is named imei or serial. Name the columns in the first line.")
        yield from mapped_rows(_cells(source))


def _cells(source: RowSource) -> Iterator[tuple[int, dict[str, str]]]:
    return ((row.number, row.values if isinstance(row, SourceRow) else {}) for row in source)


@pages.page("/import", needs=WRITE, methods=("GET", "POST"))
def unit_file_new(by: Principal) -> Response:
    form = UnitFileForm()
    choose(form.location_code, list(queries.grid_choices(by, DEFAULTS).places) or [("", "Main stock")])
    if form.sent():
        settings: Settings = current_app.extensions["settings"]
        try:
            upload = keep_upload(
                by,
                sent_rows(form.file.data, settings),
                filename=form.file.data.filename or "file",
                location_id=service.location_id(by, form.location_code.data),
                make_products=bool(form.make_products.data) and by.may("products:write"),
            )
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            return see_other(url_for("units.unit_file", upload_id=upload.id))
    return render_form(
        "inventory/units/file_new.html",
        form=form,
        columns=COLUMNS,
        uploads=uploads.recent_uploads(by),
        words=Words(by),
    )


@pages.page("/imports/<int(max=9007199254740991):upload_id>", needs=READ)
def unit_file(by: Principal, upload_id: int) -> Response:
    view = uploads.get_upload(by, upload_id)
    after = request.args.get("after")
    if is_fragment_request() and after is None:
        answer = render_page("inventory/units/_file_progress.html", view=view)
        if not view.live:
            answer.headers["HX-Refresh"] = "true"
        return answer
    return render_page(
        "inventory/units/file.html",
        fragment="inventory/units/_file_problems.html",
        view=view,
        problems=uploads.upload_problems(by, upload_id, after),
        words=Words(by),
    )


@pages.page("/imports/<int(max=9007199254740991):upload_id>/problems.csv", needs=READ)
def unit_file_report(by: Principal, upload_id: int) -> Response:
    uploads.get_upload(by, upload_id)
    named = {"Content-Disposition": f'attachment; filename="units-{upload_id}-report.csv"'}
    return Response(stream_with_context(_report(by, upload_id)), mimetype="text/csv", headers=named)


def _report(by: Principal, upload_id: int) -> Iterator[str]:
    yield "\ufeff"
    for cells in uploads.problem_lines(by, upload_id):
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        yield line.getvalue()
