"""What all pages share: page or fragment, where to go after a form, the search box, the shell."""

import re

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from wtforms import StringField

from dashboard.core.context import NOBODY
from dashboard.core.errors import FieldError, Invalid
from dashboard.web.forms import Form
from dashboard.web.pages import is_fragment_request, navigation, person, see_other
from dashboard.web.registry import Tile, registry_of
from dashboard.web.shell import find_everywhere
from tests.conftest import Merchants, World, sign_in

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        (HTMX, True),
        ({**HTMX, "HX-Boosted": "true"}, False),
        ({**HTMX, "HX-History-Restore-Request": "true"}, False),
        ({"HX-Request": "false"}, False),
    ],
)
def test_a_fragment_is_asked_for_by_htmx_alone(app: Flask, headers: dict[str, str], *, fragment: bool) -> None:
    with app.test_request_context(headers=headers):
        assert is_fragment_request() is fragment


def test_after_a_form_a_browser_is_redirected_and_htmx_told(app: Flask) -> None:
    with app.test_request_context():
        answer = see_other("/there")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/there")
    with app.test_request_context(headers=HTMX):
        answer = see_other("/there")
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/there")


def test_page_and_fragment_are_answers_of_one_address_that_caches_tell_apart(
    client: FlaskClient, merchants: Merchants
) -> None:
    sign_in(client, "alice", "FIRST")
    page, fragment = client.get("/search?q=over"), client.get("/search?q=over", headers=HTMX)
    assert "HX-Request" in page.headers["Vary"]
    assert "HX-Request" in fragment.headers["Vary"]
    assert "<html" in page.get_data(as_text=True)
    assert "<html" not in fragment.get_data(as_text=True)
    assert "Overview" in fragment.get_data(as_text=True)


def test_the_sidebar_shows_what_a_person_may_open_and_nothing_else(app: Flask, merchants: Merchants) -> None:
    items = registry_of(app).navigation
    with app.test_request_context("/"):
        for by in (merchants.alice, merchants.bob, merchants.operator, NOBODY):
            shown = {entry["endpoint"] for group in navigation(by) for entry in group["items"]}
            assert shown == {item.endpoint for item in items if by.may(item.needs)}


def test_the_entry_of_the_present_page_is_marked(app: Flask, merchants: Merchants) -> None:
    with app.test_request_context("/"):
        active = [
            entry["endpoint"] for group in navigation(merchants.alice) for entry in group["items"] if entry["active"]
        ]
    assert active == ["shell.overview"]


def test_a_person_is_shown_with_initials_and_business(merchants: Merchants) -> None:
    shown = person(merchants.alice)
    assert shown is not None
    assert (shown["name"], shown["initials"], shown["tenant"]) == ("Alice", "A", "First Inc.")
    assert person(NOBODY) is None


@pytest.mark.parametrize("typed", ["", "a", " ", "x" * 10_000, "<script>", "'; DROP TABLE device; --", "😀", "\u202e"])
def test_the_search_box_takes_anything(client: FlaskClient, merchants: Merchants, typed: str) -> None:
    sign_in(client, "alice", "FIRST")
    answer = client.get("/search", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script>" not in answer.get_data(as_text=True).replace('<script src="', "")


def test_a_nul_in_an_address_is_refused_before_anything_is_asked(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice", "FIRST")
    for path in ("/search?q=a%00", "/search?%00=a", "/catalog/devices/a%00b", "/sign-in?next=%00"):
        assert client.get(path).status_code == 400, path


@pytest.mark.parametrize("number", ["9" * 19, "9" * 400, "-1", "0x1", "1.0", "٣"])
def test_a_number_in_an_address_that_no_row_can_have_is_nowhere(world: World, number: str) -> None:
    assert world.operator().get(f"/catalog/imports/{number}").status_code == 404


def test_the_search_box_finds_a_device_and_a_page(world: World) -> None:
    client = world.person("viewer")
    assert "/catalog/devices/iphone-16-pro-max" in client.get("/search?q=iphone+16+pro").get_data(as_text=True)
    assert "Overview" in client.get("/search?q=overv").get_data(as_text=True)


def test_the_search_box_offers_no_page_that_a_person_may_not_open(app: Flask, merchants: Merchants) -> None:
    with app.test_request_context("/search"):
        g.by = merchants.bob
        pages = {hit.title for hit in find_everywhere(merchants.bob, "i") if hit.kind == "Pages"}
    forbidden = {item.label for item in registry_of(app).navigation if not merchants.bob.may(item.needs)}
    assert forbidden
    assert not pages & forbidden


def test_the_overview_shows_the_tiles_a_person_may_see_and_loads_no_other(
    app: Flask, client: FlaskClient, merchants: Merchants
) -> None:
    loaded: list[str] = []

    def load(_: object) -> dict[str, object]:
        loaded.append("loaded")
        return {}

    tiles = registry_of(app).tiles
    tiles.append(Tile("nowhere.html", "payments:charge", load))
    try:
        sign_in(client, "bob", "FIRST")
        answer = client.get("/")
    finally:
        tiles.pop()
    assert answer.status_code == 200
    assert loaded == []


def test_every_page_has_one_heading_a_language_and_no_code_of_its_own(world: World) -> None:
    client = world.person("viewer")
    for path in ("/", "/search?q=iphone", "/catalog/devices", "/catalog/coverage"):
        text = client.get(path).get_data(as_text=True)
        assert len(re.findall(r"<h1\b", text)) == 1, path
        assert '<html lang="en"' in text
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), path
        assert not re.search(r"\son[a-z]+=", text), path
        assert not re.search(r"\sstyle=", text), path


class NameForm(Form):
    """A form of one field; services also refuse what it has no field for."""

    name = StringField("Name")


def test_every_refusal_of_a_field_stands_beside_it(app: Flask) -> None:
    wrong = (
        FieldError("name", "Too long."),
        FieldError("imei", "15 digits."),
        FieldError("name", "Not in Latin."),
        FieldError("imei", "Of digits alone."),
    )
    with app.test_request_context("/", method="POST"):
        form = NameForm(meta={"csrf": False})
        form.refuse(Invalid("Several are wrong.", fields=wrong))
        form.refuse(Invalid.field("name", "Taken."))
        assert list(form.name.errors) == ["Too long.", "Not in Latin.", "Taken."]
        assert list(form.form_errors) == ["15 digits.", "Of digits alone."]


def test_a_services_refusal_is_shown_at_the_top_where_no_field_has_its_name(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        form = NameForm(meta={"csrf": False})
        form.refuse(Invalid.field("imei", "An IMEI has 15 digits."))
        form.refuse(Invalid("Something else."))
        assert list(form.form_errors) == ["An IMEI has 15 digits.", "Something else."]
