"""The stockroom in a browser: receiving and counting by keyboard alone, without script, and for everyone."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from dashboard.core.db import db
from dashboard.inventory.queries.stock import show_stocked
from dashboard.inventory.service import purchasing, stocktake, transfers
from dashboard.inventory.service.products import change_product
from dashboard.inventory.service.purchasing import Bought
from dashboard.inventory.service.suppliers import SupplierFacts, create_supplier
from dashboard.inventory.service.transfers import Sent
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants
from tests.inventory.shop import Shop, imei, open_shop

pytestmark = pytest.mark.browser

PAGES = (
    "/products", "/products/new?kind=serialised", "/products/2", "/products/2/edit", "/products/categories",
    "/products/sku-template", "/stock", "/stock/2/adjust", "/places", "/places/new", "/suppliers", "/suppliers/1",
    "/purchase-orders", "/purchase-orders/new", "/purchase-orders/1", "/purchase-orders/1/print",
    "/purchase-orders/1/receive", "/transfers", "/transfers/new", "/transfers/1", "/transfers/1/receive",
    "/transfers/1/close", "/stocktakes", "/stocktakes/new", "/stocktakes/1", "/stocktakes/1?units=unknown",
    "/stocktakes/1/count",
)  # fmt: skip


@pytest.fixture
def shop(app: Flask, merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 10)
    shop.add_pieces(shop.cable, 20)
    shop.add_units(2)
    change_product(shop.by, shop.part.id, {"barcode": "4006381333931", "min_stock": 11})
    create_supplier(shop.by, SupplierFacts("Acme Parts", "sales@acme.example", "+1 555 0100"))
    lines = [Bought(shop.part.number, 3, 90_000), Bought(shop.cable.number, 5)]
    purchasing.create_purchase_order(shop.by, 1, lines, status="ordered", notes="Ring twice.")
    db.session.remove()
    return shop


def signed_in(visit: Visit, *, script: bool = True, for_axe: bool = False) -> Page:
    page = visit.page(script=script, for_axe=for_axe)
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def scan(page: Page, text: str) -> None:
    """What a scanner does: types quickly, and presses Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def on_hand(shop: Shop, number: int) -> int:
    db.session.remove()
    return show_stocked(shop.by, number).on_hand


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_an_order_is_received_by_scanner_and_keyboard(stranger: Visit, shop: Shop, script: bool) -> None:
    page = signed_in(stranger, script=script)
    page.goto("/purchase-orders/1/receive")
    box = page.get_by_label("Scan", exact=True)
    for count in (1, 2):
        expect(box).to_be_focused()
        scan(page, "4006381333931")
        expect(page.get_by_role("status").get_by_text(f"{count} of GPU-1.")).to_be_visible()
    expect(box).to_be_focused()
    scan(page, "NOT-OURS")
    expect(page.locator("main").get_by_text("is not on this order").first).to_be_visible()
    pieces = page.get_by_label("Pieces of CAB-1 that came")
    expect(page.get_by_label("Pieces of GPU-1 that came")).to_have_value("2")
    box.fill("")
    pieces.focus()
    page.keyboard.type("5")
    receive = page.get_by_role("button", name="Receive", exact=True)
    while not receive.evaluate("(button) => button === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/purchase-orders/1")
    expect(page.get_by_text("Partly received").first).to_be_visible()
    assert (on_hand(shop, shop.part.number), on_hand(shop, shop.cable.number)) == (12, 25)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_place_is_counted_by_keyboard_and_the_box_keeps_the_focus(stranger: Visit, shop: Shop, script: bool) -> None:
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    db.session.remove()
    page = signed_in(stranger, script=script)
    page.goto(f"/stocktakes/{take.id}/count")
    box = page.get_by_label("Barcode, SKU, IMEI")
    for count in (1, 2, 3):
        expect(box).to_be_focused()
        scan(page, "gpu-1")
        expect(page.get_by_text(f"{count} counted of gpu-1.")).to_be_visible()
    expect(box).to_be_focused()
    scan(page, "WRONG")
    expect(page.get_by_text("Nothing here has the barcode, SKU").first).to_be_visible()
    expect(box).to_have_value("" if script else "WRONG")
    expect(box).to_be_focused()
    page.keyboard.press("Control+a")
    scan(page, "2*cab-1")
    expect(page.get_by_text("2 counted of cab-1.")).to_be_visible()
    expect(box).to_be_focused()
    scan(page, "-1*cab-1")
    expect(page.get_by_text("1 counted of cab-1.")).to_be_visible()
    page.get_by_role("link", name="Review").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("−7")).to_be_visible()
    page.get_by_role("button", name="Post").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Posted. 2 products differ.")).to_be_visible()
    assert (on_hand(shop, shop.part.number), on_hand(shop, shop.cable.number)) == (3, 1)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_units_are_counted_by_scanner_alone_and_the_books_follow(stranger: Visit, shop: Shop, script: bool) -> None:
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    db.session.remove()
    page = signed_in(stranger, script=script)
    page.goto(f"/stocktakes/{take.id}/count")
    box = page.get_by_label("Barcode, SKU, IMEI")
    for number, sentence in (
        (imei(1), f"{imei(1)} is here."),
        (imei(1), f"{imei(1)} was scanned already."),
        (imei(900), f"{imei(900)} is not in the books."),
        (f"-1*{imei(900)}", f"The scan of {imei(900)} is taken back."),
        (imei(901), f"{imei(901)} is not in the books."),
    ):
        expect(box).to_be_focused()
        scan(page, number)
        expect(page.get_by_text(sentence).first).to_be_visible()
    expect(page.get_by_text("1 of 2 units found")).to_be_visible()
    scan(page, "C02XL0ABJGH5")
    page.get_by_role("button", name="List it as a unit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("C02XL0ABJGH5 is not in the books.").first).to_be_visible()
    page.get_by_role("link", name="Review").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Missing 1")).to_be_visible()
    expect(page.get_by_role("link", name=imei(2))).to_be_visible()
    expect(page.get_by_label("Set units aside")).to_be_checked()
    page.get_by_role("button", name="Post").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 set aside as missing, 2 listed to be taken in.")).to_be_visible()
    page.get_by_role("link", name="Listed to be taken in").click()
    page.get_by_role("link", name="Open the manifest").click()
    expect(page.get_by_text(imei(901)).first).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_part_of_a_transfer_is_taken_in_by_keyboard(stranger: Visit, shop: Shop, script: bool) -> None:
    sent = [Sent(shop.part.id, 4), Sent(unit_id=shop.units["inv_1"]), Sent(unit_id=shop.units["inv_2"])]
    made = transfers.send(shop.by, shop.place.id, shop.other_place.id, sent)
    db.session.remove()
    page = signed_in(stranger, script=script)
    page.goto(f"/transfers/{made.id}/receive")
    box = page.get_by_label("Scan", exact=True)
    for number, sentence in (("4006381333931", "1 of GPU-1."), ("gpu-1", "2 of GPU-1."), (imei(1), "is here.")):
        expect(box).to_be_focused()
        scan(page, number)
        expect(page.get_by_role("status").get_by_text(sentence)).to_be_visible()
    expect(box).to_be_focused()
    scan(page, imei(1))
    expect(page.get_by_text("are counted already").first).to_be_visible()
    box.fill("")
    expect(page.get_by_label(f"{imei(1)} came")).to_be_checked()
    page.get_by_role("button", name="Take in").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/transfers/{made.id}")
    expect(page.get_by_text("Partly arrived").first).to_be_visible()
    page.get_by_role("link", name="It will not come").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Note").fill("claim 17")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/transfers/{made.id}")
    expect(page.get_by_text("claim 17").first).to_be_visible()
    assert on_hand(shop, shop.part.number) == 8


