"""The board of a day: who has what, what waits, what does not go together, and moves that overwrite nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.counting import statements_of
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.dispatch.queries.board import Board, BoardFilter, Card, board_of
from dashboard.dispatch.queries.jobs import find_job
from dashboard.dispatch.service.assigning import JobMove, move_jobs
from dashboard.dispatch.service.facts import WantedSkill
from dashboard.dispatch.service.workflow import cancel, change_status
from dashboard.workforce.models import Technician
from dashboard.workforce.service import Absence, Shift, ZoneFacts, add_absence, create_zone
from tests.conftest import Api, Merchants, inputs
from tests.dispatch.conftest import a_job, a_job_of, a_skill, browser_of
from tests.field import data, refusal
from tests.workforce.crews import technician

FRIDAY = date(2026, 3, 27)
NINE = datetime(2026, 3, 27, 13, tzinfo=UTC)
"""Nine o'clock of FRIDAY in New York."""

EVERY_DAY = tuple(Shift(day, 8 * 60, 17 * 60) for day in range(7))


@pytest.fixture
def owner(dana: Principal, merchants: Merchants) -> Principal:
    """Who hires technicians and draws zones; the dispatcher is in their time zone."""
    return replace(merchants.alice, time_zone=dana.time_zone)


@pytest.fixture
def ann(owner: Principal) -> Technician:
    return technician(owner, "Ann", shifts=EVERY_DAY)


@pytest.fixture
def ben(owner: Principal, ann: Technician) -> Technician:
    return technician(owner, "Ben", shifts=EVERY_DAY)


def board(by: Principal, where: BoardFilter | None = None) -> Board:
    found = board_of(by, FRIDAY, where)
    db.session.remove()
    return found


def card_of(found: Board, number: int) -> Card:
    cards = [card for lane in found.lanes for card in lane.cards] + list(found.waiting)
    return next(card for card in cards if card.job.number == number)


def moved(browser: FlaskClient, number: int, *, htmx: bool = False, **sent: str) -> tuple[int, str]:
    form = {"date": FRIDAY.isoformat(), "version": str(find_version(browser, number)), **sent}
    token = inputs(browser.get(f"/dispatch?date={FRIDAY}").get_data(as_text=True))["csrf_token"]
    answer = browser.post(
        f"/dispatch/board/{number}/move",
        data={**form, "csrf_token": token},
        headers={"HX-Request": "true"} if htmx else {},
    )
    return answer.status_code, answer.get_data(as_text=True)


def find_version(browser: FlaskClient, number: int) -> int:
    page = browser.get(f"/dispatch?date={FRIDAY}").get_data(as_text=True)
    return int(page.split(f'data-job="{number}" data-version="', 1)[1].split('"', 1)[0])


# What stands where


def test_each_job_stands_in_its_lane_at_its_time(dana: Principal, ann: Technician, ben: Technician) -> None:
    hers = a_job_of(dana, ann, at=NINE)
    waits = a_job(dana, at=NINE + timedelta(hours=2))
    a_job_of(dana, ann, "Tomorrow's", at=NINE + timedelta(days=1))
    gone = a_job_of(dana, ann, "Cancelled", at=NINE)
    cancel(dana, gone.number)
    found = board(dana)
    assert [(lane.technician.name, [card.job.number for card in lane.cards]) for lane in found.lanes] == [
        ("Ann", [hers.number]),
        ("Ben", []),
    ]
    assert [card.job.number for card in found.waiting] == [waits.number]
    assert (found.from_hour, found.hours) == (7, 12)
    card = card_of(found, hers.number)
    assert (card.column, card.columns) == (9, 4)  # two hours after seven, an hour long
    assert (found.lanes[0].shift_column, found.lanes[0].shift_columns) == (5, 36)


def test_the_window_grows_with_what_is_planned_and_ends_with_the_day(dana: Principal, ann: Technician) -> None:
    a_job_of(dana, ann, at=NINE - timedelta(hours=5), duration_minutes=30)
    late = a_job_of(dana, ann, at=NINE + timedelta(hours=14), duration_minutes=180)
    found = board(dana)
    assert (found.from_hour, found.hours) == (4, 20)
    card = card_of(found, late.number)
    assert (card.column, card.columns) == (77, 4)  # from eleven to midnight: the rest is tomorrow's


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 12), (date(2026, 11, 1), 12)])
def test_the_days_on_which_clocks_change_have_their_hours(
    dana: Principal, ann: Technician, day: date, hours: int
) -> None:
    noon = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    job = a_job_of(dana, ann, at=noon)
    found = board_of(dana, day)
    assert (found.from_hour, found.hours) == (7, hours)
    local = 13 if day.month == 3 else 12
    assert card_of(found, job.number).column == (local - 7) * 4 + 1


