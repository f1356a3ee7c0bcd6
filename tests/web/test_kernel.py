"""The API kernel: who is asked for what, what every answer carries, and where a request ends up."""

import re

import pytest
from flask import Flask

from dashboard import create_app
from dashboard.config import Settings
from dashboard.core.db import db
from tests.conftest import Api, made_app
from tests.web.conftest import Suite
from tests.web.suite import PREFIX, suite_app

LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
ONE = PREFIX["techparts"] + "/one"
JSON = {"Content-Type": "application/json"}

# Every way in which a request can end: method, path under a dialect, headers and body, status.
ENDS: dict[str, tuple[str, str, dict[str, object], int]] = {
    "200": ("GET", "/one", {}, 200),
    "201": ("POST", "/things", {"json": {"name": "a", "quantity": 1}}, 201),
    "204": ("DELETE", "/empty", {}, 204),
    "400": ("POST", "/things", {"data": "{", "headers": JSON}, 400),
    "401": ("GET", "/one", {"headers": {"Authorization": "Bearer sk_live_nobody"}}, 401),
    "403": ("GET", "/ticked", {}, 403),
    "404 of a path": ("GET", "/nowhere", {}, 404),
    "404 of a thing": ("GET", "/missing", {}, 404),
    "405": ("PUT", "/one", {}, 405),
    "409": ("POST", "/sold", {}, 409),
    "413": ("POST", "/things", {"data": "x" * 2_100_000, "headers": JSON}, 413),
    "422": ("GET", "/many?page=0", {}, 422),
    "500": ("GET", "/crash", {}, 500),
    "503": ("GET", "/unavailable", {}, 503),
    "options": ("OPTIONS", "/one", {}, 200),
    "public": ("GET", "/public", {}, 200),
}


@pytest.mark.parametrize("dialect", ["techfleet", "tradekitt", "autosync"])
@pytest.mark.parametrize("end", ENDS)
def test_every_answer_carries_its_request_id_and_the_state_of_the_limit(suite: Suite, dialect: str, end: str) -> None:
    method, path, options, status = ENDS[end]
    answer = suite.api().call(method, PREFIX[dialect] + path, **options)
    assert answer.status_code == status
    assert re.fullmatch(r"req_[0-9a-f]{12}", answer.headers["X-Request-Id"])
    limit, remaining, reset = (int(answer.headers[name]) for name in LIMIT_HEADERS)
    assert 0 <= remaining < limit
    assert reset > 1_700_000_000
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_a_429_carries_them_as_well(suite: Suite) -> None:
    api = suite.limited(1)
    for expected, remaining in ((200, "0"), (429, "0"), (429, "0")):
        answer = api.get(ONE)
        assert answer.status_code == expected
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("1", remaining)


def test_unknown_paths_use_up_the_limit_too(suite: Suite) -> None:
    api = suite.limited(2)
    answers = [api.get("/v1/nowhere").status_code for _ in range(3)]
    assert answers == [404, 404, 429]


def test_a_harmless_request_id_is_echoed_and_stands_in_the_body(suite: Suite) -> None:
    answer = suite.api().get(PREFIX["techfleet"] + "/one", headers={"X-Request-Id": "mine-42"})
    assert answer.headers["X-Request-Id"] == "mine-42"
    assert answer.get_json()["request_id"] == "mine-42"


@pytest.mark.parametrize("offered", ["a b", "<script>", "x" * 65, "é", "abc"])
def test_any_other_request_id_is_replaced(suite: Suite, offered: str) -> None:
    answer = suite.api().get(ONE, headers={"X-Request-Id": offered})
    assert re.fullmatch(r"req_[0-9a-f]{12}", answer.headers["X-Request-Id"])


def test_two_requests_have_two_ids(suite: Suite) -> None:
    api = suite.api()
    assert api.get(ONE).headers["X-Request-Id"] != api.get(ONE).headers["X-Request-Id"]


