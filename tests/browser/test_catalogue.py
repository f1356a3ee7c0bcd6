"""The catalogue in a browser: by mouse, by keyboard, without script, for everyone, and light enough."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Response, expect

from tests.browser.conftest import PHONE, TABLET, Visit, axe_finds, sign_in_by_hand
from tests.conftest import World

pytestmark = pytest.mark.browser

LIST = "/catalog/devices"
FIRST_LOAD_BYTES = 100_000
PAGES = {
    "overview": "/",
    "search": "/search?q=iphone+16",
    "list": LIST,
    "narrowed": f"{LIST}?make=samsung&category=tablets&with=price&ram_gb_min=4",
    "cards": f"{LIST}?view=cards",
    "matches": f"{LIST}?q=galaxy",
    "no match": f"{LIST}?q=qqqqqqqq",
    "device": f"{LIST}/iphone-16-pro-max",
    "sparse device": f"{LIST}/nec-lifetouch-s",
    "comparison": "/catalog/compare?slugs=iphone-16-pro-max,samsung-galaxy-s24-ultra",
    "nothing to compare": "/catalog/compare",
    "unreadable address": f"{LIST}?sort=cheapest",
}


def test_a_newcomer_signs_in_and_lands_on_a_device_by_typing(visitor: Visit, world: World) -> None:
    page = visitor.page()
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    sign_in_by_hand(page, world)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.wait_for_load_state("load")  # keys are heard once the scripts have run
    page.keyboard.press("/")
    page.keyboard.type("iphone 16 pro m")
    expect(page.get_by_role("option", name="iPhone 16 Pro Max")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{LIST}/iphone-16-pro-max$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("iPhone 16 Pro Max")


def test_typing_narrows_the_list_and_the_address_without_taking_the_focus(admin: Visit) -> None:
    page = admin.page()
    page.goto(LIST)
    box = page.get_by_role("searchbox", name="Search devices by name or model number")
    box.press_sequentially("iphone 16 pro")
    expect(page.get_by_role("link", name="iPhone 16 Pro Max", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=iphone\+16\+pro$"))
    expect(box).to_be_focused()
    expect(box).to_have_value("iphone 16 pro")
    expect(page.locator("#page-summary")).to_contain_text("matches for “iphone 16 pro”")


def test_a_facet_narrows_in_place_and_survives_a_reload(admin: Visit) -> None:
    page = admin.page()
    page.goto(LIST)
    page.evaluate("window.stayed = true")
    page.get_by_label("Filters").get_by_role("link", name=re.compile("^Tablets")).click()
    expect(page.get_by_role("link", name="Remove filter Category: Tablets")).to_be_visible()
    assert page.evaluate("window.stayed")
    summary = page.locator("#page-summary").inner_text()
    page.reload()
    expect(page.locator("#page-summary")).to_have_text(summary)
    expect(page.get_by_role("link", name="Remove filter Category: Tablets")).to_be_visible()


def test_loading_more_does_not_jump(admin: Visit) -> None:
    page = admin.page()
    page.goto(LIST)
    rows = page.locator("#devices tbody tr:not([data-more])")
    expect(rows).to_have_count(50)
    more = page.get_by_role("link", name="Load more")
    more.scroll_into_view_if_needed()
    last = rows.nth(49)
    before = (page.evaluate("scrollY"), last.bounding_box())
    more.click()
    expect(rows).to_have_count(100)
    assert (page.evaluate("scrollY"), last.bounding_box()) == before
    expect(rows.nth(50).get_by_role("checkbox")).to_be_focused()


def test_a_device_opens_beside_the_list_and_has_an_address_of_its_own(admin: Visit) -> None:
    page = admin.page()
    page.goto(f"{LIST}?make=apple&category=smartphones")
    page.get_by_role("link", name="iPhone 16 Pro Max", exact=True).click()
    panel = page.get_by_role("region", name="iPhone 16 Pro Max")
    expect(panel).to_be_visible()
    expect(page).to_have_url(re.compile(f"{LIST}/iphone-16-pro-max$"))
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?make=apple&category=smartphones$"))
    expect(page.get_by_role("link", name="iPhone 16 Pro Max", exact=True)).to_be_focused()


def test_two_devices_are_picked_and_compared_by_keyboard_alone(admin: Visit) -> None:
    page = admin.page()
    page.goto(f"{LIST}?q=iphone+16+pro")
    page.locator("body").press("j")
    for _ in range(2):
        page.keyboard.press("x")
        page.keyboard.press("j")
    expect(page.locator("[data-picked]")).to_have_text("2")
    compare = page.get_by_role("button", name="Compare")
    for _ in range(60):
        if compare.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare devices")
    expect(page.get_by_role("columnheader")).to_have_count(3)


def test_everything_works_without_script(visitor: Visit, world: World) -> None:
    page = visitor.page(script=False)
    page.goto(LIST)
    sign_in_by_hand(page, world)
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    first = page.locator(".row-link").first.inner_text()
    page.get_by_role("link", name="Load more").click()
    expect(page.locator(".row-link").first).not_to_have_text(first)
    page.get_by_role("searchbox", name="Search devices by name or model number").fill("iphone 16 pro")
    page.get_by_role("search", name="Search the catalogue").get_by_role("button", name="Search").click()
    page.get_by_role("checkbox", name="Compare iPhone 16 Pro Max").check()
    page.get_by_role("checkbox", name="Compare iPhone 16 Pro", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("columnheader", name="iPhone 16 Pro Max")).to_be_visible()
    page.get_by_role("searchbox", name="Add a device").fill("galaxy s24 ultra")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Samsung Galaxy S24 Ultra").click()
    expect(page.get_by_role("columnheader")).to_have_count(4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    admin: Visit, name: str, scheme: Literal["light", "dark"]
) -> None:
    page = admin.page(scheme=scheme, for_axe=True)
    page.goto(PAGES[name])
    assert axe_finds(page) == []
    for width, height in (TABLET, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if scheme == "light":
        assert axe_finds(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_sign_in_page_nor_in_its_errors(
    visitor: Visit, scheme: Literal["light", "dark"]
) -> None:
    page = visitor.page(PHONE, scheme=scheme, for_axe=True)
    page.goto("/sign-in")
    assert axe_finds(page) == []
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert axe_finds(page) == []


def test_the_security_policy_is_kept_on_every_page(admin: Visit) -> None:
    page = admin.page()
    for address in [*PAGES.values(), "/api/docs"]:
        page.goto(address)
        page.wait_for_load_state("networkidle")
    assert admin.complaints == []


def test_the_explorer_shows_the_api_without_leaving_this_server(admin: Visit) -> None:
    page = admin.page(for_axe=True)
    left: list[str] = []
    page.on("request", lambda request: left.append(request.url) if admin.server not in request.url else None)
    page.goto("/api/docs")
    expect(page.get_by_text("/api/catalog/autocomplete")).to_be_visible()
    assert [address for address in left if not address.startswith(("data:", "blob:"))] == []
    assert axe_finds(page, leave_out="#explorer") == []


@pytest.mark.parametrize("address", ["/sign-in", "/", LIST, f"{LIST}/iphone-16-pro-max"])
def test_a_first_load_is_light(visitor: Visit, admin: Visit, address: str) -> None:
    page = (visitor if address == "/sign-in" else admin).page()
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    sizes = {answer.url: answer.request.sizes()["responseBodySize"] for answer in answers}
    assert len(sizes) > 4
    assert sum(sizes.values()) < FIRST_LOAD_BYTES, sizes
