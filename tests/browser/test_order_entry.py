"""Order entry in a browser: by keyboard alone, without script, for everyone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard.core.db import db
from tests.browser.conftest import PHONE, Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.inventory.shop import Shop, imei, open_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(3)
    shop.add_pieces(shop.cable, 10)
    db.session.remove()
    return shop


def enter(page: Page) -> None:
    page.goto("/sign-in?next=/orders/new")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New order")


def tab_to(page: Page, there: Callable[[], bool]) -> None:
    for _ in range(60):
        if there():
            return
        page.keyboard.press("Tab")
    pytest.fail("The keyboard does not reach it.")


def test_an_order_is_entered_by_keyboard_alone(stranger: Visit, shop: Shop) -> None:
    page = stranger.page()
    enter(page)
    page.wait_for_load_state("load")
    box = page.get_by_label("Scan an IMEI or a SKU, or type a product")
    expect(box).to_be_focused()
    for number, scanned in enumerate((imei(1), imei(2), "CAB-1"), start=1):
        page.keyboard.type(scanned)
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(number)
        expect(box).to_be_focused()
        expect(box).to_have_value("")
    expect(page.get_by_text(re.compile(r"Held, \d+:\d\d left")).first).to_be_visible()
    tab_to(page, lambda: page.locator("#buyer").evaluate("each => each === document.activeElement"))
    page.keyboard.type("phonev")
    found = page.get_by_role("button", name=re.compile("PhoneVault"))
    expect(found).to_be_visible()
    tab_to(page, lambda: found.evaluate("each => each === document.activeElement"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Choose another")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/orders/ord_\w+$"))
    expect(page.get_by_text("is placed")).to_be_visible()
    assert shop.units


def test_a_draft_survives_a_closed_tab(stranger: Visit, shop: Shop) -> None:
    page = stranger.page()
    enter(page)
    page.keyboard.type(imei(1))
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Street").fill("1 Main St")
    with page.expect_response(re.compile("/note$")):
        page.keyboard.press("Tab")
    address = page.url
    other = page.context.new_page()
    page.close()
    other.goto("/orders/new")
    other.get_by_role("link", name="Nobody yet").click()
    expect(other).to_have_url(address)
    expect(other.get_by_label("Street")).to_have_value("1 Main St")
    assert shop.units


def test_an_order_is_entered_without_script(stranger: Visit, shop: Shop) -> None:
    page = stranger.page(script=False)
    enter(page)
    page.get_by_label("Scan an IMEI or a SKU, or type a product").fill("cable")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name=re.compile("10 available")).click()
    page.get_by_label("Name, e-mail or phone").fill("phonev")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name=re.compile("PhoneVault")).click()
    page.get_by_role("button", name=re.compile("Place order")).click()
    expect(page).to_have_url(re.compile(r"/orders/ord_\w+$"))
    assert shop.units


def test_axe_finds_nothing_while_an_order_is_entered(stranger: Visit, shop: Shop) -> None:
    page = stranger.page(for_axe=True)
    enter(page)
    assert faults(page) == []
    box = page.get_by_label("Scan an IMEI or a SKU, or type a product")
    for scanned in (imei(1), "CAB-1"):
        box.fill(scanned)
        box.press("Enter")
        expect(box).to_have_value("")
    box.fill(imei(1))
    box.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_text("Somebody new").click()
    assert faults(page) == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    assert faults(page) == []
    assert shop.units