def test_whoever_goes_along_has_the_job_in_their_lane_too(dana: Principal, ann: Technician, ben: Technician) -> None:
    job = a_job_of(dana, ann, at=NINE, crew=(ben.number,))
    found = board(dana)
    assert [[card.job.number for card in lane.cards] for lane in found.lanes] == [[job.number], [job.number]]


def test_the_most_urgent_waits_at_the_top(dana: Principal) -> None:
    numbers = [a_job(dana, priority=each, at=None).number for each in ("low", "urgent", "normal", "high")]
    assert [card.job.number for card in board(dana).waiting] == [numbers[1], numbers[3], numbers[2], numbers[0]]


def test_a_filter_shows_who_can_and_who_serves_there(
    owner: Principal, dana: Principal, ann: Technician, ben: Technician
) -> None:
    skilled = technician(owner, "Cleo", shifts=EVERY_DAY)
    zone = create_zone(owner, ZoneFacts("North", ("33601",), (), (skilled.number,)))
    far = create_zone(owner, ZoneFacts("South", ("33701",), (), (ann.number, ben.number)))
    here, there = a_job(dana, at=NINE, service_zip="33601"), a_job(dana, at=NINE, service_zip="33701")
    named = [lane.technician.name for lane in board(dana, BoardFilter(zone_id=zone.id)).lanes]
    assert named == ["Cleo"]
    assert [c.job.number for c in board(dana, BoardFilter(zone_id=zone.id)).waiting] == [here.number]
    assert [c.job.number for c in board(dana, BoardFilter(zone_id=far.id)).waiting] == [there.number]
    skill = a_skill(dana, "HVAC")
    assert board(dana, BoardFilter(skill_id=skill.id)).lanes == ()


# What does not go together


def test_what_does_not_go_together_is_said_on_the_card(
    owner: Principal, dana: Principal, ann: Technician, ben: Technician
) -> None:
    a_skill(dana, "HVAC")
    one = a_job_of(dana, ann, "One", at=NINE)
    two = a_job_of(dana, ann, "Two", at=NINE + timedelta(minutes=59))
    beside = a_job_of(dana, ann, "Beside", at=NINE + timedelta(minutes=119))
    early = a_job_of(dana, ben, "Early", at=NINE - timedelta(minutes=61))
    needs = a_job_of(dana, ben, "Needs", at=NINE, skills=(WantedSkill("HVAC", 2),))
    add_absence(owner, ben.number, Absence(NINE, NINE + timedelta(minutes=1), "Dentist"))
    found = board(dana)

    def said(number: int) -> str:
        return " ".join(card_of(found, number).problems)

    assert said(one.number) == f"At the same time as job {two.number}, Two."
    assert said(beside.number) == ""
    assert said(early.number) == "Outside of Ben's shift."
    assert said(needs.number) == "Ben is away. Needs HVAC, level 2."


def test_what_is_done_is_no_problem_any_more(dana: Principal, ann: Technician) -> None:
    job = a_job_of(dana, ann, at=NINE - timedelta(hours=3))
    assert card_of(board(dana), job.number).problems
    for status in ("acknowledged", "in_progress", "completed"):
        change_status(dana, job.number, status)
    assert card_of(board(dana), job.number).problems == ()


def test_a_board_costs_the_same_however_much_is_on_it(
    app: Flask, dana: Principal, ann: Technician, ben: Technician
) -> None:
    browser = browser_of(app, "dana")
    counts: list[int] = []
    for round_ in range(2):
        for n in range(5 * round_ + 1):
            a_job_of(dana, ann, at=NINE + timedelta(hours=n), crew=(ben.number,))
            a_job(dana, service_zip="33601")
        db.session.remove()
        browser.get(f"/dispatch?date={FRIDAY}")
        with statements_of(app) as executed:
            assert browser.get(f"/dispatch?date={FRIDAY}").status_code == 200
        counts.append(len([each for each in executed if each.startswith("SELECT")]))
    assert counts[0] == counts[1]


# The API


