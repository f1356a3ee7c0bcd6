"""Units in a browser: taking in by scanner, editing in the grid, changing many; without script, and for everyone."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from dashboard.core.db import db, reads
from dashboard.inventory.models import Unit
from dashboard.inventory.queries import UnitFilter, show_unit
from dashboard.inventory.service import bulk_lists, manifests, photos, quarantine
from dashboard.inventory.service.bulk import Wanted
from dashboard.inventory.service.claims import Holder, Pieces, take
from dashboard.inventory.service.unit_files import pasted_rows
from dashboard.inventory.service.unit_import import keep_upload
from tests.browser.conftest import Visit, faults, serving
from tests.conftest import PASSWORD, Merchants
from tests.inventory.pictures import png
from tests.inventory.shop import Shop, imei, open_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


@pytest.fixture
def visit(app: Flask, shop: Shop, chromium: Browser) -> Iterator[Visit]:
    """Somebody in front of alice's shop."""
    db.session.remove()
    with serving(app) as address:
        visit = Visit(address, chromium)
        yield visit
        visit.close()


def signed_in(page: Page) -> Page:
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def count(shop: Shop) -> int:
    reads(shop.by).close()
    return reads(shop.by).scalar(select(func.count()).select_from(Unit).where(Unit.gone_at.is_(None))) or 0


def price(shop: Shop, unit: str) -> int:
    reads(shop.by).close()
    return show_unit(shop.by, unit).price


def test_five_units_are_scanned_in_by_keyboard_alone_and_the_last_is_undone(visit: Visit, shop: Shop) -> None:
    page = signed_in(visit.page())
    page.goto("/inventory/intake")
    box = page.get_by_label("IMEI, serial number, SKU, model number or place")
    expect(box).to_be_focused()
    page.keyboard.type("APP-IP14P-256-A\n")
    expect(page.get_by_label("Model", exact=True)).to_have_value("iPhone 14 Pro")
    for n in range(5):  # as fast as a scanner types: no answer is waited for
        page.keyboard.type(f"{imei(n)}\n")
    rows = page.locator("#taken tbody tr")
    expect(rows).to_have_count(5)
    expect(page.locator("#said")).to_have_attribute("data-tone", "good")
    page.keyboard.type(f"{imei(2)}\n")
    expect(page.locator("#said")).to_have_attribute("data-tone", "bad")
    expect(page.locator("#said")).to_contain_text("already")
    expect(box).to_be_focused()
    assert count(shop) == 5
    expect(box).to_have_value(imei(2))
    expect(box).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("APP-IP14P-256-A\n")  # the refused one is selected: what comes next takes its place
    expect(page.locator("#said")).to_contain_text("Set up")
    expect(box).to_have_value("")
    page.get_by_role("button", name=f"Undo {imei(4)}").press("Enter")
    expect(rows).to_have_count(4)
    expect(box).to_be_focused()
    assert count(shop) == 4


def test_a_scan_neither_loads_the_page_anew_nor_takes_what_is_typed_meanwhile(visit: Visit, shop: Shop) -> None:
    page = signed_in(visit.page())
    page.goto("/inventory/intake", wait_until="load")
    page.evaluate("""() => { window.first = true; window.spoken = [];
      const said = document.getElementById("said");
      new MutationObserver(() => window.spoken.push(said.textContent.trim())).observe(said, { childList: true }); }""")
    page.keyboard.type("APP-IP14P-256-A\n")
    expect(page.get_by_label("Model", exact=True)).to_have_value("iPhone 14 Pro")
    with page.expect_response("**/inventory/intake"):
        page.keyboard.type(f"{imei(1)}\n")
        page.get_by_label("Colour").fill("Gold")
    first = page.locator("#taken tbody tr").filter(has_text=imei(1))
    expect(first).to_have_count(1)
    expect(page.get_by_label("Colour")).to_have_value("Gold")
    page.get_by_label("IMEI, serial number, SKU, model number or place").fill(imei(2))
    page.keyboard.press("Enter")
    expect(page.locator("#taken tbody tr")).to_have_count(2)
    assert page.evaluate("window.first")
    assert page.evaluate("window.spoken")[-1] == f"{imei(2)} is taken in."


def test_scans_wait_their_turn_and_outlast_a_lost_connection(visit: Visit, shop: Shop) -> None:
    page = signed_in(visit.page())
    page.goto("/inventory/intake", wait_until="load")
    page.keyboard.type("APP-IP14P-256-A\n")
    expect(page.locator("#said")).to_contain_text("Set up")
    held: list[Route] = []
    page.route("**/inventory/intake", lambda route: held.append(route))  # noqa: PLW0108 - it marks what it is given
    with page.expect_request("**/inventory/intake"):
        page.keyboard.type(f"{imei(1)}\n")
    page.keyboard.type(f"{imei(2)}\n")
    page.keyboard.type(f"{imei(3)}\n")
    expect(page.get_by_label("IMEI, serial number, SKU, model number or place")).to_have_value("")
    assert len(held) == 1  # the others wait for its answer
    held[0].abort()
    expect(page.get_by_text("3 not sent")).to_be_visible()
    assert count(shop) == 0
    page.unroute("**/inventory/intake")
    page.keyboard.press("Enter")
    expect(page.locator("#taken tbody tr")).to_have_count(3)
    assert count(shop) == 3


