"""What each dialect says where it refuses, to the key."""

from collections.abc import Callable

import pytest

from tests.web.conftest import Suite
from tests.web.dialects.calls import ALL, JSON, RID, Body, body_of, call
from tests.web.suite import PREFIX, SECRET_IN_A_CRASH

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
