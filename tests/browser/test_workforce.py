"""Technicians, skills and zones in a browser: the matrix by keyboard alone, without script, and for everyone."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from dashboard.core.db import db
from dashboard.core.paging import PageRequest
from dashboard.workforce.queries.skills import grant_page
from dashboard.workforce.service import (
    Absence,
    Grant,
    ZoneFacts,
    add_absence,
    create_skill,
    create_zone,
    update_technician,
)
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.workforce.crews import crew, van
from tests.workforce.test_zones import SQUARE

pytestmark = pytest.mark.browser

PAGES = (
    "/technicians", "/technicians?q=nobody", "/technicians/new", "/technicians/1", "/technicians/1/edit", "/skills",
    "/skills/new", "/skills/1/edit", "/skills/1/of/1", "/zones", "/zones/new", "/zones/1", "/zones/1/edit", "/zones/2",
)  # fmt: skip


@pytest.fixture
def staff(app: Flask, merchants: Merchants) -> Merchants:
    """Three technicians, of whom the first has a skill that ended and is away; three skills; two zones."""
    by = merchants.alice
    ann, *_ = crew(by, 3, van=van(by).number, phone="(813) 555-0100")
    update_technician(by, ann.number, {"skills": (Grant("HVAC", 4, date(2026, 1, 31)), Grant("Plumbing", 2))})
    add_absence(by, ann.number, Absence(datetime(2026, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC), "Away"))
    create_skill(by, "Electrical")
    create_zone(by, ZoneFacts("North", tuple(f"336{n:02}" for n in range(0, 60, 2)), SQUARE, (ann.number,)))
    create_zone(by, ZoneFacts("South", ("33701",)))
    db.session.remove()
    return merchants


def signed_in(visit: Visit, *, script: bool = True, for_axe: bool = False) -> Page:
    page = visit.page(script=script, for_axe=for_axe)
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def levels(of: Merchants) -> dict[tuple[str, str], tuple[int, date | None]]:
    db.session.remove()
    rows = grant_page(of.alice, PageRequest(1, 50)).items
    db.session.remove()
    return {(each.technician.name, each.skill): (each.level, each.expires_on) for each in rows}


def test_the_matrix_is_filled_by_keyboard_alone(stranger: Visit, staff: Merchants) -> None:
    page = signed_in(stranger)
    page.goto("/skills", wait_until="load")
    cells = page.locator('tr:has-text("Ben") td')
    cells.nth(0).locator(".cell").focus()
    page.keyboard.press("Enter")
    expect(cells.nth(0).locator(".input")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    expect(cells.nth(1).locator(".input")).to_be_focused()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_contain_text("A level is 1")
    expect(cells.nth(1).locator(".input")).to_have_value("9")
    page.keyboard.press("Control+a")
    page.keyboard.type("5 2030-06-30")
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_contain_text("until 2030-06-30")
    expect(cells.nth(0)).to_contain_text("3")
    found = levels(staff)
    assert found["Ben", "Electrical"] == (3, None)
    assert found["Ben", "HVAC"] == (5, date(2030, 6, 30))


def test_levels_and_technicians_are_changed_without_script(stranger: Visit, staff: Merchants) -> None:
    page = signed_in(stranger, script=False)
    page.goto("/skills")
    page.locator('tr:has-text("Cleo") td .cell').first.click()
    page.get_by_label("Level").fill("2")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/skills")
    assert levels(staff)["Cleo", "Electrical"] == (2, None)
    page.goto("/technicians/2/edit")
    page.get_by_label("Saturday from").fill("09:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Saturday until")).to_be_visible()
    expect(page.get_by_label("Saturday from")).to_have_value("09:00")
    page.get_by_label("Saturday until").fill("13:00")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/technicians/2")
    expect(page.get_by_text("09:00–13:00")).to_be_visible()


def test_axe_finds_nothing_on_any_page_of_the_workforce(stranger: Visit, staff: Merchants) -> None:
    page = signed_in(stranger, for_axe=True)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(path, wait_until="load")
        if wrong := faults(page):
            found[path] = wrong
    assert found == {}
