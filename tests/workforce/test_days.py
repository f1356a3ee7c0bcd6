"""What a day of the crew looks like: shifts over changes of the clock, absences, skills that ran out, zones."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from benchmarks.counting import statements_of
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.core.errors import Invalid
from dashboard.workforce.local_time import exact_instant
from dashboard.workforce.models import START_PLACES
from dashboard.workforce.queries.days import TechnicianDay, technicians_on
from dashboard.workforce.service import (
    Absence,
    Grant,
    Shift,
    ZoneFacts,
    create_zone,
    report_location,
    update_technician,
)
from tests.conftest import Merchants
from tests.workforce.crews import TAMPA, crew, technician, van

MONDAY, SUNDAY = date(2026, 3, 9), date(2026, 3, 8)
"""On that Sunday the clocks of New York go from 02:00 to 03:00."""


@pytest.fixture
def by(merchants: Merchants) -> Principal:
    return replace(merchants.alice, time_zone="America/New_York")


def only(by: Principal, day: date) -> TechnicianDay:
    (found,) = technicians_on(by, day)
    return found


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_shift_is_the_wall_clock_of_the_tenant_in_utc(by: Principal) -> None:
    technician(by)
    assert only(by, date(2026, 3, 6)).shift == (utc(6, 13), utc(6, 22))  # winter: five hours behind
    found = only(by, MONDAY)
    assert found.shift == (utc(9, 12), utc(9, 21))  # summer: four
    assert found.pause == (utc(9, 16), utc(9, 16, 30))
    assert only(by, SUNDAY).shift is None


def test_a_night_shift_over_the_change_is_an_hour_shorter(by: Principal) -> None:
    technician(by, shifts=(Shift(6, 0, 6 * 60),))
    starts, ends = only(by, SUNDAY).shift or (None, None)
    assert (starts, ends) == (utc(8, 5), utc(8, 10))


def test_a_shift_until_midnight_ends_as_the_next_day_begins(by: Principal) -> None:
    technician(by, shifts=(Shift(0, 12 * 60, 24 * 60),))
    assert only(by, MONDAY).shift == (utc(9, 16), utc(10, 4))


def test_an_absence_counts_on_the_days_it_touches_and_no_other(by: Principal) -> None:
    away = Absence(utc(9, 4), utc(10, 4), "Holiday")  # Monday from midnight to midnight
    technician(by, absences=(away,))
    assert only(by, MONDAY).absences == ((away.starts_at, away.ends_at),)
    assert only(by, SUNDAY).absences == ()
    assert only(by, date(2026, 3, 10)).absences == ()


def test_a_skill_counts_through_its_last_day(by: Principal) -> None:
    technician(by, skills=(Grant("HVAC", 4, MONDAY), Grant("Plumbing", 2)))
    on, after = only(by, MONDAY), only(by, date(2026, 3, 10))
    assert sorted(on.skills.values()) == [2, 4]
    assert not on.expired
    assert list(after.skills.values()) == [2]
    assert list(after.expired.values()) == [MONDAY]


def test_the_start_is_home_or_the_place_named(by: Principal) -> None:
    ann = technician(by)
    assert (only(by, MONDAY).start, only(by, MONDAY).start_zip) == (TAMPA, "33601")
    depot = {"start_from": "location", "location": van(by).number, "start_zip": "33605"}
    update_technician(by, ann.number, depot)
    assert (only(by, MONDAY).start, only(by, MONDAY).start_zip) == (None, "33605")
    update_technician(by, ann.number, {"start_latitude": 28.0, "start_longitude": -82.0})
    assert only(by, MONDAY).start == (28.0, -82.0)
    assert START_PLACES == ("home", "location")


def test_zones_and_the_last_position_are_there(by: Principal) -> None:
    ann, ben = crew(by, 2)
    zone = create_zone(by, ZoneFacts("North", ("33601",), technicians=(ann.number,)))
    report_location(by, ben.id, 27.9, -82.4, utc(9, 12))
    first, second = technicians_on(by, MONDAY)
    assert (first.zone_ids, first.seen) == (frozenset({zone.id}), None)
    assert (second.zone_ids, second.seen) == (frozenset(), (27.9, -82.4, utc(9, 12)))


def test_those_who_left_and_other_businesses_are_not_there(by: Principal, merchants: Merchants) -> None:
    ann, _ = crew(by, 2)
    technician(merchants.charlie, "Zed", skills=(Grant("HVAC", 5),))
    update_technician(by, ann.number, {"active": False})
    assert [each.name for each in technicians_on(by, MONDAY)] == ["Ben"]


def test_a_day_takes_five_statements_however_many_there_are(app: Flask, by: Principal) -> None:
    for how_many in (2, 10):
        crew(by, how_many, skills=(Grant("HVAC", 3),))
        db.session.remove()
        with statements_of(app) as executed:
            technicians_on(by, MONDAY)
        reading = [each for each in executed if "SELECT" in each.upper() and "FROM" in each.upper()]
        assert len(reading) == 5, executed


@pytest.mark.parametrize(
    ("local", "says"),
    [(datetime(2026, 3, 8, 2, 30), "no 02:30"), (datetime(2026, 11, 1, 1, 30), "comes twice")],  # noqa: DTZ001
)
def test_a_moment_that_the_wall_never_shows_or_shows_twice_is_refused(local: datetime, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        exact_instant(local, "America/New_York", "starts_at")


def test_the_moments_beside_the_changes_are_taken() -> None:
    for text, hour in (("2026-03-08T01:59", 6), ("2026-03-08T03:00", 7), ("2026-11-01T02:00", 7)):
        assert exact_instant(datetime.fromisoformat(text), "America/New_York", "at").hour == hour
