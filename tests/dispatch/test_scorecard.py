"""How technicians did: rates, leaderboard, and how fairly the work is spread."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Invalid
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.dispatch.models import Job
from dashboard.dispatch.queries.scorecard import Score, Scorecard, scorecard
from dashboard.workforce.models import Technician
from tests.conftest import Api
from tests.dispatch.conftest import MORNING, a_job, a_job_of, a_technician
from tests.field import data, refusal

URL = "/api/v1/admin/technicians/metrics"
LATER = MORNING + timedelta(days=60)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def done(by: Principal, technician: Technician, *, at: datetime = MORNING, **facts: Any) -> None:
    """A job that somebody has completed: there `late` minutes after it should have begun, for `took` minutes."""
    late, took, rating = facts.pop("late", 0), facts.pop("took", 60), facts.pop("rating", None)
    job = a_job_of(by, technician, at=at, **facts)
    with atomic(by) as session:
        row = session.get_one(Job, job.id)
        row.status, row.rating = "completed", rating
        row.responded_at = at + late * MINUTE
        row.resolved_at = at + (late + took) * MINUTE


def of(card: Scorecard, technician: Technician) -> Score:
    return next(each for each in card.scores if each.number == technician.number)


def a_month(by: Principal) -> Scorecard:
    with clock.frozen(LATER):
        return scorecard(by, date(2026, 3, 1), date(2026, 3, 31))


def test_figures_are_those_of_the_jobs(dana: Principal) -> None:
    mike = a_technician(dana, "Mike")
    done(dana, mike, took=60, rating=5, value=10_000)
    done(dana, mike, at=MORNING + 2 * HOUR, took=30, late=20, rating=4, value=5_001)
    done(dana, mike, at=MORNING + 4 * HOUR, took=45, late=15)
    a_job_of(dana, mike, at=MORNING + 6 * HOUR)
    found = of(a_month(dana), mike)
    assert (found.given, found.completed, found.completion_rate) == (4, 3, 0.75)
    assert (found.average_minutes, found.work_minutes) == (45, 135)
    assert (found.rating, found.rated) == (4.5, 2)
    assert (found.value, found.value_a_job) == (15_001, 7_500)
    assert found.on_time_rate == pytest.approx(2 / 3, abs=0.001), "15 minutes are still on time, 20 are not"
    assert found.fixed_rate is None, "of nobody's jobs it is not known whether they came back"


def test_a_promised_window_says_what_is_on_time(dana: Principal) -> None:
    mike = a_technician(dana, "Mike")
    done(dana, mike, late=50, arrive_from=MORNING, arrive_until=MORNING + HOUR)
    assert of(a_month(dana), mike).on_time_rate == 1


def test_what_is_still_to_come_and_what_was_cancelled_count_for_nothing(dana: Principal) -> None:
    mike = a_technician(dana, "Mike")
    done(dana, mike)
    cancelled = a_job_of(dana, mike, at=MORNING + 2 * HOUR)
    a_job_of(dana, mike, at=MORNING + 3 * HOUR)
    with atomic(dana) as session:
        session.get_one(Job, cancelled.id).status = "cancelled"
    with clock.frozen(MORNING + 3 * HOUR):
        found = of(scorecard(dana, date(2026, 3, 28), date(2026, 3, 28)), mike)
    assert (found.given, found.completed) == (1, 1)


@pytest.mark.parametrize(("days", "fixed"), [(1, 0.0), (30, 0.0), (31, 1.0)])
def test_a_second_job_within_thirty_days_says_that_it_was_not_mended(dana: Principal, days: int, fixed: float) -> None:
    mike = a_technician(dana, "Mike")
    smith = create_customer(dana, CustomerFacts("John Smith"))
    done(dana, mike, at=MORNING - timedelta(days=5), customer=smith.number)
    again = a_job(dana, at=MORNING - timedelta(days=5) + timedelta(days=days), customer=smith.number)
    assert of(a_month(dana), mike).fixed_rate == fixed
    with atomic(dana) as session:
        session.get_one(Job, again.id).status = "cancelled"
    assert of(a_month(dana), mike).fixed_rate == 1


def test_days_are_those_of_the_tenant_and_both_belong(dana: Principal) -> None:
    mike = a_technician(dana, "Mike")
    done(dana, mike, at=datetime(2026, 4, 1, 3, 30, tzinfo=MORNING.tzinfo))
    done(dana, mike, at=datetime(2026, 4, 1, 4, tzinfo=MORNING.tzinfo))
    with clock.frozen(LATER):
        assert of(scorecard(dana, date(2026, 3, 31), date(2026, 3, 31)), mike).completed == 1
        assert of(scorecard(dana, date(2026, 4, 1), date(2026, 4, 1)), mike).completed == 1
        assert scorecard(dana).last == LATER.date()


def test_the_leaderboard_and_the_spread(dana: Principal) -> None:
    good, poor, idle = (a_technician(dana, name) for name in ("Good", "Poor", "Idle"))
    place: dict[str, Any] = {"latitude": 27.95, "longitude": -82.46}
    done(dana, good, rating=5, value=30_000, **place)
    done(dana, good, at=MORNING + 3 * HOUR, rating=5, latitude=28.2, longitude=-82.46)
    done(dana, poor, rating=2, late=60, value=10_000)
    card = a_month(dana)
    assert [(each.rank, each.name) for each in card.leaderboard] == [(1, "Good"), (2, "Poor")]
    assert [each.points for each in card.leaderboard] == [100, 47]
    assert of(card, idle).rank is None
    assert of(card, good).drive_minutes > 30
    assert (card.work_spread.least, card.work_spread.middle, card.work_spread.most) == (0, 60, 120)
    assert card.work_spread.even == pytest.approx(0.5556, abs=0.001)
    assert (card.completed, card.value) == (3, 40_000)


def test_somebody_who_left_stays_in_their_days(dana: Principal) -> None:
    left = a_technician(dana, "Left")
    a_technician(dana, "Left long ago", active=False)
    done(dana, left)
    with atomic(dana) as session:
        session.get_one(Technician, left.id).active = False
    assert [each.name for each in a_month(dana).scores] == ["Left"]


def test_days_in_the_wrong_order_are_refused(dana: Principal) -> None:
    for first, last in ((date(2026, 3, 2), date(2026, 3, 1)), (date(2024, 1, 1), date(2026, 3, 1))):
        with pytest.raises(Invalid):
            scorecard(dana, first, last)


def test_the_sample_answers(dana: Principal, field: Api) -> None:
    mike = a_technician(dana, "Mike")
    done(dana, mike, rating=4, value=10_000)
    told = data(field.get(f"{URL}?date_from=2026-01-01&date_to=2026-03-31"))
    assert (told["date_from"], told["date_to"]) == ("2026-01-01", "2026-03-31")
    (one,) = told["technicians"]
    assert (one["technician_id"], one["completion_rate"], one["customer_rating"]) == (1, 1.0, 4.0)
    assert (one["revenue_cents"], one["revenue_per_job_cents"], one["average_duration_minutes"]) == (10_000, 10_000, 60)
    assert told["leaderboard"] == [{"rank": 1, "technician_id": 1, "technician": "Mike", "points": 93}]
    assert told["totals"] == {"jobs_completed": 1, "completion_rate": 1.0, "revenue_cents": 10_000}
    assert data(field.get(f"{URL}?dateFrom=2026-01-01&dateTo=2026-01-31"))["totals"]["jobs_completed"] == 0
    refusal(field.get(f"{URL}?date_from=2026-03-31&date_to=2026-01-01"), 422)
    refusal(field.get(f"{URL}?date_from=March"), 422)
