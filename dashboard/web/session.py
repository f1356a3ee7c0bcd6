"""Who sits at the browser: Flask-Login's session, read as a principal once per request."""

import re
from typing import Any, cast

import flask_login
from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from dashboard.core import clock
from dashboard.core.context import NOBODY, Principal
from dashboard.web.dialects import is_api_path
from dashboard.web.registry import registry


class SignedIn(flask_login.UserMixin):
    """What Flask-Login carries: the number of a session, which its row says is open or ended."""

    def __init__(self, by: Principal) -> None:
        self.by = by

    def get_id(self) -> str:
        return str(self.by.session_id)


class _PageSessions(SecureCookieSessionInterface):
    """Cookie sessions for pages alone: the JSON face neither reads nor signs one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return SecureCookieSession() if is_api_path(request.path) else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not is_api_path(request.path):
            super().save_session(app, session, response)


def install(app: Flask) -> None:
    """Connect Flask-Login to `app`; the accounts domain supplies the look-up through the registry."""
    app.session_interface = _PageSessions()
    manager = cast(Any, flask_login.LoginManager())
    manager.session_protection = "basic"
    manager.user_loader(_load)
    # Its own processor would ask the database for the page that says the database is down; templates get `by`.
    manager.init_app(app, add_context_processor=False)


_ID = re.compile(r"[0-9]{1,18}")


def _load(text: str) -> SignedIn | None:
    load = registry().load_session
    by = load(int(text)) if load is not None and _ID.fullmatch(text) else None
    return None if by is None else SignedIn(by)


def present() -> Principal:
    """The principal of this request's session, or NOBODY."""
    found = g.get("by")
    if isinstance(found, Principal):
        return found
    user = cast(Any, flask_login.current_user)
    by = user.by if user.is_authenticated else NOBODY
    clock.move_ahead(by.clock_offset_s)
    g.by = by
    return by


def of_cookie() -> Principal | None:
    """Who sits at the browser whose page asks the JSON face by itself: for what sends no header and changes nothing."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return None
    cookie = SecureCookieSessionInterface().open_session(current_app, request)
    found = None if cookie is None else _load(str(cookie.get("_user_id", "")))
    return None if found is None else found.by


def begin(by: Principal) -> None:
    """Sign `by` in: a fresh cookie, so that nothing set before is trusted after."""
    session.clear()
    session.permanent = True
    cast(Any, flask_login).login_user(SignedIn(by))
    g.by = by


def end() -> None:
    """Sign out and forget the whole session."""
    cast(Any, flask_login).logout_user()
    session.clear()
    g.by = NOBODY
