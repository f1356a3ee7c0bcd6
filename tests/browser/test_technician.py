"""The pages in the van and those of jobs in a browser: by one button, with and without script, and for everyone."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import db
from dashboard.dispatch.queries import details, jobs
from dashboard.dispatch.service import papers, sla
from dashboard.dispatch.service.checks import Point, set_checklist
from dashboard.dispatch.service.jobs import JobFacts, WantedSkill, assign, create_job
from dashboard.dispatch.service.parts import set_parts
from dashboard.dispatch.service.sla import PolicyFacts
from dashboard.workforce.service import Grant, TechnicianFacts, create_technician
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.inventory.pictures import png
from tests.inventory.shop import open_shop

pytestmark = pytest.mark.browser

PAGES = (
    "/dispatch/jobs", "/dispatch/jobs?q=nothing", "/dispatch/jobs/1", "/dispatch/jobs/2", "/dispatch/jobs/new",
    "/dispatch/jobs/1/edit", "/dispatch/sla", "/dispatch/sla/new", "/dispatch/sla/1",
)  # fmt: skip
VAN = ("/tech", "/tech?day=2030-01-01", "/tech/jobs/1", "/tech/jobs/2")


@pytest.fixture
def alice(app: Flask, merchants: Merchants) -> Principal:
    """The owner, whose technician Mike has two jobs today: one with all that a job can have."""
    by = merchants.alice
    shop = open_shop(by)
    shop.add_pieces(shop.part, 5)
    user = accounts.create_user(
        SYSTEM, merchants.tenant, username="mike", password=PASSWORD, role="technician", name="Mike"
    )  # fmt: skip
    create_technician(by, TechnicianFacts("Mike Johnson", user=user.number, skills=(Grant("HVAC", 4),)))
    sla.create_policy(by, PolicyFacts("Urgent", 60, 240, priority="urgent"))
    start = clock.now() + timedelta(minutes=10)
    facts = JobFacts(
        "AC Repair - Smith Residence", "Unit not cooling, thermostat reads 85F", "urgent", customer_name="John Smith",
        customer_phone="(813) 555-0142", service_address="123 Oak St", service_city="Tampa", service_state="FL",
        service_zip="33601", scheduled_start=start, skills=(WantedSkill("HVAC", 2),), value=25_000,
    )  # fmt: skip
    create_job(by, facts)
    assign(by, 1, 1)
    set_parts(by, 1, {shop.part.number: 2, shop.cable.number: 1})
    set_checklist(by, 1, [Point("Power off before opening"), Point("Photo of the unit", required=False)])
    papers.add_note(by, 1, "Gate code 4417. Dog in the yard.")
    papers.add_photos(by, 1, [("unit.png", png(120, 90))])
    create_job(by, JobFacts("Thermostat swap", scheduled_start=start + timedelta(minutes=30), customer_name="Hart"))
    assign(by, 2, 1)
    db.session.remove()
    return by


def signed_in(page: Page, name: str) -> Page:
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def status(by: Principal) -> str:
    db.session.remove()
    return jobs.find_job(by, 1).status


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_job_is_done_by_one_button_at_the_bottom(stranger: Visit, alice: Principal, script: bool) -> None:
    page = signed_in(stranger.page(script=script, size=(390, 844)), "mike")
    page.goto("/tech")
    page.get_by_role("link", name="AC Repair - Smith Residence").click()
    for label, reached in (
        ("Acknowledge", "acknowledged"),
        ("Start driving", "en_route"),
        ("I'm here", "on_site"),
        ("Start work", "in_progress"),
    ):
        page.get_by_role("button", name=label, exact=True).click()
        expect(page.get_by_role("button", name=label, exact=True)).to_have_count(0)
        assert status(alice) == reached
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Power off before opening")
    page.get_by_role("button", name="Done: Power off before opening").click()
    expect(page.get_by_role("button", name="Done: Power off before opening")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Used of RTX 4090").fill("2")
    page.get_by_role("button", name="Save how many RTX 4090 were used").click()
    expect(page.get_by_label("Used of RTX 4090")).to_have_value("2")
    page.get_by_label("New note").fill("Capacitor was swollen")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("Capacitor was swollen")).to_be_visible()
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(page.get_by_role("link", name="Back to my day")).to_be_visible()
    assert status(alice) == "completed"


def test_a_customer_signs_with_a_finger(stranger: Visit, alice: Principal) -> None:
    page = signed_in(stranger.page(size=(390, 844)), "mike")
    page.goto("/tech/jobs/1")
    page.get_by_text("Let the customer sign").click()
    pad = page.get_by_role("img", name="Sign here with a finger")
    pad.evaluate("(each) => each.scrollIntoView({block: 'center'})")
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 80)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + 20 + step * 20, box["y"] + 80 + (step % 3) * 15)
    page.mouse.up()
    page.get_by_role("button", name="Keep the signature").click()
    expect(page.get_by_text("Signed by John Smith")).to_be_visible()
    db.session.remove()
    assert [each.kind for each in details.pictures_of(alice, jobs.find_job(alice, 1).id)] == ["photo", "signature"]


def test_what_is_touched_is_large_enough(stranger: Visit, alice: Principal) -> None:
    page = signed_in(stranger.page(size=(390, 844)), "mike")
    for path in VAN:
        page.goto(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll("main a.button, main button, main input:not([type=hidden]), main "
              + "summary, header a, .act button")].filter((each) => each.offsetParent && each.offsetHeight < 44)
              .map((each) => each.outerHTML.slice(0, 80))"""
        )
        assert small == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_axe_finds_nothing_on_the_pages_of_jobs(stranger: Visit, alice: Principal) -> None:
    page = signed_in(stranger.page(for_axe=True), "alice")
    found = {path: wrong for path in PAGES if (wrong := _faults_at(page, path))}
    assert found == {}


def test_axe_finds_nothing_on_the_pages_in_the_van(stranger: Visit, alice: Principal) -> None:
    page = signed_in(stranger.page(for_axe=True, size=(390, 844)), "mike")
    found = {path: wrong for path in VAN if (wrong := _faults_at(page, path))}
    assert found == {}
    db.session.remove()
    key = jobs.find_job(alice, 1).track_key
    assert _faults_at(page, f"/track/job/{key}") == []


def _faults_at(page: Page, path: str) -> list[str]:
    page.goto(path, wait_until="load")
    return faults(page)
