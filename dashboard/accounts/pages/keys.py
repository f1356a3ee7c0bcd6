"""API keys: made, shown once, looked into, replaced, revoked."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.settings import DIALECT_NAMES, KeyForm, options
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import KEY_SCOPES
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web.api import PUBLIC
from dashboard.web.pages import render_form, render_page, see_other
from dashboard.web.registry import registry

_KEY = "<int(max=9007199254740991):key_id>"
_MANAGE = "keys:manage"


@pages.page("/settings/keys", needs=_MANAGE)
def keys(by: Principal) -> Response:
    return render_page("accounts/keys.html", keys=service.list_keys(by), dialects=DIALECT_NAMES)


@pages.page("/settings/keys/new", needs=_MANAGE, methods=("GET", "POST"), step_up=True)
def key_new(by: Principal) -> ResponseReturnValue:
    form = KeyForm(access="read-only")
    form.scopes.choices = options((scope, scope) for scope in sorted(KEY_SCOPES & by.scopes))
    if form.sent():
        try:
            made = service.create_own_key(
                by,
                name=form.name.data or "",
                sandbox=form.environment.data == "sandbox",
                dialect=form.dialect.data or None,
                access=None if form.access.data == "chosen" else form.access.data,
                scopes=frozenset(form.scopes.data or []),
                expires_at=_end_of_day(form.expires_on.data, by.time_zone),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return render_page("accounts/key_made.html", made=made, base_path=first_path(made.key.scopes))
    return render_form("accounts/key_new.html", form=form)


@pages.page(f"/settings/keys/{_KEY}", needs=_MANAGE)
def key(by: Principal, key_id: int) -> Response:
    """One key, with each endpoint that it can and cannot call, by the table that the guard reads."""
    found = service.find_key(by, key_id)
    held = frozenset(found.scopes)
    endpoints = [
        (each, each.needs == PUBLIC or each.needs in held)
        for each in sorted(registry().operations, key=lambda each: (each.area, each.rule, each.method))
    ]
    return render_page("accounts/key.html", key=found, endpoints=endpoints, dialects=DIALECT_NAMES)


@pages.page(f"/settings/keys/{_KEY}/rotate", needs=_MANAGE, methods=("POST",), step_up=True)
def key_rotate(by: Principal, key_id: int) -> ResponseReturnValue:
    try:
        made = service.rotate_key(by, key_id)
    except DomainError as error:
        flash(error.message, "danger")
        return see_other(url_for("accounts.key", key_id=key_id))
    return render_page("accounts/key_made.html", made=made, base_path=first_path(made.key.scopes), replaced=True)


@pages.page(f"/settings/keys/{_KEY}/revoke", needs=_MANAGE, methods=("POST",))
def key_revoke(by: Principal, key_id: int) -> Response:
    service.revoke_key(by, key_id)
    flash("The key is revoked. It stops working within five seconds.", "success")
    return see_other(url_for("accounts.keys"))


def _end_of_day(day: date | None, zone: str) -> datetime | None:
    """The first instant after a day in the business's time zone."""
    if day is None:
        return None
    return datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(days=1)


def first_path(scopes: list[str]) -> str:
    """An endpoint without parameters that a key may call, for a first try."""
    for each in registry().operations:
        if each.method == "GET" and "<" not in each.rule and each.query is None and each.needs in scopes:
            return each.rule
    return "/openapi.json"
