"""Idempotency-Key of the API, and the key that every page's form carries: what was sent twice is done once."""

import hashlib
import secrets
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from flask import Response, current_app, flash, g, make_response, redirect, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dashboard.core import idempotency
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.core.idempotency import AlreadySent, Answered, Asked, KeyInUse, KeyReused

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
FIELD = "idempotency_key"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
DETERMINISTIC = (Conflict, Invalid, NotFound)
"""Refusals by a rule, which are kept like any other answer. What may be otherwise in a moment is not: a limit, a right
that is missing, a service that is down, a crash."""

_KEPT_HEADERS = ("Content-Type", "Location", "HX-Redirect", "HX-Refresh", "HX-Trigger", "HX-Push-Url", "HX-Retarget")
_MAX_FIELD = 64
_MAX_ROUTE = 160
_CHUNK = 64 * 1024


# The API


def key_of_request() -> str | None:
    """The Idempotency-Key of this request, or None. Raises Invalid for one that is none."""
    key = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= idempotency.MAX_KEY and key.isascii() and key.isprintable()):
        raise Invalid.field(HEADER, f"'{HEADER}' must have 1 to {idempotency.MAX_KEY} printable ASCII characters.")
    return key


def answer_once(by: Principal, key: str, act: Callable[[], Response]) -> Response:
    """What `act` answers, or answered the first time. It runs in the command that the key commits with.

    Raises KeyInUse, KeyReused, and refusals that are not kept.
    """
    asked = Asked(by.tenant_id, _tenant(by), _route(), key, _digest_of_body(by))
    try:
        with atomic(by):
            earlier = idempotency.claim(by, asked)
            if earlier is not None:
                return _replayed(earlier)
            response = act()
            idempotency.keep(by, asked, _kept(response))
            return response
    except (KeyInUse, KeyReused):
        raise
    except DETERMINISTIC as error:
        response = make_response(current_app.handle_user_exception(error))
        answered = _kept(response)
        counts = idempotency.keep_refusal(by, asked, answered)
        return response if counts is answered else _replayed(counts)


def _tenant(by: Principal) -> str:
    return by.label if by.tenant_id is None else f"tenant:{by.tenant_id}"


def _digest_of_body(by: Principal) -> str:
    return hashlib.sha256(b"\0".join((by.label.encode(), request.query_string, request.get_data()))).hexdigest()


# Forms


def hidden_field() -> Markup:
    """The hidden input with the key of the forms of this page. They share one: the address and what was typed count
    as well. A browser must not fill in the key of an earlier visit, hence autocomplete."""
    return Markup('<input type="hidden" name="{}" value="{}" autocomplete="off">').format(FIELD, form_key())


def form_key() -> str:
    """The key that forms of this page carry."""
    if "form_key" not in g:
        g.form_key = secrets.token_urlsafe(12)
    return cast(str, g.form_key)


def submit_once(by: Principal, act: Callable[[], ResponseReturnValue]) -> Response:
    """What the view `act` answers to a form, or answered when the same form was sent before."""
    key = request.form.get(FIELD, "")
    if by.actor_id is None or not (0 < len(key) <= _MAX_FIELD and key.isascii() and key.isprintable()):
        return make_response(act())
    asked = _asked_by_form(by, key)
    try:
        earlier = idempotency.find(by, asked)
    except KeyInUse:
        earlier = idempotency.wait(by, asked) or _done_already()
    if earlier is not None:
        return _replayed(earlier)
    try:
        with idempotency.joined(by, asked) as sent:
            response = _acted(act)
    except AlreadySent:
        return _replayed(idempotency.wait(by, asked) or _done_already())
    if sent.done and response.status_code < 400:
        idempotency.keep(by, asked, _kept_page(response))
    elif sent.done:
        idempotency.forget(by, asked)
    return response


def _acted(act: Callable[[], ResponseReturnValue]) -> Response:
    try:
        return make_response(act())
    except DomainError as error:
        return make_response(current_app.handle_user_exception(error))


def _asked_by_form(by: Principal, key: str) -> Asked:
    # Another text in a form that was sent before (by way of "back") is another request, never a mistake: the digest
    # is a part of the key.
    digest = _digest_of_form(by)
    owner = by.label if by.session_id is None else f"session:{by.session_id}"
    return Asked(by.tenant_id, owner, _route(), f"{key}.{digest}", digest)


def _digest_of_form(by: Principal) -> str:
    read = hashlib.sha256(f"{by.label}\0{request.query_string.decode('latin-1')}".encode())
    for name, value in request.form.items(multi=True):
        if name not in (FIELD, "csrf_token"):
            read.update(f"\0{len(name)}:{name}={len(value)}:{value}".encode(errors="surrogatepass"))
    for name, file in request.files.items(multi=True):
        read.update(f"\0{name}:{file.filename}\0".encode(errors="surrogatepass"))
        while chunk := file.stream.read(_CHUNK):
            read.update(chunk)
        file.stream.seek(0)
    return read.hexdigest()


def _kept_page(response: Response) -> Answered:
    if response.is_streamed or response.direct_passthrough or response.mimetype not in ("text/html", ""):
        return _done_already()  # a file: whoever reloads is brought back to the page
    said = cast("list[tuple[str, str]]", session.get("_flashes", []))
    kept = _kept(response)
    return Answered(kept.status, kept.headers, kept.body, [(tone, text) for tone, text in said])


def _done_already() -> Answered:
    """Where to go when a form was done but its answer is not known: back to where it stood."""
    came_from = urlsplit(request.referrer or "")
    address = came_from.path if came_from.netloc == request.host and came_from.path.startswith("/") else "/"
    if came_from.query and address != "/":
        address += f"?{came_from.query}"
    said = [("success", "This was saved already.")]
    if request.headers.get("HX-Request") == "true":
        return Answered(204, {"HX-Redirect": address}, said=said)
    answer = redirect(address, code=303)
    return Answered(303, {"Location": answer.headers["Location"]}, said=said)


# Both


def _route() -> str:
    """Method and path. A path that the column cannot hold is recognised by its hash."""
    route = f"{request.method} {request.path.rstrip('/')}"
    if len(route) > _MAX_ROUTE:
        route = f"{request.method} {hashlib.sha256(route.encode(errors='surrogatepass')).hexdigest()}"
    return route


def _kept(response: Response) -> Answered:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answered(response.status_code, headers, response.get_data(as_text=True))


def _replayed(kept: Answered) -> Response:
    response = Response(kept.body, kept.status)
    response.headers.pop("Content-Type", None)
    for name, value in kept.headers.items():
        response.headers[name] = value
    response.headers[REPLAYED] = "true"
    shown = cast("list[tuple[str, str]]", session.get("_flashes", [])) if kept.said else []
    for tone, text in kept.said:
        if (tone, text) not in [tuple(each) for each in shown]:
            flash(text, tone)
    return response
