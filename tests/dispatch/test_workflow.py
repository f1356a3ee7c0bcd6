"""The documented workflow as a state machine: K-18."""

from datetime import timedelta
from itertools import pairwise, product

import pytest
from flask import Flask

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.core.events import Event
from dashboard.dispatch.models import STATUSES, Job, JobCheck, JobStep
from dashboard.dispatch.queries import jobs
from dashboard.dispatch.service.checks import Point, set_checklist, tick
from dashboard.dispatch.service.jobs import assign, update_job
from dashboard.dispatch.service.workflow import cancel, change_status, undo_status
from dashboard.workforce.models import Technician
from tests.conftest import Merchants
from tests.customers.racing import refusals, together
from tests.dispatch.conftest import MORNING, a_job, a_job_of, acting

WAY = STATUSES[1:7]
"""From dispatched to completed."""

ALLOWED = {
    ("dispatched", "acknowledged"), ("acknowledged", "en_route"), ("acknowledged", "on_site"),
    ("acknowledged", "in_progress"), ("en_route", "on_site"), ("en_route", "in_progress"),
    ("on_site", "in_progress"), ("on_site", "completed"), ("in_progress", "completed"),
}  # fmt: skip
"""Written down by hand, not worked out: what of the workflow is allowed besides cancelling and staying."""


def job_at(by: Principal, technician: Technician, status: str) -> int:
    """A job that has come as far as `status`, by the documented way."""
    job = a_job(by)
    if status in ("pending", "cancelled"):
        if status == "cancelled":
            cancel(by, job.number)
        return job.number
    assign(by, job.number, technician.number)
    for each in WAY[1 : WAY.index(status) + 1]:
        change_status(by, job.number, each)
    return job.number


@pytest.mark.parametrize(("here", "there"), list(product(STATUSES, STATUSES)))
def test_every_step_is_allowed_or_refused_as_the_table_says(
    dana: Principal, mike: Technician, here: str, there: str
) -> None:
    number = job_at(dana, mike, here)
    before = jobs.find_job(dana, number)
    cancels = there == "cancelled" and here not in ("completed", "cancelled")
    if here == there or cancels or (here, there) in ALLOWED:
        after = change_status(dana, number, there)
        assert after.status == there
        assert (after.version > before.version) == (here != there)
    else:
        with pytest.raises(Conflict):
            change_status(dana, number, there)
        assert jobs.find_job(dana, number) == before


def steps(by: Principal) -> list[tuple[str, str, list[str], bool]]:
    return [
        (step.before, step.after, step.skipped, step.undone) for step in reads(by).query(JobStep).order_by(JobStep.id)
    ]


def test_what_was_skipped_is_written_down_with_place_and_time(dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    with clock.frozen(MORNING) as move:
        change_status(dana, job.number, "acknowledged")
        move(timedelta(minutes=20))
        done = change_status(dana, job.number, "in_progress", at_point=(27.9506, -82.4572))
    assert done.responded_at == MORNING + timedelta(minutes=20)
    assert steps(dana)[1:] == [
        ("dispatched", "acknowledged", [], False),
        ("acknowledged", "in_progress", ["en_route", "on_site"], False),
    ]
    last = reads(dana).query(JobStep).order_by(JobStep.id.desc()).first()
    assert last is not None
    assert (last.latitude, last.longitude, last.at, last.by) == (27.9506, -82.4572, done.responded_at, "Dana")


def test_times_of_arrival_and_end_are_kept(dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING) as move:
        number = job_at(dana, mike, "on_site")
        move(timedelta(minutes=45))
        done = change_status(dana, number, "completed")
    assert (done.responded_at, done.resolved_at) == (MORNING, MORNING + timedelta(minutes=45))
    names = [row.name for row in reads(dana).query(Event).order_by(Event.id)]
    assert names[-1] == "dispatch.completed"


def test_what_was_done_without_a_signal_keeps_its_time(dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING) as move:
        job = a_job_of(dana, mike)
        move(timedelta(hours=2))
        first = change_status(dana, job.number, "acknowledged", at=MORNING + timedelta(minutes=30))
        there = change_status(dana, job.number, "on_site", at=MORNING + timedelta(minutes=10))
        assert there.responded_at == MORNING + timedelta(minutes=30)  # not before the step that it follows
        with pytest.raises(Invalid):
            change_status(dana, job.number, "in_progress", at=MORNING + timedelta(hours=3))
    assert first.status == "acknowledged"


@pytest.mark.parametrize("point", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (float("inf"), 0.0)])
def test_a_point_that_is_nowhere_is_refused(dana: Principal, mike: Technician, point: tuple[float, float]) -> None:
    job = a_job_of(dana, mike)
    with pytest.raises(Invalid):
        change_status(dana, job.number, "acknowledged", at_point=point)


