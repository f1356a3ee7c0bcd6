"""Accounts in a browser: a business opened and used by keyboard alone, and every page for everyone."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from pyotp.totp import TOTP

from dashboard.config import Settings
from dashboard.core import clock
from dashboard.core.db import db
from dashboard.demo import people
from tests.browser.conftest import Visit, faults, sign_in_by_hand
from tests.conftest import PASSWORD, Merchants, World

pytestmark = pytest.mark.browser

PAGES = {
    "business": "/settings/business",
    "people": "/settings/people",
    "person": "/settings/people/2",
    "roles": "/settings/roles",
    "role": "/settings/roles/technician",
    "new role": "/settings/roles/new",
    "invitations": "/settings/invitations",
    "keys": "/settings/keys",
    "new key": "/settings/keys/new",
    "clients": "/settings/clients",
    "new client": "/settings/clients/new",
    "providers": "/settings/providers",
    "provider": "/settings/providers/microsoft",
    "usage": "/settings/usage",
    "audit": "/settings/audit",
    "outbox": "/settings/outbox",
    "profile": "/profile",
    "password": "/profile/password",
    "e-mail": "/profile/email",
}
SIGNED_OUT = {
    "register": "/register",
    "forgot": "/forgot-password",
    "mail sent": "/forgot-password/sent",
    "dead reset link": "/reset-password/nothing",
    "dead invitation": "/join/nothing",
    "dead confirmation": "/verify-email/nothing",
}


def _type_in(page: Page, *values: str) -> None:
    """Fill in a form from its first field, which has the focus, and send it, by keyboard alone."""
    for number, value in enumerate(values):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(value)
    page.keyboard.press("Enter")


def _tab_to(page: Page, there: Callable[[], bool]) -> None:
    for _ in range(80):
        if there():
            return
        page.keyboard.press("Tab")
    pytest.fail("The keyboard does not reach it.")


def _focused(page: Page, role: str, name: str) -> Callable[[], bool]:
    wanted = page.get_by_role(role, name=name)  # pyright: ignore[reportArgumentType]  the names of roles are literals
    return lambda: bool(wanted.evaluate("each => each === document.activeElement"))


def test_a_newcomer_opens_a_business_and_makes_a_first_call_by_keyboard_alone(stranger: Visit) -> None:
    page = stranger.page()
    page.goto("/register", wait_until="load")
    _type_in(page, "Corner Phones", "Nia Stone", "nia@example.com", "nia", "four plain garden words")
    expect(page.get_by_role("heading", level=1)).to_have_text("Corner Phones is open")
    page.wait_for_load_state("load")
    _tab_to(page, _focused(page, "button", "Send it from here"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text(re.compile("^200 "))).to_be_visible()
    answer = json.loads(page.get_by_label("The answer").inner_text())
    assert isinstance(answer, dict)
    _tab_to(page, _focused(page, "link", "To the dashboard"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_what_was_typed_stays_when_a_business_cannot_be_opened(stranger: Visit) -> None:
    page = stranger.page(for_axe=True)
    page.goto("/register", wait_until="load")
    _type_in(page, "Corner Phones", "Nia Stone", "nia@example.com", "nia", "short")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Business", exact=True)).to_have_value("Corner Phones")
    expect(page.get_by_label("Password")).to_have_value("")
    assert faults(page) == []


@pytest.mark.parametrize("script", [True, False])
def test_a_second_factor_is_set_up_and_asked_for(stranger: Visit, merchants: Merchants, *, script: bool) -> None:
    assert merchants.alice.actor_id is not None
    db.session.remove()
    page = stranger.page(script=script)
    page.goto("/sign-in?next=/profile")
    sign_in_as(page, "alice")
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = page.locator("main code").first.inner_text()
    page.get_by_role("textbox", name="Code").fill(TOTP(secret).at(clock.now()))
    page.get_by_role("button", name="Switch on").click()
    listed = page.locator("main li code")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    page.locator("summary", has_text="account menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in")
    sign_in_as(page, "alice")
    page.get_by_role("textbox", name="Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def sign_in_as(page: Page, username: str) -> None:
    page.get_by_label("User name or e-mail").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="module")
def looked_at(server: str, chromium: Browser, owner_state: StorageState) -> Iterator[Page]:
    """One window for all pages that are only looked at."""
    visit = Visit(server, chromium, owner_state)
    yield visit.page(for_axe=True)
    visit.close()


@pytest.fixture(scope="module")
def owner_state(server: str, chromium: Browser, world: World) -> StorageState:
    """The cookies of the owner of MYCOMPANY."""
    context = chromium.new_context(base_url=server)
    page = context.new_page()
    page.goto("/sign-in")
    sign_in_by_hand(page, world, "admin")
    page.wait_for_url("**/")
    state = context.storage_state()
    context.close()
    return state


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(looked_at: Page, name: str) -> None:
    answer = looked_at.goto(PAGES[name])
    assert answer is not None
    assert answer.status == 200
    assert faults(looked_at) == []


@pytest.mark.parametrize("name", SIGNED_OUT)
def test_axe_finds_nothing_before_sign_in(visitor: Visit, name: str) -> None:
    page = visitor.page(for_axe=True)
    page.goto(SIGNED_OUT[name])
    assert faults(page) == []


@pytest.mark.parametrize(
    ("username", "business_code", "address"),
    [
        ("owner", "MYCOMPANY", "/settings/business/leaving"),
        ("owner", "MYCOMPANY", "/settings/keys/1"),
        ("owner", "MYCOMPANY", "/settings/clients/1"),
        ("operator", "", "/operator/tenants"),
        ("operator", "", "/operator/tenants/1"),
        ("operator", "", "/operator/health"),
        ("operator", "", "/operator/outbox"),
    ],
)
def test_axe_finds_nothing_on_what_owner_and_operator_alone_see(
    visitor: Visit, world: World, username: str, business_code: str, address: str
) -> None:
    page = visitor.page(for_axe=True)
    page.goto("/sign-in")
    settings: Settings = world.app.extensions["settings"]
    password = people.password(settings.secret_key, business_code, username)
    page.get_by_label("User name or e-mail").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Business code").fill(business_code)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    assert page.url.endswith(address)
    assert faults(page) == []
