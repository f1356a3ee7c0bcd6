"""The board as data (K268)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dashboard.core.context import Principal
from dashboard.dispatch.api.shapes import job_for
from dashboard.dispatch.moments import today
from dashboard.dispatch.queries.board import Board, Card, Lane, board_of
from dashboard.dispatch.queries.changes import last_change
from dashboard.web.answers import One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect
from dashboard.web.schemas import QueryModel

board_api = ApiBlueprint(
    "dispatch_board_api", __name__, url_prefix="/api/v1/admin/dispatch", speaks="tradekitt", area="field"
)


class BoardQuery(QueryModel):
    """A day of the business's time zone; today where it is not sent."""

    date: dt.date | None = None


class BoardJson(BaseModel):
    """Lanes and what waits. `last_event_id` is where a stream takes up without missing anything."""

    date: dt.date
    technicians: list[dict[str, Any]]
    unassigned: list[dict[str, Any]]
    summary: dict[str, Any]
    last_event_id: int


@board_api.operation("GET", "/board", needs="dispatch:read", answer=BoardJson, query=BoardQuery)
def board_show(by: Principal, query: BoardQuery) -> One[Board]:
    """Get the board of a day"""
    known = last_change(by)  # asked first: what changes in between is told once more, rather than never
    show_job = job_for(by)

    def card(each: Card, speak: Dialect) -> Mapping[str, Any]:
        return {**show_job(each.job, speak), "problems": list(each.problems)}

    def lane(each: Lane, speak: Dialect) -> Mapping[str, Any]:
        person = each.technician
        shift = person.shift
        return {
            "id": person.number,
            "name": person.name,
            "shift_start": shift[0] if shift else None,
            "shift_end": shift[1] if shift else None,
            "minutes_planned": each.minutes,
            "jobs": [card(one, speak) for one in each.cards],
        }

    def show(found: Board, speak: Dialect) -> Mapping[str, Any]:
        figures = found.figures
        return {
            "date": found.day.isoformat(),
            "technicians": [lane(each, speak) for each in found.lanes],
            "unassigned": [card(each, speak) for each in found.waiting],
            "summary": {
                "jobs": figures.jobs,
                "completed": figures.done,
                "on_time_percent": figures.on_time_percent,
                "sla_at_risk": figures.at_risk,
                "booked_cents": figures.booked,
            },
            "last_event_id": known,
        }

    return One(board_of(by, query.date or today(by)), show)
