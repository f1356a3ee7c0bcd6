"""The five dialects, each through real requests: envelopes, errors, paging words, money, ids, to the key."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from dashboard.core.errors import Invalid
from dashboard.web.dialects import DIALECTS, is_api_path, owner_of_path
from tests.conftest import Api
from tests.web.conftest import Suite
from tests.web.suite import PREFIX, SECRET_IN_A_CRASH, SHARED

ALL = list(DIALECTS)
RID = "test-request-1"
CENTS, DOLLARS = ("techfleet", "tradekitt"), ("techparts", "syncauction", "autosync")
NUMBERS, PREFIXED = ("tradekitt", "autosync"), ("techfleet", "techparts", "syncauction")
Body = dict[str, Any]


def call(api: Api, dialect: str, method: str, path: str, **options: Any) -> TestResponse:
    headers = {"X-Request-Id": RID, **options.pop("headers", {})}
    return api.call(method, PREFIX[dialect] + path, headers=headers, **options)


def body_of(answer: TestResponse) -> Body:
    assert answer.mimetype == "application/json"
    found: Body = orjson.loads(answer.data)
    return found


def shown(dialect: str, number: int = 7) -> Body:
    return {
        "id": number if dialect in NUMBERS else f"ord_{number}",
        "price": 54900 if dialect in CENTS else 549.00,
        "free": 0,
    }


ONE: dict[str, Callable[[Body], Body]] = {
    "techfleet": lambda data: {"data": data, "request_id": RID},
    "techparts": lambda data: data,
    "syncauction": lambda data: {"data": data, "request_id": RID},
    "tradekitt": lambda data: {"ok": True, "data": data, "request_id": RID},
    "autosync": lambda data: {"success": True, "data": data, "request_id": RID},
}


@pytest.mark.parametrize("dialect", ALL)
def test_a_single_object_stands_in_the_dialects_envelope(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "GET", "/one")
    assert answer.status_code == 200
    assert body_of(answer) == ONE[dialect](shown(dialect))


@pytest.mark.parametrize("dialect", ALL)
def test_a_created_object_stands_in_the_same_envelope_with_201(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "POST", "/things", json={"name": "a", "quantity": 3})
    assert answer.status_code == 201
    assert body_of(answer) == ONE[dialect](shown(dialect, 3))


MANY: dict[str, Callable[[list[Body]], Body]] = {
    "techfleet": lambda rows: {
        "data": rows,
        "meta": {"page": 2, "per_page": 50, "total": 120, "pages": 3},
        "request_id": RID,
    },
    "techparts": lambda rows: {"data": rows, "meta": {"page": 2, "per_page": 50, "total": 120, "pages": 3}},
    "syncauction": lambda rows: {
        "data": rows,
        "meta": {"page": 2, "per_page": 50, "total": 120, "pages": 3},
        "request_id": RID,
    },
    "tradekitt": lambda rows: {
        "ok": True,
        "data": {"items": rows, "total": 120, "page": 2, "limit": 50, "total_pages": 3},
        "request_id": RID,
    },
    "autosync": lambda rows: {
        "success": True,
        "data": rows,
        "pagination": {"page": 2, "per_page": 25, "total": 120, "pages": 5, "has_more": True},
        "request_id": RID,
    },
}
SIZE_WORD = {name: "limit" if name == "tradekitt" else "per_page" for name in ALL}
SIZES = {name: (25, 100) if name == "autosync" else (50, 200) for name in ALL}


@pytest.mark.parametrize("dialect", ALL)
def test_a_page_stands_in_the_dialects_envelope_with_its_figures(suite: Suite, dialect: str) -> None:
    size = SIZES[dialect][0]
    answer = call(suite.api(), dialect, "GET", "/many?page=2")
    rows = [shown(dialect, number) for number in range(size + 1, 2 * size + 1)]
    assert body_of(answer) == MANY[dialect](rows)


def figures(body: Body) -> tuple[int, int, int]:
    """Page, size and rows of a page's answer, under whatever words."""
    place: Body = body.get("meta") or body.get("pagination") or body["data"]
    rows: list[Body] = place["items"] if "items" in place else body["data"]
    return place["page"], place["limit" if "limit" in place else "per_page"], len(rows)


