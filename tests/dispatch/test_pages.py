"""Pages of jobs and SLA policies."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.dispatch.queries import details, jobs
from dashboard.dispatch.service import JobFacts
from dashboard.dispatch.service.checks import Point, set_checklist
from dashboard.dispatch.service.jobs import update_job
from dashboard.dispatch.service.series import Recurrence, make_job
from dashboard.workforce.models import Technician
from tests.conftest import Merchants, inputs, token_at
from tests.dispatch.conftest import MORNING, a_job, a_job_of, a_skill, browser_of
from tests.inventory.pictures import png
from tests.inventory.shop import open_shop

JOBS = "/dispatch/jobs"


@pytest.fixture
def desk(app: Flask, dana: Principal) -> FlaskClient:
    """The dispatcher's browser."""
    return browser_of(app, "dana")


def text(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status, page[:3000]
    return page


def send(client: FlaskClient, address: str, at: str = f"{JOBS}/new", **data: object) -> tuple[int, str]:
    db.session.remove()  # what the test reads next is as it is then
    answer = client.post(address, data={"csrf_token": token_at(client, at), **data})
    return answer.status_code, answer.get_data(as_text=True)


def test_the_list_is_filtered_and_says_what_waits(desk: FlaskClient, dana: Principal, mike: Technician) -> None:
    assert "No jobs yet" in text(desk, JOBS)
    a_job(dana, "AC Repair", priority="urgent", customer_name="Smith")
    a_job_of(dana, mike, "Boiler")
    page = text(desk, JOBS)
    assert "AC Repair" in page
    assert "Mike Johnson" in page
    assert "Urgent" in page
    assert "Sat 28 Mar, 09:00 to 10:00" in page
    assert "Boiler" not in text(desk, f"{JOBS}?priority=urgent")
    assert "AC Repair" not in text(desk, f"{JOBS}?technician=1")
    assert "No job fits" in text(desk, f"{JOBS}?q=nothing")
    assert "AC Repair" in text(desk, f"{JOBS}?day=2026-03-28&q=smith")
    for wrong in ("status=gone", "day=tomorrow", "technician=x"):
        text(desk, f"{JOBS}?{wrong}", 422)


def test_a_job_is_added_with_all_that_it_needs(
    desk: FlaskClient, dana: Principal, merchants: Merchants, mike: Technician
) -> None:
    open_shop(merchants.alice)
    a_skill(dana, "HVAC")
    create_customer(dana, CustomerFacts("Jane Doe", phone="(813) 555-0123"))
    db.session.remove()
    assert 'value="Jane Doe #2"' in text(desk, f"{JOBS}/customers?customer=jane")
    status, page = send(
        desk, f"{JOBS}/new", title="AC Repair", priority="high", customer="Jane Doe #2", service_zip="33601",
        scheduled_start="2026-03-28T09:00", duration_minutes="90", value="250.00", skills="hvac 3", parts="GPU-1 2\n",
        checklist="Is the power off?\nPhoto (optional)", crew=str(mike.number), point="27.95, -82.45", every="1",
        unit="",
    )  # fmt: skip
    assert status == 303, page
    job = jobs.find_job(dana, 1)
    assert (job.customer_name, job.customer_phone, job.value, job.point) == (
        "Jane Doe", "(813) 555-0123", 25_000, (27.95, -82.45),
    )  # fmt: skip
    assert (job.scheduled_start, job.scheduled_end) == (MORNING, MORNING + timedelta(minutes=90))
    assert [(part.sku, part.quantity) for part in details.parts_of(dana, job.id)] == [("GPU-1", 2)]
    assert [(check.text, check.required) for check in details.checks_of(dana, job.id)] == [
        ("Is the power off?", True), ("Photo", False),
    ]  # fmt: skip
    assert [person.name for person in job.crew] == ["Mike Johnson"]
    page = text(desk, f"{JOBS}/1")
    for shown in ("AC Repair", "Jane Doe", "Is the power off?", "RTX 4090", "$250.00", "HVAC", "Mike Johnson"):
        assert shown in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Say what is to be done."),
        ({"scheduled_end": "2026-03-28T08:00"}, "A job must end after it starts."),
        ({"scheduled_start": "2026-03-08T02:30"}, "clocks go forward"),
        ({"parts": "NOPE 1"}, "There is no part with the SKU"),
        ({"skills": "Sorcery"}, "There is no skill"),
        ({"point": "nowhere"}, "Coordinates are latitude and longitude"),
        ({"point": "91, 0"}, "A latitude is between"),
        ({"value": "much"}, "Enter an amount"),
        ({"unit": "week", "scheduled_start": ""}, "Say when the first one starts"),
        ({"customer": "Jane #99"}, "There is no customer 99"),
    ],
)
def test_nothing_typed_is_lost_where_a_job_is_refused(
    desk: FlaskClient, dana: Principal, wrong: dict[str, str], said: str
) -> None:
    typed = {"title": "Typed title", "description": "Typed details", "scheduled_start": "2026-03-28T09:00"}
    status, page = send(desk, f"{JOBS}/new", **(typed | {"priority": "normal", "unit": ""} | wrong))
    assert status == 422
    assert said in page
    assert "Typed details" in page
    assert jobs.count_jobs(dana, jobs.JobFilter()) == 0


