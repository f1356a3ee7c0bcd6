"""Completing the catalogue in a browser: by keyboard, against another editor, without script, and for everyone."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboard.catalog import service
from dashboard.core.db import db
from tests.browser.conftest import TABLET, Visit, axe_finds, faults
from tests.catalog.factories import add_devices, add_price, columns_of, phone
from tests.conftest import PASSWORD, Merchants

pytestmark = pytest.mark.browser

GTIN = "0195949770272"
PAGES = ("/catalog/coverage", "/catalog/gaps", "/catalog/proposals", "/catalog/devices/phone-1/edit")


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The tests say what went wrong."""


@pytest.fixture
def address(app: Flask, merchants: Merchants) -> Iterator[str]:
    """A served catalogue of three phones that may be changed; phone-1 is the dearest."""
    made = add_devices(
        merchants.operator, *(phone(f"Phone {n}", f"phone-{n}", normalized={"ram_gb": 8.0}) for n in (1, 2, 3))
    )
    for device, amount in zip(made, (90_000, 60_000, 30_000), strict=True):
        add_price(merchants.operator, device["id"], amount)
    db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(address: str, chromium: Browser) -> Iterator[Visit]:
    """Somebody in front of that catalogue."""
    visit = Visit(address, chromium)
    yield visit
    visit.close()


def signed_in(page: Page, username: str = "operator", business_code: str = "") -> Page:
    """The same page after signing in."""
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill(business_code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def queue(visit: Visit) -> Page:
    """The operator's fill-gaps queue, its scripts running."""
    page = signed_in(visit.page())
    page.goto("/catalog/gaps", wait_until="load")
    return page


def cell(page: Page, field: str, row: int = 1) -> Locator:
    """The cell of `field` in a row of the queue, which are counted from 1."""
    return page.locator(f'#gaps tbody tr:nth-child({row}) td[data-field="{field}"]')


def test_cells_are_completed_by_keyboard_alone(visit: Visit, merchants: Merchants) -> None:
    page = queue(visit)
    cell(page, "gtin", 2).locator(".cell").focus()
    page.keyboard.press("ArrowUp")
    expect(cell(page, "gtin").locator(".cell")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page, "gtin").locator(".input")).to_be_focused()
    page.keyboard.type(GTIN)
    page.keyboard.press("Tab")
    expect(cell(page, "gtin")).to_contain_text(GTIN)
    expect(cell(page, "model_numbers").locator(".input")).to_be_focused()
    page.keyboard.type("A1, B2")
    page.keyboard.press("Enter")
    expect(cell(page, "model_numbers")).to_contain_text("A1, B2")
    expect(cell(page, "model_numbers").locator(".cell")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(page, "model_numbers", 2).locator(".cell")).to_be_focused()
    expect(page.locator("#score-phone-1")).to_contain_text("50")
    expect(page.locator("#missing-phone-1")).to_have_text("8")
    device = columns_of(merchants.operator, "phone-1")
    assert (device["gtin"], device["model_numbers"], device["quality_score"]) == (GTIN, ["A1", "B2"], 50)