def test_the_api_has_the_board_of_a_day_and_where_a_stream_takes_up(
    field: Api, dana: Principal, ann: Technician
) -> None:
    job = a_job_of(dana, ann, at=NINE, value=12_500)
    waits = a_job(dana, at=NINE)
    found = data(field.call("GET", f"/api/v1/admin/dispatch/board?date={FRIDAY}"))
    assert found["date"] == "2026-03-27"
    (lane,) = found["technicians"]
    assert (lane["id"], lane["name"], lane["shift_start"]) == (ann.number, "Ann", "2026-03-27T12:00:00Z")
    assert [each["id"] for each in lane["jobs"]] == [job.number]
    assert [each["id"] for each in found["unassigned"]] == [waits.number]
    assert found["summary"]["booked_cents"] == 12_500
    assert found["last_event_id"] >= 3
    assert refusal(field.call("GET", "/api/v1/admin/dispatch/board?date=tomorrow"), 422)


def test_without_a_date_it_is_today_where_the_business_is(field: Api, dana: Principal) -> None:
    with clock.frozen(datetime(2026, 3, 28, 3, tzinfo=UTC)):  # still Friday in New York
        assert data(field.call("GET", "/api/v1/admin/dispatch/board"))["date"] == "2026-03-27"


# Moves on the page


def test_a_job_is_moved_and_the_move_taken_back(app: Flask, dana: Principal, ann: Technician, ben: Technician) -> None:
    job = a_job_of(dana, ann, at=NINE)
    browser = browser_of(app, "dana")
    status, page = moved(browser, job.number, htmx=True, technician=str(ben.number), start="10:30")
    assert status == 200
    assert "with Ben, 10:30" in page
    now = find_job(dana, job.number)
    assert (now.technician_number, now.scheduled_start) == (ben.number, NINE + timedelta(minutes=90))
    db.session.remove()
    form = inputs(page[page.index("board-said") : page.index("Undo")])
    status, _ = moved(browser, job.number, htmx=True, **{k: form[k] for k in ("technician", "start", "version")})
    assert status == 200
    back = find_job(dana, job.number)
    assert (back.technician_number, back.scheduled_start) == (ann.number, NINE)


def test_without_script_the_form_leads_back_to_the_board(app: Flask, dana: Principal, ann: Technician) -> None:
    job = a_job(dana, at=NINE)
    browser = browser_of(app, "dana")
    assert "Starts at" in browser.get(f"/dispatch/board/{job.number}").get_data(as_text=True)
    status, _ = moved(browser, job.number, technician=str(ann.number), start="09:00")
    assert status == 303
    assert "with Ann, 09:00" in browser.get(f"/dispatch?date={FRIDAY}").get_data(as_text=True)


def test_what_somebody_else_did_meanwhile_is_shown_and_overwritten_only_on_purpose(
    app: Flask, dana: Principal, ann: Technician, ben: Technician
) -> None:
    job = a_job(dana, at=NINE)
    seen = job.version
    move_jobs(dana, [JobMove(job.number, ben.number, NINE, NINE + timedelta(hours=1))])
    db.session.remove()
    browser = browser_of(app, "dana")
    mine = {"technician": str(ann.number), "start": "09:00"}
    status, page = moved(browser, job.number, htmx=True, version=str(seen), **mine)
    assert status == 409
    assert "Somebody else gave job" in page
    assert "you chose Ann" in page
    assert find_job(dana, job.number).technician_number == ben.number
    db.session.remove()
    form = inputs(page[page.index("board-said") : page.index("Keep mine")])
    status, _ = moved(browser, job.number, htmx=True, **{k: form[k] for k in ("technician", "start", "version")})
    assert status == 200
    assert find_job(dana, job.number).technician_number == ann.number


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"start": "25:00"}, "A time is written like 14:30"),
        ({"technician": "Ann"}, "Choose a technician"),
        ({"technician": "99"}, "There is no technician 99"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused_with_the_board(
    app: Flask, dana: Principal, ann: Technician, sent: dict[str, str], says: str
) -> None:
    job = a_job(dana, at=NINE)
    status, page = moved(browser_of(app, "dana"), job.number, htmx=True, **{"technician": "", "start": "", **sent})
    assert status == 422
    assert says in page


def test_a_day_that_is_none_is_refused(app: Flask, dana: Principal) -> None:
    assert browser_of(app, "dana").get("/dispatch?date=someday").status_code == 422


def test_who_only_reads_sees_the_board_and_moves_nothing(app: Flask, dana: Principal, ann: Technician) -> None:
    job = a_job(dana, at=NINE)
    browser = browser_of(app, "bob")
    page = browser.get(f"/dispatch?date={FRIDAY}").get_data(as_text=True)
    assert "data-may-write" not in page
    assert "New job" not in page
    assert moved(browser, job.number, technician=str(ann.number))[0] == 403
