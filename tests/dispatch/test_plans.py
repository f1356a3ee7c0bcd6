"""Plans of routes: worked out in the background, applied, taken back; what changed since is named."""

from datetime import date, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask

from dashboard.core import jobs
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.core.errors import Conflict, NotFound
from dashboard.dispatch import jobs as dispatch_jobs
from dashboard.dispatch.queries.jobs import JobRow, find_job
from dashboard.dispatch.queries.plans import PlanRow, find_plan
from dashboard.dispatch.service import plans
from dashboard.dispatch.service.facts import WantedSkill
from dashboard.dispatch.service.jobs import assign, update_job
from dashboard.dispatch.service.plans import PlanOutdated, apply_plan, ask_plan, revert_plan
from dashboard.workforce.models import Technician
from tests.conftest import Api, Merchants
from tests.dispatch.conftest import MORNING, a_job, a_job_of, a_skill, a_technician
from tests.dispatch.test_suggestions import NEAR, TAMPA, works
from tests.field import data, refusal

DAY = date(2026, 3, 28)
URL = "/api/v1/admin/dispatch"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small days need no four seconds."""
    monkeypatch.setattr(dispatch_jobs, "SECONDS", 0.5)


@pytest.fixture
def anna(dana: Principal) -> Technician:
    """A technician near Tampa's middle."""
    return works(dana, a_technician(dana, "Anna", **NEAR))


def planned(by: Principal, *, apply: bool = False) -> PlanRow:
    """A plan for the day, worked out."""
    asked = ask_plan(by, DAY, apply=apply)
    assert asked.status == "planning"
    jobs.run_due()
    return find_plan(by, asked.public_id)


def place_of(job: JobRow) -> tuple[Any, ...]:
    return job.technician_id, job.scheduled_start, job.scheduled_end


def test_a_plan_serves_what_nobody_has_and_changes_nothing(dana: Principal, anna: Technician) -> None:
    waiting = a_job(dana, at=None, **TAMPA)
    plan = planned(dana)
    assert plan.status == "ready"
    (route,) = plan.answer["routes"]
    assert [(stop["job_id"], stop["moved"], stop["locked"]) for stop in route["stops"]] == [(1, True, False)]
    assert route["technician_id"] == anna.number
    assert plan.answer["windows_broken"] == 0
    assert plan.answer["unassigned"] == []
    assert find_job(dana, waiting.number) == waiting


def test_applying_moves_the_jobs_and_reverting_takes_it_back(dana: Principal, anna: Technician) -> None:
    far: dict[str, Any] = {"latitude": 28.2, "longitude": -82.46}
    jobs_before = [
        a_job_of(dana, anna, "Far", at=MORNING, **far),
        a_job_of(dana, anna, "Tampa", at=MORNING + 2 * HOUR, **TAMPA),
        a_job_of(dana, anna, "Far again", at=MORNING + 4 * HOUR, **far),
        a_job(dana, "Waiting", at=None, **TAMPA),
    ]
    plan = planned(dana)
    assert plan.answer["minutes_saved"] > 30
    assert plan.answer["drive_minutes"] == plan.answer["drive_minutes_before"] - plan.answer["minutes_saved"]
    applied = apply_plan(dana, plan.public_id)
    assert applied.status == "applied"
    for stop in plan.answer["routes"][0]["stops"]:
        job = find_job(dana, stop["job_id"])
        assert job.technician_id == anna.id
        assert job.scheduled_start is not None
        assert job.scheduled_start.isoformat().replace("+00:00", "Z") == stop["starts_at"]
    with pytest.raises(Conflict):
        apply_plan(dana, plan.public_id)
    assert revert_plan(dana, plan.public_id).status == "reverted"
    for job in jobs_before:
        assert place_of(find_job(dana, job.number)) == place_of(job)
    assert find_job(dana, 4).status == "pending"


def test_a_job_that_changed_since_is_named(dana: Principal, anna: Technician) -> None:
    a_job(dana, "First", at=None, **TAMPA)
    a_job(dana, "Second", at=None, **TAMPA)
    plan = planned(dana)
    update_job(dana, 2, {"priority": "urgent"})
    with pytest.raises(PlanOutdated) as refused:
        apply_plan(dana, plan.public_id)
    assert refused.value.details == {"changed": [2]}
    assert "job 2 (Second)" in refused.value.message
    assert find_job(dana, 1).technician_id is None, "all of it or nothing"


def test_what_was_changed_after_applying_is_not_taken_back(dana: Principal, anna: Technician) -> None:
    a_job(dana, "First", at=None, **TAMPA)
    plan = planned(dana, apply=True)
    assert plan.status == "applied"
    update_job(dana, 1, {"title": "First and second"})
    with pytest.raises(PlanOutdated):
        revert_plan(dana, plan.public_id)


