"""Inviting people into a business, and joining one."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import addresses, service
from dashboard.accounts.forms.joining import InviteForm, JoinForm
from dashboard.accounts.pages import kept_tokens
from dashboard.accounts.pages.blueprint import client, pages
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.web import session
from dashboard.web.api import PUBLIC
from dashboard.web.pages import render_form, render_page, see_other

_JOIN = "join"
_MANAGE = "users:manage"
_ID = "<int(max=9007199254740991):invitation_id>"


@pages.page("/settings/invitations", needs=_MANAGE, methods=("GET", "POST"))
def invitations(by: Principal) -> ResponseReturnValue:
    form = InviteForm()
    roles = service.roles_to_invite_to(by)
    form.role.choices = [(name, name.capitalize()) for name in roles]
    if request.method == "GET":
        form.role.data = "viewer" if "viewer" in roles else None
    if form.sent():
        try:
            made = service.invite(by, form.email.data or "", form.role.data or "", addresses.join)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(f"An invitation is on its way to {made.email}.", "success")
            return see_other(url_for("accounts.invitations"))
    found = service.list_invitations(by)
    return render_form("accounts/invitations.html", form=form, invitations=found, now=clock.now())


@pages.page(f"/settings/invitations/{_ID}/send", needs=_MANAGE, methods=("POST",))
def invitation_send(by: Principal, invitation_id: int) -> Response:
    try:
        service.resend_invitation(by, invitation_id, addresses.join)
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash("The invitation is on its way once more. The link sent before works no longer.", "success")
    return see_other(url_for("accounts.invitations"))


@pages.page(f"/settings/invitations/{_ID}/withdraw", needs=_MANAGE, methods=("POST",))
def invitation_withdraw(by: Principal, invitation_id: int) -> Response:
    try:
        service.withdraw_invitation(by, invitation_id)
    except NotFound as error:
        flash(error.message, "danger")
    else:
        flash("The invitation is withdrawn.", "success")
    return see_other(url_for("accounts.invitations"))


@pages.page("/join/<token>", needs=PUBLIC)
def join_link(_: Principal, token: str) -> Response:
    return kept_tokens.keep(_JOIN, token, "accounts.join")


@pages.page("/join", needs=PUBLIC, methods=("GET", "POST"))
def join(_: Principal) -> ResponseReturnValue:
    token, invited = kept_tokens.kept(_JOIN), None
    form = JoinForm()
    try:
        invited = service.find_invitation(token)
        if form.sent():
            joined = service.join(
                token,
                username=form.username.data or "",
                name=form.name.data or "",
                password=form.password.data or "",
                client=client(),
            )
            session.begin(service.principal_of_session(joined.session.id))
            flash(f"Welcome to {invited.business}.", "success")
            return see_other(url_for("shell.overview"))
    except NotFound as error:
        kept_tokens.forget(_JOIN)
        return render_page("accounts/join.html", form=None, invited=None, message=error.message, status=404)
    except (Conflict, Invalid) as error:
        form.refuse(error)
    branding = None if invited is None else invited.branding
    return render_form("accounts/join.html", form=form, invited=invited, message="", branding=branding)
