"""Weeks of hours: handed in, approved, and from then on as they are; and the endpoints of time tracking."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant, User
from dashboard.accounts.service import sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.core.events import Event
from dashboard.web import credentials
from dashboard.workforce.models import Technician
from dashboard.workforce.queries import weeks as queries
from dashboard.workforce.service import corrections, hours, weeks
from dashboard.workforce.service.corrections import Correction
from dashboard.workforce.week import Week
from tests.conftest import Api, Merchants
from tests.customers.racing import refusals, together
from tests.workforce.crews import technician

MONDAY = datetime(2026, 3, 23, 13, tzinfo=UTC)
W13 = Week(date(2026, 3, 23))
AFTER = datetime(2026, 3, 30, 12, tzinfo=UTC)


@pytest.fixture
def crew(by: Principal, tess: Principal) -> list[Technician]:
    """Tess (1), and Ben (2), who signs in nowhere."""
    return [technician(by, "Tess", user=3), technician(by, "Ben")]


def worked(by: Principal, who: int, day: int, length: float, rest: int = 0) -> None:
    """Hours of somebody on a day of the week, Monday is 0."""
    begin = MONDAY + timedelta(days=day)
    with clock.frozen(AFTER + timedelta(days=7)):
        corrections.add_entry(by, who, Correction("x", begin, begin + timedelta(hours=length), rest))


def test_weeks_are_named_as_in_iso_8601() -> None:
    assert Week.named("2026-W13") == W13 == Week.of(date(2026, 3, 29))
    assert (W13.name, W13.number, W13.moved(-12).name) == ("2026-W13", 13, "2026-W01")
    assert Week.of(date(2027, 1, 3)).name == "2026-W53"
    for wrong in ("2026-W00", "2026-W54", "2026-13", "26-W13", "", "2026-W53x", "9999-W52"):
        with pytest.raises(Invalid, match="such as 2026-W13"):
            Week.named(wrong)
    new_york = Week.named("2026-W10").span("America/New_York")
    assert new_york[1] - new_york[0] == timedelta(days=7, hours=-1), "clocks are put forward on its Sunday"


def test_a_week_is_summed_by_day_with_overtime(by: Principal, crew: list[Technician]) -> None:
    for day in range(5):
        worked(by, 1, day, 9.5, rest=30)
    worked(by, 2, 6, 2)
    ben, tess = queries.week_overview(by, W13)
    assert (tess.name, tess.days, tess.seconds, tess.overtime) == ("Tess", [9 * 3600] * 5 + [0, 0], 162_000, 18_000)
    assert (ben.days[6], ben.overtime, tess.break_seconds) == (7200, 0, 9000)
    assert [each.seconds for each in queries.week_overview(by, W13.moved(1))] == [0, 0]


def test_an_entry_counts_where_it_begins_in_the_zone_of_the_business(by: Principal, crew: list[Technician]) -> None:
    late = datetime(2026, 3, 30, 2, tzinfo=UTC)  # Sunday 22:00 in New York, Monday in UTC
    with clock.frozen(AFTER):
        corrections.add_entry(by, 1, Correction("x", late, late + timedelta(hours=8)))
    new_york = replace(by, time_zone="America/New_York")
    assert queries.week_of(new_york, W13, crew[0].id).days[6] == 8 * 3600  # pyright: ignore[reportOptionalMemberAccess]
    assert queries.week_of(by, W13, crew[0].id).seconds == 0  # pyright: ignore[reportOptionalMemberAccess]


def test_a_technician_hands_in_and_a_manager_approves(by: Principal, tess: Principal, crew: list[Technician]) -> None:
    worked(by, 1, 0, 8)
    with clock.frozen(AFTER):
        assert weeks.submit_week(tess, W13).seconds == 8 * 3600
        worked(by, 1, 1, 2)
        mine = queries.my_week(tess, W13)
        assert mine is not None
        assert (mine.status, mine.seconds) == (None, 10 * 3600), "more hours: it is not finished after all"
        weeks.submit_week(tess, W13)
        with pytest.raises(NotAllowed):
            weeks.approve_weeks(tess, W13)
        [approved] = weeks.approve_weeks(by, W13)
        assert (approved.status, approved.seconds) == ("approved", 10 * 3600)
        assert weeks.approve_weeks(by, W13, 1) == [approved], "approving twice is once"
        assert weeks.approve_weeks(by, W13) == []
    names = reads(by).scalars(select(Event.name).where(Event.name.like("time.week%")).order_by(Event.id)).all()
    assert names == ["time.week_submitted", "time.week_reopened", "time.week_submitted", "time.week_approved"]


def test_what_is_approved_is_immutable(by: Principal, tess: Principal, crew: list[Technician]) -> None:
    worked(by, 1, 0, 8)
    worked(by, 1, 9, 8)
    with clock.frozen(AFTER + timedelta(days=14)):
        weeks.submit_week(tess, W13)
        weeks.approve_weeks(by, W13)
        refused = [
            lambda: corrections.correct_entry(by, 1, Correction("x", break_minutes=5)),
            lambda: corrections.correct_entry(by, 2, Correction("x", clock_in=MONDAY + timedelta(days=3, hours=23.5))),
            lambda: corrections.correct_entry(
                by, 2, Correction("x", MONDAY + timedelta(days=3), MONDAY + timedelta(days=3, hours=1))
            ),
            lambda: corrections.add_entry(
                by, 1, Correction("x", MONDAY + timedelta(days=4), MONDAY + timedelta(days=4, hours=1))
            ),
            lambda: weeks.submit_week(tess, W13),
            lambda: weeks.hand_back(by, W13, 1),
        ]
        for number, command in enumerate(refused):
            with pytest.raises((Conflict, Invalid)) as error:
                command()
            assert "approved" in error.value.message or number == 1, error.value.message
        corrections.correct_entry(by, 2, Correction("Another week is still open", break_minutes=5))


def test_a_week_that_is_not_finished_is_not_approved(by: Principal, tess: Principal, crew: list[Technician]) -> None:
    with clock.frozen(MONDAY) as move:
        with pytest.raises(Invalid, match="still to come"):
            weeks.submit_week(tess, W13.moved(1))
        hours.clock_in(tess)
        with pytest.raises(Conflict, match="still clocked in"):
            weeks.submit_week(tess, W13)
        move(timedelta(hours=8))
        hours.clock_out(tess)
        weeks.submit_week(tess, W13)
        with pytest.raises(Conflict, match="not over yet"):
            weeks.approve_weeks(by, W13)
        move(timedelta(hours=1))
        hours.clock_in(tess)
        assert queries.my_week(tess, W13).status is None  # pyright: ignore[reportOptionalMemberAccess]
        move(timedelta(days=8))
        with pytest.raises(Conflict, match="not handed in"):
            weeks.approve_weeks(by, W13, 1)
        with pytest.raises(NotFound):
            weeks.approve_weeks(by, W13, 99)


def test_a_week_is_handed_back_and_handed_in_for_somebody(
    by: Principal, tess: Principal, crew: list[Technician]
) -> None:
    with clock.frozen(AFTER):
        weeks.submit_week(by, W13, 2)
        weeks.hand_back(by, W13, 2)
        with pytest.raises(Conflict, match="not handed in"):
            weeks.hand_back(by, W13, 2)
        with pytest.raises(NotAllowed):
            weeks.submit_week(tess, W13, 2)
        worked(by, 1, 0, 8)
        weeks.submit_week(tess, W13)
        corrections.correct_entry(by, 1, Correction("x", break_minutes=60))
        assert weeks.approve_weeks(by, W13)[0].seconds == 7 * 3600


@pytest.mark.prove
def test_a_correction_and_an_approval_at_once_agree(
    app: Flask, by: Principal, tess: Principal, crew: list[Technician]
) -> None:
    for round_ in range(6):
        week = W13.moved(-round_)
        begin = MONDAY - timedelta(weeks=round_)
        entry = corrections.add_entry(by, 1, Correction("x", begin, begin + timedelta(hours=8)))
        weeks.submit_week(tess, week)
        number = entry.number
        results = together(
            app,
            lambda w=week: weeks.approve_weeks(by, w),
            lambda n=number: corrections.correct_entry(by, n, Correction("x", break_minutes=60)),
        )
        db.session.remove()
        found = queries.week_of(by, week, crew[0].id)
        assert found is not None
        assert found.status == "approved"
        assert found.seconds == (8 if refusals(results) else 7) * 3600
        assert results[0][0].seconds == found.seconds


# Through the API


class Phone(Api):
    """Somebody's own program: it signs in anew for each request, whatever time it is."""

    def __init__(self, app: Flask, who: Principal, merchants: Merchants) -> None:
        super().__init__(app.test_client(), None)
        self._who, self._merchants = who, merchants

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        user = reads(SYSTEM).scalars(select(User).where(User.id == self._who.actor_id)).one()
        opened = sessions.open_session(user, "api", Client("203.0.113.1", "a program"))
        tenant = accounts.find_tenant(self._merchants.tenant.business_code)
        self.key = sessions.issue_tokens(opened, user, tenant).access
        db.session.remove()
        return super().call(method, path, **options)