def test_an_edit_keeps_what_it_does_not_show_and_tells_of_rivals(
    desk: FlaskClient, dana: Principal, mike: Technician
) -> None:
    job = a_job(dana, "Before", customer_name="Smith", latitude=27.9, longitude=-82.4, crew=(mike.number,))
    set_checklist(dana, job.number, [Point("Greet")])
    form = inputs(text(desk, f"{JOBS}/{job.number}/edit"))
    kept = {
        name: form[name]
        for name in ("version", "customer", "point", "scheduled_start", "scheduled_end", "duration_minutes")
    }
    data: dict[str, str] = {
        **kept, "title": "After", "priority": "normal", "checklist": "Greet", "crew": str(mike.number), "unit": "",
    }  # fmt: skip
    update_job(dana, job.number, {"title": "Hers"})
    status, page = send(desk, f"{JOBS}/{job.number}/edit", **data)
    assert status == 422
    assert "Hers" in page
    assert 'value="After"' in page
    version = jobs.find_job(dana, job.number).version
    assert send(desk, f"{JOBS}/{job.number}/edit", **(data | {"version": str(version)}))[0] == 303
    after = jobs.find_job(dana, job.number)
    assert (after.title, after.scheduled_start, after.point, [each.name for each in after.crew]) == (
        "After", MORNING, (27.9, -82.4), ["Mike Johnson"],
    )  # fmt: skip


def test_assigning_from_the_page_says_who_was_quicker(
    desk: FlaskClient, dana: Principal, mike: Technician, tess: Technician
) -> None:
    job = a_job(dana)
    seen = inputs(text(desk, f"{JOBS}/{job.number}"))["version"]
    at = f"{JOBS}/{job.number}/assign"
    assert send(desk, at, technician=str(mike.number), version=seen)[0] == 303
    status, page = send(desk, at, technician=str(tess.number), version=seen, start="2026-03-28T15:00")
    assert status == 409
    assert "gave job 1 to Mike Johnson" in page
    assert 'value="2026-03-28T15:00"' in page
    seen = str(jobs.find_job(dana, job.number).version)
    assert send(desk, at, technician=str(tess.number), version=seen, start="2026-03-28T15:00")[0] == 303
    moved = jobs.find_job(dana, job.number)
    assert (moved.technician_number, moved.scheduled_start) == (tess.number, MORNING + timedelta(hours=6))
    assert send(desk, at, technician="", version=str(moved.version))[0] == 303
    assert jobs.find_job(dana, job.number).status == "pending"


def test_steps_notes_photos_and_undo_from_the_page(desk: FlaskClient, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    at = f"{JOBS}/{job.number}"
    assert send(desk, f"{at}/status", status="acknowledged")[0] == 303
    assert send(desk, f"{at}/status", status="pending")[0] == 409
    version = str(jobs.find_job(dana, job.number).version)
    assert send(desk, f"{at}/undo", version=version)[0] == 303
    assert jobs.find_job(dana, job.number).status == "dispatched"
    assert send(desk, f"{at}/notes", text="Dog in the yard")[0] == 303
    assert send(desk, f"{at}/notes", text=" ")[0] == 422
    assert send(desk, f"{at}/photos", photos=(BytesIO(png(40, 30)), "unit.png"))[0] == 303
    assert send(desk, f"{at}/photos", photos=(BytesIO(b"no picture"), "x.png"))[0] == 303
    page = text(desk, at)
    assert "Dog in the yard" in page
    assert "was not taken" in page
    (photo,) = details.pictures_of(dana, job.id)
    picture = desk.get(f"{at}/pictures/{photo.id}")
    assert (picture.status_code, picture.mimetype) == (200, "image/jpeg")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert send(desk, f"{at}/status", status="cancelled", reason="No one at home")[0] == 303
    assert "No one at home" in text(desk, at)
    text(desk, f"{at}/edit", 409)


def test_a_series_is_ended_from_the_page(desk: FlaskClient, dana: Principal) -> None:
    from dashboard.core import clock  # noqa: PLC0415 - for this one

    start = clock.now() + timedelta(days=1)
    first = make_job(dana, JobFacts("Filter", scheduled_start=start), again=Recurrence(1, "week"))
    assert jobs.count_jobs(dana, jobs.JobFilter(status="pending")) == 4
    assert "Comes again" in text(desk, f"{JOBS}/{first.number}")
    assert send(desk, f"{JOBS}/{first.number}/series/stop")[0] == 303
    assert jobs.count_jobs(dana, jobs.JobFilter(status="pending")) == 1


def test_viewers_see_and_change_nothing(app: Flask, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    bob = browser_of(app, "bob")
    page = text(bob, f"{JOBS}/{job.number}")
    assert "Cancel the job" not in page
    assert text(bob, JOBS)
    for address in (f"{JOBS}/new", f"{JOBS}/{job.number}/edit", "/dispatch/sla/new"):
        text(bob, address, 403)


def test_policies_are_added_changed_and_removed(desk: FlaskClient, dana: Principal) -> None:
    assert "No policies yet" in text(desk, "/dispatch/sla")
    data = {
        "name": "Urgent",
        "priority": "urgent",
        "response_minutes": "60",
        "resolution_minutes": "480",
        "active": "y",
    }
    assert send(desk, "/dispatch/sla/new", **data)[0] == 303
    assert send(desk, "/dispatch/sla/new", **data)[0] == 422
    status, page = send(desk, "/dispatch/sla/new", **(data | {"resolution_minutes": "30", "priority": "low"}))
    assert (status, "allow as long" in page) == (422, True)
    assert "1 h" in text(desk, "/dispatch/sla")
    version = inputs(text(desk, "/dispatch/sla/1"))["version"]
    changed = data | {"name": "Very urgent", "version": version}
    assert send(desk, "/dispatch/sla/1", **changed)[0] == 303
    assert send(desk, "/dispatch/sla/1", **changed)[0] == 422
    a_job(dana, priority="urgent", at=None)
    assert "Very urgent" in text(desk, f"{JOBS}/1")
    assert send(desk, "/dispatch/sla/1/remove")[0] == 303
    assert "No policies yet" in text(desk, "/dispatch/sla")