def test_technicians_act_on_their_own_jobs_alone(dana: Principal, mike: Technician, tess: Technician) -> None:
    job = a_job_of(dana, mike)
    hers, his = acting(tess), acting(mike)
    with pytest.raises(NotFound):
        change_status(hers, job.number, "acknowledged", technician_id=tess.id)
    assert change_status(his, job.number, "acknowledged", technician_id=mike.id).status == "acknowledged"
    for status in ("cancelled", "pending", "dispatched", "gone"):
        with pytest.raises(Invalid):
            change_status(his, job.number, status, technician_id=mike.id)
    with pytest.raises(NotAllowed):
        change_status(his, job.number, "on_site")  # without saying as whom
    update_job(dana, job.number, {"crew": (tess.number,)})
    assert change_status(hers, job.number, "on_site", technician_id=tess.id).status == "on_site"


def test_the_dispatcher_takes_steps_back_one_by_one(dana: Principal, mike: Technician, tess: Technician) -> None:
    job = a_job_of(dana, mike)
    assign(dana, job.number, tess.number, reassign=True)
    change_status(dana, job.number, "acknowledged")
    change_status(dana, job.number, "on_site")
    back = undo_status(dana, job.number)
    assert (back.status, back.responded_at) == ("acknowledged", None)
    seen: list[tuple[str, int | None]] = []
    for _ in range(3):
        row = undo_status(dana, job.number)
        seen.append((row.status, row.technician_number))
    assert seen == [("dispatched", tess.number), ("dispatched", mike.number), ("pending", None)]
    with pytest.raises(Conflict):
        undo_status(dana, job.number)
    assert len(steps(dana)) == 8  # nothing of the history was removed
    assert change_status(dana, assign(dana, job.number, mike.number).number, "acknowledged").status == "acknowledged"


def test_an_undo_of_what_somebody_else_changed_is_refused(dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    change_status(dana, job.number, "acknowledged")
    with pytest.raises(Conflict) as refused:
        undo_status(dana, job.number, seen=job.version)
    assert refused.value.code == "changed_meanwhile"


@pytest.mark.parametrize("final", ["completed", "cancelled"])
def test_what_is_final_stays(dana: Principal, mike: Technician, final: str) -> None:
    number = job_at(dana, mike, final)
    for command in (
        lambda: undo_status(dana, number),
        lambda: assign(dana, number, mike.number),
        lambda: update_job(dana, number, {"title": "x"}),
    ):
        with pytest.raises(Conflict):
            command()
    assert update_job(dana, number, {"value": 12_000, "rating": 5}).value == 12_000


def test_cancelling_says_why_and_keeps_the_money(dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike, value=25_000)
    gone = cancel(dana, job.number, "Customer called it off")
    assert (gone.status, gone.cancel_reason, gone.value) == ("cancelled", "Customer called it off", 25_000)


def test_a_checklist_comes_before_the_end(dana: Principal, mike: Technician) -> None:
    number = job_at(dana, mike, "in_progress")
    set_checklist(dana, number, [Point("Power off"), Point("Take a photo", required=False)])
    with pytest.raises(Conflict) as refused:
        change_status(dana, number, "completed")
    assert (refused.value.code, refused.value.details["missing"]) == ("checklist_open", ["Power off"])
    check = reads(dana).query(JobCheck).order_by(JobCheck.position).first()
    assert check is not None
    tick(acting(mike), number, check.id, done=True, technician_id=mike.id)
    set_checklist(dana, number, [Point("Greet"), Point("Power off")])  # what was done stays done
    with pytest.raises(Conflict) as refused:
        change_status(dana, number, "completed")
    assert refused.value.details["missing"] == ["Greet"]


@pytest.mark.prove
def test_of_two_steps_at_once_both_are_in_order(app: Flask, dana: Principal, mike: Technician) -> None:
    for _ in range(5):
        number = job_at(dana, mike, "in_progress")
        results = together(
            app, lambda n=number: change_status(dana, n, "completed"), lambda n=number: cancel(dana, n)
        )  # fmt: skip
        assert len(refusals(results)) == 1
        job = reads(dana).query(Job).filter(Job.number == number).one()
        chain = list(reads(dana).query(JobStep).filter(JobStep.job_id == job.id).order_by(JobStep.id))
        assert all(left.after == right.before for left, right in pairwise(chain))
        assert chain[-1].after == job.status


def test_another_business_changes_nothing(dana: Principal, mike: Technician, merchants: Merchants) -> None:
    number = job_at(dana, mike, "on_site")
    with pytest.raises(NotFound):
        change_status(merchants.charlie, number, "completed")
    with pytest.raises(NotFound):
        undo_status(merchants.charlie, number)
