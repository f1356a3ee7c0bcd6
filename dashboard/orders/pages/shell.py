"""What orders give to the pages that belong to no domain: search hits and their part of the overview."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.orders import queries
from dashboard.orders.pages import words
from dashboard.web.registry import SearchHit

NEWEST = 5


def find_in_shell(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Orders for what was typed into the search box."""
    return [
        SearchHit(
            title=each.code,
            detail=f"{each.buyer_name} · {each.status} · {words.money(each.total, each.currency)}",
            url=url_for("orders.order", ref=each.code),
            kind="Orders",
            icon="shopping-cart",
        )
        for each in queries.find_orders(by, typed, limit=limit)
    ]


def load_tile(by: Principal) -> dict[str, Any]:
    """What waits, what is to be sent, what came in today, and the newest orders."""
    zone = ZoneInfo(by.time_zone)
    midnight = datetime.combine(clock.now().astimezone(zone).date(), time(), zone)
    return {
        "now": queries.totals_now(by, midnight),
        "newest": queries.browse(by, queries.OrderSearch(), size=NEWEST).items,
        "today": midnight.date().isoformat(),
        "words": words,
    }
