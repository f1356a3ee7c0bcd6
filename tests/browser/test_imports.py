"""Importing a file in a browser: from upload to report, with and without script, and for everyone."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboard.core import jobs
from dashboard.core.db import db
from tests.browser.conftest import Visit, faults
from tests.conftest import PASSWORD, Merchants

pytestmark = pytest.mark.browser

ROWS = "".join(f"Acme,Acme {number},{4 + number % 4} GB,{number} mAh\n" for number in range(1, 121))
FILE = {"name": "phones.csv", "mimeType": "text/csv", "buffer": f"make,name,RAM,Battery\n{ROWS},,,\nAcme,,,\n".encode()}


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The tests say what went wrong."""


@pytest.fixture
def visit(app: Flask, merchants: Merchants, chromium: Browser) -> Iterator[Visit]:
    """The operator's browsers, on an empty catalogue that may be changed."""
    db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    visit = Visit(f"http://127.0.0.1:{server.server_port}", chromium)
    yield visit
    visit.close()
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in(page: Page, username: str = "operator") -> Page:
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def upload(page: Page, file: dict[str, object] | str = "") -> None:
    page.goto("/catalog/imports/new")
    page.get_by_label("File", exact=True).set_input_files(file or FILE)  # pyright: ignore[reportArgumentType]
    page.get_by_role("button", name="Upload and map columns").click()


def work_off() -> None:
    """Do what the pages have promised, as the worker would."""
    db.session.rollback()
    jobs.run_due()
    db.session.remove()


@pytest.mark.parametrize("script", [True, False])
def test_a_file_is_tried_and_then_imported(visit: Visit, script: bool) -> None:
    page = sign_in(visit.page(script=script))
    upload(page)
    expect(page.get_by_label("name becomes")).to_have_value("name")
    page.get_by_label("Source", exact=True).fill("A list")
    page.get_by_role("button", name="Try it without writing").click()
    expect(page.get_by_text("Waiting").first).to_be_visible()
    work_off()
    if not script:
        page.reload()
    expect(page.get_by_text("Nothing has changed yet")).to_be_visible()
    page.get_by_role("button", name="Import it now").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    work_off()
    if not script:
        page.reload()
    expect(page.get_by_text("devices that were not known")).to_be_visible()
    expect(page.locator(".stat", has_text="Added").locator(".stat-value")).to_have_text("120")
    page.goto("/catalog/devices?q=acme+77")
    expect(page.get_by_role("link", name="Acme 77").first).to_be_visible()


def test_the_report_loads_more_and_can_be_taken_along(visit: Visit, tmp_path: Path) -> None:
    page = sign_in(visit.page())
    lines = "".join(f"Acme,Acme {number},0 GB\n" for number in range(120))
    upload(page, {**FILE, "buffer": f"make,name,RAM\n{lines}".encode()})
    page.get_by_label("Source", exact=True).fill("A list")
    page.get_by_role("button", name="Import 120 rows").click()
    work_off()
    rows = page.locator("table", has_text="Why it was left out").locator("tbody tr:not([data-more])")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Load more").click()
    expect(rows).to_have_count(100)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    download.value.save_as(tmp_path / "report.csv")
    assert len((tmp_path / "report.csv").read_text(encoding="utf-8-sig").splitlines()) == 1 + page_notes(page)


def page_notes(page: Page) -> int:
    text = page.get_by_role("heading", name="notes, row by row").inner_text()
    return int(text.split(" ")[0].replace(",", ""))


def test_a_refused_file_says_why_beside_the_field(visit: Visit) -> None:
    page = sign_in(visit.page())
    upload(page, {**FILE, "buffer": b"name,name\na,b\n"})
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("appears twice in the header")


def test_axe_has_nothing_against_the_import_pages(visit: Visit) -> None:
    page = sign_in(visit.page(for_axe=True))
    page.goto("/catalog/imports")
    found = faults(page)
    upload(page)
    page.wait_for_url("**/mapping")
    found += faults(page)
    page.get_by_label("Source", exact=True).fill("A list")
    page.get_by_role("button", name="Import 121 rows").click()
    page.get_by_role("button", name="Cancel").wait_for()
    found += faults(page)
    work_off()
    page.get_by_text("Rows read").wait_for()
    found += faults(page)
    for choice in ("All", "Refused rows"):
        page.get_by_role("link", name=choice, exact=True).click()
        page.get_by_role("heading", name="Report of").wait_for()
        found += faults(page)
    page.goto("/catalog/imports")
    assert found + faults(page) == []


@pytest.mark.parametrize("who", ["operator", "alice"])
def test_axe_has_nothing_against_a_catalogue_without_devices(visit: Visit, who: str) -> None:
    page = sign_in(visit.page(for_axe=True), who)
    for path in ("", "catalog/devices", "catalog/compare", "catalog/coverage", "catalog/gaps"):
        page.goto(f"/{path}")
        expect(page.locator(".empty h2")).to_have_count(1)
        assert faults(page) == [], path
        expect(page.locator("main").get_by_role("link", name="Import a file")).to_have_count(
            int(who == "operator" and path != "catalog/compare")
        )
