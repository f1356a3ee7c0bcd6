"""Routes, the scorecard and the roads in a browser: for everyone, with and without a keyboard."""

from datetime import date, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page

from dashboard.core import jobs
from dashboard.core.context import Principal
from dashboard.core.db import db
from dashboard.dispatch import jobs as dispatch_jobs
from dashboard.dispatch.service.facts import WantedSkill
from dashboard.dispatch.service.plans import ask_plan
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.dispatch.conftest import MORNING, a_job, a_job_of, a_skill, a_technician
from tests.dispatch.test_scorecard import done
from tests.dispatch.test_suggestions import FAR, NEAR, TAMPA, works

pytestmark = pytest.mark.browser

DAY = date(2026, 3, 28)


@pytest.fixture
def plan(app: Flask, merchants: Merchants, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plan with routes, and with jobs that are left over."""
    monkeypatch.setattr(dispatch_jobs, "SECONDS", 0.3)
    by: Principal = merchants.alice
    anna, bert = works(by, a_technician(by, "Anna", **NEAR)), works(by, a_technician(by, "Bert", **FAR))
    a_skill(by, "HVAC")
    for hour in range(3):
        a_job_of(by, anna, f"Repair {hour}", at=MORNING + timedelta(hours=2 * hour), **TAMPA)
    a_job(by, "Waiting", at=None, **TAMPA)
    a_job(by, "No skill", at=None, skills=[WantedSkill("HVAC", 2)], **TAMPA)
    a_job(by, "Nowhere", at=None)
    done(by, bert, at=MORNING - timedelta(days=1), rating=5, value=12_500)
    asked = ask_plan(by, DAY).public_id
    jobs.run_due()
    ask_plan(by, DAY)
    db.session.remove()
    return asked


def signed_in(visit: Visit, *, for_axe: bool = False) -> Page:
    page = visit.page(for_axe=for_axe)
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def test_axe_finds_nothing_on_any_page_of_routes(stranger: Visit, plan: str) -> None:
    page = signed_in(stranger, for_axe=True)
    found: dict[str, list[str]] = {}
    scorecard = "/dispatch/scorecard?date_from=2026-03-01&date_to=2026-03-31"
    for path in ("/dispatch/routes", f"/dispatch/routes/{plan}", scorecard, "/dispatch/roads"):
        page.goto(path, wait_until="load")
        if wrong := faults(page):
            found[path] = wrong
    assert found == {}


def test_nothing_is_wider_than_a_phone(stranger: Visit, plan: str) -> None:
    page = signed_in(stranger)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/dispatch/routes", f"/dispatch/routes/{plan}", "/dispatch/scorecard", "/dispatch/roads"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