def test_a_cell_is_edited_and_many_units_are_changed_and_changed_back(visit: Visit, shop: Shop) -> None:
    shop.add_units(3)
    db.session.remove()
    page = signed_in(visit.page())
    page.goto("/inventory", wait_until="load")
    cell = page.locator('#units tbody tr:nth-child(1) td[data-field="price"]')
    cell.locator(".cell").focus()
    page.keyboard.press("Enter")
    expect(cell.locator(".input")).to_have_value("549.00")
    page.keyboard.type("512.50")
    page.keyboard.press("Enter")
    expect(cell).to_contain_text("$512.50")
    expect(cell.locator(".cell")).to_be_focused()
    assert price(shop, "inv_3") == 51_250
    page.get_by_label("Select all rows shown").check()
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_label("Or up and down by").fill("-10")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("table")).to_contain_text("$512.50 → $461.25")
    assert price(shop, "inv_3") == 51_250
    page.get_by_role("button", name="Change 3 units").click()
    expect(page.locator("#units tbody tr").first).to_contain_text("$461.25")
    page.get_by_role("button", name="Undo it").click()
    expect(page.locator("#units tbody tr").first).to_contain_text("$512.50")
    assert price(shop, "inv_1") == 54_900


def test_a_row_copied_from_a_spreadsheet_is_pasted_over_cells(visit: Visit, shop: Shop) -> None:
    shop.add_units(2)
    db.session.remove()
    page = signed_in(visit.page())
    page.goto("/inventory", wait_until="load")
    first = page.locator('#units tbody tr:nth-child(1) td[data-field="price"] .cell')
    first.focus()
    first.evaluate(
        """(cell) => {
          const data = new DataTransfer();
          data.setData("text/plain", "100.00\\n200.00\\n");
          cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator('#units tbody tr:nth-child(2) td[data-field="price"]')).to_contain_text("$200.00")
    assert (price(shop, "inv_2"), price(shop, "inv_1")) == (10_000, 20_000)


def test_without_script_units_are_taken_in_and_corrected_as_well(visit: Visit, shop: Shop) -> None:
    page = signed_in(visit.page(script=False))
    page.goto("/inventory/intake")
    box = page.get_by_label("IMEI, serial number, SKU, model number or place")
    for text in ("APP-IP14P-256-A", imei(1), imei(2)):
        box.fill(text)
        box.press("Enter")
    expect(page.locator("#taken tbody tr")).to_have_count(2)
    page.goto("/inventory")
    page.locator('#units tbody tr:nth-child(1) td[data-field="price"] .cell').click()
    page.get_by_label("Price").fill("123.00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("$123.00")


def test_axe_finds_nothing_on_any_page_of_units(visit: Visit, shop: Shop) -> None:
    shop.add_units(3)
    manifest = manifests.open_manifest(shop.by, "Delivery 7", "main")
    rows = pasted_rows(f"{imei(10)},APP-IP14P-256-A\n1234")
    upload = keep_upload(shop.by, rows, filename="list", location_id=shop.place.id, manifest_id=manifest.id)
    manifests.scan(shop.by, manifest.id, imei(11))
    photos.add_photos(shop.by, "inv_1", [("front.png", png(40, 30)), ("back.png", png(30, 40))])
    quarantine.quarantine(shop.by, ["inv_2"], "repair", "cracked")
    shop.add_pieces(shop.part, 3)
    take(shop.by, Holder("repair", 1), pieces=[Pieces(shop.part.id, 2)], until=None)
    change = bulk_lists.change_list(shop.by, UnitFilter(), Wanted(grade="C"), seen=3)
    numbers = (manifest.id, upload.id, change.id)
    db.session.remove()
    page = signed_in(visit.page(for_axe=True))
    for path in (
        "/inventory", "/inventory?status=held&grade=A&grade=B", "/inventory/units/inv_1", "/inventory/units/inv_1/edit",
        "/inventory/units/inv_1/checks", "/inventory/intake?model=Pixel&grade=A", "/inventory/manifests",
        "/inventory/manifests/new", f"/inventory/manifests/{numbers[0]}", f"/inventory/imports/{numbers[1]}",
        "/inventory/import", "/inventory/grades", "/inventory/labels", "/inventory/units/inv_2", "/inventory/set-aside",
        "/inventory/bulk/list?grade=A", f"/inventory/bulk/{numbers[2]}",
    ):  # fmt: skip
        page.goto(path)
        assert faults(page) == [], path