@pytest.fixture
def phone(app: Flask, tess: Principal, crew: list[Technician], merchants: Merchants) -> Api:
    """Tess's own program."""
    return Phone(app, tess, merchants)


def sent(api: Api, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    db.session.remove()
    answer = api.call(method, f"/api/v1/time-tracking{path}", **({} if body is None else {"json": body}))
    told = answer.get_json()
    return answer.status_code, told["data"] if told["ok"] else told["error"]


def test_the_samples_of_time_tracking_answer_as_documented(phone: Api, api: Api) -> None:
    spot = {"latitude": 27.9506, "longitude": -82.4572}
    with clock.frozen(MONDAY) as move:
        status, entry = sent(phone, "POST", "/clock-in", spot)
        assert status == 201
        assert (entry["id"], entry["technician_id"], entry["clock_in"]) == (1, 1, "2026-03-23T13:00:00Z")
        assert (entry["clock_out"], entry["duration_minutes"]) == (None, None)
        status, refused = sent(phone, "POST", "/clock-in", spot)
        assert (status, refused["code"]) == (409, "ALREADY_CLOCKED_IN")
        move(timedelta(hours=4))
        assert sent(phone, "POST", "/break-start")[0] == 201
        move(timedelta(minutes=30))
        assert sent(phone, "POST", "/break-end")[1]["break_minutes"] == 30
        move(timedelta(hours=4))
        status, entry = sent(phone, "POST", "/clock-out", spot)
        assert (status, entry["duration_minutes"], entry["clock_out_latitude"]) == (200, 480, 27.9506)
        assert sent(phone, "POST", "/clock-out", {})[0] == 409
        for program in (phone, api):
            status, listed = sent(program, "GET", "/entries?date_from=2026-03-01&date_to=2026-03-31&limit=1")
            assert status == 200
            assert (listed["total"], listed["limit"], listed["items"]) == (1, 1, [entry])
        assert sent(api, "GET", "/entries?technician_id=2")[1]["total"] == 0


def test_hours_are_corrected_and_approved_through_the_api(phone: Api, api: Api, by: Principal) -> None:
    worked(by, 1, 0, 8)
    with clock.frozen(AFTER):
        body = {"reason": "Forgot the break", "break_minutes": 30, "clock_out": "2026-03-23T20:00:00", "version": 1}
        status, entry = sent(api, "PATCH", "/entries/1", body)
        assert (status, entry["duration_minutes"], entry["corrected"], entry["version"]) == (200, 390, True, 2)
        assert sent(api, "PATCH", "/entries/1", body)[1]["code"] == "CHANGED_MEANWHILE"
        assert sent(phone, "PATCH", "/entries/1", body)[0] == 403
        wrong: list[tuple[dict[str, Any], str]] = [
            ({}, "reason"),
            ({"reason": "x", "clock_out": None}, "clock_out"),
            ({"reason": "x", "clock_out": 1_774_000_000}, "clock_out"),
            ({"reason": "x", "clock_out": "0001-01-01T00:00:00+14:00"}, "clock_out"),
            ({"reason": "x", "clock_in": "2026-03-23T22:00:00Z"}, "clock_out"),
            ({"reason": "x", "break_minutes": 1.5}, "break_minutes"),
        ]
        for change, field in wrong:
            status, error = sent(api, "PATCH", "/entries/1", change)
            assert status == 422, change
            assert field in [each["field"] for each in error["fields"]], change
        assert sent(api, "PATCH", "/entries/99", {"reason": "x"})[0] == 404
        assert sent(api, "POST", "/weeks/2026-W13/approve", {"technician_id": 1})[0] == 409
        status, week = sent(phone, "POST", "/weeks/2026-W13/submit")
        assert (status, week["status"], week["duration_minutes"]) == (200, "submitted", 390)
        status, done = sent(api, "POST", "/weeks/2026-W13/approve", {})
        assert (status, done["week"], [each["technician_id"] for each in done["approved"]]) == (200, "2026-W13", [1])
        assert sent(api, "PATCH", "/entries/1", {"reason": "x", "break_minutes": 1})[1]["code"] == "WEEK_APPROVED"
        assert sent(api, "POST", "/weeks/2026-13/approve", {})[0] == 422


def test_what_cannot_be_meant_is_refused_by_its_name(phone: Api, api: Api) -> None:
    for body in ({"latitude": 91, "longitude": 0}, {"latitude": 1}, {"latitude": "1", "longitude": 1}):
        assert sent(phone, "POST", "/clock-in", body)[0] == 422, body
    raw = phone.post(
        "/api/v1/time-tracking/clock-in", data='{"latitude": NaN, "longitude": 1}', content_type="application/json"
    )
    assert raw.status_code in (400, 422)
    for query in (
        "date_from=1",
        "date_from=2026-02-30",
        "date_to=9999-12-31",
        "date_from=2026-03-02&date_to=2026-03-01",
    ):
        assert sent(api, "GET", f"/entries?{query}")[0] == 422, query
    assert sent(api, "POST", "/clock-in", {})[0] == 403, "a key is no technician"


def test_a_time_that_does_not_exist_or_comes_twice_is_refused(
    api: Api, by: Principal, crew: list[Technician], merchants: Merchants
) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(Tenant).where(Tenant.id == merchants.tenant.id).values(time_zone="America/New_York"))
    credentials.forget_all()
    worked(by, 1, -15, 8)
    for told, said in (("2026-03-08T02:30", "go forward"), ("2025-11-02T01:30:00", "comes twice")):
        status, error = sent(api, "PATCH", "/entries/1", {"reason": "x", "clock_in": told})
        assert (status, error["fields"][0]["field"]) == (422, "clock_in")
        assert said in error["message"]
    whole = {"reason": "x", "clock_in": "2026-03-08T01:30", "clock_out": "2026-03-08T03:30"}
    assert sent(api, "PATCH", "/entries/1", whole)[1]["duration_minutes"] == 60
    named = {"reason": "x", "clock_in": "2025-11-02T01:30:00-04:00", "clock_out": "2025-11-02T01:30:00-05:00"}
    assert sent(api, "PATCH", "/entries/1", named)[1]["duration_minutes"] == 60
