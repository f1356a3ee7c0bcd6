"""Suggestions, plans and the scorecard in the shapes of K."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.money import Money
from dashboard.dispatch.queries.plans import PlanRow
from dashboard.dispatch.queries.scorecard import Score, Scorecard
from dashboard.dispatch.queries.suggestions import Suggestion, Suggestions
from dashboard.web.answers import Show
from dashboard.web.dialects import Dialect

Shape = Mapping[str, Any]

_ANSWERED = ("drive_minutes", "drive_minutes_before", "minutes_saved", "windows_broken", "windows_broken_before")


def plan(row: PlanRow, _speak: Dialect) -> Shape:
    """K288 to K294."""
    return {
        "plan_id": row.public_id,
        "date": row.day,
        "status": row.status,
        "applied": row.status == "applied",
        "problem": row.problem,
        "created_at": row.created_at,
        **{name: row.answer.get(name) for name in _ANSWERED},
        **{name: row.answer.get(name, []) for name in ("routes", "unassigned", "notes")},
    }


def suggestions(found: Suggestions, _speak: Dialect) -> Shape:
    """K262 to K266."""
    return {
        "job_id": found.job.number,
        "title": found.job.title,
        "date": found.day,
        "problem": found.problem,
        "suggestions": [_suggestion(each) for each in found.all],
    }


def _suggestion(each: Suggestion) -> Shape:
    return {
        "rank": each.rank,
        "technician_id": each.technician_number,
        "technician": each.name,
        "score": each.score,
        "parts": [asdict(part) for part in each.parts],
        "excluded": each.excluded,
        "drive_minutes": each.drive_minutes,
        "starts_at": each.starts_at,
        "ends_at": each.ends_at,
        "overtime_minutes": each.overtime_minutes,
    }


def metrics(by: Principal) -> Show[Scorecard]:
    """K200 to K205."""

    def show(card: Scorecard, speak: Dialect) -> Shape:
        def money(minor: int | None) -> object:
            return None if minor is None else speak.money(Money(minor, by.currency))

        def one(score: Score) -> Shape:
            return {
                "technician_id": score.number,
                "technician": score.name,
                "rank": score.rank,
                "jobs_assigned": score.given,
                "jobs_completed": score.completed,
                "completion_rate": score.completion_rate,
                "average_duration_minutes": score.average_minutes,
                "customer_rating": score.rating,
                "ratings": score.rated,
                "revenue_cents": money(score.value),
                "revenue_per_job_cents": money(score.value_a_job),
                "on_time_rate": score.on_time_rate,
                "first_time_fix_rate": score.fixed_rate,
                "work_minutes": score.work_minutes,
                "drive_minutes": score.drive_minutes,
            }

        return {
            "date_from": card.first,
            "date_to": card.last,
            "technicians": [one(score) for score in card.scores],
            "leaderboard": [
                {"rank": score.rank, "technician_id": score.number, "technician": score.name, "points": score.points}
                for score in card.leaderboard
            ],
            "spread": {
                "work_minutes": asdict(card.work_spread),
                "drive_minutes": asdict(card.drive_spread),
                "revenue_cents": asdict(card.value_spread),
            },
            "totals": {
                "jobs_completed": card.completed,
                "completion_rate": card.completion_rate,
                "revenue_cents": money(card.value),
            },
        }

    return show
