"""A technician's own jobs over HTTP (K289 to K317)."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import db, reads
from dashboard.dispatch.models import BoardChange
from dashboard.dispatch.service.jobs import update_job
from dashboard.workforce.models import Technician
from tests.conftest import Api
from tests.dispatch.conftest import MORNING, a_job, a_job_of, logged_in
from tests.field import data, refusal

MINE = "/api/v1/tech/dispatch"
TAMPA = {"latitude": 27.9506, "longitude": -82.4572}


@pytest.fixture
def his(app: Flask, mike: Technician) -> Api:
    """Mike's phone."""
    return logged_in(app, "mike")


@pytest.fixture
def hers(app: Flask, tess: Technician) -> Api:
    """Tess's phone."""
    return logged_in(app, "tess")


def status(api: Api, number: int, **body: Any) -> Any:
    return api.call("PATCH", f"{MINE}/my-jobs/{number}/status", json=body)


def seen(by: Principal, technician: Technician) -> Any:
    db.session.expunge_all()
    row = reads(by).get(Technician, technician.id)
    assert row is not None
    return (row.seen_latitude, row.seen_longitude, row.seen_at)


def test_my_jobs_are_mine_and_of_the_day(
    app: Flask, his: Api, dana: Principal, mike: Technician, tess: Technician
) -> None:
    mine = a_job_of(dana, mike, "Mine")
    hers_too = a_job_of(dana, tess, "Hers", at=MORNING + timedelta(hours=2))
    update_job(dana, hers_too.number, {"crew": (mike.number,)})
    a_job_of(dana, tess, "Hers alone")
    a_job_of(dana, mike, "Tomorrow", at=MORNING + timedelta(days=1))
    found = data(his.get(f"{MINE}/my-jobs?date=2026-03-28"))
    assert [job["id"] for job in found["items"]] == [mine.number, hers_too.number]
    assert found["total"] == 2
    with clock.frozen(MORNING):
        assert data(logged_in(app, "mike").get(f"{MINE}/my-jobs"))["total"] == 2
    assert data(his.get(f"{MINE}/my-jobs?date=2026-03-28&limit=1&page=2"))["items"][0]["id"] == hers_too.number


def test_a_job_goes_its_way_with_places(his: Api, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    assert data(his.call("PATCH", f"{MINE}/my-jobs/{job.number}/acknowledge"))["status"] == "acknowledged"
    there = data(status(his, job.number, status="on_site", **TAMPA))
    assert (there["status"], there["history"][-1]["skipped"]) == ("on_site", ["en_route"])
    assert (there["history"][-1]["latitude"], there["history"][-1]["longitude"]) == (27.9506, -82.4572)
    assert seen(dana, mike)[:2] == (27.9506, -82.4572)


def test_somebody_elses_job_does_not_exist(his: Api, hers: Api, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    refusal(hers.call("PATCH", f"{MINE}/my-jobs/{job.number}/acknowledge"), 404)
    refusal(status(hers, job.number, status="acknowledged"), 404)
    waiting = a_job(dana)
    refusal(his.call("PATCH", f"{MINE}/my-jobs/{waiting.number}/acknowledge"), 404)
    refusal(his.call("PATCH", f"{MINE}/my-jobs/99/acknowledge"), 404)


def test_a_status_that_goes_back_or_is_not_theirs_is_refused(his: Api, dana: Principal, mike: Technician) -> None:
    job = a_job_of(dana, mike)
    refusal(status(his, job.number, status="on_site"), 409)  # not acknowledged yet
    data(status(his, job.number, status="acknowledged"))
    data(status(his, job.number, status="on_site"))
    assert refusal(status(his, job.number, status="en_route"), 409)["code"] == "STATUS_BACKWARD"
    assert refusal(status(his, job.number, status="cancelled"), 422)["fields"][0]["field"] == "status"
    refusal(status(his, job.number, status="in_progress", latitude=27.9), 422)
    refusal(status(his, job.number, status="in_progress", latitude=127.9, longitude=0), 422)
    refusal(status(his, job.number, status="in_progress", at="2026-03-28T09:00:00"), 422)


def test_a_key_and_a_dispatcher_are_no_technicians(field: Api, app: Flask, dana: Principal) -> None:
    assert field.get(f"{MINE}/my-jobs").status_code == 403
    assert logged_in(app, "dana").get(f"{MINE}/my-jobs").status_code == 403
    owner = logged_in(app, "alice").get(f"{MINE}/my-jobs")  # may, but is linked to no technician
    assert "linked to none" in refusal(owner, 404)["message"]


def test_the_sample_of_a_location(his: Api, dana: Principal, mike: Technician) -> None:
    told = {**TAMPA, "speed": 35.5, "heading": 180}
    found = data(his.post(f"{MINE}/location", json=told), 201)
    assert found == {**told, "technician_id": mike.number, "accepted": 1, "kept": True}
    assert seen(dana, mike)[:2] == (27.9506, -82.4572)
    change = reads(dana).query(BoardChange).one().data
    assert (change["type"], change["technician_id"], change["heading"]) == ("dispatch.location", mike.number, 180)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": 91}, {"longitude": -181}, {"latitude": None}, {"latitude": "27.9"}, {"speed": -1},
        {"speed": 201}, {"heading": 361}, {"heading": -1}, {"at": "2026-03-28T09:00:00"}, {"points": []},
    ],
)  # fmt: skip
def test_a_location_that_is_nowhere_is_refused(
    his: Api, dana: Principal, mike: Technician, wrong: dict[str, Any]
) -> None:
    refusal(his.post(f"{MINE}/location", json=TAMPA | wrong), 422)
    assert seen(dana, mike) == (None, None, None)


