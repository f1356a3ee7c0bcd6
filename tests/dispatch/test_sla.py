"""SLA policies, due times and violations (K566)."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.dispatch.queries import jobs
from dashboard.dispatch.service.jobs import update_job
from dashboard.dispatch.service.sla import PolicyFacts, change_policy, create_policy, remove_policy
from dashboard.dispatch.service.workflow import cancel, change_status
from dashboard.workforce.models import Technician
from tests.conftest import Api
from tests.dispatch.conftest import MORNING, a_job, a_job_of
from tests.field import data, refusal

SLA = "/api/v1/admin/sla"
MINUTE = timedelta(minutes=1)


def test_the_policy_that_fits_best_holds(dana: Principal) -> None:
    first, second = (create_customer(dana, CustomerFacts(name)).number for name in ("Smith", "Jones"))
    create_policy(dana, PolicyFacts("All", 240, 2880))
    create_policy(dana, PolicyFacts("Urgent", 60, 480, priority="urgent"))
    create_policy(dana, PolicyFacts("Smith", 120, 1440, customer=first))
    create_policy(dana, PolicyFacts("Smith, urgent", 30, 240, priority="urgent", customer=first))

    def policy(**facts: Any) -> str | None:
        return a_job(dana, **facts).policy_name

    assert policy() == policy(customer=second) == policy(priority="high") == "All"
    assert policy(priority="urgent") == policy(priority="urgent", customer=second) == "Urgent"
    assert policy(customer=first) == policy(customer=first, priority="low") == "Smith"
    assert policy(customer=first, priority="urgent") == "Smith, urgent"


def test_due_times_count_from_when_the_job_was_made(dana: Principal) -> None:
    create_policy(dana, PolicyFacts("Urgent", 60, 480, priority="urgent"))
    with clock.frozen(MORNING) as move:
        job = a_job(dana, priority="urgent", at=None)
        assert (job.respond_by, job.resolve_by) == (MORNING + 60 * MINUTE, MORNING + 480 * MINUTE)
        move(10 * MINUTE)
        other = a_job(dana, at=None)
        assert (other.policy_name, other.respond_by) == (None, None)
        raised = update_job(dana, other.number, {"priority": "urgent"})
        assert raised.respond_by == MORNING + 70 * MINUTE
        assert update_job(dana, other.number, {"priority": "low"}).respond_by is None


def test_the_clock_that_runs_is_the_next_one(dana: Principal, mike: Technician) -> None:
    create_policy(dana, PolicyFacts("All", 60, 120))
    with clock.frozen(MORNING) as move:
        job = a_job_of(dana, mike)
        assert job.due(clock.now()) == ("response", MORNING + 60 * MINUTE, False)
        move(61 * MINUTE)
        assert job.due(clock.now()) == ("response", MORNING + 60 * MINUTE, True)
        change_status(dana, job.number, "acknowledged")
        there = change_status(dana, job.number, "on_site")
        assert there.due(clock.now()) == ("resolution", MORNING + 120 * MINUTE, False)
        assert change_status(dana, job.number, "completed").due(clock.now()) is None


def test_a_removed_policy_leaves_the_due_times(dana: Principal) -> None:
    policy = create_policy(dana, PolicyFacts("All", 60, 120))
    job = a_job(dana)
    remove_policy(dana, policy.number)
    left = jobs.find_job(dana, job.number)
    assert (left.policy_id, left.respond_by) == (None, job.respond_by)


def test_two_policies_for_the_same_jobs_are_refused(dana: Principal) -> None:
    create_policy(dana, PolicyFacts("All", 60, 120))
    with pytest.raises(Conflict):
        create_policy(dana, PolicyFacts("Also all", 60, 120))
    off = create_policy(dana, PolicyFacts("Later", 60, 120, active=False))
    with pytest.raises(Conflict):
        change_policy(dana, off.number, {"active": True})
    change_policy(dana, 1, {"active": False})
    assert change_policy(dana, off.number, {"active": True}).active


def test_violations_are_what_was_late_and_what_is(field: Api, dana: Principal, mike: Technician) -> None:
    create_policy(dana, PolicyFacts("All", 60, 120))
    with clock.frozen(MORNING) as move:
        late, kept, waiting, gone = (a_job_of(dana, mike, name) for name in ("Late", "Kept", "Waiting", "Gone"))
        for job in (late, kept):
            change_status(dana, job.number, "acknowledged")
        change_status(dana, kept.number, "on_site")
        change_status(dana, kept.number, "completed")
        cancel(dana, gone.number)
        move(90 * MINUTE)
        change_status(dana, late.number, "on_site")
        move(60 * MINUTE)

        def found(query: str = "") -> list[tuple[int, str, int, bool]]:
            rows = data(field.get(f"{SLA}/violations?{query}"))["items"]
            return [
                (row["job_id"], row["kind"], row["minutes_late"], row["happened_at"] is not None) for row in rows
            ]  # fmt: skip

        everything = [
            (waiting.number, "resolution", 30, False),
            (late.number, "resolution", 30, False),
            (waiting.number, "response", 90, False),
            (late.number, "response", 30, True),
        ]
        assert found() == everything
        assert found("kind=response") == everything[2:]
        assert found("date_from=2026-03-28&date_to=2026-03-28") == everything
        assert found("date_to=2026-03-27") == found("date_from=2026-03-29") == found("technician_id=9") == []


def test_the_crud_of_policies(field: Api) -> None:
    sent = {"name": "Urgent", "priority": "urgent", "response_minutes": 60, "resolution_minutes": 480}
    made = data(field.post(SLA, json=sent), 201)
    assert {name: made[name] for name in sent} == sent
    assert (made["id"], made["active"], made["customer_id"], made["open_jobs"]) == (1, True, None, 0)
    assert data(field.get(SLA))["items"] == [made]
    changed = data(field.call("PATCH", f"{SLA}/1", json={"response_minutes": 30, "version": 1}))
    assert (changed["response_minutes"], changed["resolution_minutes"], changed["version"]) == (30, 480, 2)
    assert data(field.call("PATCH", f"{SLA}/1", json={"priority": None}))["priority"] is None
    refusal(field.call("PATCH", f"{SLA}/1", json={"response_minutes": 30, "version": 1}), 409)
    assert field.call("DELETE", f"{SLA}/1").status_code == 204
    refusal(field.call("DELETE", f"{SLA}/1"), 404)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": " "}, "name"), ({"response_minutes": 0}, "response_minutes"), ({"priority": "asap"}, "priority"),
        ({"resolution_minutes": 59}, "resolution_minutes"), ({"resolution_minutes": 10**9}, "resolution_minutes"),
        ({"customer_id": 9}, "customer_id"),
    ],
)  # fmt: skip
def test_bad_policies_are_refused(field: Api, wrong: dict[str, Any], named: str) -> None:
    sent = {"name": "Urgent", "response_minutes": 60, "resolution_minutes": 480}
    assert refusal(field.post(SLA, json=sent | wrong), 422)["fields"][0]["field"] == named