@pytest.mark.parametrize("dialect", ALL)
def test_page_and_size_have_the_dialects_words_defaults_and_maximum(suite: Suite, dialect: str) -> None:
    api, word, (default, maximum) = suite.api(), SIZE_WORD[dialect], SIZES[dialect]
    assert figures(body_of(call(api, dialect, "GET", "/many"))) == (1, default, default)
    assert figures(body_of(call(api, dialect, "GET", f"/many?{word}=7&page=3"))) == (3, 7, 7)
    assert figures(body_of(call(api, dialect, "GET", f"/many?{word}={maximum}"))) == (1, maximum, min(120, maximum))
    assert figures(body_of(call(api, dialect, "GET", f"/many?{word}=100000"))) == (1, maximum, min(120, maximum))
    assert figures(body_of(call(api, dialect, "GET", "/many?page=999"))) == (999, default, 0)
    other = "per_page" if word == "limit" else "limit"
    assert figures(body_of(call(api, dialect, "GET", f"/many?{other}=7"))) == (1, default, default)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("value", ["0", "-1", "abc", "", "1.5", "%2B1", "1e3", "٣", "9" * 40])
def test_a_page_that_is_no_positive_number_is_refused_by_its_word(suite: Suite, dialect: str, value: str) -> None:
    for word in ("page", SIZE_WORD[dialect]):
        answer = call(suite.api(), dialect, "GET", f"/many?{word}={value}")
        assert answer.status_code == 422
        assert word in answer.get_data(as_text=True)


def test_only_the_last_page_of_autosync_has_no_more(suite: Suite) -> None:
    pages = [body_of(call(suite.api(), "autosync", "GET", f"/many?page={page}")) for page in (4, 5)]
    assert [page["pagination"]["has_more"] for page in pages] == [True, False]


@pytest.mark.parametrize("dialect", ALL)
def test_keys_without_an_envelope_stand_bare_except_in_tradekitt(suite: Suite, dialect: str) -> None:
    stamp: Body = {} if dialect == "techparts" else {"request_id": RID}
    keys: Body = {"devices": [1, 2]}
    expected: Body = {"ok": True, "data": keys} if dialect == "tradekitt" else keys
    assert body_of(call(suite.api(), dialect, "GET", "/bare")) == {**expected, **stamp}


@pytest.mark.parametrize("dialect", ALL)
def test_a_deletion_answers_204_without_a_body(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "DELETE", "/empty")
    assert (answer.status_code, answer.data) == (204, b"")


# Errors. `code` is our word for the fact; F, P, S and A show it, K shows its own in capitals.
Fields = list[tuple[str, str]]


def techfleet_error(status: int, code: str, message: str, fields: Fields, extra: Body) -> Body:
    named = [{"field": name, "message": text} for name, text in fields]
    which: Body = {"field": fields[0][0], "fields": named} if fields else {}
    return {"error": {"code": code, "message": message, **which, **extra}, "request_id": RID}


def flat_error(status: int, code: str, message: str, fields: Fields, extra: Body) -> Body:
    listed: Body = {"details": [text for _, text in fields]} if fields else {}
    shown_message = "Invalid request body" if fields and code == "validation_error" else message
    return {"error": code, "message": shown_message, **listed, **extra}


KITT_WORDS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    422: "VALIDATION_ERROR",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_ERROR",
    503: "UNAVAILABLE",
}


def tradekitt_error(status: int, code: str, message: str, fields: Fields, extra: Body) -> Body:
    word = "INSUFFICIENT_STOCK" if code == "insufficient_stock" else KITT_WORDS[status]
    named = [{"field": name, "message": text} for name, text in fields]
    which: Body = {"fields": named} if fields else {}
    return {"ok": False, "error": {"code": word, "message": message, **which, **extra}, "request_id": RID}


