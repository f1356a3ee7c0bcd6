"""The sandbox: going there and back from the top bar, its clock, and filling it anew."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import SELF
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web.pages import render_page, see_other
from dashboard.web.registry import registry

STEPS = (("15 minutes", 900), ("1 hour", 3_600), ("1 day", 86_400), ("30 days", 2_592_000))


@pages.page("/sandbox/enter", needs=SELF, methods=("POST",))
def sandbox_enter(by: Principal) -> Response:
    try:
        service.enter_sandbox(by)
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash("This is the sandbox now. Nothing here touches live data.", "warning")
    return see_other(url_for("shell.overview"))


@pages.page("/sandbox/leave", needs=SELF, methods=("POST",))
def sandbox_leave(by: Principal) -> Response:
    service.leave_sandbox(by)
    flash("You are back at live data.", "success")
    return see_other(url_for("shell.overview"))


@pages.page("/sandbox", needs=SELF)
def sandbox(by: Principal) -> ResponseReturnValue:
    if not by.sandbox:
        return see_other(url_for("accounts.profile"))
    return render_page(
        "accounts/sandbox.html",
        fragment="accounts/_refill.html",
        steps=STEPS,
        present=clock.now(),
        refill=service.latest_refill(by),
        has_samples=bool(registry().sandbox_fillers),
    )


@pages.page("/sandbox/refill", needs=SELF, methods=("POST",))
def sandbox_refill(by: Principal) -> Response:
    try:
        service.ask_for_refill(by)
    except DomainError as error:
        flash(error.message, "danger")
    return see_other(url_for("accounts.sandbox"))


@pages.page("/sandbox/clock", needs=SELF, methods=("POST",))
def sandbox_clock(by: Principal) -> Response:
    text = request.form.get("seconds", "")
    try:
        if text.isascii() and text.isdigit() and len(text) < 10:
            service.move_clock(by, int(text))
        else:
            service.reset_clock(by)
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash("The sandbox's clock is set.", "success")
    return see_other(url_for("accounts.sandbox"))
