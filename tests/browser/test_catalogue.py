"""The catalogue in a browser: by mouse, by keyboard, without script, for everyone, and light enough."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, Route, StorageState, expect

from tests.browser.conftest import PHONE, Visit, axe_finds, faults, sign_in_by_hand
from tests.conftest import World

pytestmark = pytest.mark.browser

LIST = "/catalog/devices"
FIRST_LOAD_BYTES = 100_000
LAY_OPEN = """() => {
  for (const fold of document.querySelectorAll("details:not(.menu)")) fold.open = true;
  for (const row of document.querySelectorAll("tbody tr:nth-child(n + 9), .tile:nth-child(n + 9)")) row.remove();
}"""
"""Shows what is folded away. Rows are alike, and axe takes its time for each: eight are enough."""
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
    "comparison of four": "/catalog/compare?slugs=iphone-16-pro-max,samsung-galaxy-s24-ultra,google-pixel-9,iphone-air",
    "device to add": "/catalog/compare?slugs=iphone-16-pro-max&add=galaxy",
    "nothing to compare": "/catalog/compare",
    "coverage": "/catalog/coverage",
    "gaps": "/catalog/gaps",
    "suggestion": f"{LIST}/iphone-16-pro-max/edit",
    "own suggestions": "/catalog/proposals/mine",
    "unreadable address": f"{LIST}?sort=cheapest",
    "forbidden": "/catalog/imports",
    "nowhere": f"{LIST}/no-such-device",
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
    device = page.get_by_role("option", name="iPhone 16 Pro Max").first  # products of that name come after it
    expect(device).to_have_attribute("aria-selected", "true")
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


@pytest.fixture(scope="module")
def looked_at(server: str, chromium: Browser, admin_state: StorageState) -> Iterator[Page]:
    """One window for all pages that are only looked at."""
    visit = Visit(server, chromium, admin_state)
    yield visit.page(for_axe=True)
    visit.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(looked_at: Page, name: str) -> None:
    looked_at.goto(PAGES[name])
    looked_at.evaluate(LAY_OPEN)
    assert faults(looked_at) == []


def test_axe_finds_nothing_on_the_sign_in_page_nor_in_its_errors(visitor: Visit) -> None:
    page = visitor.page(for_axe=True)
    page.goto("/sign-in")
    assert faults(page) == []
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert faults(page) == []


def test_axe_finds_nothing_in_what_opens_over_a_page(admin: Visit) -> None:
    page = admin.page(for_axe=True)
    page.goto(f"{LIST}?q=iphone+16+pro", wait_until="load")
    page.get_by_role("link", name="iPhone 16 Pro Max", exact=True).click()
    expect(page.get_by_role("region", name="iPhone 16 Pro Max")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("iphone")
    expect(page.get_by_role("option").first).to_be_visible()
    assert faults(page) == []


def test_a_phone_opens_the_navigation_and_the_filters_as_drawers(admin: Visit) -> None:
    page = admin.page(PHONE, for_axe=True)
    page.goto(LIST)
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert axe_finds(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("heading", name="Filters")).to_be_visible()
    assert axe_finds(page) == []


def test_a_picture_covers_its_outline_only_once_it_is_there(admin: Visit) -> None:
    page = admin.page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/*.jpg", hold)
    with page.expect_request("**/*.jpg"):
        page.goto(f"{LIST}/iphone-16-pro-max", wait_until="domcontentloaded")
    picture = page.locator("main .thumb img")
    expect(picture).to_have_css("opacity", "0")
    held[0].fulfill(content_type="image/svg+xml", body='<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>')
    expect(picture).to_have_css("opacity", "1")
    with page.expect_request("**/*.jpg"):
        page.reload(wait_until="domcontentloaded")
    expect(picture).to_have_count(1)
    held[1].abort()
    expect(picture).to_have_count(0)


def test_a_comparison_belongs_to_the_catalogue(admin: Visit) -> None:
    page = admin.page()
    page.goto(PAGES["nothing to compare"])
    lit = page.get_by_role("navigation", name="Main").locator("[aria-current=page]")
    expect(lit).to_have_text("Catalogue")


def test_a_search_shows_the_columns_of_the_list(admin: Visit) -> None:
    page = admin.page()
    page.goto(LIST)
    columns = page.get_by_role("columnheader").all_inner_texts()
    page.get_by_role("searchbox", name="Search devices by name or model number").fill("iphone 16 pro max")
    expect(page.get_by_role("row", name="iPhone 16 Pro Max")).to_contain_text("$")
    assert page.get_by_role("columnheader").all_inner_texts() == columns


def test_the_security_policy_is_kept_on_every_page(admin: Visit) -> None:
    page = admin.page()
    for address in PAGES.values():
        page.goto(address, wait_until="load")
    page.goto("/api/docs", wait_until="networkidle")
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