def test_no_tenant_header_is_needed_and_the_tenant_is_the_keys(suite: Suite) -> None:
    path = PREFIX["techfleet"] + "/public"
    for tenant in (suite.merchants.tenant, suite.merchants.other_tenant):
        assert suite.api(tenant=tenant).get(path).get_json()["devices"] == [tenant.id]


def test_a_public_endpoint_answers_strangers_and_refuses_a_wrong_key(suite: Suite) -> None:
    path = PREFIX["techfleet"] + "/public"
    assert suite.stranger().get(path).get_json()["devices"] == []
    assert Api(suite.app.test_client(), "sk_live_wrong").get(path).status_code == 401


@pytest.mark.parametrize("dialect", list(PREFIX))
def test_a_trailing_slash_answers_directly_and_nothing_of_the_api_redirects(suite: Suite, dialect: str) -> None:
    for path in ("/one", "/one/", "/many/", "/things/7/"):
        answer = suite.api().get(PREFIX[dialect] + path)
        assert answer.status_code in (200, 422), path
    for path in ("//one", "/../one", "/one//", "/%2e%2e/one"):
        answer = suite.api().get(PREFIX[dialect] + path)
        assert not 300 <= answer.status_code < 400, path


def test_a_session_cookie_alone_opens_no_endpoint(suite: Suite) -> None:
    browser = suite.app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = f"{suite.merchants.alice.actor_id}:0"
    assert browser.get(ONE).status_code == 401


def test_the_api_needs_no_csrf_token(suite: Suite) -> None:
    answer = suite.api().post(PREFIX["techparts"] + "/things", json={"name": "a", "quantity": 1})
    assert answer.status_code == 201


def test_keys_of_a_body_that_are_not_documented_set_nothing(suite: Suite) -> None:
    answer = suite.api().post(PREFIX["techparts"] + "/things", json={"name": "a", "quantity": 3, "id": 9})
    assert answer.get_json()["id"] == "ord_3"


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "application/x+json"])
def test_a_body_is_json_under_every_name_of_json(suite: Suite, content_type: str) -> None:
    answer = suite.api().post(
        PREFIX["techparts"] + "/things",
        data=b'{"name": "a", "quantity": 3}',
        headers={"Content-Type": content_type},
    )
    assert answer.status_code == 201


def test_a_body_without_a_content_type_is_read_as_json(suite: Suite) -> None:
    answer = suite.api().post(PREFIX["techparts"] + "/things", data=b'{"name": "a", "quantity": 3}')
    assert answer.status_code == 201


def test_a_size_above_the_maximum_is_clamped_not_refused(suite: Suite) -> None:
    answers = [suite.api().get(f"{PREFIX['techfleet']}/search?q=ab&limit={limit}") for limit in (25, 26, 2**31 - 1)]
    assert [answer.get_json()["devices"] for answer in answers] == [[25], [25], [25]]


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "", "1.5", str(2**31), "9" * 400, "NaN"])
def test_a_limit_that_is_no_positive_number_is_refused_by_name(suite: Suite, limit: str) -> None:
    answer = suite.api().get(f"{PREFIX['techfleet']}/search?q=ab&limit={limit}")
    assert answer.status_code == 422
    assert answer.get_json()["error"]["field"] == "limit"


def test_with_limits_off_nothing_is_refused_and_the_headers_stay(empty_app: Flask, suite: Suite) -> None:
    settings: Settings = empty_app.extensions["settings"]
    free = suite_app(settings.overridden(rate_limits=False))
    limited = suite.limited(1)
    api = Api(free.test_client(), limited.key)
    answers = [api.get(ONE) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all(name in answer.headers for answer in answers for name in LIMIT_HEADERS)
    with free.app_context():
        db.engine.dispose()


def test_test_applications_are_made_as_real_ones(empty_app: Flask) -> None:
    settings: Settings = empty_app.extensions["settings"]
    assert [str(rule) for rule in made_app(settings).url_map.iter_rules()] == [
        str(rule) for rule in create_app(settings).url_map.iter_rules()
    ]