def test_a_locked_job_stays(dana: Principal, anna: Technician) -> None:
    job = a_job_of(dana, anna, at=MORNING + 3 * HOUR, locked=True, **TAMPA)
    a_job(dana, at=None, **TAMPA)
    plan = planned(dana, apply=True)
    stop = next(stop for stop in plan.answer["routes"][0]["stops"] if stop["job_id"] == job.number)
    assert (stop["locked"], stop["moved"]) == (True, False)
    assert find_job(dana, job.number) == job


def test_what_cannot_be_planned_says_why(dana: Principal, anna: Technician) -> None:
    a_skill(dana, "HVAC")
    a_job(dana, "No skill", at=None, skills=[WantedSkill("HVAC", 2)], **TAMPA)
    a_job(dana, "Nowhere", at=None)
    a_job(dana, "At night", arrive_from=MORNING + 10 * HOUR, arrive_until=MORNING + 11 * HOUR, **TAMPA)
    a_job(dana, "Fits", at=None, **TAMPA)
    plan = planned(dana)
    assert {each["title"]: each["constraint"] for each in plan.answer["unassigned"]} == {
        "No skill": "skill", "Nowhere": "place", "At night": "hours",
    }  # fmt: skip
    reasons = {each["title"]: each["reason"] for each in plan.answer["unassigned"]}
    assert reasons["No skill"].startswith("Nobody who works that day has HVAC at level 2.")
    assert "from 19:00 to 20:00" in reasons["At night"]
    assert plan.answer["windows_broken"] == 0


def test_who_is_left_over_loses_the_job_when_the_plan_is_applied(dana: Principal, anna: Technician) -> None:
    night = a_job(dana, "At night", arrive_from=MORNING + 10 * HOUR, arrive_until=MORNING + 11 * HOUR, **TAMPA)
    assign(dana, night.number, anna.number)
    plan = planned(dana, apply=True)
    assert plan.status == "applied"
    assert find_job(dana, night.number).technician_id is None
    revert_plan(dana, plan.public_id)
    assert find_job(dana, night.number).technician_id == anna.id


def test_a_plan_that_is_worked_out_twice_is_kept_once(dana: Principal, anna: Technician) -> None:
    a_job(dana, at=None, **TAMPA)
    plan = planned(dana, apply=True)
    assert plans.day_to_plan(dana, plan.id) is None
    plans.apply_if_asked(dana, plan.id)
    assert find_plan(dana, plan.public_id) == plan


def test_another_business_does_not_see_it(dana: Principal, anna: Technician, merchants: Merchants) -> None:
    plan = planned(dana)
    db.session.expunge_all()
    with pytest.raises(NotFound):
        find_plan(merchants.charlie, plan.public_id)


def test_without_a_worker_the_answer_is_202_and_the_plan_can_be_asked_for(
    dana: Principal, anna: Technician, field: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.dispatch.api.plans.PATIENCE", 0.0)
    a_job(dana, at=None, **TAMPA)
    asked = data(field.post(f"{URL}/optimize-routes", json={"date": "2026-03-28"}), 202)
    assert (asked["status"], asked["applied"], asked["routes"]) == ("planning", False, [])
    jobs.run_due()
    told = data(field.get(f"{URL}/plans/{asked['plan_id']}"))
    assert told["status"] == "ready"
    assert told["routes"][0]["stops"][0]["job_id"] == 1
    assert data(field.post(f"{URL}/plans/{asked['plan_id']}/apply"))["applied"] is True
    assert data(field.post(f"{URL}/plans/{asked['plan_id']}/revert"))["applied"] is False
    error = refusal(field.post(f"{URL}/plans/{asked['plan_id']}/revert"), 409)
    assert error["message"] == "Only a plan that is applied can be taken back."
    refusal(field.get(f"{URL}/plans/plan_nope"), 404)


def test_the_sample_answers_with_the_plan_as_soon_as_the_worker_has_it(
    app: Flask, dana: Principal, anna: Technician, field: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.dispatch.api.plans.PATIENCE", 60.0)
    a_job(dana, at=None, **TAMPA)

    def work() -> None:
        done = 0
        while not done:
            with app.app_context():
                done = jobs.run_due()
            Event().wait(0.05)

    worker = Thread(target=work)
    worker.start()
    told = data(field.post(f"{URL}/optimize-routes", json={"date": "2026-03-28"}))
    worker.join()
    assert (told["status"], told["applied"]) == ("ready", False)
    assert told["plan_id"].startswith("plan_")


@pytest.mark.parametrize("body", [{}, {"date": "28.03.2026"}, {"date": "2026-03-28", "apply": "perhaps"}])
def test_a_wrong_body_is_refused(field: Api, body: dict[str, Any]) -> None:
    refusal(field.post(f"{URL}/optimize-routes", json=body), 422)
