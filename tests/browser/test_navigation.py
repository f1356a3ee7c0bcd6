"""The sidebar's groups: folded and opened by keyboard, remembered, and never closed round the page one is on."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visit, axe_finds

pytestmark = pytest.mark.browser


def group(page: Page, name: str) -> Locator:
    return page.locator(f'.nav-group[data-group="{name}"]')


def is_open(page: Page, *names: str) -> list[bool]:
    return [group(page, name).evaluate("group => group.open") for name in names]


def test_daily_work_is_open_and_settings_on_their_own_pages(admin: Visit) -> None:
    page = admin.page(script=False)
    page.goto("/")
    expect(group(page, "Sell").get_by_role("link", name="Orders")).to_be_visible()
    expect(group(page, "Settings").get_by_role("link", name="Roles")).to_be_hidden()
    group(page, "Settings").locator("summary").click()
    group(page, "Settings").get_by_role("link", name="Roles").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Roles")
    current = page.get_by_role("navigation", name="Main").locator("[aria-current]")
    expect(current).to_have_text("Roles")
    expect(current).to_be_visible()


def test_what_was_folded_by_keyboard_stays_folded_but_for_the_group_one_is_in(admin: Visit) -> None:
    page = admin.page()
    page.goto("/")
    assert is_open(page, "Sell", "Settings") == [True, False]
    for name in ("Sell", "Settings"):
        summary = group(page, name).locator("summary")
        summary.focus()
        page.keyboard.press("Enter")
    assert is_open(page, "Sell", "Settings") == [False, True]
    page.reload()
    assert is_open(page, "Sell", "Settings") == [False, True]
    page.goto("/orders")
    assert is_open(page, "Sell", "Settings") == [True, True]
    page.goto("/")
    assert is_open(page, "Sell") == [False]


def test_a_folded_group_is_passed_over_by_the_keyboard(admin: Visit) -> None:
    page = admin.page()
    page.goto("/")
    group(page, "Sell").locator("summary").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(group(page, "Serve").locator("summary")).to_be_focused()


def test_the_entry_of_the_page_is_in_sight_however_far_down(admin: Visit) -> None:
    page = admin.page((1360, 500))
    page.goto("/settings/audit")
    expect(page.locator(".sidebar [aria-current]")).to_be_in_viewport()
    page.set_viewport_size({"width": PHONE[0], "height": 500})
    page.get_by_role("button", name=re.compile("^Menu$")).click()
    expect(page.locator(".sidebar [aria-current]")).to_be_in_viewport()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_axe_finds_nothing_in_open_and_folded_groups(admin: Visit, size: tuple[int, int]) -> None:
    page = admin.page(size, for_axe=True)
    page.goto("/settings/roles")
    if size == PHONE:
        page.get_by_role("button", name=re.compile("^Menu$")).click()
    group(page, "Sell").locator("summary").click()
    assert is_open(page, "Sell", "Settings") == [False, True]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe_finds(page) == []
