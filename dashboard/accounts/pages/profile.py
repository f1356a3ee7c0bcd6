"""One's own account: second factor, backup codes, sessions; and the password once more before something dangerous."""

from flask import Response, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.settings import ConfirmForm
from dashboard.accounts.forms.sign_in import CodeForm
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import SELF
from dashboard.config import IdentityProvider, Settings
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, NotAllowed, TooMany
from dashboard.web import throttle
from dashboard.web.api import count_authentication
from dashboard.web.barcodes import qr_svg
from dashboard.web.pages import render_form, render_page, safe_target, see_other


@pages.page("/profile", needs=SELF)
def profile(by: Principal) -> Response:
    return render_page(
        "accounts/profile.html",
        user=service.person(by),
        codes_left=service.backup_codes_left(by),
        sessions=service.list_sessions(by),
        identities=service.list_identities(by),
        providers=_providers(by),
    )


@pages.page("/confirm", needs=SELF, methods=("GET", "POST"))
def confirm(by: Principal) -> ResponseReturnValue:
    """By password; whoever has none confirms by a code of their second factor, or at their provider."""
    target = safe_target(request.args.get("next"), url_for("accounts.profile"))
    settings: Settings = current_app.extensions["settings"]
    ways = service.proof_ways(by, settings.identity_providers)
    form = ConfirmForm() if ways.password else CodeForm()
    if form.sent():
        try:
            tries = throttle.count_sign_in(f"confirm {by.label}")
            if isinstance(form, ConfirmForm):
                service.prove_again(by, form.password.data or "")
            else:
                service.prove_by_code(by, form.code.data or "")
        except (Invalid, Conflict, TooMany) as error:
            form.refuse(error)
        else:
            throttle.forget(tries)
            return see_other(target)
    return render_form("accounts/confirm.html", form=form, target=target, ways=ways)


@pages.page("/profile/second-factor", needs=SELF, methods=("GET", "POST"), step_up=True)
def second_factor(by: Principal) -> ResponseReturnValue:
    form = CodeForm()
    if form.sent():
        try:
            codes = service.confirm(by, form.code.data or "")
        except DomainError as error:
            form.refuse(error)
        else:
            return render_page("accounts/backup_codes.html", codes=codes)
    begun = service.enrolment(by)
    if begun is None:
        return see_other(url_for("accounts.profile"))
    return render_form(
        "accounts/second_factor.html",
        form=form,
        secret=begun.secret,
        picture=qr_svg(begun.uri),
    )


@pages.page("/profile/second-factor/begin", needs=SELF, methods=("POST",), step_up=True)
def second_factor_begin(by: Principal) -> Response:
    service.enroll(by)
    return see_other(url_for("accounts.second_factor"))


@pages.page("/profile/second-factor/remove", needs=SELF, methods=("GET", "POST"), step_up=True)
def second_factor_remove(by: Principal) -> ResponseReturnValue:
    form = CodeForm()
    if form.sent():
        try:
            count_authentication("second factor page")
            service.disable(by, form.code.data or "")
        except (Invalid, NotAllowed, TooMany) as error:
            form.refuse(error)
        else:
            flash("The second factor is removed. Your password alone signs you in now.", "warning")
            return see_other(url_for("accounts.profile"))
    return render_form("accounts/second_factor_remove.html", form=form)


@pages.page("/profile/backup-codes", needs=SELF, methods=("POST",), step_up=True)
def backup_codes(by: Principal) -> Response:
    return render_page("accounts/backup_codes.html", codes=service.renew_backup_codes(by))


@pages.page("/profile/identities/<int(max=9007199254740991):identity_id>/unlink", needs=SELF, methods=("POST",))
def identity_unlink(by: Principal, identity_id: int) -> Response:
    try:
        service.unlink(by, identity_id)
    except Conflict as error:
        flash(error.message, "danger")
    else:
        flash("That account signs you in no more.", "success")
    return see_other(url_for("accounts.profile"))


def _providers(by: Principal) -> list[IdentityProvider]:
    """The identity providers that one's account can be linked to."""
    if by.tenant_id is None:
        return []
    settings: Settings = current_app.extensions["settings"]
    return service.offered_providers(settings.identity_providers, service.own_tenant(by))


@pages.page("/profile/sessions/<int(max=9007199254740991):session_id>/end", needs=SELF, methods=("POST",))
def session_end(by: Principal, session_id: int) -> Response:
    service.end_session(by, session_id)
    flash("That session has ended.", "success")
    return see_other(url_for("accounts.profile"))


@pages.page("/profile/sessions/end-others", needs=SELF, methods=("POST",))
def sessions_end_others(by: Principal) -> Response:
    ended = service.end_other_sessions(by)
    flash(f"{ended} other {'session has' if ended == 1 else 'sessions have'} ended.", "success")
    return see_other(url_for("accounts.profile"))
