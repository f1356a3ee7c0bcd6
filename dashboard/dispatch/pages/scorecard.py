"""The scorecard of technicians: figures, leaderboard, and how fairly the work is spread."""

from datetime import date

from flask import Response, request

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.dispatch.pages.blueprint import pages
from dashboard.dispatch.queries.scorecard import Spread, scorecard
from dashboard.web.pages import render_page


@pages.page("/scorecard", needs="technicians:read")
def technician_scorecard(by: Principal) -> Response:
    typed = {name: request.args.get(name, "").strip() for name in ("date_from", "date_to")}
    problem, card = "", None
    try:
        card = scorecard(by, _day("date_from", typed["date_from"]), _day("date_to", typed["date_to"]))
    except Invalid as error:
        problem = error.message
    return render_page(
        "dispatch/scorecard/show.html",
        status=422 if problem else 200,
        card=card,
        typed=typed,
        problem=problem,
        spread_words=spread_words,
    )


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid.field(name, "Choose days such as 2026-03-01.") from error


def spread_words(spread: Spread) -> str:
    """How fair a spread is, in words."""
    if spread.even is None:
        return "Nothing to spread"
    if spread.even >= 0.85:
        return "Evenly spread"
    return "Fairly even" if spread.even >= 0.7 else "Unevenly spread"
