"""An impatient person: two clicks on a button, with script and without."""

import pytest
from playwright.sync_api import expect

from dashboard.catalog import queries
from dashboard.core.db import db
from tests.browser.conftest import Visit
from tests.catalog.factories import add_devices, phone
from tests.conftest import PASSWORD, Merchants

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(stranger: Visit, merchants: Merchants) -> Visit:
    """Somebody in front of a catalogue of one phone."""
    add_devices(merchants.operator, phone("Phone 1", "phone-1"))
    db.session.remove()
    return stranger


@pytest.mark.parametrize("script", [True, False])
def test_two_clicks_on_a_button_do_it_once_and_say_so_once(visit: Visit, merchants: Merchants, *, script: bool) -> None:
    page = visit.page(script=script)
    page.goto("/sign-in?next=/catalog/devices/phone-1/edit%3Ffield=gtin")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business code").fill("FIRST")
    page.get_by_role("button", name="Sign in").click()
    page.locator("[name=value]").fill("0195949770272")
    button = page.locator("main form button[type=submit]").last
    button.dblclick(delay=30)  # unlike a click on a point, it waits until the button stands still
    expect(page).to_have_url(f"{visit.server}/catalog/proposals/mine", timeout=20_000)
    expect(page.get_by_text("Thank you. The operator will look")).to_have_count(1)
    assert len(queries.own_proposals(merchants.alice).items) == 1
