"""Signing in and out."""

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms import SignInForm
from dashboard.core.context import Principal
from dashboard.core.errors import NotAuthenticated, TooMany
from dashboard.web import session
from dashboard.web.api import PUBLIC, limiter
from dashboard.web.limits import SIGN_IN_LIMIT
from dashboard.web.pages import PageBlueprint, render_page, safe_target, see_other

pages = PageBlueprint("accounts", __name__)


def load_user(user_id: int, epoch: int) -> Principal | None:
    """The principal behind a session, or None where the user is gone, switched off or signed out everywhere."""
    found = service.find_user(user_id)
    if found is None or found[0].session_epoch != epoch:
        return None
    return service.principal_of_user(*found)


@pages.page("/sign-in", needs=PUBLIC, methods=("GET", "POST"))
def sign_in(by: Principal) -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""), business_code=request.args.get("business", ""))
    target = safe_target(form.next.data, url_for("shell.overview"))
    if by.actor_id is not None and request.method == "GET":
        return see_other(target)
    if form.sent():
        try:
            tries = _throttle(form.login.data or "")
            user = service.sign_in(
                business_code=form.business_code.data or None,
                login=form.login.data or "",
                password=form.password.data or "",
            )
        except (NotAuthenticated, TooMany) as error:
            form.refuse(error)
        else:
            limiter().forget(tries, SIGN_IN_LIMIT)
            session.begin(user.id, user.session_epoch, service.principal_of_user(user, user.tenant))
            return see_other(target)
    refused = request.method == "POST"
    return render_page("accounts/sign_in.html", form=form, status=422 if refused else 200)


def _throttle(login: str) -> str:
    """Count a try for this account from this address; the bucket it was counted in. Raises TooMany."""
    bucket = f"sign-in:{login.strip().lower()[:254]}:{request.remote_addr}"
    if not limiter().hit(bucket, SIGN_IN_LIMIT).allowed:
        raise TooMany("Too many tries for this account. Wait a minute, then try again.", retry_after=60)
    return bucket


@pages.page("/sign-out", needs=PUBLIC, methods=("POST",))
def sign_out(by: Principal) -> ResponseReturnValue:
    session.end()
    if by.actor_id is not None:
        flash("You are signed out.", "success")
    return see_other(url_for("accounts.sign_in"))