def autosync_error(status: int, code: str, message: str, fields: Fields, extra: Body) -> Body:
    error: Body = {"code": code, "message": message, "field": fields[0][0] if fields else None, "status": status}
    if len(fields) > 1:
        error["fields"] = [{"field": name, "message": text} for name, text in fields]
    return {"success": False, "error": {**error, **extra}, "request_id": RID}


ERROR: dict[str, Callable[[int, str, str, Fields, Body], Body]] = {
    "techfleet": techfleet_error,
    "techparts": flat_error,
    "syncauction": flat_error,
    "tradekitt": tradekitt_error,
    "autosync": autosync_error,
}
KEY_NEEDED = "Valid API key required. Include 'Authorization: Bearer YOUR_API_KEY' header."
NAME_NEEDED = ("name", "Field 'name' is required")
TOO_FEW = ("quantity", "Field 'quantity' must be at least 1")
JSON = {"Content-Type": "application/json"}

# method, path, options, status, word, message, fields, further keys
REFUSALS: dict[str, tuple[str, str, Body, int, str, str, Fields, Body]] = {
    "a missing query parameter": (
        "GET", "/search", {}, 400, "bad_request", "Query parameter 'q' is required.",
        [("q", "Field 'q' is required")], {},
    ),
    "a query parameter that is too short": (
        "GET", "/search?q=x", {}, 422, "validation_error", "Field 'q' must have at least 2 characters",
        [("q", "Field 'q' must have at least 2 characters")], {},
    ),
    "a body of another type": (
        "POST", "/things", {"data": "name=x", "headers": {"Content-Type": "text/plain"}}, 400, "bad_request",
        "Send the body as JSON, with 'Content-Type: application/json'.", [], {},
    ),
    "a body that is a list": (
        "POST", "/things", {"data": "[]", "headers": JSON}, 400, "bad_request", "The body must be a JSON object.", [],
        {},
    ),
    "one wrong field": (
        "POST", "/things", {"json": {"name": "a", "quantity": 0}}, 422, "validation_error", "Invalid request body",
        [TOO_FEW], {},
    ),
    "several wrong fields": (
        "POST", "/things", {"json": {"quantity": 0}}, 422, "validation_error", "Invalid request body",
        [NAME_NEEDED, TOO_FEW], {},
    ),
    "a wrong field in a list": (
        "POST", "/things", {"json": {"name": "a", "quantity": 1, "tags": ["a", 5]}}, 422, "validation_error",
        "Invalid request body", [("tags[1]", "Field 'tags[1]' must be text")], {},
    ),
    "fields that a service refuses": (
        "POST", "/rules", {}, 422, "validation_error", "Two fields are wrong.",
        [("zip", "A zip code has 5 digits."), ("items[0].sku", "That SKU is unknown.")], {},
    ),
    "a thing that is not there": (
        "GET", "/missing", {}, 404, "not_found", "Thing 9 does not exist.", [], {},
    ),
    "a state that forbids it": ("POST", "/taken", {}, 409, "conflict", "That is taken.", [], {}),
    "a state that forbids it, with its own word": (
        "POST", "/sold", {}, 409, "insufficient_stock", "Only 2 are left.", [], {"available_quantity": 2},
    ),
    "too many bytes": ("POST", "/large", {}, 413, "payload_too_large", "That file is too large.", [], {}),
    "something that does not answer": (
        "GET", "/unavailable", {}, 503, "unavailable", "The carrier does not answer.", [], {},
    ),
    "a right that the key lacks": (
        "GET", "/ticked", {}, 403, "forbidden",
        "Insufficient permissions to manage webhooks. Requires 'webhooks:manage' scope.", [], {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_the_dialects_body_to_the_key(suite: Suite, dialect: str, case: str) -> None:
    method, path, options, status, code, message, fields, extra = REFUSALS[case]
    answer = call(suite.api(), dialect, method, path, **options)
    assert answer.status_code == status
    assert body_of(answer) == ERROR[dialect](status, code, message, fields, extra)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("raw", [b"", b"{", b'{"name": "a",}', b'{"name": \xff}', b'{"a": "\\ud800"}', b"nope"])
def test_malformed_json_is_a_400_that_says_so(suite: Suite, dialect: str, raw: bytes) -> None:
    answer = call(suite.api(), dialect, "POST", "/things", data=raw, headers=JSON)
    assert answer.status_code == 400
    body = body_of(answer)
    message = body["message"] if "message" in body else body["error"]["message"]
    assert message.startswith("The body is not valid JSON:")
    assert body == ERROR[dialect](400, "bad_request", message, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_without_a_key_the_answer_is_401_in_the_paths_dialect(suite: Suite, dialect: str) -> None:
    answer = call(suite.stranger(), dialect, "GET", "/one")
    assert answer.status_code == 401
    assert body_of(answer) == ERROR[dialect](401, "unauthorized", KEY_NEEDED, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_a_read_only_key_is_refused_a_change_in_the_documented_words(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(access="read-only"), dialect, "DELETE", "/empty")
    assert answer.status_code == 403
    message = "Insufficient permissions to update orders. Requires 'orders:write' scope."
    assert body_of(answer) == ERROR[dialect](403, "forbidden", message, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_an_unknown_path_is_a_404_in_the_dialect_of_its_prefix(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "GET", "/nowhere")
    assert answer.status_code == 404
    message = f"There is nothing at {PREFIX[dialect]}/nowhere."
    assert body_of(answer) == ERROR[dialect](404, "not_found", message, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_another_method_is_a_405_that_names_the_right_ones(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "PATCH", "/one")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    message = "PATCH is not possible here. Use GET, HEAD, OPTIONS."
    assert body_of(answer) == ERROR[dialect](405, "method_not_allowed", message, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_a_body_above_the_limit_is_a_413(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "POST", "/things", data=b"x" * 2_100_000, headers=JSON)
    assert answer.status_code == 413
    message = "The request is larger than this installation accepts."
    assert body_of(answer) == ERROR[dialect](413, "payload_too_large", message, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_a_used_up_limit_is_a_429_that_says_when_to_come_back(suite: Suite, dialect: str) -> None:
    api = suite.limited(2)
    answers = [call(api, dialect, "GET", "/one") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    wait = int(answers[2].headers["Retry-After"])
    assert 1 <= wait <= 61
    assert all("Retry-After" not in answer.headers for answer in answers[:2])
    message = f"More than 2 requests in a minute. Wait {wait} seconds."
    assert body_of(answers[2]) == ERROR[dialect](429, "rate_limited", message, [], {})


@pytest.mark.parametrize("dialect", ALL)
def test_a_crash_is_a_500_that_tells_nothing_of_its_cause(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "GET", "/crash")
    assert answer.status_code == 500
    message = "Something broke on our side. Try again; if it stays, tell us the request id."
    assert body_of(answer) == ERROR[dialect](500, "internal_error", message, [], {})
    assert SECRET_IN_A_CRASH not in answer.get_data(as_text=True)


# Money.
@pytest.mark.parametrize("dialect", ALL)
def test_money_goes_out_in_the_dialects_unit_with_exactly_two_places_where_it_has_any(
    suite: Suite, dialect: str
) -> None:
    text = call(suite.api(), dialect, "GET", "/one").get_data(as_text=True)
    price, free = ("54900", "0") if dialect in CENTS else ("549.00", "0.00")
    assert f'"price":{price},"free":{free}' in text


def read_price(suite: Suite, dialect: str, raw: str) -> tuple[int, Any]:
    answer = call(suite.api(), dialect, "POST", "/prices", data=f'{{"price": {raw}}}', headers=JSON)
    body = body_of(answer)
    if answer.status_code != 200:
        return answer.status_code, None
    return 200, (body["data"] if dialect == "tradekitt" else body)["devices"][0]


@pytest.mark.parametrize("dialect", CENTS)
@pytest.mark.parametrize("raw", ["0", "1", "54900", "-5", "1000000000000000"])
def test_cents_come_in_as_whole_numbers(suite: Suite, dialect: str, raw: str) -> None:
    assert read_price(suite, dialect, raw) == (200, int(raw))


@pytest.mark.parametrize("dialect", DOLLARS)
@pytest.mark.parametrize(
    ("raw", "minor"),
    [("549", 54900), ("549.00", 54900), ("430.5", 43050), ("0.1", 10), ("0", 0), ("19.99", 1999), ("1.005e1", 1005)],
)
def test_dollars_come_in_as_decimals_and_never_as_binary_floats(
    suite: Suite, dialect: str, raw: str, minor: int
) -> None:
    assert read_price(suite, dialect, raw) == (200, minor)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    "raw", ["1.005", "0.001", "true", "null", "[]", '"abc"', "1e400", "1e30", "-1e30", "9" * 30, '"NaN"', '"Infinity"']
)
def test_what_is_no_amount_is_refused_by_its_field(suite: Suite, dialect: str, raw: str) -> None:
    answer = call(suite.api(), dialect, "POST", "/prices", data=f'{{"price": {raw}}}', headers=JSON)
    assert answer.status_code == 422
    assert "price" in answer.get_data(as_text=True)


@pytest.mark.parametrize("dialect", CENTS)
def test_dollars_are_not_taken_for_cents(suite: Suite, dialect: str) -> None:
    assert read_price(suite, dialect, "549.50")[0] == 422


@pytest.mark.parametrize("dialect", ALL)
def test_an_amount_as_a_binary_float_is_refused(dialect: str) -> None:
    for raw in (549.0, float("nan"), float("inf"), True, None, "549", [1]):
        with pytest.raises(Invalid):
            DIALECTS[dialect].read_money(raw, "USD", "price")


# Ids.
@pytest.mark.parametrize("dialect", ALL)
def test_an_id_comes_in_as_the_dialect_gives_it_out(suite: Suite, dialect: str) -> None:
    ref, expected = ("7", [7, None]) if dialect in NUMBERS else ("ord_7", [None, "ord_7"])
    body = body_of(call(suite.api(), dialect, "GET", f"/things/{ref}"))
    assert (body["data"] if dialect == "tradekitt" else body)["devices"] == expected


@pytest.mark.parametrize("dialect", NUMBERS)
@pytest.mark.parametrize("ref", ["0", "-1", "abc", "ord_7", "1.5", "٣", "9" * 30, "%00", "true"])
def test_what_is_no_number_is_refused_as_an_id(suite: Suite, dialect: str, ref: str) -> None:
    assert call(suite.api(), dialect, "GET", f"/things/{ref}").status_code == 422


@pytest.mark.parametrize("dialect", PREFIXED)
@pytest.mark.parametrize("ref", ["x" * 65, "a%00b", "%E2%80%AEx", "a%0Ab"])
def test_what_is_no_prefixed_id_is_refused(suite: Suite, dialect: str, ref: str) -> None:
    assert call(suite.api(), dialect, "GET", f"/things/{ref}").status_code == 422


@pytest.mark.parametrize("dialect", NUMBERS)
@pytest.mark.parametrize("raw", [True, False, 0, -1, 1.0, None, 2**60, [], "", "x"])
def test_only_positive_numbers_are_ids_in_a_body(dialect: str, raw: object) -> None:
    with pytest.raises(Invalid):
        DIALECTS[dialect].read_id(raw)


@pytest.mark.parametrize("dialect", PREFIXED)
@pytest.mark.parametrize("raw", [True, 7, None, [], "", "x" * 65, "a\0b"])
def test_only_short_printable_text_is_a_prefixed_id_in_a_body(dialect: str, raw: object) -> None:
    with pytest.raises(Invalid):
        DIALECTS[dialect].read_id(raw)


# A path that several dialects share.
def dialect_of(body: Body, *, failed: bool = False) -> str:
    if failed:
        return "techfleet" if isinstance(body["error"], dict) else "flat"
    inner: Body = body.get("data", body)
    if inner["price"] == 54900:
        return "techfleet"
    return "syncauction" if "data" in body else "techparts"


@pytest.mark.parametrize(
    ("key", "query", "expected"),
    [
        (None, "", "syncauction"),
        (None, "?model=x", "techfleet"),
        ("techfleet", "", "techfleet"),
        ("techparts", "", "techparts"),
        ("syncauction", "", "syncauction"),
        ("syncauction", "?model=x", "syncauction"),
        ("techparts", "?model=x", "techparts"),
        ("tradekitt", "", "syncauction"),
        ("autosync", "", "syncauction"),
    ],
)
def test_a_shared_path_answers_in_the_keys_dialect_then_by_its_hint_then_its_default(
    suite: Suite, key: str | None, query: str, expected: str
) -> None:
    answer = suite.api(key).get(SHARED + query)
    assert dialect_of(body_of(answer)) == expected
    assert "Authorization" in answer.headers["Vary"]


@pytest.mark.parametrize(("key", "expected"), [(None, "flat"), ("techparts", "flat"), ("techfleet", "techfleet")])
def test_a_refusal_on_a_shared_path_is_in_the_same_dialect(suite: Suite, key: str | None, expected: str) -> None:
    assert dialect_of(body_of(suite.api(key).get(f"{SHARED}?fail=1")), failed=True) == expected


def test_without_a_key_a_shared_path_answers_in_its_default_dialect(suite: Suite) -> None:
    answer = suite.stranger().get(SHARED)
    assert answer.status_code == 401
    assert dialect_of(body_of(answer), failed=True) == "flat"


def test_a_key_of_one_dialect_calls_the_paths_of_another_in_theirs(suite: Suite) -> None:
    for key in ALL:
        for dialect in ALL:
            body = body_of(call(suite.api(key), dialect, "GET", "/one"))
            assert body == ONE[dialect](shown(dialect))


# Who owns a path (decisions, section 1).
OWNERS = {
    "/api/catalog/nothing": "techfleet",
    "/api/catalog": "techfleet",
    "/api/v1/inventory": "techfleet",
    "/api/v1/inventory/x": "techfleet",
    "/api/v1/products/x": "techfleet",
    "/api/v1/orders/x/y": "techfleet",
    "/api/v1/channels/x": "techfleet",
    "/api/v1/inventory-counts": "tradekitt",
    "/api/v1/admin/inventory/x": "tradekitt",
    "/api/v1/admin/analytics": "tradekitt",
    "/api/v1/auth/login": "tradekitt",
    "/api/v1/customer/me": "tradekitt",
    "/api/v1": "tradekitt",
    "/api/v1/": "tradekitt",
    "/v1/shops": "autosync",
    "/v1/shops/1/customers": "autosync",
    "/v1/oauth/x": "autosync",
    "/v1/vin/1HGCM82633A123456": "autosync",
    "/v1/channels/sync": "techfleet",
    "/v1/sync/x": "syncauction",
    "/v1/stores/x": "syncauction",
    "/v1/pricing-rules/x": "syncauction",
    "/v1/analytics/x": "syncauction",
    "/v1/ai/x": "syncauction",
    "/v1/nothing": "techparts",
    "/v1/shopsx": "techparts",
    "/v1": "techparts",
    "/v1/": "techparts",
}


def shape_of_error(body: Body) -> str:
    if "ok" in body:
        return "tradekitt"
    if "success" in body:
        return "autosync"
    return "techfleet" if isinstance(body["error"], dict) else "flat"


@pytest.mark.parametrize("path", OWNERS)
def test_an_unknown_path_is_answered_by_the_owner_of_its_prefix(suite: Suite, path: str) -> None:
    owner = OWNERS[path]
    assert is_api_path(path)
    assert owner_of_path(path).name == owner
    answer = suite.api().get(path)
    assert answer.status_code == 404
    assert shape_of_error(body_of(answer)) == ("flat" if owner in ("techparts", "syncauction") else owner)


@pytest.mark.parametrize("path", ["/apiary", "/v10", "/v1x/y", "/nothing", "/static/nothing.css"])
def test_other_unknown_paths_are_pages(suite: Suite, path: str) -> None:
    answer = suite.stranger().get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
