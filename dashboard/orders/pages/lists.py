"""The list of orders: what it is narrowed to stands in the address."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid, NotFound
from dashboard.customers.queries import CustomerRow, show_customer
from dashboard.orders import queries
from dashboard.orders.models import STATUSES
from dashboard.orders.pages import words
from dashboard.orders.pages.blueprint import pages
from dashboard.orders.queries import DOORS, OrderSearch
from dashboard.web.moments import lower, upper
from dashboard.web.pages import render_page

READ = "orders:read"
MAX_TYPED = 100
_PARAMS = ("q", "status", "door", "from", "to", "customer")


@pages.page("", needs=READ)
def orders(by: Principal) -> Response:
    state = {name: text for name in _PARAMS if (text := _clean(request.args.get(name, "")))}
    buyer = _buyer(by, state)
    after = request.args.get("after") or None
    found = queries.browse(by, _search(by, state, buyer), after=after)
    return render_page(
        "orders/list.html",
        fragment="orders/_rows.html" if after else "orders/_listing.html",
        rows=found.items,
        more=_url(state | {"after": found.after}) if found.after else "",
        state=state,
        further_down=after is not None,
        listing_url=_url(state),
        chips=_chips(state, buyer),
        statuses=[(each.capitalize(), _url(state | {"status": each})) for each in STATUSES],
        doors=[(label, _url(state | {"door": key})) for key, label in DOORS.items()],
        days=_days(by, state),
        kept=[(name, text) for name, text in state.items() if name not in ("from", "to")],
        words=words,
    )


def _clean(text: str) -> str:
    return "".join(each for each in text if each.isprintable()).strip()[:MAX_TYPED]


def _buyer(by: Principal, state: Mapping[str, str]) -> CustomerRow | None:
    text = state.get("customer")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Invalid.field("customer", "customer must be the number of a customer.")
    try:
        return show_customer(by, int(text))
    except NotFound as error:
        raise NotFound(f"There is no customer {text}. Take it out of the address.") from error


def _search(by: Principal, state: Mapping[str, str], buyer: CustomerRow | None) -> OrderSearch:
    for name, allowed in (("status", STATUSES), ("door", tuple(DOORS))):
        if name in state and state[name] not in allowed:
            raise Invalid.field(name, f"{name} must be one of {', '.join(allowed)}.")
    return OrderSearch(
        typed=state.get("q", ""),
        status=state.get("status"),
        door=state.get("door"),
        customer_id=None if buyer is None else buyer.id,
        since=lower(_day(state, "from"), by.time_zone),
        until=upper(_day(state, "to"), by.time_zone),
    )


def _day(state: Mapping[str, str], name: str) -> date | None:
    if name not in state:
        return None
    try:
        found = date.fromisoformat(state[name])
    except ValueError as error:
        raise Invalid.field(name, f"{name} must be a day such as 2026-03-01.") from error
    if not 1970 <= found.year <= 2999:
        raise Invalid.field(name, f"{name} must be a day such as 2026-03-01.")
    return found


def _url(state: Mapping[str, str | None]) -> str:
    kept: dict[str, Any] = {name: value for name, value in state.items() if value}
    return url_for("orders.orders", **kept)


def _chips(state: Mapping[str, str], buyer: CustomerRow | None) -> list[dict[str, str]]:
    shown = {
        "q": ("Search", state.get("q")),
        "status": ("Status", state.get("status", "").capitalize()),
        "door": ("Through", DOORS.get(state.get("door", ""))),
        "from": ("From", state.get("from")),
        "to": ("To", state.get("to")),
        "customer": ("Customer", None if buyer is None else buyer.name),
    }
    return [
        {"label": label, "value": value, "url": _url({**state, name: None})}
        for name, (label, value) in shown.items()
        if value
    ]


def _days(by: Principal, state: Mapping[str, str]) -> list[tuple[str, str]]:
    """Spans of days that are asked for often."""
    today = clock.now().astimezone(ZoneInfo(by.time_zone)).date()
    spans = (("Today", today, today), ("Yesterday", today - timedelta(1), today - timedelta(1)),
             ("Last 7 days", today - timedelta(6), today), ("Last 30 days", today - timedelta(29), today))  # fmt: skip
    return [(label, _url({**state, "from": first.isoformat(), "to": last.isoformat()})) for label, first, last in spans]
