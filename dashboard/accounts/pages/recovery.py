"""A forgotten password, a new one, and proving an address."""

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import addresses, service
from dashboard.accounts.forms.recovery import ConfirmAddressForm, EmailForm, ForgotForm, NewPasswordForm, PasswordForm
from dashboard.accounts.pages import kept_tokens
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import SELF
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound, TooMany
from dashboard.web.api import PUBLIC, count_authentication
from dashboard.web.pages import render_form, render_page, see_other

_RESET, _VERIFY = "reset", "verify"


@pages.page("/forgot-password", needs=PUBLIC, methods=("GET", "POST"))
def forgot_password(_: Principal) -> ResponseReturnValue:
    form = ForgotForm()
    if form.sent():
        try:
            count_authentication("forgot-password")
        except TooMany as error:
            form.refuse(error)
        else:
            service.ask_for_reset(form.login.data or "", addresses.reset_password)
            return see_other(url_for("accounts.forgot_password_sent"))
    return render_form("accounts/forgot.html", form=form, sent=False)


@pages.page("/forgot-password/sent", needs=PUBLIC)
def forgot_password_sent(_: Principal) -> Response:
    """The same for everybody, known here or not."""
    return render_page("accounts/forgot.html", form=None, sent=True)


@pages.page("/reset-password/<token>", needs=PUBLIC)
def reset_password_link(_: Principal, token: str) -> Response:
    return kept_tokens.keep(_RESET, token, "accounts.reset_password")


@pages.page("/reset-password", needs=PUBLIC, methods=("GET", "POST"))
def reset_password(_: Principal) -> ResponseReturnValue:
    token, username, branding = kept_tokens.kept(_RESET), "", None
    form = NewPasswordForm()
    try:
        username, branding = service.whose_reset(token), service.whose_reset_branding(token)
        if form.sent():
            service.reset_password(token, form.password.data or "")
            kept_tokens.forget(_RESET)
            flash("Your new password is set. Sign in with it.", "success")
            return see_other(url_for("accounts.sign_in"))
    except NotFound as error:
        kept_tokens.forget(_RESET)
        return render_page("accounts/reset.html", form=None, username="", message=error.message, status=404)
    except Invalid as error:
        form.refuse(error)
    return render_form("accounts/reset.html", form=form, username=username, message="", branding=branding)


@pages.page("/verify-email/<token>", needs=PUBLIC)
def verify_email_link(_: Principal, token: str) -> Response:
    return kept_tokens.keep(_VERIFY, token, "accounts.verify_email")


@pages.page("/verify-email", needs=PUBLIC, methods=("GET", "POST"))
def verify_email(_: Principal) -> ResponseReturnValue:
    token = kept_tokens.kept(_VERIFY)
    form = ConfirmAddressForm()
    try:
        address = service.whose_address(token)
        if form.sent():
            service.verify_email(token)
            kept_tokens.forget(_VERIFY)
            flash(f"{address} is confirmed.", "success")
            return see_other(url_for("shell.overview"))
    except NotFound as error:
        kept_tokens.forget(_VERIFY)
        return render_page("accounts/verify.html", form=None, address="", message=error.message, status=404)
    return render_page("accounts/verify.html", form=form, address=address, message="")


@pages.page("/profile/password", needs=SELF, methods=("GET", "POST"))
def change_password(by: Principal) -> ResponseReturnValue:
    form = PasswordForm()
    if form.sent():
        try:
            count_authentication(f"change-password:{by.actor_id}")
            service.change_password(by, form.old_password.data or "", form.new_password.data or "")
        except DomainError as error:
            form.refuse(error)
        else:
            flash("Your new password is set. All your other sessions have ended.", "success")
            return see_other(url_for("accounts.profile"))
    return render_form("accounts/password.html", form=form)


@pages.page("/profile/email", needs=SELF, methods=("GET", "POST"))
def change_email(by: Principal) -> ResponseReturnValue:
    form = EmailForm()
    if form.sent():
        try:
            count_authentication(f"change-email:{by.actor_id}")
            service.change_email(by, form.email.data or "", form.password.data or "", addresses.verify_email)
        except DomainError as error:
            form.refuse(error)
        else:
            flash(f"Open the link that we mailed to {form.email.data}: then it is your address.", "success")
            return see_other(url_for("accounts.profile"))
    user = service.person(by)
    return render_form("accounts/email.html", form=form, user=user)


@pages.page("/profile/email/confirm", needs=SELF, methods=("POST",))
def send_verification(by: Principal) -> Response:
    try:
        service.send_verification_again(by, addresses.verify_email)
    except (Conflict, TooMany) as error:
        flash(error.message, "danger")
    else:
        flash("A link is on its way to your mailbox.", "success")
    return see_other(url_for("accounts.change_email"))
