"""Pages of accounts that a certain moment shows: a link that still works, a key just made, the way past a provider."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pyotp.totp import TOTP
from sqlalchemy import update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User, UserSession
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from tests.accounts.issuer import Account, Issuer, serving
from tests.accounts.mailbox import link_to, newest_token
from tests.browser.conftest import Visit, faults
from tests.browser.test_accounts import sign_in_as
from tests.conftest import Merchants

pytestmark = pytest.mark.browser

HEADING = {
    "sign in": ("/sign-in", "Sign in"),
    "sign in to a business": ("/sign-in?business=FIRST", "Sign in"),
}


@pytest.fixture
def page(stranger: Visit, merchants: Merchants) -> Page:
    """Somebody who has not signed in, before two businesses whose rows may change."""
    db.session.remove()
    return stranger.page(for_axe=True)


@pytest.fixture
def alice(page: Page) -> Page:
    """The owner of the first business, signed in."""
    page.goto("/sign-in")
    sign_in_as(page, "alice")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    return page


def change(username: str, **values: object) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == username).values(values))
    db.session.remove()


def proved_long_ago() -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(UserSession).values(proved_at=datetime(2026, 3, 2, tzinfo=UTC)))
    db.session.remove()


def looks_right(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state("load")
    assert faults(page) == []


# Before signing in


@pytest.mark.parametrize("name", HEADING)
def test_axe_finds_nothing_on_the_way_in(page: Page, name: str) -> None:
    address, heading = HEADING[name]
    page.goto(address)
    looks_right(page, heading)


def test_axe_finds_nothing_on_a_live_invitation(page: Page, merchants: Merchants) -> None:
    accounts.invite(merchants.alice, "jane@new.example", "sales", link_to)
    page.goto(f"/join/{newest_token()}")
    expect(page.get_by_label("Password")).to_be_visible()
    looks_right(page, "Join First Inc.")


def test_axe_finds_nothing_on_a_live_reset_link(page: Page) -> None:
    change("alice", email="alice@example.com", email_verified_at=clock.now())
    accounts.ask_for_reset("alice@example.com", link_to)
    page.goto(f"/reset-password/{newest_token()}")
    expect(page.get_by_label("New password", exact=True)).to_be_visible()
    looks_right(page, "Set a new password")


def test_axe_finds_nothing_on_a_live_confirmation(page: Page, merchants: Merchants) -> None:
    change("alice", email="alice@example.com", email_verified_at=None)
    accounts.send_verification_again(merchants.alice, link_to)
    page.goto(f"/verify-email/{newest_token()}")
    looks_right(page, "Confirm your address")


@pytest.fixture
def issuer(app: Flask, stranger: Visit, page: Page) -> Iterator[Issuer]:
    """A provider that the application takes for Google. It has no pages: it sends everybody back at once."""
    with serving() as made:
        settings = app.extensions["settings"]
        others = tuple(each for each in settings.identity_providers if each.name != "google")
        app.extensions["settings"] = settings.overridden(
            identity_providers=(made.provider(), *others), base_url=stranger.server
        )
        yield made
        app.extensions["settings"] = settings


def test_axe_finds_nothing_where_a_business_is_opened_with_a_provider(page: Page, issuer: Issuer) -> None:
    told = {"email": "jane.smith@gmail.com", "email_verified": True, "name": "Jane Smith"}
    issuer.account = Account("jane", told)
    page.goto("/register")
    page.get_by_role("link", name="Sign up with Google").click()
    page.wait_for_url("**/register/with/google/business")
    expect(page.get_by_label("Your name")).to_have_value("Jane Smith")
    looks_right(page, "Open a business")
    page.get_by_role("button", name="Open the business").click()
    expect(page.get_by_role("alert")).to_be_focused()
    looks_right(page, "Open a business")
    page.get_by_label("Business", exact=True).fill("Corner Shop")
    page.get_by_role("button", name="Open the business").click()
    looks_right(page, "Corner Shop is open")


def test_axe_finds_nothing_where_one_account_is_known_to_several_businesses(
    page: Page, issuer: Issuer, merchants: Merchants
) -> None:
    issuer.account = Account("both")
    identity = accounts.Identity("google", "https://accounts.google.com", "both", "our-client", None, False, None)
    for by in (merchants.alice, merchants.charlie):
        accounts.link(by, issuer.provider(), identity)
    db.session.remove()
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Google").click()
    looks_right(page, "Which business?")


# Signed in


def test_axe_finds_nothing_on_the_sandboxs_own_page(alice: Page, merchants: Merchants) -> None:
    accounts.create_sandbox(SYSTEM, merchants.tenant)
    db.session.remove()
    alice.locator("summary", has_text="account menu").click()
    alice.get_by_role("button", name="Go to the sandbox").click()
    alice.get_by_role("link", name="Its clock").click()
    looks_right(alice, "Sandbox")
    alice.set_viewport_size({"width": 1360, "height": 820})
    alice.get_by_role("button", name="+ 1 day").click()
    expect(alice.get_by_role("button", name="Back to the true time")).to_be_visible()
    looks_right(alice, "Sandbox")


def test_axe_finds_nothing_where_somebody_confirms_who_they_are(alice: Page) -> None:
    proved_long_ago()
    alice.goto("/settings/keys/new")
    looks_right(alice, "Is it you?")
    alice.get_by_label("Password").fill("not this one")
    alice.get_by_role("button", name="Go on").click()
    expect(alice.get_by_role("alert")).to_be_focused()
    looks_right(alice, "Is it you?")


def test_axe_finds_nothing_where_somebody_without_a_password_confirms(
    alice: Page, issuer: Issuer, merchants: Merchants
) -> None:
    change("alice", password_hash=None)
    proved_long_ago()
    alice.goto("/confirm")
    expect(alice.get_by_text("You have no password yet")).to_be_visible()
    looks_right(alice, "Is it you?")
    issuer.account = Account("alice")
    identity = accounts.Identity("google", "https://accounts.google.com", "alice", "our-client", None, False, None)
    accounts.link(merchants.alice, issuer.provider(), identity)
    phone = TOTP(accounts.enroll(merchants.alice).secret)
    accounts.confirm(merchants.alice, phone.at(clock.now()))
    db.session.remove()
    alice.goto("/settings/keys/new")
    expect(alice.get_by_label("Code")).to_be_visible()
    looks_right(alice, "Is it you?")
    alice.get_by_role("link", name="Confirm with Google").click()
    looks_right(alice, "New API key")


def test_axe_finds_nothing_where_a_key_and_a_client_were_just_made(alice: Page) -> None:
    alice.goto("/settings/keys/new")
    alice.get_by_label("Name").fill("Till")
    alice.get_by_role("button", name="Make the key").click()
    expect(alice.get_by_text("Copy it now")).to_be_visible()
    looks_right(alice, "Till")
    alice.goto("/settings/clients/new")
    alice.get_by_label("Name").fill("Platform")
    alice.get_by_label("catalog:read").check()
    alice.get_by_role("button", name="Make the client").click()
    expect(alice.get_by_text("Copy it now")).to_be_visible()
    looks_right(alice, "Platform")


def test_axe_finds_nothing_from_setting_up_a_second_factor_to_removing_it(alice: Page) -> None:
    alice.goto("/profile")
    alice.get_by_role("button", name="Set up an authenticator app").click()
    looks_right(alice, "Set up an authenticator app")
    secret = alice.locator("main code").first.inner_text()
    alice.get_by_role("textbox", name="Code").fill(TOTP(secret).at(clock.now()))
    alice.get_by_role("button", name="Switch on").click()
    looks_right(alice, "Your backup codes")
    alice.goto("/profile")
    looks_right(alice, "Your account")
    alice.goto("/profile/second-factor/remove")
    looks_right(alice, "Remove the second factor")
    alice.locator("summary", has_text="account menu").click()
    alice.get_by_role("button", name="Sign out").click()
    sign_in_as(alice, "alice")
    looks_right(alice, "Your code")


def test_axe_finds_nothing_in_a_business_that_is_being_closed(alice: Page, merchants: Merchants) -> None:
    accounts.close_business(merchants.alice, "FIRST", page="http://links.test/leaving")
    db.session.remove()
    alice.goto("/settings/business/leaving")
    expect(alice.get_by_role("region", name="Closing")).to_be_visible()
    assert faults(alice) == []
