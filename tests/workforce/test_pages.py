"""Technicians, skills and zones as a browser sees them: forms do what they say, refusals keep what was typed."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from benchmarks.counting import statements_of
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.core.paging import PageRequest
from dashboard.workforce.forms.reading import codes_text, read_codes
from dashboard.workforce.queries.details import details_of
from dashboard.workforce.queries.skills import grant_page, list_skills
from dashboard.workforce.queries.technicians import show_technician
from dashboard.workforce.queries.zones import ZoneRow, show_zone
from dashboard.workforce.service import (
    Absence,
    Grant,
    ZoneFacts,
    add_absence,
    change_zone,
    create_skill,
    create_zone,
    update_technician,
)
from tests.conftest import inputs, token_at
from tests.workforce.crews import crew, technician, van
from tests.workforce.test_zones import SQUARE

HTMX = {"HX-Request": "true"}
NOW = datetime(2026, 3, 9, 16, tzinfo=UTC)
EMPTY = ("/technicians", "/technicians?active=no", "/technicians/new", "/skills", "/skills/new", "/zones", "/zones/new")
PAGES = (
    *EMPTY, "/technicians?active=all", "/technicians?q=an&zone=1", "/technicians/1", "/technicians/1/edit",
    "/technicians/2", "/zones/1", "/zones/1/edit", "/zones/2",
)  # fmt: skip
MIKE = {
    "name": "Mike Johnson", "pay_type": "hourly", "base_pay_cents": "25.00", "start_from": "home", "active": "y",
    "day0_from": "08:00", "day0_until": "17:00", "day0_break_from": "12:00", "day0_break_until": "12:30",
    "day5_from": "18:00", "day5_until": "00:00", "home_point": "27.9506, -82.4572", "home_zip": "33601",
}  # fmt: skip


@pytest.fixture
def some_crew(by: Principal) -> None:
    """Ann, who has a skill that ended, a holiday and a zone; Ben, who left; and two zones."""
    ann, ben = crew(by, 2, van=van(by).number, skills=(Grant("HVAC", 4, date(2026, 1, 31)), Grant("Plumbing", 2)))
    update_technician(by, ben.number, {"active": False, "skills": ()})
    add_absence(by, ann.number, Absence(NOW, datetime(2030, 1, 1, tzinfo=UTC), "Around the world"))
    create_zone(by, ZoneFacts("North", ("33601", "33602", "33604"), SQUARE, technicians=(ann.number,)))
    create_zone(by, ZoneFacts("South", ("33701",)))
    db.session.remove()


def text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


@contextmanager
def fresh() -> Generator[None]:
    """What is read in here is as it is now, and leaves nothing open for those who write next."""
    db.session.remove()
    yield
    db.session.remove()


def send(client: FlaskClient, url: str, **sent: Any) -> TestResponse:
    headers = sent.pop("headers", {})
    return client.post(url, data={"csrf_token": token_at(client, "/technicians/new"), **sent}, headers=headers)


def test_pages_without_anything_say_what_to_do(alice: FlaskClient, bob: FlaskClient) -> None:
    for path in EMPTY:
        assert alice.get(path).status_code == 200, path
    assert "No technicians yet" in text(alice.get("/technicians"))
    assert "No technicians yet" in text(alice.get("/skills"))
    assert "No zones yet" in text(alice.get("/zones"))
    assert "New technician" not in text(bob.get("/technicians"))


@pytest.mark.usefixtures("some_crew")
def test_pages_with_a_crew_open(alice: FlaskClient, bob: FlaskClient) -> None:
    for path in (*PAGES, "/skills/1/edit", "/skills/1/of/1"):
        assert alice.get(path).status_code == 200, path
    for path in ("/technicians", "/technicians/1", "/skills", "/zones", "/zones/1"):
        assert bob.get(path).status_code == 200, path
    for path in ("/technicians/new", "/technicians/1/edit", "/skills/1/of/1", "/zones/new"):
        assert bob.get(path).status_code == 403, path


@pytest.mark.usefixtures("some_crew")
def test_the_list_shows_who_gets_work_and_narrows(alice: FlaskClient) -> None:
    usual = text(alice.get("/technicians"))
    assert ">Ann<" in usual
    assert ">Ben<" not in usual
    assert "HVAC ended" in usual
    assert ">Ben<" in text(alice.get("/technicians?active=no"))
    assert ">Ann<" in text(alice.get("/technicians?zone=1"))
    assert "No technician fits" in text(alice.get("/technicians?zone=2"))
    assert alice.get("/technicians?zone=x").status_code == 422
    assert "<html" not in text(alice.get("/technicians?q=ann", headers=HTMX))


@pytest.mark.usefixtures("some_crew")
def test_pay_is_not_shown_to_a_viewer(alice: FlaskClient, bob: FlaskClient) -> None:
    assert "$25.00 an hour" in text(alice.get("/technicians/1"))
    assert "25.00" not in text(bob.get("/technicians/1"))


def test_a_technician_is_added_with_the_hours_of_the_week(alice: FlaskClient, by: Principal, tess: Principal) -> None:
    place = van(by)
    answer = send(alice, "/technicians/new", **MIKE, user_id="3", van_id=str(place.number))
    assert answer.status_code == 303, text(answer)
    row = show_technician(by, 1)
    assert (row.name, row.base_pay, row.user_name, row.van_name) == ("Mike Johnson", 2500, "Tess", "Van 1")
    assert (row.home_latitude, row.home_longitude) == (27.9506, -82.4572)
    shifts = details_of(by, [row.id])[row.id].shifts
    assert [(each.weekday, each.starts, each.ends, each.break_from) for each in shifts] == [
        (0, 480, 1020, 720), (5, 1080, 1440, None),
    ]  # fmt: skip
    again = inputs(text(alice.get("/technicians/1/edit")))
    assert (again["day0_from"], again["day5_until"], again["home_point"]) == ("08:00", "00:00", "27.9506, -82.4572")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "Say what the technician is called."),
        ({"base_pay_cents": "lots"}, "Enter an amount"),
        ({"home_point": "here"}, "Write the latitude and the longitude"),
        ({"home_point": "127.9, -82.4"}, "between -90 and 90"),
        ({"day0_until": "07:00"}, "Monday: a shift ends after it starts"),
        ({"day0_break_until": "18:00"}, "Monday: the break lies within the shift"),
        ({"day2_from": "08:00"}, "Wednesday: say when the shift begins and ends"),
        ({"start_from": "location"}, "Choose the place that they set out from."),
        ({"email": "nobody"}, "Enter an e-mail address"),
    ],
)
def test_a_refusal_keeps_what_was_typed(alice: FlaskClient, change: dict[str, str], says: str) -> None:
    sent = {"phone": "555 0100"} | MIKE | change
    answer = send(alice, "/technicians/new", **sent)
    page = text(answer)
    assert answer.status_code == 422
    assert says in page
    shown = inputs(page)
    assert {name: shown[name] for name in sent if name in shown and name != "active"} == {
        name: value for name, value in sent.items() if name in shown and name != "active"
    }
    assert {"name", "phone", "base_pay_cents", "day0_until", "home_point"} <= shown.keys()


def test_a_technicians_person_is_not_offered_again(alice: FlaskClient, by: Principal, tess: Principal) -> None:
    technician(by, "Ann", user=3)
    technician(by, "Ben")
    db.session.remove()
    assert ">Tess<" in text(alice.get("/technicians/1/edit"))
    assert ">Tess<" not in text(alice.get("/technicians/2/edit"))


def test_two_who_edit_see_each_others_values(alice: FlaskClient, by: Principal) -> None:
    technician(by, "Ann")
    db.session.remove()
    mine = inputs(text(alice.get("/technicians/1/edit")))
    update_technician(by, 1, {"phone": "555 0199"})
    answer = send(alice, "/technicians/1/edit", **MIKE | {"phone": "555 0100", "version": mine["version"]})
    page = text(answer)
    assert answer.status_code == 422
    assert "changed this to <strong>555 0199</strong>" in page
    assert inputs(page)["phone"] == "555 0100"
    kept = send(alice, "/technicians/1/edit", **MIKE | {"phone": "555 0100", "version": inputs(page)["version"]})
    assert kept.status_code == 303
    assert show_technician(by, 1).phone == "555 0100"


def test_an_absence_is_added_and_removed(alice: FlaskClient, by: Principal) -> None:
    technician(by)
    db.session.remove()
    with clock.frozen(NOW):
        sent = {"starts_at": "2026-03-10T00:00", "ends_at": "2026-03-11T00:00", "reason": "Dentist"}
        assert send(alice, "/technicians/1/absences", **sent).status_code == 303
        assert "Dentist" in text(alice.get("/technicians/1"))
        wrong = send(alice, "/technicians/1/absences", **sent | {"ends_at": "2026-03-10T00:00"})
        assert wrong.status_code == 422
        assert "An absence ends after it starts." in text(wrong)
        assert inputs(text(wrong))["reason"] == "Dentist"
    (kept,) = details_of(by, [1])[1].absences
    assert send(alice, f"/technicians/1/absences/{kept.id}/remove").status_code == 303
    assert send(alice, f"/technicians/1/absences/{kept.id}/remove").status_code == 404


def held(by: Principal) -> list[tuple[str, int, date | None]]:
    with fresh():
        return [(each.skill, each.level, each.expires_on) for each in grant_page(by, PageRequest(1, 9)).items]


def skills_of(by: Principal) -> dict[str, int]:
    with fresh():
        return {each.name: each.id for each in list_skills(by)}


def zone_of(by: Principal, number: int) -> ZoneRow:
    with fresh():
        return show_zone(by, number)


def test_a_cell_of_the_matrix_is_edited_in_place(alice: FlaskClient, by: Principal) -> None:
    technician(by)
    skill = create_skill(by, "HVAC")
    db.session.remove()
    cell = f"/skills/{skill.id}/of/1"
    assert "<html" not in text(alice.get(cell, headers=HTMX))
    assert "until 2027-01-31" in text(send(alice, cell, value="4 2027-01-31", version="", headers=HTMX))
    assert held(by) == [("HVAC", 4, date(2027, 1, 31))]
    for typed, says in (("6", "A level is 1"), ("good", "Write a level from 1 to 5"), ("3 2027-02-30", "no day")):
        refused = send(alice, cell, value=typed, version="4 2027-01-31", headers=HTMX)
        assert refused.status_code == 422
        assert says in text(refused)
        assert inputs(text(refused))["value"] == typed
    stale = send(alice, cell, value="2", version="", headers=HTMX)
    assert stale.status_code == 409
    assert "4 2027-01-31" in text(stale)
    assert send(alice, cell, value="", version="4 2027-01-31", headers=HTMX).status_code == 200
    assert held(by) == []


def test_a_cell_works_as_a_page_without_script(alice: FlaskClient, by: Principal) -> None:
    technician(by)
    skill = create_skill(by, "HVAC")
    db.session.remove()
    cell = f"/skills/{skill.id}/of/1"
    assert "<html" in text(alice.get(cell))
    refused = send(alice, cell, value="9", version="")
    assert (refused.status_code, "<html" in text(refused), inputs(text(refused))["value"]) == (422, True, "9")
    assert send(alice, cell, value="3", version="").status_code == 303
    assert held(by) == [("HVAC", 3, None)]


def test_skills_are_named_renamed_and_removed(alice: FlaskClient, by: Principal) -> None:
    assert send(alice, "/skills/new", name="HVAC").status_code == 303
    twice = send(alice, "/skills/new", name="hvac")
    assert (twice.status_code, inputs(text(twice))["name"]) == (422, "hvac")
    skill_id = skills_of(by)["HVAC"]
    assert send(alice, f"/skills/{skill_id}/edit", name="Air").status_code == 303
    assert skills_of(by) == {"Air": skill_id}
    assert send(alice, f"/skills/{skill_id}/remove").status_code == 303
    assert skills_of(by) == {}


def test_a_zone_is_drawn_and_changed(alice: FlaskClient, by: Principal) -> None:
    technician(by)
    db.session.remove()
    outline = "27, -83\n27, -82\n\n28 -82\n28; -83"
    sent = {"name": "North", "zips": "33601 - 33603, 33610\n33612", "polygon": outline, "technicians": "1"}
    assert send(alice, "/zones/new", **sent).status_code == 303
    found = zone_of(by, 1)
    assert (found.zips, found.polygon) == (("33601", "33602", "33603", "33610", "33612"), SQUARE)
    page = text(alice.get("/zones/1"))
    assert "33601-33603, 33610, 33612" in page
    assert "<polygon points=" in page
    assert send(alice, "/zones/1/edit", name="North", zips="33601", polygon="", version="1").status_code == 303
    assert (zone_of(by, 1).polygon, zone_of(by, 1).technicians) == ((), ())
    assert send(alice, "/zones/1/remove").status_code == 303
    assert alice.get("/zones/1").status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"zips": "3360"}, "“3360” is no ZIP code"),
        ({"polygon": "27, -83\nthere"}, "Line 2 reads “there”"),
        ({"polygon": "27, -83\n28, -82"}, "at least three corners"),
        ({"polygon": "27, -83\n28, -82\n27, -82\n28, -83"}, "crosses itself"),
        ({"zips": "", "polygon": ""}, "list ZIP codes, or draw an outline"),
    ],
)
def test_a_zone_that_is_none_keeps_what_was_typed(alice: FlaskClient, change: dict[str, str], says: str) -> None:
    answer = send(alice, "/zones/new", **{"name": "North", "zips": "33601", "polygon": ""} | change)
    page = text(answer)
    assert answer.status_code == 422
    assert says in page
    assert inputs(page)["name"] == "North"
    assert all(line in page for line in change.get("polygon", "").splitlines())


def test_two_who_edit_a_zone_see_each_others_values(alice: FlaskClient, by: Principal) -> None:
    create_zone(by, ZoneFacts("North", ("33601",)))
    db.session.remove()
    change_zone(by, 1, {"zips": ("33602",)})
    answer = send(alice, "/zones/1/edit", name="North", zips="33603", polygon="", version="1")
    assert answer.status_code == 422
    assert "changed this to <strong>33602</strong>" in text(answer)


@pytest.mark.usefixtures("some_crew")
def test_the_search_box_finds_technicians(alice: FlaskClient) -> None:
    assert 'href="/technicians/1"' in text(alice.get("/search?q=ann"))


def test_codes_are_shown_as_ranges() -> None:
    assert codes_text(["00501", "33601", "33602", "33610"]) == "00501, 33601-33602, 33610"
    assert read_codes("33601 – 33602;33610") == ("33601-33602", "33610")


def test_pages_take_few_statements(alice: FlaskClient, app: Flask, by: Principal) -> None:
    crew(by, 40, skills=(Grant("HVAC", 3), Grant("Plumbing", 2)))
    db.session.remove()
    for path, most in (("/technicians", 11), ("/skills", 7), ("/zones", 7)):
        alice.get(path)
        with statements_of(app) as executed:
            assert alice.get(path).status_code == 200
        reading = [each for each in executed if each.lstrip().upper().startswith("SELECT")]
        assert len(reading) <= most, (path, len(reading), reading)
