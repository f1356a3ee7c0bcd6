"""Pages of no domain: signing in, the overview, the search for everything, the API explorer."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.conftest import Merchants, World, sign_in, token_at

HTMX = {"HX-Request": "true"}


def try_to_sign_in(client: FlaskClient, **typed: str) -> tuple[int, str]:
    token = token_at(client)
    data = {"csrf_token": token, "login": "", "password": "", "business_code": "", "next": "", **typed}
    answer = client.post("/sign-in", data=data)
    return answer.status_code, unescape(answer.get_data(as_text=True))


def test_a_wrong_password_is_said_without_telling_what_was_wrong_and_keeps_the_name(
    client: FlaskClient, merchants: Merchants
) -> None:
    status, page = try_to_sign_in(client, login="alice", password="not this one")
    other_status, other_page = try_to_sign_in(client, login="nobody", password="not this one")
    assert status == other_status == 422
    assert 'value="alice"' in page
    assert "not this one" not in page
    said = [re.findall(r"<li>([^<]+)</li>", each) for each in (page, other_page)]
    assert said[0] == said[1] != []


def test_missing_fields_are_told_beside_them_and_in_the_summary(client: FlaskClient, merchants: Merchants) -> None:
    status, page = try_to_sign_in(client)
    assert status == 422
    assert page.count("Enter your password.") == 2
    assert 'href="#login"' in page


def test_the_business_code_and_the_way_back_come_from_the_address(client: FlaskClient) -> None:
    page = unescape(client.get("/sign-in?business=FIRST&next=/catalog/devices").get_data(as_text=True))
    assert re.search(r'name="business_code"[^>]*value="FIRST"', page)
    assert re.search(r'name="next"[^>]*value="/catalog/devices"', page)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, merchants: Merchants, target: str) -> None:
    token = token_at(client)
    data = {"csrf_token": token, "login": "alice", "password": "correct horse", "business_code": "", "next": target}
    assert client.post("/sign-in", data=data).headers["Location"] == "/"


def test_the_overview_says_how_much_there_is_and_what_to_do_next(world: World) -> None:
    page = unescape(world.person("admin").get("/").get_data(as_text=True))
    assert re.search(r'class="stat-value">[\d,]{5,}<', page)
    assert "Average quality" in page
    assert "Worth completing next" in page


def test_the_overview_of_an_empty_installation_says_where_to_begin(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice", "FIRST")
    assert "The catalogue is empty" in client.get("/").get_data(as_text=True)


def test_the_search_box_answers_a_page_or_options_for_the_palette(world: World) -> None:
    browser = world.person("viewer")
    page = browser.get("/search?q=iphone+16+pro").get_data(as_text=True)
    options = browser.get("/search?q=iphone+16+pro", headers=HTMX).get_data(as_text=True)
    assert "<html" in page
    assert 'role="option"' not in page.split('id="palette"', maxsplit=1)[0]
    assert "<html" not in options
    for html in (page, options):
        assert 'href="/catalog/devices/iphone-16-pro-max"' in html
    assert re.findall(r'role="group" aria-label="([^"]+)"', options)[0] == "Devices"


def test_the_search_box_finds_pages_by_name_and_says_when_nothing_fits(world: World) -> None:
    browser = world.person("viewer")
    assert 'href="/catalog/devices"' in browser.get("/search?q=catalo", headers=HTMX).get_data(as_text=True)
    assert "Nothing found" in browser.get("/search?q=qqqqqqqqq", headers=HTMX).get_data(as_text=True)
    assert "Nothing found" in browser.get("/search?q=qqqqqqqqq").get_data(as_text=True)


def test_what_is_typed_is_text_and_never_markup(world: World) -> None:
    browser = world.person("viewer")
    for headers in ({}, HTMX):
        page = browser.get("/search?q=<b>qqqqqq</b>", headers=headers).get_data(as_text=True)
        assert "<b>qqqqqq" not in page
        assert "&lt;b&gt;qqqqqq" in page


def test_the_explorer_is_looser_with_styles_on_its_own_page_alone(world: World) -> None:
    browser = world.person("viewer")
    explorer = browser.get("/api/docs").headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in explorer
    assert "script-src 'self';" in explorer
    assert "unsafe-inline" not in browser.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address",
    [
        "/sign-in",
        "/",
        "/search?q=galaxy",
        "/catalog/devices",
        "/catalog/devices/iphone-16-pro-max",
        "/catalog/compare",
        "/api/docs",
    ],
)
def test_no_page_has_script_or_style_of_its_own(world: World, address: str) -> None:
    browser = world.app.test_client() if address == "/sign-in" else world.person("admin")
    page = browser.get(address).get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
