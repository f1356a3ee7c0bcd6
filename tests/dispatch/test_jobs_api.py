"""Jobs over HTTP, in the words of K (K237 to K262)."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.workforce.models import Technician
from tests.conftest import Api, Merchants
from tests.customers.racing import together
from tests.dispatch.conftest import MORNING, SMITH, a_job, a_job_of, a_skill
from tests.field import data, refusal
from tests.inventory.shop import open_shop

JOBS = "/api/v1/admin/dispatch"


def assign(field: Api, number: int, **body: Any) -> Any:
    return field.call("PATCH", f"{JOBS}/{number}/assign", json=body)


def test_the_sample_is_kept_as_it_was_sent(field: Api) -> None:
    job = data(field.post(JOBS, json=SMITH), 201)
    assert {name: job[name] for name in SMITH} == SMITH
    assert (job["id"], job["status"], job["technician_id"], job["warnings"]) == (1, "pending", None, [])
    assert data(field.get(f"{JOBS}/1")) == job
    listed = data(field.get(f"{JOBS}?page=1&limit=50"))
    assert (listed["total"], listed["items"][0]["id"]) == (1, 1)


def test_a_job_comes_with_parts_skills_checklist_and_crew(
    field: Api, merchants: Merchants, dana: Principal, mike: Technician
) -> None:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 3)
    a_skill(dana, "HVAC")
    more: dict[str, Any] = {
        "skills": [{"name": "HVAC", "level": 2}],
        "parts": [{"part_id": shop.part.number, "quantity": 2}],
        "checklist": [{"text": "Power off"}, {"text": "Photo", "required": False}],
        "technician_ids": [mike.number],
        "value_cents": 25_000,
        "arrival_window_start": "2026-03-28T09:00:00Z",
        "arrival_window_end": "2026-03-28T10:00:00Z",
    }
    job = data(field.post(JOBS, json=SMITH | more), 201)
    assert {name: job[name] for name in more if name not in ("parts", "checklist")} == {
        name: value for name, value in more.items() if name not in ("parts", "checklist")
    }
    assert [(part["part_id"], part["quantity"], part["location"]) for part in job["parts"]] == [
        (shop.part.number, 2, None)
    ]
    assert [(check["text"], check["required"], check["done"]) for check in job["checklist"]] == [
        ("Power off", True, False),
        ("Photo", False, False),
    ]
    given = data(assign(field, job["id"], technician_id=mike.number))
    assert given["parts"][0]["location"] == shop.place.name


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"title": ""}, "title"),
        ({"scheduled_end": "2026-03-28T08:00:00Z"}, "scheduled_end"),
        ({"scheduled_start": "tomorrow"}, "scheduled_start"),
        ({"scheduled_start": 1774688400}, "scheduled_start"),
        ({"scheduled_start": "2026-03-08T02:30:00", "scheduled_end": None}, "scheduled_start"),
        ({"scheduled_start": "2026-11-01T01:30:00", "scheduled_end": None}, "scheduled_start"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": "27.9", "longitude": 0}, "latitude"),
        ({"priority": "asap"}, "priority"),
        ({"customer_id": 99}, "customer_id"),
        ({"parts": [{"part_id": 99}]}, "parts"),
        ({"technician_ids": [99]}, "crew"),
        ({"skills": [{"name": "Sorcery"}]}, "skills"),
        ({"recurrence": {"every": 0, "unit": "week"}}, "recurrence.every"),
        ({"recurrence": {"unit": "week", "until": "2026-03-01"}}, "until"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_kept(field: Api, wrong: dict[str, Any], named: str) -> None:
    error = refusal(field.post(JOBS, json=SMITH | wrong), 422)
    assert error["fields"][0]["field"] == named
    assert error["fields"][0]["message"]
    assert data(field.get(JOBS))["total"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(field: Api, number: str) -> None:
    body = f'{{"title": "x", "latitude": {number}, "longitude": 0}}'
    answer = field.post(JOBS, data=body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.json


def test_assigning_twice_is_once_and_to_another_needs_saying(
    field: Api, dana: Principal, mike: Technician, tess: Technician
) -> None:
    job = a_job(dana)
    given = data(assign(field, job.number, technician_id=mike.number))
    assert (given["status"], given["technician_id"], given["technician_name"]) == ("dispatched", 1, "Mike Johnson")
    assert data(assign(field, job.number, technician_id=mike.number))["version"] == given["version"]
    error = refusal(assign(field, job.number, technician_id=tess.number), 409)
    assert (error["theirs"]["technician_id"], error["yours"]["technician_id"]) == (mike.number, tess.number)
    assert error["version"] == given["version"]
    refusal(assign(field, job.number, technician_id=tess.number, version=given["version"] - 1), 409)
    taken = data(assign(field, job.number, technician_id=tess.number, version=given["version"]))
    assert taken["technician_id"] == tess.number
    assert [step["technician_id"] for step in taken["history"]] == [mike.number, tess.number]


@pytest.mark.prove
def test_of_two_programs_that_assign_at_once_one_gets_409(
    app: Flask, field: Api, dana: Principal, mike: Technician, tess: Technician
) -> None:
    for _ in range(3):
        job = a_job(dana)
        rivals = [Api(app.test_client(), field.key) for _ in range(2)]
        answers = together(
            app,
            lambda number=job.number, api=rivals[0]: assign(api, number, technician_id=mike.number),
            lambda number=job.number, api=rivals[1]: assign(api, number, technician_id=tess.number),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_an_overlap_is_allowed_with_a_warning(field: Api, dana: Principal, mike: Technician) -> None:
    a_job_of(dana, mike, "First")
    job = a_job(dana, "Second", at=MORNING + timedelta(minutes=30))
    given = data(assign(field, job.number, technician_id=mike.number))
    assert given["warnings"] == ["Mike Johnson has job 1 (First) at the same time."]


@pytest.mark.parametrize(
    ("status", "code"),
    [("pending", 409), ("dispatched", 409), ("completed", 409), ("gone", 422), ("acknowledged", 409)],
)
def test_a_status_that_cannot_follow_is_refused(
    field: Api, dana: Principal, mike: Technician, status: str, code: int
) -> None:
    job = a_job_of(dana, mike)
    for each in ("acknowledged", "on_site"):
        data(field.call("PATCH", f"{JOBS}/{job.number}/status", json={"status": each}))
    error = (
        refusal(field.call("PATCH", f"{JOBS}/{job.number}/status", json={"status": status}), code)
        if (status != "completed")
        else None
    )
    if error is None:
        data(field.call("PATCH", f"{JOBS}/{job.number}/status", json={"status": status}))
        refusal(field.call("PATCH", f"{JOBS}/{job.number}/status", json={"status": "cancelled"}), 409)


def test_cancelling_says_why(field: Api, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    body = {"status": "cancelled", "reason": "Customer is away"}
    gone = data(field.call("PATCH", f"{JOBS}/{job.number}/status", json=body))
    assert (gone["status"], gone["cancel_reason"]) == ("cancelled", "Customer is away")
    refusal(assign(field, job.number, technician_id=mike.number), 409)


def test_lists_are_filtered(field: Api, dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING):
        a_job(dana, "AC", priority="high")
        a_job_of(dana, mike, "Boiler", at=MORNING + timedelta(days=1))

    def found(query: str) -> list[int]:
        return [row["id"] for row in data(field.get(f"{JOBS}?{query}"))["items"]]

    assert found("status=pending") == found("priority=high") == found("date=2026-03-28") == found("search=ac") == [1]
    assert found("technician_id=1") == found("status=dispatched") == [2]
    assert found("status=open") == [2, 1]
    refusal(field.get(f"{JOBS}?status=gone"), 422)
    refusal(field.get(f"{JOBS}?date=28.3.2026"), 422)


def test_what_does_not_exist_is_404(field: Api, mike: Technician) -> None:
    refusal(field.get(f"{JOBS}/7"), 404)
    refusal(assign(field, 7, technician_id=mike.number), 404)
    refusal(field.call("PATCH", f"{JOBS}/7/status", json={"status": "cancelled"}), 404)


def test_a_job_that_comes_again_keeps_its_time_on_the_wall(field: Api) -> None:
    start = {"scheduled_start": "2026-10-26T09:00:00", "scheduled_end": "2026-10-26T10:00:00"}
    with clock.frozen(MORNING.replace(month=10, day=20)):
        data(field.post(JOBS, json=SMITH | start | {"recurrence": {"unit": "week"}}), 201)
        jobs = data(field.get(JOBS))["items"]
    assert [job["scheduled_start"] for job in reversed(jobs)] == [
        "2026-10-26T13:00:00Z",  # clocks go back on 1 November
        "2026-11-02T14:00:00Z",
        "2026-11-09T14:00:00Z",
        "2026-11-16T14:00:00Z",
    ]
