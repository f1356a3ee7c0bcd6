"""The pages of hours, as a browser sees them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from benchmarks.counting import statements_of
from dashboard.accounts.models import Tenant
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db
from dashboard.workforce.queries import hours as queries
from dashboard.workforce.queries import weeks as week_queries
from dashboard.workforce.service import corrections, hours, report_location, weeks
from dashboard.workforce.service.corrections import Correction
from dashboard.workforce.week import Week
from tests.conftest import Merchants, inputs, sign_in, token_at
from tests.workforce.crews import technician

MONDAY = datetime(2026, 3, 2, 13, tzinfo=UTC)  # 8:00 in New York
W10 = Week(date(2026, 3, 2))


@pytest.fixture
def by(merchants: Merchants) -> Principal:
    """The owner, in New York; so is the business."""
    with atomic(SYSTEM) as session:
        session.execute(update(Tenant).where(Tenant.id == merchants.tenant.id).values(time_zone="America/New_York"))
    return replace(merchants.alice, time_zone="America/New_York")


@pytest.fixture
def tess(tess: Principal) -> Principal:
    return replace(tess, time_zone="America/New_York")


@pytest.fixture
def crew(by: Principal, tess: Principal) -> None:
    """Tess (1) with 46 hours in week 10, and Ben (2) with none."""
    technician(by, "Tess", user=3)
    technician(by, "Ben")
    for day, length in enumerate((9, 9, 9, 9, 10)):
        begin = MONDAY + timedelta(days=day)
        corrections.add_entry(by, 1, Correction("No signal", begin, begin + timedelta(hours=length), 0))
    db.session.remove()


@pytest.fixture
def phone(app: Flask, crew: None) -> FlaskClient:
    """Tess's browser."""
    client = app.test_client()
    sign_in(client, "tess", "FIRST")
    return client


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, url: str, **data: Any) -> TestResponse:
    return client.post(url, data={"csrf_token": token_at(client, "/profile"), **data})


def test_the_week_is_shown_with_totals_and_who_is_in(alice: FlaskClient, crew: None, tess: Principal) -> None:
    page = text(alice.get("/hours?week=2026-W10"))
    assert "Week 10, 2 Mar to 8 Mar 2026" in page
    assert all(figure in page for figure in ("9:00", "46:00", "6:00", "Nobody is clocked in"))
    hours.clock_in(tess)
    page = text(alice.get("/hours"))
    assert "In since" in page
    hours.start_break(tess)
    assert "On a break since" in text(alice.get("/hours"))
    assert alice.get("/hours?week=soon").status_code == 422
    assert alice.get("/hours?week=2026-W54").status_code == 422


def test_without_technicians_the_page_says_what_to_do(alice: FlaskClient) -> None:
    assert "Add who goes out to customers" in text(alice.get("/hours"))


def test_hours_are_corrected_in_the_time_of_the_business(alice: FlaskClient, crew: None, by: Principal) -> None:
    form = inputs(text(alice.get("/hours/entries/1")))
    assert (form["clock_in"], form["clock_out"]) == ("2026-03-02T08:00:00", "2026-03-02T17:00:00")
    sent = {**form, "clock_out": "2026-03-02T16:30", "break_minutes": "30", "reason": "Left early"}
    done = alice.post("/hours/entries/1", data=sent)
    assert (done.status_code, done.location) == (303, "/hours/technicians/1?week=2026-W10")
    entry = queries.show_entry(by, 1)
    assert (entry.clock_out, entry.break_seconds) == (MONDAY + timedelta(hours=8.5), 1800)
    page = text(alice.get(done.location))
    assert "Left early" in page
    assert "Before: 2 Mar 2026, 08:00 to 2 Mar 2026, 17:00, breaks 0 min." in page


def test_what_was_typed_is_kept_when_a_correction_is_refused(alice: FlaskClient, crew: None, by: Principal) -> None:
    form = inputs(text(alice.get("/hours/entries/1")))
    wrong = {
        "yesterday": "Enter a day and a time",
        "2026-03-02T07:00": "Work ends after it began",
        "2026-03-08T02:30": "go forward",
        "2026-03-02T18:00": "changed while you were editing",
    }
    for typed, said in wrong.items():
        if said.startswith("changed"):
            corrections.correct_entry(by, 1, Correction("x", break_minutes=10))
        token = {"csrf_token": form["csrf_token"], "idempotency_key": ""}
        answer = alice.post("/hours/entries/1", data={**form, **token, "clock_out": typed, "reason": "Because"})
        assert answer.status_code == 422, typed
        page = text(answer)
        assert said in page
        kept = inputs(page)
        assert (kept["clock_out"], kept["reason"]) == (typed, "Because")
        if said.startswith("changed"):
            assert "Alice" in page, "what another did is shown"
            assert "changed this to <strong>10</strong>" in page
            again = {**kept, "idempotency_key": ""}
            assert alice.post("/hours/entries/1", data=again).status_code == 303, "saved again, it counts"


def test_hours_in_an_hour_that_comes_twice_stay_untouched(alice: FlaskClient, crew: None, by: Principal) -> None:
    begin = datetime(2025, 11, 2, 6, 30, 12, tzinfo=UTC)  # 1:30:12 for the second time
    corrections.add_entry(by, 2, Correction("x", begin, begin + timedelta(hours=4)))
    form = inputs(text(alice.get("/hours/entries/6")))
    done = alice.post("/hours/entries/6", data={**form, "break_minutes": "15", "reason": "Break"})
    assert done.status_code == 303
    assert queries.show_entry(by, 6).clock_in == begin


