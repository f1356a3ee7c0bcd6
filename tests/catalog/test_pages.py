"""The catalogue's pages: what they show, that the address carries all state, and what they say to bad input."""

import base64
import re
from html import unescape
from urllib.parse import quote, unquote, urlencode

import pytest
from flask.testing import FlaskClient

from benchmarks.counting import statements_of
from tests.conftest import Merchants, World, sign_in

LIST = "/catalog/devices"
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def browser(world: World) -> FlaskClient:
    return world.person("admin")


def text_of(client: FlaskClient, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.status_code
    return unescape(answer.get_data(as_text=True))


def slugs_in(html: str) -> list[str]:
    return re.findall(r'class="row-link" href="/catalog/devices/([^"?]+)"', html)


def next_address(html: str) -> str | None:
    found = re.search(r'href="([^"]+)"[^>]*>Load more<', html)
    return found[1] if found else None


def test_loading_more_to_the_end_shows_every_device_of_a_list_once(browser: FlaskClient) -> None:
    address: str | None = f"{LIST}?make=samsung&category=tablets"
    first = text_of(browser, address or "")
    total = int((re.search(r"([\d,]+) devices", first) or ["", "0"])[1].replace(",", ""))
    seen = slugs_in(first)
    address = next_address(first)
    while address and len(seen) <= total:
        rows = text_of(browser, address, **HTMX)
        assert "<html" not in rows
        seen += slugs_in(rows)
        address = next_address(rows)
    assert len(seen) == len(set(seen)) == total > 50


@pytest.mark.parametrize("sort", ["newest", "name", "price", "quality"])
@pytest.mark.parametrize("view", ["table", "cards"])
def test_the_next_rows_go_on_where_the_list_stopped_in_every_order(browser: FlaskClient, sort: str, view: str) -> None:
    first = text_of(browser, f"{LIST}?sort={sort}&view={view}&make=apple")
    following = next_address(first)
    assert following is not None
    assert f"sort={sort}" in following or sort == "newest"
    assert not set(slugs_in(first)) & set(slugs_in(text_of(browser, following)))


def test_every_filter_is_a_chip_that_leads_out_of_it_alone(browser: FlaskClient) -> None:
    page = text_of(browser, f"{LIST}?make=samsung&category=tablets&ram_gb_min=4&with=price&year=2023")
    ways_out = dict(re.findall(r'<a href="([^"]+)" aria-label="Remove filter ([^"]+)"', page))
    assert set(ways_out.values()) == {
        "Make: Samsung", "Category: Tablets", "RAM: from 4 GB", "With: market price", "Year: 2023",
    }  # fmt: skip
    for address, chip in ways_out.items():
        assert f"Remove filter {chip}" not in text_of(browser, address)
        assert len(re.findall("Remove filter", text_of(browser, address))) == 4


def test_a_facet_leaves_as_many_devices_as_it_says(browser: FlaskClient) -> None:
    page = text_of(browser, f"{LIST}?make=samsung")
    facet = re.search(r'class="facet-item" href="([^"]+category=smartwatches[^"]*)".*?<span>([\d,]+)</span>', page)
    assert facet is not None
    assert len(slugs_in(text_of(browser, facet[1]))) == int(facet[2])


def test_a_chosen_facet_takes_itself_back_and_leaves_its_neighbour(browser: FlaskClient) -> None:
    page = text_of(browser, f"{LIST}?make=samsung&make=apple")
    chosen = re.findall(r'class="facet-item" href="([^"]+)" aria-current="true">.*?class="cut">([^<]+)<', page)
    assert {name: address for address, name in chosen} == {
        "Samsung": f"{LIST}?make=apple",
        "Apple": f"{LIST}?make=samsung",
    }


def test_empty_fields_of_the_form_leave_a_clean_address(browser: FlaskClient) -> None:
    answer = browser.get(f"{LIST}?make=samsung&ram_gb_min=&ram_gb_max=8&q=")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{LIST}?make=samsung&ram_gb_max=8"


def test_what_is_typed_finds_the_device_and_the_address_keeps_it(browser: FlaskClient) -> None:
    answer = browser.get(f"{LIST}?q=galxy+s24+ultra&sort=", headers=HTMX)
    assert "samsung-galaxy-s24-ultra" in slugs_in(answer.get_data(as_text=True))
    assert "<html" not in answer.get_data(as_text=True)
    assert answer.headers["HX-Replace-Url"] == f"{LIST}?q=galxy+s24+ultra"
    assert "HX-Request" in answer.headers["Vary"]


def test_a_search_stays_within_the_chosen_make_and_sets_other_filters_aside(browser: FlaskClient) -> None:
    page = text_of(browser, f"{LIST}?q=galaxy&make=samsung&year=2023")
    names = re.findall(r'<a class="row-link"[^>]*>([^<]+)<', page)
    assert names
    assert all(name.startswith("Samsung ") for name in names)
    assert "Your other filters wait until you clear it" in page


def test_a_search_with_very_many_matches_says_that_there_are_more(browser: FlaskClient) -> None:
    page = text_of(browser, f"{LIST}?q=galaxy")
    assert len(slugs_in(page)) == 100
    assert "there may be more" in page


@pytest.mark.parametrize(
    "query",
    [
        "",
        "make=samsung",
        "make=samsung&category=tablets",
        "make=samsung&category=tablets&with=price&year=2023",
        "make=samsung&category=tablets&ram_gb_min=4",
        "q=iphone+16&make=apple",
    ],
)
def test_the_list_asks_the_database_at_most_six_times(world: World, query: str) -> None:
    operator = world.operator()
    with statements_of(world.app) as seen:
        assert operator.get(f"{LIST}?{query}").status_code == 200
    assert 0 < len(seen) <= 6, "\n".join(seen)


def test_more_rows_are_not_counted_anew(world: World, browser: FlaskClient) -> None:
    following = next_address(text_of(browser, LIST))
    assert following is not None
    with statements_of(world.app) as seen:
        text_of(browser, following, **HTMX)
    assert 0 < len(seen) <= 2


def test_the_device_page_shows_specs_codes_price_quality_and_sources(browser: FlaskClient) -> None:
    page = text_of(browser, f"{LIST}/iphone-16-pro-max")
    for words in ("6.9 in", "4,685 mAh", "A3089", "0195949770272", "$899.00", "Missing: Storage", "Shipped catalogue"):
        assert words in page
    assert '<svg viewBox="0 0 720 240" role="img" aria-label="Market price of iPhone 16 Pro Max">' in page
    assert "35 of 40" in page


def test_htmx_gets_the_device_as_a_panel_whose_way_back_is_the_list_it_came_from(browser: FlaskClient) -> None:
    here = f"http://localhost{LIST}?make=apple&sort=name"
    panel = text_of(browser, f"{LIST}/iphone-16-pro-max", **HTMX, **{"HX-Current-URL": here})
    assert "<html" not in panel
    assert f'href="{LIST}?make=apple&sort=name"' in panel


def test_a_panel_opened_from_elsewhere_leads_to_the_whole_list(browser: FlaskClient) -> None:
    here = "http://localhost/catalog/compare?slugs=iphone-16"
    panel = text_of(browser, f"{LIST}/iphone-16-pro-max", **HTMX, **{"HX-Current-URL": here})
    close = re.search(r'href="([^"]+)"[^>]*data-panel-close', panel)
    assert close is not None
    assert close[1] == LIST


RIGHT_HALF = (
    "1110010",
    "1100110",
    "1101100",
    "1000010",
    "1011100",
    "1001110",
    "1010000",
    "1000100",
    "1001000",
    "1110100",
)
"""The modules of each digit in the right half of an EAN-13, from the standard."""


def test_the_barcode_reads_as_the_gtin(browser: FlaskClient) -> None:
    path = re.search(r'<path fill="#000" d="([^"]+)"', text_of(browser, f"{LIST}/iphone-16-pro-max"))
    assert path is not None
    modules = ["0"] * 95
    for start, width in re.findall(r"M(\d+) 0h(\d+)v", path[1]):
        for at in range(int(start) // 2, (int(start) + int(width)) // 2):
            modules[at] = "1"
    bits = "".join(modules)
    assert (bits[:3], bits[45:50], bits[92:]) == ("101", "01010", "101")
    right = [RIGHT_HALF.index(bits[at : at + 7]) for at in range(50, 92, 7)]
    assert "".join(map(str, right)) == "0195949770272"[7:]


@pytest.mark.parametrize(
    "here", ["https://evil.example/catalog", "javascript:alert(1)", "//evil.example/catalog/devices?a"]
)
def test_a_panel_never_leads_back_to_another_site(browser: FlaskClient, here: str) -> None:
    panel = text_of(browser, f"{LIST}/iphone-16-pro-max", **HTMX, **{"HX-Current-URL": here})
    assert "evil" not in panel
    assert "javascript:" not in panel


def test_staff_may_suggest_a_correction_the_operator_edits_and_a_viewer_does_neither(world: World) -> None:
    page = f"{LIST}/iphone-16-pro-max"
    assert "Suggest a correction" in text_of(world.person("admin"), page)
    assert f'href="{page}/edit"' in text_of(world.operator(), page)
    assert f"{page}/edit" not in text_of(world.person("viewer"), page)


def test_a_comparison_marks_what_differs_and_says_in_words_what_is_best(browser: FlaskClient) -> None:
    page = text_of(browser, "/catalog/compare?slugs=iphone-16-pro-max,samsung-galaxy-s24-ultra")
    ram = re.search(r'<tr class="differs"><th scope="row">RAM</th>(.*?)</tr>', page, re.DOTALL)
    assert ram is not None
    first, second = re.findall(r"<td.*?</td>", ram[1], re.DOTALL)
    assert "8 GB" in first
    assert "Best" not in first
    assert "12 GB" in second
    assert "Best" in second
    assert re.search(r'<tr><th scope="row">5G</th>', page)


def test_ticked_devices_of_the_list_are_compared_in_their_order(browser: FlaskClient) -> None:
    page = text_of(browser, "/catalog/compare?slugs=samsung-galaxy-s24-ultra&slugs=iphone-16-pro-max")
    assert slugs_in(page) == ["samsung-galaxy-s24-ultra", "iphone-16-pro-max"]


def test_an_unknown_device_is_named_and_the_others_are_still_compared(browser: FlaskClient) -> None:
    page = text_of(browser, "/catalog/compare?slugs=iphone-16-pro-max,no-such-thing,samsung-galaxy-s24-ultra")
    assert "There is no device “no-such-thing”" in page
    assert slugs_in(page) == ["iphone-16-pro-max", "samsung-galaxy-s24-ultra"]


def test_a_fifth_device_is_left_out_and_said(browser: FlaskClient) -> None:
    slugs = "iphone-16-pro-max,samsung-galaxy-s24-ultra,iphone-16,iphone-16-pro,iphone-16-plus"
    page = text_of(browser, f"/catalog/compare?slugs={slugs}")
    assert len(slugs_in(page)) == 4
    assert "Left out: iphone-16-plus" in page


@pytest.mark.parametrize(
    ("slugs", "status"), [("", 200), ("iphone-16", 200), ("iphone-16,iphone-16", 200), ("nope", 404)]
)
def test_fewer_than_two_devices_get_a_page_that_helps(browser: FlaskClient, slugs: str, status: int) -> None:
    answer = browser.get(f"/catalog/compare?slugs={slugs}")
    assert answer.status_code == status
    assert "Add a device" in answer.get_data(as_text=True)


def test_a_device_is_added_to_the_comparison_by_its_name(browser: FlaskClient) -> None:
    page = text_of(browser, "/catalog/compare?slugs=iphone-16-pro-max&add=galaxy+s24+ultra")
    found = re.search(r'href="(/catalog/compare\?slugs=[^"]+)"[^>]*><svg.*?Samsung Galaxy S24 Ultra', page, re.DOTALL)
    assert found is not None
    assert slugs_in(text_of(browser, found[1])) == ["iphone-16-pro-max", "samsung-galaxy-s24-ultra"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("sort=cheapest", 422),
        ("view=globe", 422),
        ("after=garbage", 422),
        ("after=WzEsMiwzXQ", 422),
        ("year=soon", 422),
        ("year=99999999999999999999", 422),
        ("with=wings", 422),
        ("with=gtin&without=gtin", 422),
        ("ram_gb_min=lots", 422),
        ("ram_gb_min=nan", 422),
        ("ram_gb_max=1e300", 422),
        ("ram_gb_min=8&ram_gb_max=4", 422),
        ("make=nosuch", 404),
        ("category=nosuch", 404),
        ("&".join(f"make=m{number}" for number in range(25)), 422),
    ],
)
def test_an_address_that_cannot_be_read_says_what_is_wrong(browser: FlaskClient, query: str, status: int) -> None:
    answer = browser.get(f"{LIST}?{query}")
    assert answer.status_code == status
    assert 'class="card fault' in answer.get_data(as_text=True)


NASTY = [
    "\0",
    "a\0b",
    "x" * 10_000,
    "\u202e\u0623\u0647\u0644\u0627",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "\ud83d\ude00",
    "%",
    "%00",
]
PARAMETERS = (
    "q", "make", "category", "year", "with", "without", "sort", "view", "after", "ram_gb_min", "battery_mah_max",
)  # fmt: skip


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_no_text_in_any_parameter_breaks_a_page(browser: FlaskClient, value: str) -> None:
    raw = value.encode("utf-16", "surrogatepass").decode("utf-16")
    addresses = [f"{LIST}?{urlencode({name: raw})}" for name in PARAMETERS]
    addresses += [
        f"/catalog/compare?{urlencode({'slugs': f'iphone-16,{raw}', 'add': raw})}",
        f"/search?{urlencode({'q': raw})}",
    ]
    addresses.append(f"{LIST}/{quote(raw, safe='')}")
    for address in addresses:
        for headers in ({}, HTMX):
            answer = browser.get(address, headers=headers)
            assert answer.status_code < 500, address[:80]
            assert "<script>alert" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("sort", ["newest", "name", "price", "quality"])
@pytest.mark.parametrize(
    "cursor", ['["\\u0000",1]', "[null,null]", "[true,1]", "[9007199254740993,1]", '["a",1]', "[1,1.5]"]
)
def test_a_forged_position_is_refused_or_finds_nothing(browser: FlaskClient, sort: str, cursor: str) -> None:
    after = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")
    answer = browser.get(f"{LIST}?sort={sort}&after={after}")
    assert answer.status_code in (200, 422)


def test_an_empty_catalogue_says_what_comes_next(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice", "FIRST")
    page = text_of(client, LIST)
    assert "The catalogue is empty" in page
    assert "0 devices" in page


def test_strangers_are_sent_to_sign_in_and_come_back(client: FlaskClient) -> None:
    answer = client.get(f"{LIST}?make=apple")
    assert answer.status_code == 303
    assert unquote(answer.headers["Location"]) == f"/sign-in?next={LIST}?make=apple"
