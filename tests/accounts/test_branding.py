"""A business's own look on the pages before its people are in."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.accounts.pages.sign_in import BRANDED_PAGES_LIMIT
from dashboard.accounts.service import links
from dashboard.accounts.service.branding import PLAIN, contrast, readable
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from tests.conftest import Merchants, token_at

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.fixture
def dressed(merchants: Merchants) -> Merchants:
    """Alice's business has a name, a colour and a logo of its own."""
    accounts.change_business(
        merchants.alice, {"display_name": "Blue Parrot", "primary_color": "#7a1f5c"}, logo=PNG, remove_logo=False
    )
    db.session.remove()
    return merchants


def text(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def without_what_changes(page: str) -> str:
    """A page without its tokens and ids."""
    return re.sub(r'(value|content|href|data-[a-z-]+)="[^"]*"', "", page)


def test_the_sign_in_page_of_a_business_looks_like_it(client: FlaskClient, dressed: Merchants) -> None:
    page = text(client, "/sign-in?business=first")
    assert "To the dashboard of Blue Parrot." in page
    (logo,) = re.findall(r'<img src="(/branding/[^"]+/logo[^"]*)"', page)
    assert client.get(logo).data == PNG
    (sheet,) = re.findall(r'href="(/branding/[^"]+/colour.css[^"]*)"', page)
    style = client.get(sheet)
    assert style.mimetype == "text/css"
    assert "--accent: #7a1f5c" in style.get_data(as_text=True)


def test_it_stays_so_when_the_password_was_wrong(client: FlaskClient, dressed: Merchants) -> None:
    typed = {"csrf_token": token_at(client), "login": "alice", "password": "no", "business_code": "FIRST", "next": ""}
    page = client.post("/sign-in", data=typed).get_data(as_text=True)
    assert "You are not signed in" in page
    assert "Blue Parrot" in page


def test_an_unknown_code_looks_like_none(client: FlaskClient, dressed: Merchants) -> None:
    plain, unknown = text(client, "/sign-in"), text(client, "/sign-in?business=NOSUCH")
    assert "branding" not in unknown
    assert without_what_changes(plain) == without_what_changes(unknown)


def test_a_suspended_business_looks_like_an_unknown_one(client: FlaskClient, dressed: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(Tenant).where(Tenant.business_code == "FIRST").values(suspended_at=clock.now()))
    db.session.remove()
    suspended, unknown = text(client, "/sign-in?business=FIRST"), text(client, "/sign-in?business=NOSUCH")
    assert without_what_changes(suspended) == without_what_changes(unknown)


def test_an_address_that_tries_codes_in_a_row_is_shown_the_plain_page(client: FlaskClient, dressed: Merchants) -> None:
    for number in range(BRANDED_PAGES_LIMIT):
        text(client, f"/sign-in?business=CODE{number}")
    page = client.get("/sign-in?business=FIRST")
    assert page.status_code == 200
    assert "Blue Parrot" not in page.get_data(as_text=True)


def test_it_tells_no_more_than_resolving_the_code(client: FlaskClient, dressed: Merchants) -> None:
    page = text(client, "/sign-in?business=FIRST")
    told = client.get("/api/v1/tenants/resolve/FIRST").get_json()["data"]
    assert set(re.findall(r"/branding/([0-9a-f-]+)/", page)) == {told["tenantId"]}
    assert told["branding"]["display_name"] in page
    for secret in ("enterprise", "alice", "Enterprise", "Alice"):
        assert secret not in page


def test_a_name_cannot_break_out_of_the_page(client: FlaskClient, dressed: Merchants) -> None:
    accounts.change_settings(dressed.alice, {"display_name": "<script>alert(1)</script>"})
    db.session.remove()
    assert "<script>alert" not in text(client, "/sign-in?business=FIRST")


def test_an_invitation_looks_like_the_business(client: FlaskClient, dressed: Merchants) -> None:
    sent: list[str] = []
    accounts.invite(dressed.alice, "new@example.com", "viewer", lambda token: sent.append(token) or token)
    db.session.remove()
    page = client.get(f"/join/{sent[0]}", follow_redirects=True).get_data(as_text=True)
    assert "Join Blue Parrot" in page
    assert "/colour.css" in page
    assert "/logo" in page


def test_a_new_password_looks_like_the_business(client: FlaskClient, dressed: Merchants) -> None:
    token = links.make_link(SYSTEM, accounts.person(dressed.alice), links.RESET_PASSWORD, "alice@example.com")
    db.session.remove()
    page = client.get(f"/reset-password/{token}", follow_redirects=True).get_data(as_text=True)
    assert "Set a new password" in page
    assert "Blue Parrot" in page
    assert "/colour.css" in page


def test_an_operator_without_a_business_sets_a_password_on_the_plain_page(
    client: FlaskClient, merchants: Merchants
) -> None:
    token = links.make_link(SYSTEM, accounts.person(merchants.operator), links.RESET_PASSWORD, "o@example.com")
    db.session.remove()
    page = client.get(f"/reset-password/{token}", follow_redirects=True).get_data(as_text=True)
    assert "Set a new password" in page
    assert "/colour.css" not in page


def test_a_business_that_is_unknown_has_no_colour(client: FlaskClient, app: Flask) -> None:
    assert client.get("/branding/5989db7e-2ade-4aa2-aad8-b6b111c401eb/colour.css").status_code == 404


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#ffffff", "#000000", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#ffffff", "#767676", 4.54),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_what_the_guidelines_say(one: str, other: str, ratio: float) -> None:
    assert round(contrast(one, other), 2) == ratio


@given(COLOURS)
def test_white_text_can_be_read_on_every_colour_that_is_shown(color: str) -> None:
    assert contrast("#ffffff", readable(color)) >= 4.5


@pytest.mark.parametrize(("color", "shown"), [("#767676", "#767676"), ("#777777", PLAIN), ("#ffff00", PLAIN)])
def test_a_colour_on_which_nothing_can_be_read_gives_way(color: str, shown: str) -> None:
    assert readable(color) == shown
