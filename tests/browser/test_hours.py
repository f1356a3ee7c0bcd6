"""Hours and the fleet in a browser: by keyboard alone, without script, and for everyone."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import db
from dashboard.workforce.queries import hours as queries
from dashboard.workforce.service import corrections, fleet, hours, report_location, weeks
from dashboard.workforce.service.corrections import Correction
from dashboard.workforce.service.fleet import Maintenance, Paper, VehicleFacts
from dashboard.workforce.week import Week
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.workforce.crews import technician, van

pytestmark = pytest.mark.browser

PAGES = (
    "/hours", "/hours?week=2026-W10", "/hours/technicians/1?week=2026-W10", "/hours/technicians/1",
    "/hours/technicians/2?week=2026-W10", "/hours/entries/1", "/hours/entries/new", "/fleet", "/fleet?show=retired",
    "/fleet?q=none", "/fleet/1", "/fleet/2", "/fleet/1/edit", "/fleet/new",
)  # fmt: skip


def person(merchants: Merchants, name: str) -> Principal:
    """Somebody who signs in as a technician."""
    user = accounts.create_user(
        SYSTEM, merchants.tenant, username=name, password=PASSWORD, role="technician", name=name
    )  # fmt: skip
    return accounts.principal_of_user(user, merchants.tenant)


@pytest.fixture
def crew(app: Flask, merchants: Merchants) -> Principal:
    """Tess, who forgot to clock out yesterday and worked in week 10; Ben, who is at work; two vehicles."""
    by = merchants.alice
    tess, ben = (person(merchants, name) for name in ("tess", "ben"))
    db.session.expunge_all()
    mine = technician(by, "Tess", user=3)
    technician(by, "Ben of the Very Long Name", user=4)
    week = Week.named("2026-W10")
    for day in range(5):
        begin = week.span("UTC")[0] + timedelta(days=day, hours=8)
        corrections.add_entry(by, 1, Correction("Phone was flat", begin, begin + timedelta(hours=10), 30))
    weeks.submit_week(tess, week)
    with clock.frozen(clock.now() - timedelta(hours=20)) as move:
        hours.clock_in(tess)
        move(timedelta(hours=6))
        report_location(by, mine.id, 27.9, -82.4, clock.now())
        move(timedelta(hours=12))
        hours.clock_in(ben)
    today = clock.now().date()
    fleet.create_vehicle(
        by,
        VehicleFacts("Van 1", "ABC 1234", "1M8GDM9A1KP042788", "Ford", "Transit", 2022, 50_000, 1, van(by).number),
        papers=[
            Paper("Insurance", "P-77", today + timedelta(days=9)),
            Paper("Inspection", "", today - timedelta(days=9)),
        ],
        services=[Maintenance("Oil change", 5_000, 180, 45_400), Maintenance("Tyres", 40_000)],
    )
    fleet.create_vehicle(by, VehicleFacts("Old", "ABC 2", active=False))
    db.session.remove()
    return by


def signed_in(visit: Visit, *, script: bool = True, for_axe: bool = False) -> Page:
    page = visit.page(script=script, for_axe=for_axe)
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_forgotten_clock_out_and_a_correction_by_keyboard(stranger: Visit, crew: Principal, script: bool) -> None:
    page = signed_in(stranger, script=script)
    page.goto("/hours")
    end = page.get_by_role("button", name="End it at")
    end.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The hours end there now")).to_be_visible()
    expect(page.get_by_text("Forgotten clock-out: last position")).to_be_visible()
    db.session.remove()
    assert queries.show_entry(crew, 6).seconds == 6 * 3600
    page.get_by_role("link", name="Correct the hours of").first.focus()
    page.keyboard.press("Enter")
    breaks = page.get_by_label("Breaks in all")
    breaks.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("45")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Say why: it is kept with the hours.").first).to_be_visible()
    page.get_by_label("Why").fill("Lunch")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The hours were corrected.")).to_be_visible()
    db.session.remove()
    assert queries.show_entry(crew, 6).break_seconds == 2700


def test_a_week_is_approved(stranger: Visit, crew: Principal) -> None:
    page = signed_in(stranger)
    page.goto("/hours?week=2026-W10")
    expect(page.get_by_text("47:30").first).to_be_visible()
    page.get_by_role("button", name="Approve all handed in").click()
    expect(page.get_by_text("Approved: Tess.")).to_be_visible()
    page.get_by_role("link", name="Tess", exact=True).click()
    expect(page.get_by_role("link", name="Correct the hours of")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_vehicle_from_the_list_to_its_next_oil_change(stranger: Visit, crew: Principal, script: bool) -> None:
    page = signed_in(stranger, script=script)
    page.goto("/fleet")
    expect(page.get_by_text("Ended 9 days ago")).to_be_visible()
    page.get_by_role("link", name="Van 1").first.click()
    page.get_by_label("Mileage").fill("49000")
    page.get_by_role("button", name="Save the mileage").click()
    expect(page.get_by_text("The odometer showed 50,000 miles last").first).to_be_visible()
    expect(page.get_by_label("Mileage")).to_have_value("49000")
    page.get_by_label("Mileage").fill("51000")
    page.get_by_role("button", name="Save the mileage").click()
    expect(page.get_by_text("Overdue by 600 miles").first).to_be_visible()
    page.get_by_role("button", name="Done today").first.click()
    expect(page.get_by_text("Overdue by 600 miles")).to_have_count(0)


def test_axe_finds_nothing_on_any_page_of_hours_and_fleet(stranger: Visit, crew: Principal) -> None:
    page = signed_in(stranger, for_axe=True)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(path, wait_until="load")
        if wrong := faults(page):
            found[path] = wrong
    assert found == {}
