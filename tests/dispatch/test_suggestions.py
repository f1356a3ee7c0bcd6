"""Who should do a job: scores whose parts can be read, a sentence for whoever is out."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic, db
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.dispatch.models import Job
from dashboard.dispatch.queries.suggestions import OF, Suggestion, Suggestions, suggest
from dashboard.dispatch.service.facts import WantedSkill
from dashboard.workforce.models import (
    ServiceZone,
    Technician,
    TechnicianAbsence,
    TechnicianShift,
    TechnicianSkill,
    ZoneTechnician,
)
from tests.conftest import Api
from tests.dispatch.conftest import MORNING, a_job, a_job_of, a_technician
from tests.field import data, refusal

TAMPA: dict[str, Any] = {"latitude": 27.95, "longitude": -82.46}
NEAR: dict[str, Any] = {"home_latitude": 27.95, "home_longitude": -82.44}
FAR: dict[str, Any] = {"home_latitude": 28.15, "home_longitude": -82.46}
HOUR = timedelta(hours=1)


def works(by: Principal, technician: Technician, *, starts: int = 8, ends: int = 17) -> Technician:
    """Every day from eight to five, or other hours."""
    with atomic(by) as session:
        for weekday in range(7):
            session.add(
                TechnicianShift(technician_id=technician.id, weekday=weekday, starts=starts * 60, ends=ends * 60)
            )
    return technician


def of(found: Suggestions, technician: Technician) -> Suggestion:
    return next(each for each in found.all if each.technician_id == technician.id)


def points(each: Suggestion) -> dict[str, int]:
    return {part.name: part.points for part in each.parts}


def test_the_nearest_of_equals_comes_first_and_the_parts_add_up(dana: Principal) -> None:
    near = works(dana, a_technician(dana, "Near", **NEAR))
    far = works(dana, a_technician(dana, "Far", **FAR))
    found = suggest(dana, a_job(dana, at=MORNING, **TAMPA).number)
    assert [each.technician_id for each in found.ranked] == [near.id, far.id]
    assert [each.rank for each in found.ranked] == [1, 2]
    assert all(each.score == sum(part.points for part in each.parts) for each in found.ranked)
    assert {part.name: part.of for part in found.ranked[0].parts} == OF
    first, second = (each.drive_minutes or 0 for each in found.ranked)
    assert first < 10
    assert second > 30


def test_the_same_facts_give_the_same_answer(dana: Principal) -> None:
    for name in ("Ann", "Bob", "Cy"):
        works(dana, a_technician(dana, name, **NEAR))
    number = a_job(dana, **TAMPA).number
    assert suggest(dana, number) == suggest(dana, number)
    assert [each.name for each in suggest(dana, number).ranked] == ["Ann", "Bob", "Cy"]


def test_the_way_is_from_where_they_will_be_then(dana: Principal) -> None:
    homely = works(dana, a_technician(dana, "Homely", **NEAR))
    away = works(dana, a_technician(dana, "Away", **NEAR))
    a_job_of(dana, away, "Far away", at=MORNING, latitude=28.30, longitude=-82.46)
    found = suggest(dana, a_job(dana, at=MORNING + 3 * HOUR, **TAMPA).number)
    assert (of(found, away).drive_minutes or 0) > 40 > (of(found, homely).drive_minutes or 0)
    assert points(of(found, away))["load"] < points(of(found, homely))["load"]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [({"starts": 10, "ends": 17}, "Works from 10:00 to 17:00, which leaves no time for it, and the way.")],
)
def test_whoever_starts_later_is_out(dana: Principal, columns: dict[str, int], sentence: str) -> None:
    late = works(dana, a_technician(dana, "Late", **NEAR), **columns)
    assert of(suggest(dana, a_job(dana, **TAMPA).number), late).excluded == sentence


def test_whoever_is_out_has_a_sentence(dana: Principal) -> None:
    off = a_technician(dana, "Off", **NEAR)
    busy = works(dana, a_technician(dana, "Busy", skills={"HVAC": 3}, **NEAR))
    green = works(dana, a_technician(dana, "Green", skills={"HVAC": 1}, **NEAR))
    lapsed = works(dana, a_technician(dana, "Lapsed", skills={"HVAC": 5}, **NEAR))
    none = works(dana, a_technician(dana, "None", **NEAR))
    away = works(dana, a_technician(dana, "Away", skills={"HVAC": 3}, **NEAR))
    elsewhere = works(dana, a_technician(dana, "Elsewhere", skills={"HVAC": 3}, **NEAR))
    a_job_of(dana, busy, "Smith", at=MORNING, **TAMPA)
    with atomic(dana) as session:
        row = session.query(TechnicianSkill).filter_by(technician_id=lapsed.id).one()
        row.expires_on = date(2026, 3, 1)
        session.add(TechnicianAbsence(technician_id=away.id, starts_at=MORNING - HOUR, ends_at=MORNING + 3 * HOUR))
        zone = ServiceZone(number=1, name="North", name_key="north", zips=["32801"], polygon=[])
        session.add(zone)
        session.flush()
        session.add(ZoneTechnician(zone_id=zone.id, technician_id=elsewhere.id))
    job = a_job(dana, skills=[WantedSkill("HVAC", 2)], service_zip="33602", **TAMPA)
    found = suggest(dana, job.number)
    assert {each.name: each.excluded for each in found.out} == {
        "Off": "Does not work on Saturdays.",
        "Busy": "Is at job 1 (Smith) from 09:00 to 10:00.",
        "Green": "Has HVAC at level 1; the job needs 2.",
        "Lapsed": "HVAC was certified until 1 March 2026.",
        "None": "Does not have HVAC.",
        "Away": "Is away from 08:00 to 12:00.",
        "Elsewhere": "Does not serve ZIP code 33602.",
    }
    assert found.ranked == ()
    assert (off.id, green.id, none.id) == tuple(
        each.technician_id for each in (of(found, off), of(found, green), of(found, none))
    )


def test_who_cannot_get_there_between_two_jobs_is_out(dana: Principal) -> None:
    mike = works(dana, a_technician(dana, "Mike", **NEAR))
    a_job_of(dana, mike, "Far away", at=MORNING, latitude=28.30, longitude=-82.46)
    found = suggest(dana, a_job(dana, at=MORNING + HOUR, **TAMPA).number)
    assert (
        of(found, mike).excluded == "Cannot get there by 10:00 and still be in time for the jobs before and after it."
    )


def test_whoever_was_there_before_is_favoured(dana: Principal) -> None:
    known = works(dana, a_technician(dana, "Zoe", **NEAR))
    works(dana, a_technician(dana, "Ann", **NEAR))
    customer = create_customer(dana, CustomerFacts("John Smith"))
    earlier = a_job_of(dana, known, at=MORNING - timedelta(days=30), customer=customer.number, **TAMPA)
    with atomic(dana) as session:
        session.get_one(Job, earlier.id).status = "completed"
    found = suggest(dana, a_job(dana, customer=customer.number, **TAMPA).number)
    assert found.ranked[0].technician_id == known.id
    assert found.ranked[0].parts[-1].why == "Was at this customer's once"


def test_overtime_costs_points_but_excludes_nobody(dana: Principal) -> None:
    mike = works(dana, a_technician(dana, "Mike", **NEAR))
    found = suggest(dana, a_job(dana, at=MORNING + timedelta(hours=7, minutes=30), **TAMPA).number)
    assert 30 < (of(found, mike).overtime_minutes or 0) < 45
    assert points(of(found, mike))["overtime"] < OF["overtime"]


def test_a_job_without_a_time_is_put_where_it_fits_today(dana: Principal) -> None:
    with clock.frozen(MORNING):
        mike = works(dana, a_technician(dana, "Mike", **NEAR))
        a_job_of(dana, mike, at=MORNING, **TAMPA)
        found = of(suggest(dana, a_job(dana, at=None, **TAMPA).number), mike)
    assert found.starts_at == MORNING + HOUR
    assert found.ends_at == MORNING + 2 * HOUR


def test_a_job_that_is_nowhere_says_so(dana: Principal) -> None:
    works(dana, a_technician(dana, "Mike", **NEAR))
    found = suggest(dana, a_job(dana).number)
    assert found.all == ()
    assert "no place on the map" in (found.problem or "")


def test_the_number_of_statements_does_not_grow(app: Flask, dana: Principal) -> None:
    number = a_job(dana, **TAMPA).number
    works(dana, a_technician(dana, "One", **NEAR))
    few = _statements(dana, number)
    for name in range(12):
        person = works(dana, a_technician(dana, f"Technician {name}", **NEAR))
        a_job_of(dana, person, at=MORNING + 3 * HOUR, **TAMPA)
    assert _statements(dana, number) == few


def _statements(by: Principal, number: int) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    db.session.expunge_all()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        suggest(by, number)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_the_api_gives_the_same_numbers(dana: Principal, field: Api) -> None:
    works(dana, a_technician(dana, "Mike", **NEAR))
    a_technician(dana, "Off", **NEAR)
    job = a_job(dana, **TAMPA)
    told = data(field.get(f"/api/v1/admin/dispatch/{job.number}/suggestions"))
    found = suggest(dana, job.number)
    assert [each["score"] for each in told["suggestions"]] == [each.score for each in found.all]
    assert [each["excluded"] for each in told["suggestions"]] == [None, "Does not work on Saturdays."]
    first = told["suggestions"][0]
    assert {part["name"]: part["points"] for part in first["parts"]} == points(found.all[0])
    assert datetime.fromisoformat(first["starts_at"]) == MORNING
    refusal(field.get("/api/v1/admin/dispatch/999/suggestions"), 404)
