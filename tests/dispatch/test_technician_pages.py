"""The pages in the van, and the customer's: over HTTP, without script."""

import base64
import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.dispatch.queries import details, jobs
from dashboard.dispatch.service.checks import Point, set_checklist
from dashboard.dispatch.service.parts import set_parts
from dashboard.dispatch.service.tracking import Report, report_locations
from dashboard.dispatch.service.workflow import cancel, change_status
from dashboard.workforce.models import Technician
from dashboard.workforce.queries.technicians import my_technician
from tests.conftest import Merchants, token_at
from tests.dispatch.conftest import MORNING, a_job, a_job_of, acting, browser_of
from tests.inventory.pictures import png
from tests.inventory.shop import open_shop

DAY = "/tech?day=2026-03-28"
MOST_BYTES = 60_000


@pytest.fixture
def his(app: Flask, mike: Technician) -> FlaskClient:
    """Mike's phone."""
    return browser_of(app, "mike")


def text(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status, page[:3000]
    return page


def send(client: FlaskClient, address: str, **data: object) -> tuple[int, str]:
    db.session.remove()  # what the test reads next is as it is then
    job = "/".join(address.split("/")[:4])
    answer = client.post(address, data={"csrf_token": token_at(client, job), **data})
    return answer.status_code, answer.get_data(as_text=True)


def test_my_day_begins_with_the_next_job(his: FlaskClient, dana: Principal, mike: Technician, tess: Technician) -> None:
    assert "No jobs on this day." in text(his, DAY)
    done = a_job_of(dana, mike, "Done already")
    for status in ("acknowledged", "on_site", "completed"):
        change_status(dana, done.number, status)
    a_job_of(
        dana, mike, "Second", at=MORNING + timedelta(hours=2), service_address="1 Oak St", customer_phone="555 0100"
    )
    a_job_of(dana, mike, "Third", at=MORNING + timedelta(hours=4))
    a_job_of(dana, tess, "Hers")
    page = text(his, DAY)
    first = page[page.index('class="box next"') : page.index("The others")]
    assert "Second" in first
    assert "11:00 to 12:00" in first
    assert 'href="tel:5550100"' in first
    assert "1+Oak+St" in first
    assert page.index("Second") < page.index("Done already") < page.index("Third")
    assert "Hers" not in page
    text(his, "/tech?day=soon", 422)


def test_a_job_is_done_with_one_button(his: FlaskClient, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    at = f"/tech/jobs/{job.number}"
    for label in ("Acknowledge", "Start driving", "I&#39;m here", "Start work", "Complete"):
        page = text(his, at)
        act = page[page.index('class="act"') :]
        assert label in act
        status = re.search(r'name="status" value="(\w+)"', act)
        assert status is not None
        place = {"latitude": "27.95", "longitude": "-82.45"} if status[1] == "on_site" else {}
        assert send(his, f"{at}/status", status=status[1], **place)[0] == 303
    assert jobs.find_job(dana, job.number).status == "completed"
    steps = details.steps_of(dana, job.id)
    assert [step.after for step in steps][1:] == ["acknowledged", "en_route", "on_site", "in_progress", "completed"]
    assert [step.latitude for step in steps] == [None, None, None, 27.95, None, None]
    assert "Back to my day" in text(his, at)


def test_what_is_refused_is_said_and_nothing_typed_is_lost(his: FlaskClient, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    set_checklist(dana, job.number, [Point("Power off")])
    for status in ("acknowledged", "on_site"):
        change_status(dana, job.number, status)
    at = f"/tech/jobs/{job.number}"
    status, page = send(his, f"{at}/status", status="completed")
    assert (status, "Before the job is completed: Power off." in page) == (409, True)
    (check,) = details.checks_of(dana, job.id)
    assert send(his, f"{at}/checks/{check.id}", done="yes")[0] == 303
    status, page = send(his, f"{at}/notes", text="x" * 4_001)
    assert (status, "A note has" in page, "xxxx" in page) == (422, True, True)
    assert send(his, f"{at}/notes", text="Gate 4417")[0] == 303
    assert "Gate 4417" in text(his, at)
    status, page = send(his, f"{at}/signature", signed_by="John Smith")
    assert (status, "Sign in the box first" in page, 'value="John Smith"' in page) == (422, True, True)
    assert send(his, f"{at}/status", status="cancelled")[0] == 422
    assert send(his, f"{at}/status", status="completed", latitude="NaN", longitude="x")[0] == 303


def test_parts_photos_and_a_signature(
    his: FlaskClient, dana: Principal, mike: Technician, merchants: Merchants
) -> None:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 3)
    job = a_job_of(dana, mike)
    set_parts(dana, job.number, {shop.part.number: 1})
    at = f"/tech/jobs/{job.number}"
    (part,) = details.parts_of(dana, job.id)
    assert send(his, f"{at}/parts/{part.id}", used="2")[0] == 303
    assert send(his, f"{at}/parts/{part.id}", used="many")[0] == 422
    assert send(his, f"{at}/scan", code="gpu-1")[0] == 303
    status, page = send(his, f"{at}/scan", code="what")
    assert (status, "Nothing has the code" in page, 'value="what"' in page) == (422, True, True)
    assert details.parts_of(dana, job.id)[0].used == 3
    assert send(his, f"{at}/photos", photos=(BytesIO(png(40, 30)), "unit.png"))[0] == 303
    drawing = "data:image/png;base64," + base64.b64encode(png(60, 20)).decode()
    assert send(his, f"{at}/signature", signed_by="John Smith", drawing=drawing)[0] == 303
    assert send(his, f"{at}/signature", signed_by="Jane Smith", photos=(BytesIO(png(9, 9)), "s.png"))[0] == 303
    assert send(his, f"{at}/signature", signed_by="Jane", drawing="data:image/png;base64,%%")[0] == 422
    found = details.pictures_of(dana, job.id)
    assert [(each.kind, each.signed_by) for each in found] == [("photo", ""), ("signature", "Jane Smith")]
    assert "Signed by Jane Smith" in text(his, at)
    assert his.get(f"{at}/pictures/{found[0].id}").mimetype == "image/jpeg"


def test_somebody_elses_job_is_not_there(app: Flask, dana: Principal, mike: Technician, tess: Technician) -> None:
    hers = browser_of(app, "tess")
    job = a_job_of(dana, mike)
    text(hers, f"/tech/jobs/{job.number}", 404)
    token = token_at(hers, "/tech/jobs/" + str(a_job_of(dana, tess).number))
    for act in ("status", "notes", "checks/1", "parts/1", "scan", "photos", "signature"):
        answer = hers.post(
            f"/tech/jobs/{job.number}/{act}",
            data={"csrf_token": token, "status": "acknowledged", "text": "x", "used": "1", "code": "x", "done": "yes",
                  "signed_by": "x", "drawing": "data:image/png;base64," + base64.b64encode(png(9, 9)).decode()},
        )  # fmt: skip
        assert answer.status_code == 404, act
    assert jobs.find_job(dana, job.number).status == "dispatched"


def test_who_is_no_technician_is_told_so(app: Flask, dana: Principal) -> None:
    assert "linked to no technician" in text(browser_of(app, "alice"), "/tech")
    text(browser_of(app, "dana"), "/tech", 403)


def test_the_pages_are_light(his: FlaskClient, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike, description="x" * 500)
    set_checklist(dana, job.number, [Point(f"Point {n}") for n in range(8)])
    for address in (DAY, f"/tech/jobs/{job.number}"):
        page = text(his, address)
        parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        weight = len(page.encode()) + sum(len(his.get(part).get_data()) for part in parts)
        assert weight < MOST_BYTES, (address, weight)


def test_the_customer_sees_who_comes_and_when(client: FlaskClient, dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING - timedelta(hours=1)) as move:
        job = a_job(
            dana, "AC Repair", service_zip="33601", arrive_from=MORNING, arrive_until=MORNING + timedelta(hours=2)
        )
        address = f"/track/job/{job.track_key}"
        page = text(client, address)
        assert "Saturday, 28 March, between 9:00 AM and 11:00 AM" in page
        assert "Not decided yet" in page
        from dashboard.dispatch.service.jobs import assign  # noqa: PLC0415 - as a dispatcher does meanwhile

        assign(dana, job.number, mike.number)
        assert "Mike" in text(client, address)
        assert "Johnson" not in text(client, address)
        change_status(dana, job.number, "acknowledged")
        change_status(dana, job.number, "en_route")
        him = acting(mike)
        person = my_technician(him)
        assert person is not None
        report_locations(him, person, [Report(28.05, -82.40)])
        db.session.remove()
        page = text(client, address)
        assert "About 8:" in page
        assert "On the way" in page
        change_status(dana, job.number, "on_site")
        db.session.remove()
        assert "About" not in text(client, address)
        change_status(dana, job.number, "completed")
        move(timedelta(hours=23))
        db.session.remove()
        assert "Done" in text(client, address)
        move(timedelta(hours=2))
        text(client, address, 404)


def test_a_link_that_is_none_opens_nothing(client: FlaskClient, dana: Principal) -> None:
    job = a_job(dana)
    cancel(dana, job.number)
    db.session.remove()
    assert "does not take place" in text(client, f"/track/job/{job.track_key}")
    for key in ("x", job.track_key[:-1], job.track_key + "0", "ä" * 24, "0" * 65, job.track_key.swapcase()):
        text(client, f"/track/job/{key}", 404)