def test_scans_that_come_faster_than_answers_are_all_counted(stranger: Visit, shop: Shop) -> None:
    take = stocktake.start_stocktake(shop.by, shop.place.id)
    db.session.remove()
    page = signed_in(stranger)
    page.goto(f"/stocktakes/{take.id}/count", wait_until="load")
    for _ in range(6):
        scan(page, "gpu-1")
    expect(page.get_by_text("6 counted of gpu-1.")).to_be_visible()


def test_a_price_is_edited_in_the_list_by_keyboard(stranger: Visit, shop: Shop) -> None:
    page = signed_in(stranger)
    page.goto("/products", wait_until="load")
    cell = page.locator('#products tr:has-text("GPU-1") td[data-field="price"]')
    cell.locator(".cell").focus()
    page.keyboard.press("Enter")
    expect(cell.locator(".input")).to_be_focused()
    scan(page, "1,650")
    expect(cell).to_contain_text("$1,650.00")
    db.session.remove()
    assert show_stocked(shop.by, shop.part.number).product.price == 165_000


def test_axe_finds_nothing_on_any_page_of_the_stockroom(stranger: Visit, shop: Shop) -> None:
    stocktake.start_stocktake(shop.by, shop.place.id)
    stocktake.count_pieces(shop.by, 1, "GPU-1", 9)
    stocktake.scan(shop.by, 1, imei(1))
    stocktake.scan(shop.by, 1, imei(900))
    transfers.send(
        shop.by, shop.place.id, shop.other_place.id, [Sent(shop.cable.id, 2), Sent(unit_id=shop.units["inv_1"])]
    )
    db.session.remove()
    page = signed_in(stranger, for_axe=True)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(path, wait_until="load")
        if wrong := faults(page):
            found[path] = wrong
    assert found == {}
