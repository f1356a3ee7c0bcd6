"""Photos of a unit: sending some, putting them in order, showing one."""

from collections.abc import Iterator
from typing import Any

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid, NotFound, TooLarge
from dashboard.inventory.pages.units.blueprint import READ, WRITE, pages
from dashboard.inventory.pages.units.edits import find_unit
from dashboard.inventory.queries.photos import photo_file
from dashboard.inventory.service import photos
from dashboard.inventory.service.pictures import MAX_BYTES
from dashboard.web import session
from dashboard.web.pages import see_other

ONLY_A_PICTURE = "default-src 'none'; sandbox; frame-ancestors 'none'"
REQUEST_BYTES = photos.MOST * MAX_BYTES + 1024 * 1024


@pages.url_value_preprocessor
def accept_photos(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Let photos be sent here. Before the form is read for its token, hence before any view."""
    if endpoint == "units.unit_photos" and session.present().may(WRITE):
        if (request.content_length or 0) > REQUEST_BYTES:
            raise TooLarge(f"At most {photos.MOST} photos of {MAX_BYTES // (1024 * 1024)} MB are taken at once.")
        request.max_content_length = REQUEST_BYTES


@pages.page("/units/<unit_id>/photos", needs=WRITE, methods=("POST",))
def unit_photos(by: Principal, unit_id: str) -> Response:
    row = find_unit(by, unit_id)
    done = photos.add_photos(by, row.public_id, _sent())
    if not done.taken and not done.refused:
        flash("Choose at least one picture.", "error")
    if done.taken:
        flash(f"{done.taken} {'photo is' if done.taken == 1 else 'photos are'} added.", "success")
    for name, reason in done.refused:
        flash(f"“{name[:80]}” was not taken: {reason}.", "error")
    return see_other(url_for("units.unit", unit_id=unit_id, _anchor="photos"))


def _sent() -> Iterator[tuple[str, bytes]]:
    """One file in memory at a time; of one that is too large no more than shows that it is."""
    for file in request.files.getlist("photos"):
        if file.filename:
            yield file.filename, file.stream.read(MAX_BYTES + 1)


@pages.page("/units/<unit_id>/photos/<int(max=9007199254740991):photo_id>", needs=READ)
def unit_photo(by: Principal, unit_id: str, photo_id: int) -> Response:
    return _picture(by, unit_id, photo_id, small=False)


@pages.page("/units/<unit_id>/photos/<int(max=9007199254740991):photo_id>/small", needs=READ)
def unit_photo_small(by: Principal, unit_id: str, photo_id: int) -> Response:
    return _picture(by, unit_id, photo_id, small=True)


def _picture(by: Principal, unit_id: str, photo_id: int, *, small: bool) -> Response:
    """The picture itself, for people of this business alone: every look asks whether they still may."""
    if not unit_id.isprintable():
        raise NotFound("There is no such photo.")
    found = photo_file(by, unit_id, photo_id, small=small)
    response = Response(found.content, mimetype=found.media_type)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = ONLY_A_PICTURE
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.set_etag(f"{found.fingerprint}-small" if small else found.fingerprint)
    response.make_conditional(request)
    return response


@pages.page("/units/<unit_id>/photos/<int(max=9007199254740991):photo_id>/change", needs=WRITE, methods=("POST",))
def unit_photo_change(by: Principal, unit_id: str, photo_id: int) -> Response:
    """`act` is "describe", "up", "down" or "remove"."""
    row = find_unit(by, unit_id)
    act = request.form.get("act", "describe")
    try:
        if act == "remove":
            photos.remove_photo(by, row.public_id, photo_id)
            flash("The photo is removed.", "success")
        elif act in ("up", "down"):
            photos.move_photo(by, row.public_id, photo_id, up=act == "up")
        else:
            photos.describe_photo(by, row.public_id, photo_id, request.form.get("alt", ""))
            flash("The description is saved.", "success")
    except Invalid as error:
        flash(error.message, "error")
    return see_other(url_for("units.unit", unit_id=unit_id, _anchor="photos"))