def test_hours_are_added_by_hand(alice: FlaskClient, crew: None, by: Principal) -> None:
    data = {"technician": "2", "clock_in": "2026-03-03T08:00", "clock_out": "2026-03-03T12:00", "break_minutes": "0"}
    assert "Say why" in text(send(alice, "/hours/entries/new", **data))
    done = send(alice, "/hours/entries/new", **data, reason="Phone was flat")
    assert done.location == "/hours/technicians/2?week=2026-W10"
    assert "Added by hand" in text(alice.get(done.location))
    again = send(alice, "/hours/entries/new", **data, reason="Phone was flat")
    assert again.status_code == 422
    assert "overlap with entry 6" in text(again)


def test_a_forgotten_clock_out_takes_one_click(alice: FlaskClient, crew: None, by: Principal, tess: Principal) -> None:
    with clock.frozen(clock.now() - timedelta(hours=20)) as move:
        entry = hours.clock_in(tess)
        move(timedelta(hours=5))
        report_location(by, 1, 27.9, -82.4, clock.now())
    page = text(alice.get("/hours"))
    assert "Tess may have forgotten to clock out" in page
    assert "last position" in page
    assert "Nothing was heard" not in page
    form = inputs(page[page.index("may have forgotten") :])
    assert send(alice, f"/hours/entries/{entry.number}/proposal", at="2026-03-02T00:00:00+00:00").status_code == 409
    assert send(alice, f"/hours/entries/{entry.number}/proposal", at=form["at"]).status_code == 303
    assert queries.show_entry(by, entry.number).seconds == 5 * 3600
    assert "may have forgotten" not in text(alice.get("/hours"))


def test_a_technician_ends_their_own_forgotten_hours(phone: FlaskClient, by: Principal, tess: Principal) -> None:
    with clock.frozen(clock.now() - timedelta(hours=20)) as move:
        entry = hours.clock_in(tess)
        move(timedelta(hours=3))
        hours.start_break(tess)
    start = queries.show_entry(by, entry.number).clock_in
    week = Week.of(start.astimezone(ZoneInfo(by.time_zone)).date()).name
    page = text(phone.get(f"/hours/technicians/1?week={week}"))
    assert "may have forgotten" in page
    assert "Enter the time" not in page
    form = inputs(page[page.index("may have forgotten") :])
    assert send(phone, f"/hours/mine/entries/{entry.number}/proposal", at=form["at"]).status_code == 303
    db.session.remove()
    assert queries.show_entry(by, entry.number).seconds == 3 * 3600
    assert send(phone, "/hours/mine/entries/1/proposal").status_code == 409
    assert send(phone, "/hours/mine/entries/99/proposal").status_code == 404


def test_a_week_goes_from_hand_to_hand(alice: FlaskClient, phone: FlaskClient, by: Principal) -> None:
    mine = text(phone.get("/hours/technicians/1?week=2026-W10"))
    assert "Hand in" in mine
    assert "Correct the hours" not in mine
    assert send(phone, "/hours/mine/weeks/2026-W10/submit").status_code == 303
    assert "Handed in" in text(alice.get("/hours?week=2026-W10"))
    assert send(alice, "/hours/weeks/2026-W10/hand-back", technician="1").status_code == 303
    assert send(alice, "/hours/weeks/2026-W10/submit", technician="1").status_code == 303
    done = send(alice, "/hours/weeks/2026-W10/approve", technician="1", **{"from": "technician"})
    assert done.location == "/hours/technicians/1?week=2026-W10"
    page = text(alice.get(done.location))
    assert "Approved" in page
    assert "Correct the hours" not in page
    assert send(alice, "/hours/weeks/2026-W10/approve").status_code == 303
    assert week_queries.week_of(by, W10, 1).status == "approved"  # pyright: ignore[reportOptionalMemberAccess]
    refused = send(alice, "/hours/entries/1", clock_in="2026-03-02T08:00", break_minutes="5", reason="x", version="1")
    assert "Week 2026-W10 is approved" in text(refused)
    assert send(alice, "/hours/weeks/2026-W10/submit", technician="x").status_code == 422


def test_who_sees_and_does_what(alice: FlaskClient, phone: FlaskClient, bob: FlaskClient, by: Principal) -> None:
    seen = text(phone.get("/hours?week=2026-W10"))
    assert "Tess" in seen
    assert "Ben" not in seen
    assert phone.get("/hours/technicians/2").status_code == 404
    assert text(bob.get("/hours?week=2026-W10")).count("46:00") >= 2
    assert "Correct the hours" not in text(bob.get("/hours/technicians/1?week=2026-W10"))
    for client in (phone, bob):
        assert client.get("/hours/entries/1").status_code == 403
        assert send(client, "/hours/weeks/2026-W10/approve").status_code == 403
        assert send(client, "/hours/weeks/2026-W10/submit", technician="1").status_code == 403
    assert send(bob, "/hours/mine/weeks/2026-W10/submit").status_code == 403


def test_the_week_costs_as_many_statements_for_many_as_for_few(app: Flask, by: Principal, crew: None) -> None:
    for number in range(6):
        technician(by, f"Tech {number}")
    weeks.submit_week(by, W10, 1)
    db.session.remove()
    with statements_of(app) as statements:
        assert len(week_queries.week_overview(by, W10)) == 8
    assert len(statements) <= 4
