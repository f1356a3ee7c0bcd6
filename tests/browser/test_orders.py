"""Orders and customers in a real browser: an order goes its way by keyboard alone, and every page is free of faults."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from dashboard.core import clock
from dashboard.core.db import db
from dashboard.customers import service as customers
from dashboard.customers.service import Address, CustomerFacts
from dashboard.orders import queries, service
from dashboard.orders.service import Back, Rate, Wanted
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.inventory.shop import Shop, open_shop

pytestmark = pytest.mark.browser

MOST_STOPS = 120
FIRST = "ORD-2026-00001"


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    """A business with an order of a phone and two cables, and a customer that is there twice."""
    shop = open_shop(merchants.alice)
    shop.add_units(2)
    shop.add_pieces(shop.cable, 50)
    customers.create_customer(shop.by, CustomerFacts("Jane Doe", phone="555 123 4567"))
    customers.create_customer(shop.by, CustomerFacts("J. Doe", phone="(555) 123-4567", company="Doe & Sons"))
    lines = [Wanted(unit="inv_1"), Wanted(product="PROD-CAB-1", quantity=2)]
    placed = service.place(shop.by, customer=shop.buyer.public_id, lines=lines, door="page")
    assert placed.code.endswith("00001")
    db.session.remove()
    return shop


def signed_in(visit: Visit, target: str, *, page: Page | None = None, **options: Any) -> Page:
    page = page or visit.page(**options)
    page.goto(f"/sign-in?next={target}")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{target}")
    page.wait_for_load_state("load")
    return page


def tab_to(page: Page, there: Callable[[], bool]) -> None:
    for _ in range(MOST_STOPS):
        if there():
            return
        page.keyboard.press("Tab")
    pytest.fail("The keyboard does not reach it.")


Role = Literal["button", "link", "textbox", "spinbutton", "combobox"]


def go_to(page: Page, role: Role, name: str | re.Pattern[str]) -> None:
    """Move the focus to a control by the Tab key alone."""
    wanted = page.get_by_role(role, name=name).first
    tab_to(page, lambda: bool(wanted.evaluate("each => each === document.activeElement")))


def open_step(page: Page, label: str) -> None:
    """Unfold a step by keyboard."""
    wanted = page.locator("main summary", has_text=label)
    tab_to(page, lambda: bool(wanted.evaluate("each => each === document.activeElement")))
    page.keyboard.press("Enter")


@pytest.mark.parametrize("script", [True, False])
def test_an_order_goes_its_way_by_keyboard_alone(stranger: Visit, shop: Shop, *, script: bool) -> None:
    page = signed_in(stranger, f"/orders/{FIRST}", script=script)
    expect(page.get_by_text(re.compile(r"Held until .*\d\d:\d\d"))).to_be_visible()
    go_to(page, "button", "Confirm")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The order is confirmed.")).to_be_visible()
    open_step(page, "Send a parcel")
    go_to(page, "textbox", "Carrier")
    page.keyboard.type("UPS")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The parcel is on its way.")).to_be_visible()
    open_step(page, "Take something back")
    go_to(page, "textbox", "Why it came back")
    page.keyboard.type("Too small")
    go_to(page, "button", "Note the return")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The return is noted as RMA-")).to_be_visible()
    expect(page.get_by_role("table", name="Returns").get_by_text("Too small")).to_be_visible()
    order = queries.show_order(shop.by, FIRST)
    assert (order.status, [line.returned for line in order.lines]) == ("shipped", [1, 0])


def test_a_hold_counts_down_and_the_page_follows_when_it_has_lapsed(stranger: Visit, shop: Shop) -> None:
    page = stranger.page()
    page.clock.install()
    page = signed_in(stranger, f"/orders/{FIRST}", page=page)
    left = page.get_by_role("timer")
    expect(left).to_have_text(re.compile(r"Held, 1[45]:\d\d left"))
    page.clock.fast_forward(60_000)
    expect(left).to_have_text(re.compile(r"Held, 1[34]:\d\d left"))
    with clock.frozen(clock.now() + timedelta(minutes=15)):
        assert service.lapse(shop.by, queries.show_order(shop.by, FIRST).id)
    db.session.remove()
    page.get_by_role("button", name="Confirm").focus()
    page.clock.fast_forward(14 * 60_000)
    expect(page.get_by_role("status").get_by_text("The hold lapsed before anybody confirmed it.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    expect(left).to_have_count(0)
    expect(page.get_by_role("region", name="What happened").get_by_text("Cancelled")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_nothing_typed_is_lost_when_the_hold_lapses(stranger: Visit, shop: Shop) -> None:
    page = stranger.page()
    page.clock.install()
    page = signed_in(stranger, f"/orders/{FIRST}", page=page)
    open_step(page, "Hold it longer")
    page.get_by_label("Why", exact=True).fill("They fetch cash")
    with clock.frozen(clock.now() + timedelta(minutes=15)):
        assert service.lapse(shop.by, queries.show_order(shop.by, FIRST).id)
    db.session.remove()
    page.clock.fast_forward(15 * 60_000)
    expect(page.get_by_text("The hold lapsed before anybody confirmed it.").first).to_be_visible()
    expect(page.get_by_label("Why", exact=True)).to_have_value("They fetch cash")


def test_what_is_refused_is_read_out_and_stays_typed(stranger: Visit, shop: Shop) -> None:
    page = signed_in(stranger, f"/orders/{FIRST}")
    open_step(page, "Note a payment")
    amount = page.get_by_label("Amount")
    amount.fill("9999")
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("is still due on this order.")
    expect(page.get_by_label("Amount")).to_have_value("9999")


def test_customers_are_found_as_one_types_and_merged(stranger: Visit, shop: Shop) -> None:
    page = signed_in(stranger, "/customers")
    page.get_by_label("Search customers by name, e-mail or phone").fill("5551234567")
    expect(page.get_by_role("table", name="Customers").get_by_role("link")).to_have_count(2)
    page.get_by_role("link", name="Jane Doe").click()
    page.get_by_role("link", name="J. Doe (customer 3)").click()
    expect(page.get_by_text("Company taken over:")).to_be_visible()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("J. Doe (customer 3) is part of this record now.")).to_be_visible()


def _fill(shop: Shop) -> list[str]:
    """Something on every page; their addresses."""
    service.save_rate(shop.by, Rate("Ground", None, 10_000_000, 995))
    customers.add_address(shop.by, 2, Address("1 Main St", "Tampa", "33601", "US", "FL", label="Head office"))
    service.set_customer_price(shop.by, 2, "CAB-1", 799)
    sent = service.place(shop.by, customer=shop.buyer.public_id, lines=[Wanted(unit="inv_2")], door="device_api")
    service.confirm(shop.by, sent.id)
    service.ship(shop.by, sent.id, carrier="UPS", tracking_number="1Z999")
    service.record_payment(shop.by, sent.id, amount=54_900, method="card", reference="ch_1")
    (line,) = service.worths(shop.by, sent.id)
    service.take_return(shop.by, sent.id, Back(line, 1, "repair", "Screen", 10_000, "card"))
    place = queries.show_order(shop.by, sent.code)
    db.session.remove()
    return [
        "/", "/orders", "/orders?q=nobody", f"/orders/{FIRST}", f"/orders/{sent.code}", "/customers", "/customers/2",
        "/customers/new", "/customers/2/edit", "/customers/2/merge", "/customers/2/merge?with=3", "/customers/2/prices",
        "/customers/duplicates", "/settings/shipping", f"/track/{sent.code}?key={place.tracking_token}",
    ]  # fmt: skip


def test_axe_finds_nothing_on_any_page_of_orders(stranger: Visit, shop: Shop) -> None:
    addresses = _fill(shop)
    page = signed_in(stranger, "/customers", for_axe=True)
    found: list[str] = []
    for address in addresses:
        page.goto(address)
        page.locator("main details:not(.menu)").evaluate_all("all => all.forEach((each) => { each.open = true })")
        found += [f"{address}: {fault}" for fault in faults(page)]
    assert found == []
