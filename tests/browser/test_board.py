"""The board in a browser: by pointer and by keyboard, live, without script, and for everyone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from dashboard.core.db import db
from dashboard.dispatch.queries.jobs import find_job
from dashboard.dispatch.service.assigning import JobMove, move_jobs
from dashboard.dispatch.service.jobs import JobFacts, assign, create_job
from dashboard.dispatch.service.workflow import change_status
from dashboard.workforce.service import Shift
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.workforce.crews import crew

pytestmark = pytest.mark.browser

DAY = date(2026, 3, 27)
NINE = datetime(2026, 3, 27, 9, tzinfo=UTC)
BOARD = f"/dispatch?date={DAY}"
EVERY_DAY = tuple(Shift(day, 8 * 60, 17 * 60) for day in range(7))
HOUR = timedelta(hours=1)


@pytest.fixture
def day(app: Flask, merchants: Merchants) -> Merchants:
    """Ann, Ben and Cleo; Ann has job 1 from nine to ten, job 2 waits with a time, job 3 without one."""
    by = merchants.alice
    ann, *_ = crew(by, 3, shifts=EVERY_DAY)
    for title, start in (("Leak", NINE), ("Breaker", NINE + 2 * HOUR), ("Filter", None)):
        end = None if start is None else start + HOUR
        facts = JobFacts(title, scheduled_start=start, scheduled_end=end, duration_minutes=60, service_zip="33601")
        create_job(by, facts)
    assign(by, 1, ann.number)
    db.session.remove()
    return merchants


def signed_in(visit: Visit, path: str = BOARD, *, script: bool = True, for_axe: bool = False) -> Page:
    page = visit.page(script=script, for_axe=for_axe)
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    page.goto(path, wait_until="load")
    return page


def lane(page: Page, name: str) -> Locator:
    return page.locator(f'.lane[data-name="{name}"] .lane-jobs')


def planned(of: Merchants, number: int) -> tuple[str | None, datetime | None]:
    db.session.remove()
    job = find_job(of.alice, number)
    db.session.remove()
    return job.technician_name, job.scheduled_start


def test_a_job_is_dragged_to_another_technician_and_time_and_taken_back(stranger: Visit, day: Merchants) -> None:
    page = signed_in(stranger)
    card, target = page.locator("#job-1"), lane(page, "Ben").bounding_box()
    grip = card.bounding_box()
    assert target is not None
    assert grip is not None
    page.mouse.move(grip["x"] + 8, grip["y"] + 10)
    page.mouse.down()
    column = target["width"] / 48
    page.mouse.move(target["x"] + column * 16 + 8, target["y"] + 20, steps=6)  # four hours after seven
    expect(page.locator(".drop")).to_contain_text("11:00")
    page.mouse.up()
    expect(lane(page, "Ben").locator("#job-1")).to_be_visible()
    expect(page.locator("#board-said")).to_contain_text("Leak is with Ben, 11:00")
    assert planned(day, 1) == ("Ben", NINE + 2 * HOUR)
    page.get_by_role("button", name="Undo").click()
    expect(lane(page, "Ann").locator("#job-1")).to_be_visible()
    assert planned(day, 1) == ("Ann", NINE)


def test_what_does_not_go_together_is_said_while_dragging(stranger: Visit, day: Merchants) -> None:
    page = signed_in(stranger)
    grip, target = page.locator("#job-2").bounding_box(), lane(page, "Ann").bounding_box()
    assert grip is not None
    assert target is not None
    page.mouse.move(grip["x"] + 8, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(target["x"] + target["width"] / 48 * 9 + 8, target["y"] + 20, steps=6)
    expect(page.locator(".drop.is-bad")).to_contain_text("at the same time as Leak")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".drop")).to_have_count(0)
    assert planned(day, 2) == (None, NINE + 2 * HOUR)


def test_jobs_are_moved_by_keyboard_alone(stranger: Visit, day: Merchants) -> None:
    page = signed_in(stranger)
    card = page.locator("#job-1")
    card.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(card).to_have_attribute("data-start", "09:15")
    expect(card).to_be_focused()
    page.keyboard.press("Shift+ArrowDown")
    expect(lane(page, "Ben").locator("#job-1")).to_be_focused()
    assert planned(day, 1) == ("Ben", NINE + timedelta(minutes=15))
    page.locator("#job-3").focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(lane(page, "Ann").locator("#job-3")).to_be_visible()
    assert planned(day, 3) == ("Ann", NINE - HOUR)
    page.locator("#job-2").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_contain_text("Breaker")
    page.get_by_label("Starts at").fill("13:30")
    page.get_by_label("Technician", exact=True).select_option("Cleo")
    page.get_by_role("button", name="Move", exact=True).press("Enter")
    expect(lane(page, "Cleo").locator("#job-2")).to_be_visible()
    assert planned(day, 2) == ("Cleo", NINE + timedelta(hours=4, minutes=30))


def test_what_others_change_appears_by_itself(stranger: Visit, day: Merchants) -> None:
    page = signed_in(stranger)
    expect(page.locator("#live")).to_have_text("Live")
    assign(day.alice, 2, 2)
    db.session.remove()
    expect(lane(page, "Ben").locator("#job-2")).to_be_visible()
    expect(page.locator("#tray-count")).to_have_text("1")
    change_status(day.alice, 1, "acknowledged")
    made = create_job(day.alice, JobFacts("Brand new", duration_minutes=30))
    db.session.remove()
    expect(page.locator("#job-1")).to_have_class("job status-acknowledged at-9 for-4 changed")
    expect(page.locator(f".tray-jobs #job-{made.number}")).to_contain_text("Brand new")


def test_a_move_against_somebody_elses_shows_both(stranger: Visit, day: Merchants) -> None:
    page = signed_in(stranger, "/")
    page.route("**/dispatch/stream", lambda route: route.abort())
    page.goto(BOARD, wait_until="load")
    move_jobs(day.alice, [JobMove(2, 2, NINE, NINE + HOUR)])
    db.session.remove()
    page.locator("#job-2").focus()
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#board-said")).to_contain_text("Somebody else")
    assert planned(day, 2)[0] == "Ben"
    page.get_by_role("button", name="Keep mine").click()
    expect(lane(page, "Ann").locator("#job-2")).to_be_visible()


def test_a_job_is_moved_without_script(stranger: Visit, day: Merchants) -> None:
    page = signed_in(stranger, script=False)
    page.get_by_role("link", name="Breaker").first.click()
    page.get_by_label("Technician", exact=True).select_option("Ben")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(lane(page, "Ben").locator("#job-2")).to_be_visible()


def test_axe_finds_nothing_on_a_board_at_work(stranger: Visit, day: Merchants) -> None:
    move_jobs(day.alice, [JobMove(2, 1, NINE, NINE + HOUR)])
    db.session.remove()
    page = signed_in(stranger, for_axe=True)
    page.locator(".map-box summary").click()
    assert faults(page) == []
    page.goto(f"/dispatch/board/1?date={DAY}", wait_until="load")
    assert faults(page) == []
    page.goto("/dispatch?date=2026-04-01", wait_until="load")
    assert faults(page) == []
