"""What is done to a job from its page. Each is a form that works without script."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, TooLarge
from dashboard.dispatch import service
from dashboard.dispatch.pages.blueprint import READ, WRITE, pages
from dashboard.dispatch.pages.jobs import show
from dashboard.dispatch.queries import details
from dashboard.dispatch.service import papers
from dashboard.dispatch.service.series import stop_series
from dashboard.inventory.service.pictures import MAX_BYTES
from dashboard.web import session
from dashboard.web.pages import see_other

_JOB = "/jobs/<int:number>"
ONLY_A_PICTURE = "default-src 'none'; sandbox; frame-ancestors 'none'"
AT_ONCE = 6
REQUEST_BYTES = AT_ONCE * MAX_BYTES + 1024 * 1024


@pages.page(f"{_JOB}/assign", needs=WRITE, methods=("POST",))
def job_assign(by: Principal, number: int) -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip()[:40] for name in ("technician", "start", "version")}

    def do() -> str:
        seen = whole(typed["version"], "version")
        if not typed["technician"]:
            service.unassign(by, number, seen=seen)
            return "Nobody has this job now."
        start = _moment(typed["start"])
        row = service.assign(by, number, whole(typed["technician"], "technician"), seen=seen, start=start)
        return f"{row.technician_name} has this job."

    return _done(by, number, do, {"assign": typed})


@pages.page(f"{_JOB}/status", needs=WRITE, methods=("POST",))
def job_status(by: Principal, number: int) -> ResponseReturnValue:
    status, reason = request.form.get("status", "")[:20], request.form.get("reason", "")[:240]

    def do() -> str:
        service.change_status(by, number, status, reason=reason)
        return "The job is cancelled." if status == "cancelled" else "Noted."

    return _done(by, number, do, {"reason": reason})


@pages.page(f"{_JOB}/undo", needs=WRITE, methods=("POST",))
def job_undo(by: Principal, number: int) -> ResponseReturnValue:
    def do() -> str:
        service.undo_status(by, number, seen=whole(request.form.get("version", ""), "version"))
        return "The last step is taken back."

    return _done(by, number, do, {})


@pages.page(f"{_JOB}/notes", needs=WRITE, methods=("POST",))
def job_note(by: Principal, number: int) -> ResponseReturnValue:
    text = request.form.get("text", "")

    def do() -> str:
        papers.add_note(by, number, text)
        return "The note is kept."

    return _done(by, number, do, {"note": text[:5_000]})


@pages.page(f"{_JOB}/checks/<int:check_id>", needs=WRITE, methods=("POST",))
def job_check(by: Principal, number: int, check_id: int) -> ResponseReturnValue:
    def do() -> str:
        service.tick(by, number, check_id, done=request.form.get("done") == "yes")
        return ""

    return _done(by, number, do, {})


@pages.page(f"{_JOB}/series/stop", needs=WRITE, methods=("POST",))
def job_series_stop(by: Principal, number: int) -> ResponseReturnValue:
    def do() -> str:
        count = stop_series(by, number)
        return f"The job comes again no more; {count} that nobody had been given are cancelled."

    return _done(by, number, do, {})


@pages.url_value_preprocessor
def accept_photos(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Let photos be sent here. Before the form is read for its token, hence before any view."""
    if endpoint == "dispatch.job_photos" and session.present().may(WRITE):
        let_photos_in()


def let_photos_in() -> None:
    """Take a request with some photos in it. Raises TooLarge."""
    if (request.content_length or 0) > REQUEST_BYTES:
        raise TooLarge(f"At most {AT_ONCE} photos of {MAX_BYTES // (1024 * 1024)} MB are taken at once.")
    request.max_content_length = REQUEST_BYTES


def sent_photos() -> Iterator[tuple[str, bytes]]:
    """One file in memory at a time; of one that is too large no more than shows that it is."""
    for file in request.files.getlist("photos"):
        if file.filename:
            yield file.filename, file.stream.read(MAX_BYTES + 1)


@pages.page(f"{_JOB}/photos", needs=WRITE, methods=("POST",))
def job_photos(by: Principal, number: int) -> ResponseReturnValue:
    for name, reason in papers.add_photos(by, number, sent_photos()):
        flash(f"“{name[:80]}” was not taken: {reason}.", "error")
    return see_other(url_for("dispatch.job", number=number, _anchor="photos"))


@pages.page(f"{_JOB}/pictures/<int:picture_id>", needs=READ)
def job_picture(by: Principal, number: int, picture_id: int) -> Response:
    return picture_response(*details.picture(by, number, picture_id))


def picture_response(content: bytes, media_type: str) -> Response:
    """The picture itself, for people who may see the job: every look asks whether they still may."""
    response = Response(content, mimetype=media_type)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = ONLY_A_PICTURE
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.add_etag()
    response.make_conditional(request)
    return response


def _done(by: Principal, number: int, do: Callable[[], str], said: dict[str, Any]) -> ResponseReturnValue:
    """Do it and go back to the job; where it is refused the page is shown with what was typed, and why."""
    try:
        text = do()
    except (Conflict, Invalid) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return show(by, number, said={**said, "refused": _sentence(error)}, status=status)
    if text:
        flash(text, "success")
    return see_other(url_for("dispatch.job", number=number))


def _sentence(error: DomainError) -> str:
    return " ".join(each.message for each in error.fields) or error.message


def whole(text: str, field: str) -> int:
    """A number that a form sends along. Raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Invalid.field(field, "This form is not complete. Reload the page, and try again.")
    return int(text)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise Invalid.field("start", "A time is written as 2026-03-28T09:00.") from error
