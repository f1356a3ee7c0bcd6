"""The catalogue's API: its rules, its errors, and what anybody may send it."""

from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.conftest import Api, World

SAMPLE = "iphone-16-pro-max"
OTHER = "samsung-galaxy-s25-ultra"


def get(world: World, path: str, **query: object) -> TestResponse:
    return world.api().get(f"/api/catalog{path}", query_string={name: str(value) for name, value in query.items()})


def error_of(answer: TestResponse) -> tuple[int, str | None]:
    """Status and refused field of an error in F's shape."""
    body = answer.get_json()
    assert set(body) == {"error", "request_id"}
    assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "field", "fields", "slug"}
    return answer.status_code, body["error"].get("field")


def test_a_device_is_found_by_its_slug_in_any_case_and_encoding(world: World) -> None:
    for slug in (SAMPLE, SAMPLE.upper(), "iPhone-16-Pro-Max", "%69phone-16-pro-max", SAMPLE + "/"):
        answer = world.api().get(f"/api/catalog/devices/{slug}")
        assert answer.get_json()["data"]["slug"] == SAMPLE


def test_an_unknown_device_is_a_404_that_names_it(world: World) -> None:
    answer = get(world, "/devices/no-such-device")
    assert error_of(answer) == (404, None)
    assert "no-such-device" in answer.get_json()["error"]["message"]


def test_model_numbers_are_the_documented_text_and_a_list(world: World) -> None:
    device = get(world, f"/devices/{SAMPLE}").get_json()["data"]
    assert device["model_numbers"] == ", ".join(device["model_numbers_list"])


def test_a_read_only_key_reads_the_catalogue(world: World) -> None:
    assert world.api("techfleet_read_only").get("/api/catalog/makes").status_code == 200


@pytest.mark.parametrize("key", ["techfleet", "techparts", "syncauction", "autosync", "sandbox"])
def test_a_key_of_any_dialect_reads_the_catalogue_in_its_own_shape(world: World, key: str) -> None:
    body = world.api(key).get(f"/api/catalog/devices/{SAMPLE}").get_json()
    assert set(body) == {"data", "request_id"}
    assert body["data"]["pricing"]["avg_price_usd"] == 89900


# Autocomplete.
def test_autocomplete_without_a_query_is_400(world: World) -> None:
    assert error_of(get(world, "/autocomplete")) == (400, "q")


@pytest.mark.parametrize("q", ["", "i", " i ", "  ", "x" * 101, "x" * 10_000])
def test_a_query_of_less_than_two_characters_or_too_many_is_422(world: World, q: str) -> None:
    assert error_of(get(world, "/autocomplete", q=q)) == (422, "q")


@pytest.mark.parametrize("limit", [0, -1, "x", "", 1.5, 2**31])
def test_a_limit_that_is_no_positive_number_is_422(world: World, limit: object) -> None:
    assert error_of(get(world, "/autocomplete", q="iphone", limit=limit)) == (422, "limit")


@pytest.mark.parametrize(("asked", "answered"), [(None, 10), (1, 1), (25, 25), (26, 25), (99, 25), (2**31 - 1, 25)])
def test_ten_suggestions_are_the_default_and_25_the_most(world: World, asked: int | None, answered: int) -> None:
    extra = {} if asked is None else {"limit": asked}
    found = get(world, "/autocomplete", q="samsung", **extra).get_json()["suggestions"]
    assert len(found) == answered


def test_suggestions_stay_within_a_make_by_name_slug_or_id_and_a_category_in_any_case(world: World) -> None:
    makes = {row["slug"]: row for row in get(world, "/makes").get_json()["data"]}
    for make in ("Samsung", "samsung", "SAMSUNG", makes["samsung"]["id"]):
        found = get(world, "/autocomplete", q="galaxy", make=make, limit=25).get_json()["suggestions"]
        assert {row["make"] for row in found} == {"Samsung"}
    for category in ("Tablets", "tablets", "TABLETS"):
        found = get(world, "/autocomplete", q="galaxy", category=category, limit=25).get_json()["suggestions"]
        assert found
        assert {row["category"] for row in found} == {"Tablets"}
    both = get(world, "/autocomplete", q="galaxy", make="Samsung", category="Tablets").get_json()["suggestions"]
    assert {(row["make"], row["category"]) for row in both} == {("Samsung", "Tablets")}
    assert get(world, "/autocomplete", q="galaxy", make="Apple").get_json()["suggestions"] == []


def test_an_unknown_make_or_category_is_404(world: World) -> None:
    assert error_of(get(world, "/autocomplete", q="galaxy", make="Nobody"))[0] == 404
    assert error_of(get(world, "/autocomplete", q="galaxy", category="Nothing"))[0] == 404
    assert error_of(get(world, "/devices", make="Nobody"))[0] == 404
    assert error_of(get(world, "/devices", category="Nothing"))[0] == 404


