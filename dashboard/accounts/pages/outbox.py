"""The outbox: what was mailed, what waits, and what could not be sent."""

import re
from dataclasses import dataclass

from flask import Response, current_app, flash, request, url_for

from dashboard.accounts.pages.blueprint import pages
from dashboard.config import Settings
from dashboard.core import mail
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict
from dashboard.core.mail import MailMessage
from dashboard.web.pages import render_page, see_other

_ID = "<int(max=9007199254740991):mail_id>"
_LINK = re.compile(r"(https?://\S+)")


@dataclass(frozen=True, slots=True)
class MailRow:
    """A message as the page shows it: `text` in parts, each with whether it is a link into this installation."""

    mail: MailMessage
    state: str
    tone: str
    text: list[tuple[str, bool]]
    can_send: bool
    send_url: str


@pages.page("/settings/outbox", needs="settings:manage")
def outbox(by: Principal) -> Response:
    """Mail of one's own tenant. What it says is shown in a demo alone: it may let its reader sign in as another."""
    settings: Settings = current_app.extensions["settings"]
    return _page(by, everywhere=False, readable=settings.environment != "production")


@pages.page("/operator/outbox", needs="operator")
def operator_outbox(by: Principal) -> Response:
    """Mail of all tenants. Where no server is set its text is shown, so that the operator can pass a link on."""
    return _page(by, everywhere=True, readable=True)


@pages.page(f"/settings/outbox/{_ID}/send", needs="settings:manage", methods=("POST",))
def outbox_send(by: Principal, mail_id: int) -> Response:
    return _send_again(by, mail_id, everywhere=False)


@pages.page(f"/operator/outbox/{_ID}/send", needs="operator", methods=("POST",))
def operator_outbox_send(by: Principal, mail_id: int) -> Response:
    return _send_again(by, mail_id, everywhere=True)


def _page(by: Principal, *, everywhere: bool, readable: bool) -> Response:
    server = mail.server_of(by)
    found = mail.outbox(by, everywhere=everywhere, after=request.args.get("after") or None)
    endpoint = "accounts.operator_outbox" if everywhere else "accounts.outbox"
    return render_page(
        "accounts/outbox.html",
        fragment="accounts/_mail_rows.html",
        rows=[_row(each, endpoint, has_server=server is not None, readable=readable) for each in found.items],
        more=url_for(endpoint, after=found.after) if found.after else "",
        server=server,
        everywhere=everywhere,
    )


def _row(message: MailMessage, endpoint: str, *, has_server: bool, readable: bool) -> MailRow:
    state, tone = _state(message, has_server=has_server)
    hidden = has_server or not readable or message.sent_at is not None
    return MailRow(
        mail=message,
        state=state,
        tone=tone,
        text=[] if hidden else _parts(message.body),
        can_send=has_server and message.sent_at is None,
        send_url=url_for(f"{endpoint}_send", mail_id=message.id),
    )


def _state(message: MailMessage, *, has_server: bool) -> tuple[str, str]:
    if message.sent_at is not None:
        return "Sent", "good"
    if message.failed_at is not None:
        return "Given up", "bad"
    if not has_server:
        return "Kept here", "neutral"
    return ("Will be tried again", "warn") if message.last_error else ("Waiting", "info")


def _parts(body: str) -> list[tuple[str, bool]]:
    settings: Settings = current_app.extensions["settings"]
    ours = settings.base_url + "/"
    return [(part, part.startswith(ours)) for part in _LINK.split(body) if part]


def _send_again(by: Principal, mail_id: int, *, everywhere: bool) -> Response:
    try:
        mail.send_again(by, mail_id, everywhere=everywhere)
    except Conflict as error:
        flash(error.message, "danger")
    else:
        flash("The mail is being sent.", "success")
    return see_other(url_for("accounts.operator_outbox" if everywhere else "accounts.outbox"))
