"""Signing in and out."""

from flask import current_app, flash, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.sign_in import CodeForm, SignInForm
from dashboard.accounts.models import Tenant
from dashboard.accounts.pages.blueprint import client, pages
from dashboard.accounts.service import BadToken, Challenge, SignedIn
from dashboard.config import IdentityProvider, Settings
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError, NotAuthenticated, NotFound, TooMany
from dashboard.web import session, throttle
from dashboard.web.api import PUBLIC, limiter
from dashboard.web.pages import render_form, safe_target, see_other

_CHALLENGE, _TARGET = "mfa", "next"
"""Names in the signed cookie while the second factor is wanted."""

BRANDED_PAGES_LIMIT = 30
"""Sign-in pages of businesses that one address is shown in a minute."""


def load_session(session_id: int) -> Principal | None:
    """The principal behind a cookie's session, or None where it has ended."""
    try:
        return service.principal_of_session(session_id)
    except NotAuthenticated:
        return None


@pages.page("/sign-in", needs=PUBLIC, methods=("GET", "POST"))
def sign_in(by: Principal) -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""), business_code=request.args.get("business", ""))
    target = safe_target(form.next.data, url_for("shell.overview"))
    if by.actor_id is not None and request.method == "GET":
        return see_other(target)
    if form.sent():
        try:
            tries = throttle.count_sign_in(form.login.data or "")
            found = service.sign_in(
                login=form.login.data or "",
                password=form.password.data or "",
                business_code=form.business_code.data or None,
                client=client(),
                kind="page",
            )
        except (NotAuthenticated, TooMany) as error:
            form.refuse(error)
        else:
            throttle.forget(tries)
            return go_on(found, target)
    tenant = _business(form.business_code.data or "")
    return render_form(
        "accounts/sign_in.html",
        form=form,
        providers=_providers(tenant),
        branding=None if tenant is None else service.branding_of(tenant),
    )


def _business(code: str) -> Tenant | None:
    """The business whose page this is; an unknown code, a suspended business and no code at all look the same.

    An address that tries codes in a row gets the plain page as well: it is told no more than by resolving them.
    """
    if not code or not limiter().hit(f"branding:{request.remote_addr}", BRANDED_PAGES_LIMIT).allowed:
        return None
    try:
        return service.resolve_tenant(code)
    except NotFound:
        return None


def _providers(tenant: Tenant | None) -> list[IdentityProvider]:
    """The identity providers that this page offers besides a password."""
    settings: Settings = current_app.extensions["settings"]
    return service.offered_providers(settings.identity_providers, tenant)


@pages.page("/sign-in/code", needs=PUBLIC, methods=("GET", "POST"))
def sign_in_code(_: Principal) -> ResponseReturnValue:
    challenge = cookie.get(_CHALLENGE)
    if not isinstance(challenge, str):
        return see_other(url_for("accounts.sign_in"))
    form = CodeForm()
    if form.sent():
        try:
            found = service.verify_mfa(challenge, form.code.data or "", client=client(), kind="page")
        except BadToken:
            return _start_again()
        except DomainError as error:
            form.refuse(error)
        else:
            return go_on(found, safe_target(cookie.get(_TARGET), url_for("shell.overview")))
    return render_form("accounts/code.html", form=form)


@pages.page("/sign-in/code/mail", needs=PUBLIC, methods=("POST",))
def sign_in_code_mail(_: Principal) -> ResponseReturnValue:
    challenge = cookie.get(_CHALLENGE)
    if not isinstance(challenge, str):
        return see_other(url_for("accounts.sign_in"))
    try:
        service.mail_code(challenge)
    except BadToken:
        return _start_again()
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash("A code is on its way to your mailbox.", "success")
    return see_other(url_for("accounts.sign_in_code"))


@pages.page("/sign-out", needs=PUBLIC, methods=("POST",))
def sign_out(by: Principal) -> ResponseReturnValue:
    if by.session_id is not None:
        service.end_session(by, by.session_id)
    session.end()
    if by.actor_id is not None:
        flash("You are signed out.", "success")
    return see_other(url_for("accounts.sign_in"))


def go_on(found: SignedIn | Challenge, target: str) -> ResponseReturnValue:
    """Begin the session of somebody who is in, or ask for their second factor; then on to `target`."""
    if isinstance(found, Challenge):
        cookie[_CHALLENGE], cookie[_TARGET] = found.token, target
        return see_other(url_for("accounts.sign_in_code"))
    session.begin(service.principal_of_session(found.session.id))
    return see_other(target)


def _start_again() -> ResponseReturnValue:
    cookie.pop(_CHALLENGE, None)
    flash("That took too long, or too many tries. Sign in again.", "danger")
    return see_other(url_for("accounts.sign_in"))
