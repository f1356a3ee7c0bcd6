"""Making, changing and giving away jobs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.core.events import Event
from dashboard.customers.service import CustomerFacts, create_customer, merge_customers
from dashboard.dispatch.models import BoardChange, JobStep
from dashboard.dispatch.queries import jobs
from dashboard.dispatch.service.jobs import (
    AssignedMeanwhile,
    JobFacts,
    JobMove,
    Stale,
    WantedSkill,
    assign,
    create_job,
    move_jobs,
    unassign,
    update_job,
)
from dashboard.workforce.models import Technician
from tests.conftest import Merchants
from tests.customers.racing import refusals, together
from tests.dispatch.conftest import MORNING, a_job, a_job_of, a_skill, a_technician

HOUR = timedelta(hours=1)


def told(by: Principal) -> list[tuple[str, Any]]:
    """What boards were told, in order."""
    return [(row.data["type"], row.data.get("job_id")) for row in reads(by).query(BoardChange).order_by("number")]


def happened(by: Principal) -> list[str]:
    """Events of jobs, in order."""
    return [row.name for row in reads(by).query(Event).order_by(Event.id) if row.name.startswith("dispatch.")]


def test_a_job_is_nobodys_and_told_to_boards(dana: Principal) -> None:
    job = a_job(dana, "AC Repair", priority="high", service_zip="33601")
    assert (job.number, job.status, job.technician_number, job.priority) == (1, "pending", None, "high")
    assert (job.scheduled_start, job.scheduled_end, job.duration_minutes) == (MORNING, MORNING + HOUR, 60)
    assert jobs.find_job(dana, 1) == job
    assert told(dana) == [("dispatch.created", 1)]
    assert happened(dana) == ["dispatch.created"]


def test_a_start_alone_ends_after_the_duration_and_a_window_is_the_duration(dana: Principal) -> None:
    job = create_job(dana, JobFacts("x", scheduled_start=MORNING, duration_minutes=90))
    assert job.scheduled_end == MORNING + timedelta(minutes=90)
    job = create_job(dana, JobFacts("x", scheduled_start=MORNING, scheduled_end=MORNING + 2 * HOUR))
    assert job.duration_minutes == 120
    assert create_job(dana, JobFacts("x")).duration_minutes == 60


def test_a_time_without_a_zone_is_the_tenants(dana: Principal) -> None:
    job = create_job(dana, JobFacts("x", scheduled_start=datetime(2026, 3, 28, 9)))  # noqa: DTZ001 - that is the point
    assert job.scheduled_start == MORNING


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"priority": "asap"}, "priority"),
        ({"latitude": 91.0, "longitude": 0.0}, "latitude"),
        ({"latitude": float("nan"), "longitude": 0.0}, "latitude"),
        ({"latitude": 27.9}, "longitude"),
        ({"longitude": float("inf"), "latitude": 1.0}, "longitude"),
        ({"scheduled_start": MORNING, "scheduled_end": MORNING}, "scheduled_end"),
        ({"scheduled_start": MORNING, "scheduled_end": MORNING - HOUR}, "scheduled_end"),
        ({"scheduled_start": MORNING, "scheduled_end": MORNING + timedelta(days=8)}, "scheduled_end"),
        ({"scheduled_end": MORNING}, "scheduled_start"),
        ({"arrive_from": MORNING}, "arrive_until"),
        ({"arrive_from": MORNING, "arrive_until": MORNING}, "arrive_until"),
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"value": -1}, "value"),
        ({"customer": 99}, "customer_id"),
        ({"skills": (WantedSkill("Sorcery"),)}, "skills"),
        ({"skills": (WantedSkill("HVAC", 6),)}, "skills"),
        ({"crew": (99,)}, "crew"),
        # clocks go forward at 2:00 on 8 March and back at 2:00 on 1 November 2026
        ({"scheduled_start": datetime(2026, 3, 8, 2, 30)}, "scheduled_start"),  # noqa: DTZ001
        ({"scheduled_start": datetime(2026, 11, 1, 1, 30)}, "scheduled_start"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_is_refused_by_field(dana: Principal, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_job(dana, replace(JobFacts("A job"), **facts))
    assert [each.field for each in refused.value.fields] == [field]
    assert jobs.count_jobs(dana, jobs.JobFilter()) == 0


def test_a_customer_lends_name_and_phone(dana: Principal) -> None:
    customer = create_customer(dana, CustomerFacts("Jane Doe", phone="(813) 555-0123"))
    job = create_job(dana, JobFacts("x", customer=customer.number))
    assert (job.customer_number, job.customer_name, job.customer_phone) == (1, "Jane Doe", "(813) 555-0123")
    other = create_customer(dana, CustomerFacts("Max"))
    job = update_job(dana, job.number, {"customer": other.number})
    assert (job.customer_number, job.customer_name, job.customer_phone) == (other.number, "Max", "")


def test_skills_and_crew_are_read_with_the_job(dana: Principal, mike: Technician, tess: Technician) -> None:
    a_skill(dana, "HVAC")
    job = create_job(dana, JobFacts("x", skills=(WantedSkill("hvac", 3),), crew=(tess.number, mike.number)))
    assert [(skill.name, skill.level) for skill in job.skills] == [("HVAC", 3)]
    assert [person.name for person in job.crew] == ["Mike Johnson", "Tess Tran"]
    job = assign(dana, job.number, mike.number)
    assert [person.name for person in job.crew] == ["Tess Tran"]  # whoever leads does not go along as well
    assert update_job(dana, job.number, {"skills": (), "crew": ()}).crew == ()


def test_a_start_that_moves_alone_takes_the_end_along(dana: Principal) -> None:
    job = a_job(dana, duration_minutes=90)
    moved = update_job(dana, job.number, {"scheduled_start": MORNING + 3 * HOUR})
    assert (moved.scheduled_end, moved.version) == (MORNING + timedelta(minutes=270), 2)
    assert update_job(dana, job.number, {"scheduled_start": None}).scheduled_end is None


def test_nothing_changed_is_no_change(dana: Principal) -> None:
    job = a_job(dana)
    assert update_job(dana, job.number, {"title": job.title}).version == 1
    assert told(dana) == [("dispatch.created", 1)]


def test_a_stale_change_says_both_values(dana: Principal) -> None:
    job = a_job(dana)
    update_job(dana, job.number, {"title": "Hers", "priority": "high"})
    with pytest.raises(Stale) as refused:
        update_job(dana, job.number, {"title": "His"}, version=1)
    assert refused.value.theirs == {"title": "Hers"}
    assert update_job(dana, job.number, {"title": "His"}, version=2).title == "His"


def test_who_may_not_manage_may_not(dana: Principal, merchants: Merchants) -> None:
    job = a_job(dana)
    for command in (lambda: a_job(merchants.bob), lambda: update_job(merchants.bob, job.number, {"title": "x"})):
        with pytest.raises(NotAllowed):
            command()


def test_another_business_sees_and_changes_nothing(dana: Principal, merchants: Merchants, mike: Technician) -> None:
    job = a_job(dana)
    for command in (
        lambda: jobs.find_job(merchants.charlie, job.number),
        lambda: update_job(merchants.charlie, job.number, {"title": "x"}),
        lambda: assign(merchants.charlie, job.number, mike.number),
    ):
        with pytest.raises(NotFound):
            command()
    theirs = a_job(merchants.charlie)
    with pytest.raises(Invalid):
        assign(merchants.charlie, theirs.number, mike.number)


def test_assigning_makes_dispatched_and_twice_is_once(dana: Principal, mike: Technician) -> None:
    job = a_job(dana)
    given = assign(dana, job.number, mike.number)
    assert (given.status, given.technician_number, given.technician_name) == ("dispatched", 1, "Mike Johnson")
    assert assign(dana, job.number, mike.number).version == given.version == 2
    assert told(dana)[1:] == [("dispatch.assigned", 1)]
    assert happened(dana) == ["dispatch.created", "dispatch.assigned"]


def test_assigning_can_set_the_time(dana: Principal, mike: Technician) -> None:
    job = assign(dana, a_job(dana, at=None).number, mike.number, start=MORNING)
    assert (job.scheduled_start, job.scheduled_end) == (MORNING, MORNING + HOUR)


def test_somebody_elses_job_is_not_taken_over_unsaid(dana: Principal, mike: Technician, tess: Technician) -> None:
    job = a_job_of(dana, mike)
    with pytest.raises(AssignedMeanwhile) as refused:
        assign(dana, job.number, tess.number)
    assert refused.value.details["theirs"]["technician_id"] == mike.number  # type: ignore[index]
    assert refused.value.details["yours"] == {"technician_id": tess.number}
    assert "Mike Johnson" in refused.value.message
    assert "Tess Tran" in refused.value.message
    taken = assign(dana, job.number, tess.number, reassign=True)
    assert (taken.technician_number, taken.status) == (tess.number, "dispatched")
    steps = reads(dana).query(JobStep).order_by(JobStep.id).all()
    assert [(step.before, step.after, step.technician_id) for step in steps] == [
        ("pending", "dispatched", mike.id),
        ("dispatched", "dispatched", tess.id),
    ]


def test_a_dispatcher_who_saw_the_job_may_give_it_to_another(
    dana: Principal, mike: Technician, tess: Technician
) -> None:
    job = a_job_of(dana, mike)
    with pytest.raises(AssignedMeanwhile):
        assign(dana, job.number, tess.number, seen=job.version - 1)
    assert assign(dana, job.number, tess.number, seen=job.version).technician_number == tess.number


@pytest.mark.prove
def test_of_two_who_assign_at_once_one_is_told(app: Flask, dana: Principal, mike: Technician, tess: Technician) -> None:
    for _ in range(5):
        job = a_job(dana)
        results = together(
            app,
            lambda number=job.number: assign(dana, number, mike.number),
            lambda number=job.number: assign(dana, number, tess.number),
        )
        (refused,) = refusals(results)
        assert isinstance(refused, AssignedMeanwhile)
        (given,) = [each for each in results if not isinstance(each, Exception)]
        assert jobs.find_job(dana, job.number).technician_number == given.technician_number
        assert refused.details["theirs"]["technician_id"] == given.technician_number  # type: ignore[index]


def test_whoever_left_gets_no_jobs(dana: Principal) -> None:
    gone = a_technician(dana, "Gone Gary", active=False)
    with pytest.raises(Invalid):
        assign(dana, a_job(dana).number, gone.number)
    with pytest.raises(Invalid):
        assign(dana, 1, 99)


def test_moves_are_all_or_none_and_can_be_undone(dana: Principal, mike: Technician, tess: Technician) -> None:
    first, second = a_job(dana), a_job_of(dana, mike)
    before = move_jobs(
        dana,
        [
            JobMove(first.number, tess.number, MORNING + HOUR, MORNING + 2 * HOUR),
            JobMove(second.number, tess.number, MORNING + 3 * HOUR, None, seen=second.version),
        ],
    )
    rows = [jobs.find_job(dana, each.number) for each in (first, second)]
    assert [(row.technician_number, row.status, row.scheduled_start) for row in rows] == [
        (tess.number, "dispatched", MORNING + HOUR),
        (tess.number, "dispatched", MORNING + 3 * HOUR),
    ]
    assert rows[1].scheduled_end == MORNING + 4 * HOUR
    assert [(move.technician_number, move.start, move.seen) for move in before] == [
        (None, MORNING, rows[0].version),
        (mike.number, MORNING, rows[1].version),
    ]
    move_jobs(dana, before)
    rows = [jobs.find_job(dana, each.number) for each in (first, second)]
    assert [(row.technician_number, row.status, row.scheduled_start) for row in rows] == [
        (None, "pending", MORNING),
        (mike.number, "dispatched", MORNING),
    ]
    with pytest.raises(AssignedMeanwhile):
        move_jobs(dana, [replace(before[0], technician_number=mike.number)])
    with pytest.raises(NotFound):
        move_jobs(dana, [JobMove(first.number, mike.number, None, None), JobMove(99, mike.number, None, None)])
    assert jobs.find_job(dana, first.number).technician_number is None


def test_what_stays_where_it_is_is_not_told(dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    count = len(told(dana))
    move_jobs(dana, [JobMove(job.number, mike.number, job.scheduled_start, job.scheduled_end, seen=1)])
    assert (len(told(dana)), jobs.find_job(dana, job.number).version) == (count, job.version)
    move_jobs(dana, [JobMove(job.number, mike.number, MORNING + HOUR, None)])
    assert told(dana)[-1] == ("dispatch.changed", job.number)


def test_a_job_is_taken_back_until_somebody_sets_out(dana: Principal, mike: Technician) -> None:
    from dashboard.dispatch.service.workflow import change_status  # noqa: PLC0415 - tested elsewhere

    job = a_job_of(dana, mike)
    assert unassign(dana, job.number).status == "pending"
    assign(dana, job.number, mike.number)
    change_status(dana, job.number, "acknowledged")
    change_status(dana, job.number, "en_route")
    with pytest.raises(Conflict) as refused:
        unassign(dana, job.number)
    assert "en route" in refused.value.message


def test_the_jobs_of_a_day_are_the_tenants(dana: Principal, mike: Technician) -> None:
    late = a_job(dana, "Late", at=datetime(2026, 3, 29, 3, 30, tzinfo=UTC))  # 23:30 of the 28th in New York
    over = a_job(dana, "Over midnight", at=datetime(2026, 3, 28, 3, tzinfo=UTC), duration_minutes=120)
    a_job(dana, "Day before", at=datetime(2026, 3, 28, 2, tzinfo=UTC))
    mine = a_job_of(dana, mike, "Mine")
    waiting = a_job(dana, "Waiting", at=None)
    urgent = a_job(dana, "Urgent", at=None, priority="urgent")
    found = jobs.jobs_on(dana, date(2026, 3, 28))
    assert [row.number for row in found] == [each.number for each in (over, mine, late, urgent, waiting)]
    assert [row.number for row in jobs.jobs_of_technician(dana, mike.id, date(2026, 3, 28))] == [mine.number]


def test_lists_are_filtered(dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING):
        a_job(dana, "AC Repair", customer_name="John Smith", priority="high")
        a_job_of(dana, mike, "Furnace", service_city="Tampa")

    def found(**where: Any) -> list[int]:
        return [row.number for row in jobs.browse(dana, jobs.JobFilter(**where)).items]

    assert found() == [2, 1]
    assert found(text="smith") == found(text="#1") == found(priority="high") == found(status="pending") == [1]
    assert found(text="tampa") == found(technician=1) == found(status="dispatched") == [2]
    assert found(day=date(2026, 3, 28), status="open") == [2, 1]
    assert found(day=date(2026, 3, 27)) == []
    first = jobs.browse(dana, jobs.JobFilter(), size=1)
    assert [row.number for row in jobs.browse(dana, jobs.JobFilter(), after=first.after, size=1).items] == [1]


def test_an_overlap_is_allowed_and_found(dana: Principal, mike: Technician) -> None:
    first = a_job_of(dana, mike)
    second = a_job_of(dana, mike, at=MORNING + timedelta(minutes=30))
    a_job_of(dana, mike, at=MORNING + 2 * HOUR)
    assert [row.number for row in jobs.overlapping(dana, first)] == [second.number]


def test_jobs_move_with_a_customer_that_is_merged(dana: Principal, merchants: Merchants) -> None:
    kept, gone = (create_customer(dana, CustomerFacts(name)).number for name in ("Smith", "J. Smith"))
    job = a_job(dana, customer=gone)
    merge_customers(merchants.alice, into=kept, gone=gone)
    assert jobs.find_job(dana, job.number).customer_number == kept
