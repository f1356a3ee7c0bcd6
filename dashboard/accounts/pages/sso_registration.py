"""Opening a business with an account at Google, Apple or Microsoft: out to the provider, then the business's name."""

from datetime import datetime
from typing import Any, cast

from flask import Response, flash, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from dashboard.accounts import addresses, service
from dashboard.accounts.forms.registration import SsoRegistrationForm
from dashboard.accounts.pages import sso
from dashboard.accounts.pages.blueprint import client, pages
from dashboard.accounts.pages.keys import first_path
from dashboard.accounts.service import Identity
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web import session
from dashboard.web.api import PUBLIC, count_authentication
from dashboard.web.pages import render_form, render_page, see_other


@pages.page("/register/with/<provider>", needs=PUBLIC)
def sso_register_start(by: Principal, provider: str) -> ResponseReturnValue:
    if by.actor_id is not None:
        return see_other(url_for("shell.overview"))
    return sso.leave_to_register(sso.provider_named(provider))


@pages.page("/register/with/<provider>/business", needs=PUBLIC, methods=("GET", "POST"))
def sso_register(by: Principal, provider: str) -> ResponseReturnValue:
    """The provider has said who it is; what is left to say is how the business is called."""
    asked, identity = sso.provider_named(provider), _kept(provider)
    if by.actor_id is not None:
        return see_other(url_for("shell.overview"))
    if identity is None:
        flash(f"Begin with {asked.title} once more: that took too long.", "danger")
        return see_other(url_for("accounts.register"))
    form = SsoRegistrationForm(name=identity.name or "", username=service.username_of(identity.email or ""))
    if form.sent():
        try:
            count_authentication("register page")
            found = service.register_with(
                asked,
                identity,
                company_name=form.company_name.data or "",
                username=form.username.data or None,
                name=form.name.data or "",
                client=client(),
                verify_link=addresses.verify_email,
                kind="page",
            )
        except DomainError as error:
            form.refuse(error)
        else:
            cookie.pop(sso.REGISTERING, None)
            session.begin(service.principal_of_session(found.signed_in.session.id))
            return _opened(found)
    return render_form("accounts/register_with.html", form=form, provider=asked, identity=identity)


def _opened(found: service.Registered) -> Response:
    path = first_path(found.key.key.scopes)
    return render_page("accounts/registered.html", tenant=found.tenant, made=found.key, base_path=path)


def _kept(provider: str) -> Identity | None:
    """Whom the provider named a moment ago, as the signed cookie says."""
    kept = cookie.get(sso.REGISTERING)
    if not isinstance(kept, dict):
        return None
    told = dict(cast("dict[str, Any]", kept))
    at = datetime.fromisoformat(told.pop("at"))
    if told["provider"] != provider or clock.now() - at > sso.AWAY_FOR:
        return None
    return Identity(**told)