def test_a_location_of_no_number_is_refused(his: Api) -> None:
    body = '{"latitude": NaN, "longitude": 0}'
    answer = his.post(f"{MINE}/location", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)


def test_reports_are_thinned_and_the_newest_counts(app: Flask, dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING) as move:
        his = logged_in(app, "mike")
        kept: list[bool] = []
        for place in range(12):
            told = {"latitude": 27 + place / 100, "longitude": -82.0}
            kept.append(data(his.post(f"{MINE}/location", json=told), 201)["kept"])
            move(timedelta(seconds=1))
        assert kept == [place % 5 == 0 for place in range(12)]
        assert seen(dana, mike) == (27.1, -82.0, MORNING + timedelta(seconds=10))
    assert reads(dana).query(BoardChange).count() == 3


def test_a_batch_is_one_report_of_its_newest_point(app: Flask, dana: Principal, mike: Technician) -> None:
    with clock.frozen(MORNING):
        his = logged_in(app, "mike")
        points = [
            {"latitude": 27.0 + n / 1000, "longitude": -82.0, "at": f"2026-03-28T12:{n:02}:00Z"} for n in (3, 50, 7)
        ]
        found = data(his.post(f"{MINE}/location", json={"points": points}), 201)
        assert (found["accepted"], found["latitude"], found["kept"]) == (3, 27.05, True)
        late = data(his.post(f"{MINE}/location", json={"points": points[:1]}), 201)
        assert late["kept"] is False  # older than what is known
        wrong = refusal(his.post(f"{MINE}/location", json={"points": [*points, TAMPA | {"heading": 400}]}), 422)
    assert wrong["fields"][0]["field"] == "points[3].heading"
    assert seen(dana, mike)[2].minute == 50


def test_reports_have_a_bucket_of_their_own(app: Flask, dana: Principal, mike: Technician) -> None:
    """More of them in a minute than all people of the business may send of anything else (200)."""
    with clock.frozen(MORNING):
        his = logged_in(app, "mike")
        for _ in range(210):
            assert his.post(f"{MINE}/location", json=TAMPA).status_code == 201
        answer = his.get(f"{MINE}/my-jobs")
    assert reads(dana).query(BoardChange).count() == 1
    assert int(answer.headers["X-RateLimit-Remaining"]) > 190
