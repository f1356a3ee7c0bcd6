"""Facts into answers: the one place where a class of refusal becomes a status, and the two faces of an error."""

from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from dashboard.core.context import NOBODY
from dashboard.core.errors import (
    BadRequest,
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
)
from dashboard.web.dialects import Dialect, Failure, is_api_path, owner_of_path
from dashboard.web.logs import log
from dashboard.web.pages import is_fragment_request
from dashboard.web.replies import json_reply

STATUS: dict[type[DomainError], int] = {
    BadRequest: 400,
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}

_TITLES = {
    400: "That request could not be read",
    401: "Please sign in",
    403: "You may not do that",
    404: "Nothing here",
    405: "That does not work this way",
    409: "Somebody was faster",
    413: "That is too large",
    422: "Something needs correcting",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available just now",
}


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 400


def install(app: Flask) -> None:
    """Answer every failure of `app` in the dialect of its path, or as a page."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(DataError, _data_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _crash)


def present_dialect() -> Dialect:
    """The dialect of this request: its endpoint's, else its path's."""
    found = g.get("dialect")
    return found if isinstance(found, Dialect) else owner_of_path(request.path)


def _domain_error(error: DomainError) -> ResponseReturnValue:
    return _answer(Failure(status_of(error), error))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    translated = _translate(status, error)
    response = _answer(Failure(status, translated))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _translate(status: int, error: HTTPException) -> DomainError:
    if status == 404:
        return NotFound(f"There is nothing at {request.path[:200]}.")
    if status == 405:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
        return DomainError(f"{request.method} is not possible here. Use {allowed}.", code="method_not_allowed")
    if status == 413:
        return TooLarge("The request is larger than this installation accepts.")
    if status == 400:
        return BadRequest("The request could not be read.")
    if status == 415:
        return DomainError("Send the body as JSON, with 'Content-Type: application/json'.", code="bad_request")
    return DomainError(error.description or error.name, code=error.name.lower().replace(" ", "_"))


def _csrf_error(_: CSRFError) -> ResponseReturnValue:
    return _answer(
        Failure(400, BadRequest("This form lay open for too long. Nothing was saved: send it once more.")),
    )


def _data_error(error: DataError) -> ResponseReturnValue:
    # The last resort: whoever reads a request should have refused it by the field's name.
    log.warning("data_refused_by_database", path=request.path, error=type(error.orig).__name__)
    return _answer(Failure(422, Invalid("Something in this request cannot be stored: a character or a number.")))


def _database_error(error: OperationalError) -> ResponseReturnValue:
    log.error("database_unavailable", error=str(error.orig)[:200])
    g.by = NOBODY  # the page must not ask the database who is signed in
    response = _answer(Failure(503, Unavailable("The database does not answer just now. Try again in a moment.")))
    response.headers["Retry-After"] = "5"
    return response


def _crash(error: Exception) -> ResponseReturnValue:
    log.error("request_crashed", path=request.path, exc_info=error)
    g.setdefault("by", NOBODY)
    message = "Something broke on our side. Try again; if it stays, tell us the request id."
    return _answer(Failure(500, DomainError(message, code="internal_error")))


def _answer(failure: Failure) -> Response:
    if is_api_path(request.path):
        body = present_dialect().failure(failure, g.request_id)
        response = json_reply(body, failure.status)
    else:
        response = _page(failure)
    if isinstance(failure.error, TooMany):
        response.headers["Retry-After"] = str(failure.error.retry_after)
    return response


def _page(failure: Failure) -> Response:
    if failure.status == 401 and not is_fragment_request() and request.method == "GET":
        target = redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), code=303)
        assert isinstance(target, Response)
        return target
    html = render_template(
        "errors/_error.html" if is_fragment_request() else "errors/error.html",
        status=failure.status,
        title=_TITLES.get(failure.status, "That did not work"),
        message=failure.error.message,
        fields=failure.error.fields,
    )
    return Response(html, failure.status)
