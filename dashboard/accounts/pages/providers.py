"""Identity providers of a business's own: its clients at Google, Apple and Microsoft."""

from dataclasses import dataclass

from flask import Response, current_app, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.settings import ProviderForm
from dashboard.accounts.models import IdentityClient
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.pages.sso import provider_named, redirect_uri
from dashboard.config import IdentityProvider, Settings
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid, NotFound
from dashboard.web.pages import render_form, render_page, see_other

_MANAGE = "settings:manage"


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider and the business's own client there; `shared` says that the installation has one for everybody."""

    provider: IdentityProvider
    own: IdentityClient | None
    shared: bool
    redirect_uri: str


@pages.page("/settings/providers", needs=_MANAGE)
def providers(by: Principal) -> Response:
    return render_page("accounts/providers.html", rows=_rows(by), tenant=service.own_tenant(by))


@pages.page("/settings/providers/<provider>", needs=_MANAGE, methods=("GET", "POST"), step_up=True)
def provider(by: Principal, provider: str) -> ResponseReturnValue:
    asked = provider_named(provider)
    row = next(each for each in _rows(by) if each.provider.name == asked.name)
    form = ProviderForm(obj=row.own)
    if asked.name != "microsoft":
        del form.directory
    if form.sent():
        try:
            service.set_identity_client(
                by,
                asked,
                client_id=form.client_id.data or "",
                secret=form.client_secret.data or None,
                directory=form.directory.data if asked.name == "microsoft" else None,
            )
        except Invalid as error:
            form.refuse(error)
        else:
            flash(f"Your people can sign in with {asked.title} from now on.", "success")
            return see_other(url_for("accounts.providers"))
    return render_form("accounts/provider.html", form=form, row=row)


@pages.page("/settings/providers/<provider>/remove", needs=_MANAGE, methods=("POST",), step_up=True)
def provider_remove(by: Principal, provider: str) -> Response:
    asked = provider_named(provider)
    try:
        service.remove_identity_client(by, asked)
    except NotFound as error:
        flash(error.message, "danger")
    else:
        flash(f"Your client at {asked.title} is forgotten here. Remove it there as well.", "success")
    return see_other(url_for("accounts.providers"))


def _rows(by: Principal) -> list[ProviderRow]:
    settings: Settings = current_app.extensions["settings"]
    own = {each.provider: each for each in service.list_identity_clients(by)}
    return [
        ProviderRow(each, own.get(each.name), bool(each.client_ids), redirect_uri(each))
        for each in settings.identity_providers
    ]
