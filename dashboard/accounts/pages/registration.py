"""Opening a business: its owner is signed in, and its first key is shown with a first call to make."""

from flask import current_app, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import addresses, service
from dashboard.accounts.forms.registration import RegistrationForm
from dashboard.accounts.pages.blueprint import client, pages
from dashboard.accounts.pages.keys import first_path
from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web import session
from dashboard.web.api import PUBLIC, count_authentication
from dashboard.web.pages import render_form, render_page, see_other


@pages.page("/register", needs=PUBLIC, methods=("GET", "POST"))
def register(by: Principal) -> ResponseReturnValue:
    if by.actor_id is not None:
        return see_other(url_for("shell.overview"))
    form = RegistrationForm()
    if form.sent():
        try:
            count_authentication("register page")
            found = service.register(
                email=form.email.data or "",
                username=form.username.data or "",
                password=form.password.data or "",
                name=form.name.data or "",
                company_name=form.company_name.data or "",
                client=client(),
                kind="page",
                verify_link=addresses.verify_email,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            session.begin(service.principal_of_session(found.signed_in.session.id))
            return render_page(
                "accounts/registered.html",
                tenant=found.tenant,
                made=found.key,
                base_path=first_path(found.key.key.scopes),
            )
    settings: Settings = current_app.extensions["settings"]
    providers = service.offered_providers(settings.identity_providers, None)
    return render_form("accounts/register.html", form=form, providers=providers)
