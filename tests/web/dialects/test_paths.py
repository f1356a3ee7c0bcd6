"""Which dialect answers on which path."""

import pytest

from dashboard.web.dialects import is_api_path, owner_of_path
from tests.web.conftest import Suite
from tests.web.dialects.calls import ALL, ONE, Body, body_of, call, shown
from tests.web.suite import SHARED


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
    "/api/v1/inventory/x/y": "techfleet",
    "/api/v1/inventory/x": "techfleet",
    "/api/v1/products/x": "techfleet",
    "/api/v1/orders/x/y": "techfleet",
    "/api/v1/channels/x": "techfleet",
    "/api/v1/inventory-counts": "tradekitt",
    "/api/v1/admin/inventory/x": "tradekitt",
    "/api/v1/admin/analytics": "tradekitt",
    "/api/v1/auth/nothing": "tradekitt",
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