# Compare.
@pytest.mark.parametrize(
    "slugs", ["", ",", SAMPLE, f"{SAMPLE},", f"{SAMPLE},{OTHER},iphone-16,iphone-16-pro,iphone-16-plus"]
)
def test_less_than_two_or_more_than_four_devices_are_not_compared(world: World, slugs: str) -> None:
    assert error_of(get(world, "/compare", slugs=slugs)) == (422, "slugs")


@pytest.mark.parametrize("again", [SAMPLE, SAMPLE.upper(), f" {SAMPLE} "])
def test_a_device_is_not_compared_with_itself(world: World, again: str) -> None:
    answer = get(world, "/compare", slugs=f"{SAMPLE},{again}")
    assert error_of(answer) == (422, "slugs")
    assert SAMPLE in answer.get_json()["error"]["message"]


def test_an_unknown_device_in_a_comparison_is_a_404_that_names_it(world: World) -> None:
    answer = get(world, "/compare", slugs=f"{SAMPLE},nothing-like-it")
    assert error_of(answer) == (404, None)
    assert "nothing-like-it" in answer.get_json()["error"]["message"]


def test_a_comparison_without_slugs_is_400(world: World) -> None:
    assert error_of(get(world, "/compare")) == (400, "slugs")


def test_up_to_four_devices_are_compared_in_the_order_asked(world: World) -> None:
    slugs = [OTHER, "iphone-16-plus", SAMPLE, "iphone-16-pro"]
    body = get(world, "/compare", slugs=",".join(slugs)).get_json()
    assert [device["slug"] for device in body["devices"]] == slugs
    for values in body["diff"].values():
        assert list(values) == slugs
        assert len(set(map(str, values.values()))) > 1


