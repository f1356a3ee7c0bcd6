"""Pages of plans, the scorecard and the roads."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.core import jobs
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.dispatch import jobs as dispatch_jobs
from dashboard.dispatch.queries.jobs import find_job
from dashboard.dispatch.queries.plans import latest_plans
from dashboard.dispatch.roads import roads_of
from dashboard.dispatch.service.jobs import update_job
from tests.conftest import token_at
from tests.dispatch.conftest import MORNING, a_job, a_technician, browser_of
from tests.dispatch.test_scorecard import done
from tests.dispatch.test_suggestions import NEAR, TAMPA, works


@pytest.fixture
def browser(app: Flask, dana: Principal, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Where the dispatcher has signed in; small days need no four seconds."""
    monkeypatch.setattr(dispatch_jobs, "SECONDS", 0.3)
    return browser_of(app, "dana")


def text_of(browser: FlaskClient, url: str, status: int = 200) -> str:
    answer = browser.get(url)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def send(browser: FlaskClient, url: str, data: dict[str, str] | None = None) -> TestResponse:
    """What a form of the pages sends. What the test had read of the database until then is read anew."""
    answer = browser.post(url, data={"csrf_token": token_at(browser, "/dispatch/routes"), **(data or {})})
    db.session.close()
    return answer


def test_a_day_is_planned_applied_and_taken_back_in_the_browser(browser: FlaskClient, dana: Principal) -> None:
    anna = works(dana, a_technician(dana, "Anna", **NEAR))
    job = a_job(dana, "Leaking tap", at=None, **TAMPA)
    a_job(dana, "Nowhere", at=None)
    assert "No plans yet" in text_of(browser, "/dispatch/routes")
    asked = send(browser, "/dispatch/routes/new", {"date": "2026-03-28"})
    assert asked.status_code == 303
    url = asked.headers["Location"]
    assert "Looking for routes" in text_of(browser, url)
    jobs.run_due()
    shown = text_of(browser, url)
    assert "Leaking tap" in shown
    assert "It has no coordinates" in shown
    assert send(browser, f"{url}/apply").status_code == 303
    assert find_job(dana, job.number).technician_id == anna.id
    assert "The plan is in effect." in text_of(browser, url)
    assert send(browser, f"{url}/revert").status_code == 303
    assert find_job(dana, job.number).technician_id is None
    assert "Taken back" in text_of(browser, "/dispatch/routes")


def test_what_changed_meanwhile_is_said(browser: FlaskClient, dana: Principal) -> None:
    works(dana, a_technician(dana, "Anna", **NEAR))
    job = a_job(dana, "Leaking tap", at=None, **TAMPA)
    send(browser, "/dispatch/routes/new", {"date": "2026-03-28"})
    jobs.run_due()
    (plan,) = latest_plans(dana)
    update_job(dana, job.number, {"priority": "urgent"})
    send(browser, f"/dispatch/routes/{plan.public_id}/apply")
    assert "job 1 (Leaking tap)" in text_of(browser, f"/dispatch/routes/{plan.public_id}")


def test_a_wrong_day_is_refused_in_the_form(browser: FlaskClient) -> None:
    answer = send(browser, "/dispatch/routes/new", {"date": "tomorrow"})
    assert answer.status_code == 422


def test_the_roads_say_what_is_in_use_and_nothing_typed_is_lost(browser: FlaskClient, dana: Principal) -> None:
    assert "usual figures" in text_of(browser, "/dispatch/roads")
    typed = {f"speed-{hour}": "30" for hour in range(24)} | {"factor_percent": "140", "tiles_url": ""}
    wrong = send(browser, "/dispatch/roads/change", typed | {"speed-8": "fast", "speed-9": "31"})
    assert wrong.status_code == 422
    page = wrong.get_data(as_text=True)
    assert 'value="fast"' in page
    assert 'value="31"' in page
    assert "from 08:00 on" in page
    too_quick = send(browser, "/dispatch/roads/change", typed | {"speed-8": "900"})
    assert "Speeds are 3 to 90 miles an hour." in too_quick.get_data(as_text=True)
    tiles = send(browser, "/dispatch/roads/change", typed | {"tiles_url": "javascript:alert(1)"})
    assert tiles.status_code == 422
    assert send(browser, "/dispatch/roads/change", typed).status_code == 303
    assert "your figures" in text_of(browser, "/dispatch/roads")
    assert roads_of(dana).factor_percent == 140
    assert set(roads_of(dana).speeds) == {30.0}


def test_slower_roads_make_longer_ways(browser: FlaskClient, dana: Principal) -> None:
    before = roads_of(dana).minutes((27.9, -82.4), (28.1, -82.4), 10)
    typed = {f"speed-{hour}": "15" for hour in range(24)} | {"factor_percent": "130"}
    send(browser, "/dispatch/roads/change", typed)
    assert roads_of(dana).minutes((27.9, -82.4), (28.1, -82.4), 10) == pytest.approx(2 * before)


def test_the_scorecard_is_shown(browser: FlaskClient, dana: Principal) -> None:
    assert "No technicians yet" in text_of(browser, "/dispatch/scorecard")
    done(dana, a_technician(dana, "Mike Johnson"), at=MORNING, rating=4, value=12_300)
    page = text_of(browser, "/dispatch/scorecard?date_from=2026-03-01&date_to=2026-03-31")
    assert "Mike Johnson" in page
    assert "$123.00" in page
    assert "1. Mike Johnson" in page
    assert "must not be after" in text_of(browser, "/dispatch/scorecard?date_from=2026-03-02&date_to=2026-03-01", 422)
    assert "Choose days" in text_of(browser, "/dispatch/scorecard?date_from=soon", 422)
