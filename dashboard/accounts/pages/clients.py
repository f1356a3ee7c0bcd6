"""OAuth clients: platforms that get tokens of their own by the client credentials grant."""

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.settings import ClientForm, options
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import KEY_SCOPES
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web.pages import render_form, render_page, see_other

_CLIENT = "<int(max=9007199254740991):client_id>"
_MANAGE = "keys:manage"


@pages.page("/settings/clients", needs=_MANAGE)
def clients(by: Principal) -> Response:
    return render_page("accounts/clients.html", clients=service.list_clients(by))


@pages.page("/settings/clients/new", needs=_MANAGE, methods=("GET", "POST"), step_up=True)
def client_new(by: Principal) -> ResponseReturnValue:
    form = ClientForm()
    form.scopes.choices = options((scope, scope) for scope in sorted(KEY_SCOPES & by.scopes))
    if form.sent():
        try:
            made = service.create_own_client(
                by,
                name=form.name.data or "",
                sandbox=form.environment.data == "sandbox",
                scopes=frozenset(form.scopes.data or []),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return render_page("accounts/client_made.html", made=made)
    return render_form("accounts/client_new.html", form=form)


@pages.page(f"/settings/clients/{_CLIENT}", needs=_MANAGE)
def oauth_client(by: Principal, client_id: int) -> Response:
    return render_page("accounts/client.html", client=service.find_client(by, client_id))


@pages.page(f"/settings/clients/{_CLIENT}/rotate", needs=_MANAGE, methods=("POST",), step_up=True)
def client_rotate(by: Principal, client_id: int) -> ResponseReturnValue:
    try:
        made = service.rotate_secret(by, client_id)
    except DomainError as error:
        flash(error.message, "danger")
        return see_other(url_for("accounts.oauth_client", client_id=client_id))
    return render_page("accounts/client_made.html", made=made)


@pages.page(f"/settings/clients/{_CLIENT}/revoke", needs=_MANAGE, methods=("POST",))
def client_revoke(by: Principal, client_id: int) -> Response:
    service.revoke_client(by, client_id)
    flash("The client is revoked. Its tokens stop working within five seconds.", "success")
    return see_other(url_for("accounts.clients"))