def test_a_bad_cell_keeps_what_was_typed_and_escape_leaves_it(visit: Visit, merchants: Merchants) -> None:
    page = queue(visit)
    cell(page, "ram_gb").locator(".cell").focus()
    page.keyboard.press("Enter")
    expect(cell(page, "ram_gb").locator(".input")).to_have_value("8 GB")
    page.keyboard.type("lots")
    page.keyboard.press("Enter")
    expect(cell(page, "ram_gb").get_by_role("alert")).to_contain_text("cannot be read as RAM")
    expect(cell(page, "ram_gb").locator(".input")).to_have_value("lots")
    expect(cell(page, "ram_gb").locator(".input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(cell(page, "ram_gb").locator(".cell")).to_be_focused()
    expect(cell(page, "ram_gb")).to_contain_text("8 GB")
    assert columns_of(merchants.operator, "phone-1")["ram_gb"] == 8.0


def test_what_is_typed_before_the_form_is_there_is_not_lost(visit: Visit, merchants: Merchants) -> None:
    page = queue(visit)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/fields/ram_gb", hold, times=1)
    cell(page, "ram_gb").locator(".cell").focus()
    with page.expect_request("**/fields/ram_gb"):
        page.keyboard.type("12 GBB")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    held[0].continue_()
    expect(cell(page, "ram_gb").locator(".cell")).to_contain_text("12 GB")
    assert columns_of(merchants.operator, "phone-1")["ram_gb"] == 12.0


def test_another_edit_is_shown_beside_what_was_typed(visit: Visit, merchants: Merchants) -> None:
    page = queue(visit)
    cell(page, "ram_gb").locator(".cell").click()
    expect(cell(page, "ram_gb").locator(".input")).to_be_focused()
    service.edit_device(merchants.operator, "phone-1", {"ram_gb": "12 GB"})
    page.keyboard.type("16 GB")
    page.keyboard.press("Enter")
    expect(cell(page, "ram_gb").get_by_role("alert")).to_contain_text("Otto changed this to “12 GB”")
    expect(cell(page, "ram_gb").locator(".input")).to_have_value("16 GB")
    expect(cell(page, "ram_gb").locator(".input")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page, "ram_gb").locator(".cell")).to_contain_text("16 GB")
    db.session.remove()
    assert columns_of(merchants.operator, "phone-1")["ram_gb"] == 16.0


def test_a_column_of_a_spreadsheet_is_pasted_and_each_bad_cell_says_why(visit: Visit, merchants: Merchants) -> None:
    page = queue(visit)
    cell(page, "gtin").locator(".cell").focus()
    page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const pasted = new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true});
          document.activeElement.dispatchEvent(pasted);
        }""",
        f"{GTIN}\tA1\n123\tB2\n\tC3\n",
    )
    expect(page.locator("#toasts")).to_contain_text("5 cells saved, 1 not")
    expect(cell(page, "gtin", 2).get_by_role("alert")).to_contain_text("“123” is no GTIN")
    expect(cell(page, "gtin", 2).locator(".input")).to_have_value("123")
    db.session.remove()
    made = [columns_of(merchants.operator, f"phone-{n}") for n in (1, 2, 3)]
    assert [(each["gtin"], each["model_numbers"]) for each in made] == [(GTIN, ["A1"]), (None, ["B2"]), (None, ["C3"])]


def test_without_script_a_cell_leads_to_the_form_and_the_form_saves(visit: Visit, merchants: Merchants) -> None:
    page = signed_in(visit.page(script=False))
    page.goto("/catalog/gaps")
    cell(page, "gtin").get_by_role("link").click()
    page.wait_for_url("**/catalog/devices/phone-1/edit#gtin")
    page.get_by_label("GTIN").fill("123")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("“123” is no GTIN")
    page.get_by_label("GTIN").fill(GTIN)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved GTIN.")).to_be_visible()
    db.session.remove()
    assert columns_of(merchants.operator, "phone-1")["gtin"] == GTIN


def test_suggestions_are_made_and_answered_by_keyboard(visit: Visit, merchants: Merchants) -> None:
    page = signed_in(visit.page(), "alice", "FIRST")
    page.goto("/catalog/devices/phone-1/edit?field=gtin")
    expect(page.get_by_label("What is wrong or missing")).to_have_value("gtin")
    page.get_by_label("What it should say").fill(GTIN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="GTIN of Phone 1")).to_contain_text("Waiting")
    service.propose_edit(merchants.alice, "phone-2", "os", "Android 15")
    page = signed_in(visit.page())
    page.goto("/catalog/proposals")
    page.get_by_label("Answer to Alice, First Inc. on GTIN of Phone 1").focus()
    page.keyboard.type("Thank you")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Accept").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="GTIN of Phone 1")).to_contain_text("Accepted")
    expect(page.get_by_role("link", name="Phone 1")).to_be_focused()
    page.get_by_label("Answer to Alice, First Inc. on Operating system of Phone 2").press("Enter")
    expect(page.get_by_role("article", name="Operating system of Phone 2")).to_contain_text("Declined")
    db.session.remove()
    assert columns_of(merchants.operator, "phone-1")["gtin"] == GTIN
    assert columns_of(merchants.operator, "phone-2")["os"] is None


def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(visit: Visit, merchants: Merchants) -> None:
    service.propose_edit(merchants.alice, "phone-1", "os", "Android 15", "The box says so, in small print. " * 6)
    for who, business_code, pages in (
        ("operator", "", PAGES),
        ("alice", "FIRST", ("/catalog/gaps", "/catalog/devices/phone-1/edit", "/catalog/proposals/mine")),
    ):
        page = signed_in(visit.page(for_axe=True), who, business_code)
        for path in pages:
            page.goto(path, wait_until="load")
            assert faults(page) == [], path
            if path == PAGES[3] and who == "operator":
                page.get_by_label("GTIN").fill("123")
                page.get_by_role("button", name="Save").click()
                expect(page.get_by_role("alert")).to_be_visible()
                assert faults(page) == [], "errors"


def test_axe_finds_nothing_in_a_cell_that_is_edited_and_refused(visit: Visit) -> None:
    page = signed_in(visit.page(for_axe=True))
    page.goto("/catalog/gaps", wait_until="load")
    cell(page, "gtin").locator(".cell").click()
    expect(cell(page, "gtin").locator(".input")).to_be_focused()
    assert axe_finds(page) == []
    page.keyboard.type("123")
    page.keyboard.press("Enter")
    expect(cell(page, "gtin").get_by_role("alert")).to_be_visible()
    assert axe_finds(page) == []


def test_the_first_column_stays_and_every_cell_form_is_seen_whole(visit: Visit) -> None:
    page = signed_in(visit.page(TABLET))
    page.goto("/catalog/gaps", wait_until="load")
    table = page.locator(".table-box")
    name = page.locator("#gaps tbody tr:first-child .name")
    box, before, width = table.bounding_box(), name.bounding_box(), table.evaluate("box => box.scrollWidth")
    assert box
    assert before
    cells = page.locator("#gaps tbody tr:first-child td[data-edit-url]").all()
    for each in cells:
        each.locator(".cell").click()
        expect(each.locator(".cell-form .input")).to_be_focused()
        form = each.locator(".cell-form").bounding_box()
        assert form
        assert box["x"] + before["width"] <= form["x"]
        assert form["x"] + form["width"] <= box["x"] + box["width"]
        assert table.evaluate("box => box.scrollWidth") == width
        page.keyboard.press("Escape")
        assert name.bounding_box() == before
    for each in cells[-2::-1]:
        page.keyboard.press("ArrowLeft")
        expect(each.locator(".cell")).to_be_focused()
        at = each.bounding_box()
        assert at
        assert box["x"] + before["width"] <= at["x"] + 1
