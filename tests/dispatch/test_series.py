"""Jobs that come again."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.dispatch.queries import details, jobs
from dashboard.dispatch.service import JobFacts, Point, WantedSkill
from dashboard.dispatch.service.jobs import assign
from dashboard.dispatch.service.series import Recurrence, extend_series, make_job, stop_series
from dashboard.workforce.models import Technician
from tests.conftest import Merchants
from tests.dispatch.conftest import MORNING, a_job, a_skill
from tests.inventory.shop import open_shop


def starts(by: Principal) -> list[str]:
    """When jobs start, on the wall of New York."""
    zone = ZoneInfo(by.time_zone)
    found = jobs.browse(by, jobs.JobFilter()).items
    return [f"{row.scheduled_start.astimezone(zone):%m-%d %H:%M}" for row in reversed(found) if row.scheduled_start]


def repeated(by: Principal, again: Recurrence, *, first: datetime = MORNING, **facts: Any) -> int:
    return make_job(by, JobFacts("Filter change", scheduled_start=first, **facts), again=again).number


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (Recurrence(1, "week"), ["03-28 09:00", "04-04 09:00", "04-11 09:00", "04-18 09:00"]),
        (Recurrence(10, "day"), ["03-28 09:00", "04-07 09:00", "04-17 09:00"]),
        (Recurrence(2, "week", date(2026, 4, 11)), ["03-28 09:00", "04-11 09:00"]),
        (Recurrence(1, "month"), ["03-28 09:00"]),
    ],
)
def test_the_next_four_weeks_are_made_at_once(dana: Principal, again: Recurrence, expected: list[str]) -> None:
    with clock.frozen(MORNING - timedelta(hours=1)):
        repeated(dana, again)
        assert starts(dana) == expected


def test_the_others_follow_in_time_and_nothing_comes_twice(dana: Principal) -> None:
    with clock.frozen(MORNING - timedelta(hours=1)) as move:
        repeated(dana, Recurrence(1, "month"))
        move(timedelta(days=10))
        assert [extend_series(SYSTEM), extend_series(SYSTEM)] == [1, 0]
        assert starts(dana) == ["03-28 09:00", "04-28 09:00"]
        move(timedelta(days=31))
        assert extend_series(SYSTEM) == 1
        assert starts(dana)[-1] == "05-28 09:00"


def test_the_last_day_of_a_short_month_stands_for_the_31st(dana: Principal) -> None:
    first = datetime(2026, 1, 31, 14, tzinfo=MORNING.tzinfo)
    with clock.frozen(first - timedelta(hours=1)) as move:
        repeated(dana, Recurrence(1, "month"), first=first)
        for _ in range(8):
            extend_series(SYSTEM)
            move(timedelta(days=10))
        assert starts(dana) == ["01-31 09:00", "02-28 09:00", "03-31 09:00", "04-30 09:00"]


def test_each_comes_with_what_the_first_has(dana: Principal, merchants: Merchants) -> None:
    shop = open_shop(merchants.alice)
    a_skill(dana, "HVAC")
    facts = JobFacts(
        "Filter", scheduled_start=MORNING, skills=(WantedSkill("HVAC", 2),), value=9_900, duration_minutes=30
    )
    with clock.frozen(MORNING - timedelta(hours=1)):
        make_job(dana, facts, needed={shop.part.number: 1}, points=[Point("Greet")], again=Recurrence(1, "week"))
        second = jobs.find_job(dana, 2)
    assert (second.title, second.value, second.duration_minutes, [each.name for each in second.skills]) == (
        "Filter", 9_900, 30, ["HVAC"],
    )  # fmt: skip
    assert [part.sku for part in details.parts_of(dana, second.id)] == ["GPU-1"]
    assert [check.text for check in details.checks_of(dana, second.id)] == ["Greet"]


def test_ending_a_series_leaves_what_somebody_has(dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING - timedelta(hours=1)) as move:
        first = repeated(dana, Recurrence(1, "week"))
        assign(dana, 2, mike.number)
        assert stop_series(dana, first) == 2
        assert [jobs.find_job(dana, number).status for number in (1, 2, 3, 4)] == [
            "pending", "dispatched", "cancelled", "cancelled",
        ]  # fmt: skip
        move(timedelta(days=40))
        assert extend_series(SYSTEM) == 0
    with pytest.raises(Conflict):
        stop_series(dana, a_job(dana).number)


@pytest.mark.parametrize(
    ("again", "field"),
    [
        (Recurrence(0, "week"), "every"),
        (Recurrence(1, "year"), "unit"),
        (Recurrence(1, "week", date(2026, 3, 27)), "until"),
    ],
)  # fmt: skip
def test_what_cannot_come_again_is_refused_whole(dana: Principal, again: Recurrence, field: str) -> None:
    with clock.frozen(MORNING - timedelta(hours=1)), pytest.raises(Invalid) as refused:
        repeated(dana, again)
    assert refused.value.fields[0].field == field
    assert jobs.count_jobs(dana, jobs.JobFilter()) == 0
