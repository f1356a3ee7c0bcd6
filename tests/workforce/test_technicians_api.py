"""Technicians over HTTP, in the words of K (K172 to K196)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM, Principal
from tests.conftest import Api, Merchants
from tests.field import data, refusal
from tests.workforce.crews import crew, technician, van

TECHNICIANS = "/api/v1/admin/technicians"
MIKE = {"name": "Mike Johnson", "pay_type": "hourly", "base_pay_cents": 2500}
"""K179 to K184, as printed."""
SHIFT = {"weekday": "monday", "start": "08:00", "end": "17:00", "break_start": "12:00", "break_end": "12:30"}


def test_the_samples_answer_as_documented(field: Api) -> None:
    made = data(field.post(TECHNICIANS, json=MIKE), 201)
    assert made["id"] == 1
    assert {name: made[name] for name in MIKE} == MIKE
    listed = data(field.get(f"{TECHNICIANS}?page=1&limit=50"))
    assert (listed["total"], listed["limit"], listed["items"]) == (1, 50, [made])
    changed = data(field.call("PATCH", f"{TECHNICIANS}/1", json={"base_pay_cents": 2800}))
    assert (changed["base_pay_cents"], changed["name"], changed["version"]) == (2800, "Mike Johnson", 2)
    assert data(field.get(f"{TECHNICIANS}/1")) == changed


def test_all_that_is_known_comes_back(field: Api, by: Principal, tess: Principal) -> None:
    place = van(by)
    body = {
        **MIKE,
        "user_id": 3,
        "van_id": place.number,
        "home_latitude": 27.95,
        "home_longitude": -82.46,
        "shifts": [SHIFT, {"weekday": "sunday", "start": "12:00", "end": "24:00"}],
        "absences": [{"starts_at": "2026-03-09", "ends_at": "2026-03-10", "reason": "Holiday"}],
        "skills": [{"skill": "HVAC", "level": 4, "expires_on": "2030-01-31"}],
    }
    made = data(field.post(TECHNICIANS, json=body), 201)
    assert (made["user_id"], made["van_id"], made["location_id"]) == (3, place.number, None)
    assert made["shifts"] == [
        SHIFT, {"weekday": "sunday", "start": "12:00", "end": "24:00", "break_start": None, "break_end": None},
    ]  # fmt: skip
    away = {"starts_at": "2026-03-09T00:00:00Z", "ends_at": "2026-03-11T00:00:00Z", "reason": "Holiday"}
    assert made["absences"] == [away]
    assert made["skills"] == [{"id": 1, "skill": "HVAC", "level": 4, "expires_on": "2030-01-31", "expired": False}]
    kept = data(field.call("PATCH", f"{TECHNICIANS}/1", json={"shifts": [], "user_id": None}))
    assert (kept["shifts"], kept["user_id"], kept["skills"]) == ([], None, made["skills"])


@pytest.mark.parametrize(
    ("change", "field_name"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"pay_type": "weekly"}, "pay_type"),
        ({"base_pay_cents": 25.5}, "base_pay_cents"),
        ({"base_pay_cents": -1}, "base_pay_cents"),
        ({"home_latitude": 90.1, "home_longitude": 0}, "home_latitude"),
        ({"home_latitude": 1}, "home_latitude"),
        ({"user_id": 99}, "user_id"),
        ({"van_id": 99}, "van_id"),
        ({"location_id": 99}, "location_id"),
        ({"zones": [9]}, "zones"),
        ({"shifts": [{"weekday": "someday", "start": "08:00", "end": "17:00"}]}, "shifts[0].weekday"),
        ({"shifts": [{"weekday": "monday", "start": "8", "end": "17:00"}]}, "shifts[0].start"),
        ({"shifts": [{"weekday": "monday", "start": "17:00", "end": "08:00"}]}, "shifts[0]"),
        ({"skills": [{"skill": "HVAC", "level": 6}]}, "skills[0].level"),
        ({"absences": [{"starts_at": "2026-03-10", "ends_at": "2026-03-09"}]}, "absences[0]"),
        ({"absences": [{"starts_at": "never", "ends_at": "2026-03-09"}]}, "absences[0].starts_at"),
    ],
)
def test_what_is_wrong_is_named(field: Api, by: Principal, change: dict[str, Any], field_name: str) -> None:
    technician(by, "Ann", home_latitude=None, home_longitude=None)
    for answer in (
        field.post(TECHNICIANS, json=MIKE | change),
        field.call("PATCH", f"{TECHNICIANS}/1", json=change),
    ):
        error = refusal(answer, 422)
        assert [item["field"] for item in error["fields"]] == [field_name]
    assert data(field.get(TECHNICIANS))["total"] == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(field: Api, number: str) -> None:
    raw = f'{{"name": "Mike", "home_latitude": {number}, "home_longitude": 0}}'
    answer = field.post(TECHNICIANS, data=raw, content_type="application/json")
    assert answer.status_code in (400, 422), answer.json
    assert data(field.get(TECHNICIANS))["total"] == 0


def test_a_person_linked_twice_is_a_conflict(field: Api, tess: Principal) -> None:
    data(field.post(TECHNICIANS, json=MIKE | {"user_id": 3}), 201)
    error = refusal(field.post(TECHNICIANS, json=MIKE | {"user_id": 3}), 409)
    assert (error["code"], error["fields"][0]["field"]) == ("USER_LINKED", "user_id")


def test_a_list_is_narrowed(field: Api, by: Principal) -> None:
    crew(by, 3)
    field.call("PATCH", f"{TECHNICIANS}/2", json={"active": False})
    assert [each["name"] for each in data(field.get(f"{TECHNICIANS}?active=true"))["items"]] == ["Ann", "Cleo"]
    assert [each["name"] for each in data(field.get(f"{TECHNICIANS}?search=be"))["items"]] == ["Ben"]


def test_pay_is_for_those_who_may_know_it(client: FlaskClient, by: Principal, merchants: Merchants) -> None:
    technician(by)
    key = accounts.create_key(
        SYSTEM, merchants.tenant, name="reader", dialect="tradekitt", scopes=frozenset({"technicians:read"})
    )
    reader = Api(client, key.secret)
    assert data(reader.get(f"{TECHNICIANS}/1"))["base_pay_cents"] is None
    assert refusal(reader.call("PATCH", f"{TECHNICIANS}/1", json={"base_pay_cents": 1}), 403)


def test_another_businesss_technician_is_not_found(field: Api, merchants: Merchants) -> None:
    technician(merchants.charlie, "Zed")
    assert field.get(f"{TECHNICIANS}/1").status_code == 404
    assert field.call("PATCH", f"{TECHNICIANS}/1", json={"name": "Mine"}).status_code == 404
