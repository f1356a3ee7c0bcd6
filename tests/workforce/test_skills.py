"""Skills: who has them, how good, until when; and over HTTP in the words of K."""

from datetime import UTC, date, datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.paging import PageRequest
from dashboard.dispatch.service.facts import JobFacts, WantedSkill
from dashboard.dispatch.service.jobs import create_job
from dashboard.workforce.queries.skills import grant_page, list_skills, skill_matrix
from dashboard.workforce.service import (
    Grant,
    create_skill,
    grant_skill,
    remove_skill,
    rename_skill,
    revoke_skill,
    update_technician,
)
from tests.conftest import Api, Merchants
from tests.field import data, refusal
from tests.workforce.crews import crew, technician

SKILLS = "/api/v1/admin/technician-skills"
FIRST_PAGE = PageRequest(1, 50)


def held(by: Principal) -> list[tuple[int, str, str, int]]:
    rows = grant_page(by, FIRST_PAGE).items
    return [(each.number, each.technician.name, each.skill, each.level) for each in rows]


def test_a_skill_is_given_raised_and_taken(by: Principal) -> None:
    ann = technician(by)
    grant_skill(by, ann.number, Grant("HVAC", 2))
    grant_skill(by, ann.number, Grant(" hvac ", 4, date(2027, 1, 31)))
    assert held(by) == [(1, "Ann", "HVAC", 4)]
    revoke_skill(by, 1)
    assert held(by) == []
    with pytest.raises(NotFound):
        revoke_skill(by, 1)


@pytest.mark.parametrize("level", [0, 6, -1])
def test_a_level_is_one_to_five(by: Principal, level: int) -> None:
    ann = technician(by)
    with pytest.raises(Invalid, match="A level is 1"):
        grant_skill(by, ann.number, Grant("HVAC", level))


def test_a_list_of_skills_takes_the_place_of_the_present_one_and_keeps_what_stays(by: Principal) -> None:
    ann = technician(by, skills=(Grant("HVAC", 2), Grant("Plumbing", 3)))
    update_technician(by, ann.number, {"skills": (Grant("Plumbing", 5), Grant("Electrical", 1))})
    assert held(by) == [(2, "Ann", "Plumbing", 5), (3, "Ann", "Electrical", 1)]
    assert [each.name for each in list_skills(by)] == ["Electrical", "HVAC", "Plumbing"]


def test_names_of_skills_are_one_whatever_their_case(by: Principal) -> None:
    create_skill(by, "HVAC")
    with pytest.raises(Conflict):
        create_skill(by, "hvac")
    made = create_skill(by, "Plumbing")
    with pytest.raises(Conflict):
        rename_skill(by, made.id, "Hvac")
    assert rename_skill(by, made.id, "Pipe work").name == "Pipe work"


def test_a_skill_that_somebody_has_stays(by: Principal) -> None:
    grant_skill(by, technician(by).number, Grant("HVAC", 2))
    skill = list_skills(by)[0]
    with pytest.raises(Conflict, match="Take it from them first"):
        remove_skill(by, skill.id)
    revoke_skill(by, 1)
    remove_skill(by, skill.id)
    assert list(list_skills(by)) == []


def test_a_skill_that_a_job_asks_for_stays(by: Principal) -> None:
    skill = create_skill(by, "HVAC")
    create_job(by, JobFacts("Repair", skills=(WantedSkill("HVAC", 3),)))
    with pytest.raises(Conflict, match="Jobs ask for HVAC"):
        remove_skill(by, skill.id)
    assert [each.name for each in list_skills(by)] == ["HVAC"]


def test_of_many_who_give_a_new_skill_at_once_all_do(app: Flask, by: Principal) -> None:
    people = crew(by, 6)
    ready, outcomes = Barrier(len(people)), list[str]()

    def give(number: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                grant_skill(by, number, Grant("HVAC", 3))
                outcomes.append("given")
            finally:
                db.session.remove()

    threads = [Thread(target=give, args=(each.number,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.remove()
    assert outcomes == ["given"] * 6
    assert sorted(number for number, *_ in held(by)) == [1, 2, 3, 4, 5, 6]
    assert [each.name for each in list_skills(by)] == ["HVAC"]


def test_the_matrix_holds_those_who_get_work(by: Principal) -> None:
    ann, ben = crew(by, 2, skills=(Grant("HVAC", 3),))
    update_technician(by, ben.number, {"active": False})
    create_skill(by, "Electrical")
    matrix = skill_matrix(by)
    assert [each.name for each in matrix.skills] == ["Electrical", "HVAC"]
    assert [each.name for each in matrix.technicians] == ["Ann"]
    assert {(who, cell.skill): cell.level for (who, _), cell in matrix.cells.items()} == {(ann.number, "HVAC"): 3}


def test_another_businesss_skill_is_unknown(by: Principal, merchants: Merchants) -> None:
    theirs = technician(merchants.charlie, "Zed", skills=(Grant("HVAC", 3),))
    skill = list_skills(merchants.charlie)[0]
    for attempt in (
        lambda: grant_skill(by, theirs.number, Grant("HVAC", 1)),
        lambda: revoke_skill(by, 1),
        lambda: rename_skill(by, skill.id, "Mine"),
        lambda: remove_skill(by, skill.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert held(merchants.charlie) == [(1, "Zed", "HVAC", 3)]


def test_over_http(field: Api, by: Principal) -> None:
    technician(by)
    body = {"technician_id": 1, "skill": "HVAC", "level": 3, "expires_on": "2026-03-08"}
    with clock.frozen(datetime(2026, 3, 9, 12, tzinfo=UTC)):
        made = data(field.post(SKILLS, json=body), 201)
    assert made == {**body, "id": 1, "technician_name": "Ann", "expired": True}
    listed = data(field.get(f"{SKILLS}?technician_id=1&skill=hvac"))
    assert (listed["total"], listed["items"][0]["id"]) == (1, 1)
    assert data(field.get(f"{SKILLS}?technician_id=2"))["total"] == 0
    assert field.call("DELETE", f"{SKILLS}/1").status_code == 204
    assert field.call("DELETE", f"{SKILLS}/1").status_code == 404


@pytest.mark.parametrize(
    ("change", "field_name"),
    [
        ({"level": 0}, "level"),
        ({"level": 6}, "level"),
        ({"level": 2.5}, "level"),
        ({"skill": ""}, "skill"),
        ({"skill": "!!"}, "skill"),
        ({"expires_on": "soon"}, "expires_on"),
    ],
)
def test_bad_skills_over_http_are_named(field: Api, by: Principal, change: dict[str, Any], field_name: str) -> None:
    technician(by)
    body = {"technician_id": 1, "skill": "HVAC", "level": 3} | change
    error = refusal(field.post(SKILLS, json=body), 422)
    assert [item["field"] for item in error["fields"]] == [field_name]