# The list.
def listed(world: World, **query: object) -> list[dict[str, object]]:
    answer = get(world, "/devices", **query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    rows: list[dict[str, object]] = answer.get_json()["data"]
    return rows


def test_the_list_has_every_device_once_over_its_pages(world: World) -> None:
    first = get(world, "/devices", per_page=200, make="Apple").get_json()
    meta = first["meta"]
    assert meta["pages"] == -(-meta["total"] // 200)
    slugs = [row["slug"] for row in first["data"]]
    for page in range(2, meta["pages"] + 1):
        slugs += [row["slug"] for row in listed(world, per_page=200, make="Apple", page=page)]
    assert len(slugs) == len(set(slugs)) == meta["total"]
    makes = {row["name"]: row["device_count"] for row in get(world, "/makes").get_json()["data"]}
    assert meta["total"] == makes["Apple"]


def test_the_list_is_newest_first_unless_asked_otherwise(world: World) -> None:
    days = [str(row["release_date"] or "") for row in listed(world, per_page=200)]
    assert days == sorted(days, reverse=True)
    names = [str(row["name"]).lower() for row in listed(world, sort="name", make="Apple", per_page=100)]
    assert names[0] < names[-1]
    prices = [row["avg_price_usd"] for row in listed(world, sort="price", per_page=50)]
    assert prices == sorted(prices, key=lambda price: -(price if isinstance(price, int) else 0))
    assert error_of(get(world, "/devices", sort="colour"))[0] == 422


def test_the_list_is_narrowed_by_year_gtin_and_any_normalised_spec(world: World) -> None:
    assert {str(row["release_date"])[:4] for row in listed(world, year=2024)} == {"2024"}
    assert all(row["gtin"] for row in listed(world, has_gtin="true"))
    assert not any(row["gtin"] for row in listed(world, has_gtin="0"))
    for row in listed(world, min_ram_gb=8, max_ram_gb=12, per_page=5):
        specs = get(world, f"/devices/{row['slug']}").get_json()["data"]["normalized_specs"]
        assert 8 <= specs["ram_gb"] <= 12
    with_both = listed(world, make="Apple", category="Smartphones", year=2024, min_battery_mah=4_000)
    assert SAMPLE in {row["slug"] for row in with_both}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_ram_gb", "lots"), ("min_ram_gb", "NaN"), ("max_ram_gb", "inf"), ("min_ram_gb", "1e400"),
        ("min_colour", "5"), ("max_", "5"), ("year", "soon"), ("year", "99999"), ("year", "-1"),
        ("has_gtin", "perhaps"), ("sort", "colour"), ("sort", "x" * 10_000), ("page", "0"), ("per_page", "-1"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_by_name(world: World, name: str, value: str) -> None:
    assert error_of(get(world, "/devices", **{name: value})) == (422, name)


def test_a_page_far_behind_the_end_is_empty_and_a_size_above_the_maximum_is_clamped_and_echoed(world: World) -> None:
    for page in (10_000, 10**6, 10**11):
        body = get(world, "/devices", page=page).get_json()
        assert body["data"] == []
        assert body["meta"]["total"] > 5_000
    assert get(world, "/devices", per_page=100_000).get_json()["meta"]["per_page"] == 200


# Anything at all. Whatever is sent in whatever place, the answer is F's JSON and never a 5xx.
NASTY = {
    "NUL": "a\0b",
    "NUL first": "\0",
    "10 kB": "x" * 10_000,
    "right to left": "\u202eiphone\u202c שלום",
    "emoji": "📱📱",
    "combining": "e" + "\u0301" * 500,
    "quotes": "'; DROP TABLE device; --",
    "wildcards": "%_*?[",
    "JSON": '{"$ne": null}',
    "template": "{{7*7}}${7*7}",
    "path": "../../etc/passwd",
    "line ends": "a\r\nb: c",
    "wide": "\uff29\uff50\uff48\uff4f\uff4e\uff45",
    "a huge number": "9" * 400,
    "a negative number": "-9223372036854775809",
    "a number above 64 bits": "18446744073709551616",
    "not a number": "NaN",
    "infinity": "1e999",
    "blank": "   ",
    "empty": "",
    "the last character": "\U0010ffff",
}  # fmt: skip
NASTY_BYTES = {
    "a lone surrogate": "%ED%A0%80",
    "half a character": "%C3",
    "no UTF-8": "%FF%FE",
    "an overlong slash": "%C0%AF",
    "a percent sign": "%",
}
PLACES = {
    "/autocomplete": ("q", "limit", "make", "category"),
    "/compare": ("slugs",),
    "/devices": ("make", "category", "year", "has_gtin", "sort", "page", "per_page", "min_ram_gb", "max_weight_g"),
    "/makes": ("page", "anything"),
    "/stats": ("anything",),
}
REQUIRED = {"/autocomplete": "q=iphone", "/compare": f"slugs={SAMPLE},{OTHER}"}


def assert_sound(answer: TestResponse, what: str) -> None:
    assert answer.status_code < 500, what
    assert answer.mimetype == "application/json", what
    body = answer.get_json()
    assert "request_id" in body, what
    assert not ("error" in body and answer.status_code == 200), what


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("case", [*NASTY, *NASTY_BYTES])
def test_no_parameter_breaks_on_any_text(world: World, path: str, case: str) -> None:
    encoded = NASTY_BYTES.get(case) or quote(NASTY.get(case, ""), safe="")
    api = world.api()
    for name in PLACES[path]:
        others = REQUIRED.get(path, "")
        query = f"{name}={encoded}" + (f"&{others}" if not others.startswith(f"{name}=") else "")
        assert_sound(api.get(f"/api/catalog{path}?{query}"), query[:100])
        assert_sound(api.get(f"/api/catalog{path}?{encoded}=1&{others}"), f"name {case}")


@pytest.mark.parametrize("case", [*NASTY, *NASTY_BYTES])
def test_no_slug_breaks_on_any_text(world: World, case: str) -> None:
    encoded = NASTY_BYTES.get(case) or quote(NASTY.get(case, ""), safe="")
    api = world.api()
    for path in (f"/devices/{encoded}", f"/compare?slugs={encoded},{encoded}", f"/compare?slugs={SAMPLE},{encoded}"):
        answer = api.get(f"/api/catalog{path}")
        assert_sound(answer, path[:100])
        assert answer.status_code in (200, 400, 404, 422), path[:100]


@pytest.mark.parametrize("name", ["X-Request-Id", "X-Tenant-Id", "Accept", "Content-Type", "Accept-Language", "Cookie"])
@pytest.mark.parametrize("value", ["x" * 10_000, "\x80\xff", "{{7*7}}", "'; --", ""])
def test_no_header_breaks_it(world: World, name: str, value: str) -> None:
    answer = world.api().get(f"/api/catalog/devices/{SAMPLE}", headers={name: value})
    assert_sound(answer, name)
    assert len(answer.headers["X-Request-Id"]) <= 64


@pytest.mark.parametrize(
    "authorization", ["Bearer \x80\xff", "Bearer " + "x" * 10_000, "Bearer \t", "Bearer 📱".encode().decode("latin-1")]
)
def test_no_authorization_header_breaks_it(world: World, authorization: str) -> None:
    answer = Api(world.app.test_client(), None).get("/api/catalog/makes", headers={"Authorization": authorization})
    assert_sound(answer, authorization[:20])
    assert answer.status_code == 401


def test_a_body_where_none_is_documented_is_ignored(world: World) -> None:
    answer = world.api().get("/api/catalog/makes", data=b"\xff{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_catalogue_is_not_written_through_the_api(world: World, method: str) -> None:
    for path in ("/devices", f"/devices/{SAMPLE}", "/makes", "/stats", "/compare", "/autocomplete"):
        assert error_of(world.api().call(method, f"/api/catalog{path}")) == (405, None)
