"""Pages that belong to no domain: the overview and the search box for everything."""

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, request, url_for
from flask_wtf import csrf

from dashboard.config import Settings
from dashboard.core import clock
from dashboard.core.context import NOBODY, Principal
from dashboard.core.money import Money
from dashboard.web import session
from dashboard.web.idempotency import hidden_field
from dashboard.web.pages import PageBlueprint, is_fragment_request, navigation, person, render_page
from dashboard.web.registry import NavItem, SearchHit, registry, registry_of

shell = PageBlueprint("shell", __name__)

SIGNED_IN = "catalog:read"
"""The least that every person who can sign in holds."""

HITS_PER_KIND = 8
MAX_QUERY = 100


@shell.page("/", needs=SIGNED_IN)
def overview(by: Principal) -> Response:
    tiles = [
        {"template": tile.template, **tile.load(by)}
        for tile in sorted(registry().tiles, key=lambda each: each.order)
        if by.may(tile.needs)
    ]
    return render_page("overview.html", tiles=tiles)


@shell.page("/search", needs=SIGNED_IN)
def search(by: Principal) -> Response:
    typed = request.args.get("q", "").replace("\0", "").strip()[:MAX_QUERY]
    return render_page("search.html", fragment="_search_hits.html", query=typed, hits=find_everywhere(by, typed))


def find_everywhere(by: Principal, typed: str) -> list[SearchHit]:
    """What every domain knows of `typed`, and the pages of that name. Less than two characters find pages only."""
    hits = [
        SearchHit(item.label, "Go to page", url_for(item.endpoint), "Pages", item.icon)
        for item in registry().navigation
        if by.may(item.needs) and typed.lower() in item.label.lower()
    ]
    if len(typed) < 2:
        return hits
    found: list[SearchHit] = []
    for provider in sorted(registry().search, key=lambda each: each.order):
        if by.may(provider.needs):
            found.extend(provider.find(by, typed, HITS_PER_KIND))
    return found + hits


def _moment_text(moment: datetime, zone: str) -> str:
    """An instant as a person of that time zone reads it: 2 Mar 2026, 12:00."""
    return f"{moment.astimezone(ZoneInfo(zone)):%-d %b %Y, %H:%M}"


def _time_text(moment: datetime, zone: str) -> str:
    """The time of day as a person of that time zone reads it: 14:52."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def _money_text(minor: int, currency: str) -> str:
    """An amount of minor units as a person reads it: $549.00."""
    return Money(minor, currency).format()


def _amount_text(minor: int, currency: str) -> str:
    """An amount of minor units as it is typed into a field: 549.00."""
    return str(Money(minor, currency).to_decimal())


def install(app: Flask, settings: Settings) -> None:
    """Register the shell's pages and what every template may use."""
    app.register_blueprint(shell)
    registry_of(app).navigation.append(NavItem("Overview", "shell.overview", "home", SIGNED_IN, None, 0))

    app.add_template_filter(_moment_text, "moment")
    app.add_template_filter(_time_text, "clock_time")
    app.add_template_filter(_money_text, "money")
    app.add_template_filter(_amount_text, "amount")
    app.add_template_global(clock.now, "now")
    app.add_template_global(hidden_field, "form_key_field")

    @app.context_processor
    def shell_context() -> dict[str, object]:
        by = session.present()
        return {
            "by": by,
            "brand": {"name": "Tradecounter"},
            "nav": [] if by is NOBODY or is_fragment_request() else navigation(by),
            "person": person(by),
            "environment": "sandbox" if by.sandbox else "demo" if settings.environment == "demo" else "live",
            "request_id": g.get("request_id", ""),
            "csrf_token": cast(Any, csrf).generate_csrf,
            "base_url": settings.base_url,
            "search_url": url_for("shell.search"),
        }
