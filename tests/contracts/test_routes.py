"""Every route states a right; routes, rights and the OpenAPI document say the same; each right is enforced."""

import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.accounts import service as accounts
from dashboard.accounts.roles import ALL_SCOPES, OWNERSHIP, SANDBOX_READ, SANDBOX_WRITE, SELF
from dashboard.core.context import SYSTEM
from dashboard.web.api import PUBLIC, ApiBlueprint
from dashboard.web.dialects import is_api_path
from dashboard.web.registry import registry_of
from tests.conftest import Api, Merchants, made_app, settings_at, sign_in, token_at

AUTOMATIC = {"HEAD", "OPTIONS"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
KNOWN_RIGHTS = ALL_SCOPES | {PUBLIC, SELF, OWNERSHIP, SANDBOX_READ, SANDBOX_WRITE, "operator"}

CATALOGUE = {
    "GET /api/catalog/devices/{slug}",
    "GET /api/catalog/devices",
    "GET /api/catalog/autocomplete",
    "GET /api/catalog/compare",
    "GET /api/catalog/makes",
    "GET /api/catalog/stats",
}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application as it is served, with its documents, on a database that nothing asks."""
    folder = tmp_path_factory.mktemp("routes")
    return made_app(settings_at(folder, f"sqlite:///{folder / 'none.db'}"))


def methods_of(rule: Rule) -> set[str]:
    return set(rule.methods or ()) - AUTOMATIC


def stated(app: Flask) -> list[tuple[str, Rule]]:
    """Each route as "METHOD /rule", with its rule."""
    return [(f"{method} {rule.rule}", rule) for rule in app.url_map.iter_rules() for method in sorted(methods_of(rule))]


def is_of_api(app: Flask, rule: Rule) -> bool:
    blueprint = rule.endpoint.rpartition(".")[0]
    return isinstance(app.blueprints.get(blueprint), ApiBlueprint)


def test_every_route_states_a_right_and_no_right_is_stated_for_nothing(routes: Flask) -> None:
    assert {route for route, _ in stated(routes)} == set(registry_of(routes).rights)


def test_every_stated_right_is_one_that_somebody_can_hold(routes: Flask) -> None:
    assert {right for right in registry_of(routes).rights.values() if right not in KNOWN_RIGHTS} == set()


def test_no_route_is_declared_twice(routes: Flask) -> None:
    twice = [route for route, count in Counter(route for route, _ in stated(routes)).items() if count > 1]
    assert twice == []


def test_public_routes_are_few_and_known(routes: Flask) -> None:
    ways_in = (
        "/sign-in",
        "/sign-out",
        "/register",
        "/api/v1/auth/",
        "/api/v1/tenants/resolve/",
        "/v1/oauth/token",
        "/branding/",
    )
    by_mail = ("/forgot-password", "/reset-password", "/verify-email", "/join")
    public = {route for route, right in registry_of(routes).rights.items() if right == PUBLIC}
    assert {route for route in public if not route.split(" ")[1].startswith((*ways_in, *by_mail, "/branding/"))} == {
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /api/docs",
        "GET /static/<path:filename>",
        "GET /track/<code>",
        "GET /track/job/<key>",
    }


def as_document(route: str) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", route)


def test_routes_of_the_api_are_the_operations_of_its_document(routes: Flask) -> None:
    document: dict[str, Any] = routes.test_client().get("/openapi.json").get_json()
    documented = {f"{method.upper()} {path}" for path, found in document["paths"].items() for method in found}
    served = {as_document(route) for route, rule in stated(routes) if is_of_api(routes, rule)}
    assert documented == served
    assert documented >= CATALOGUE
    assert {f"{each.method} {each.rule}" for each in registry_of(routes).operations} == {
        route for route, rule in stated(routes) if is_of_api(routes, rule)
    }


def test_the_document_states_the_right_of_each_operation(routes: Flask) -> None:
    document: dict[str, Any] = routes.test_client().get("/openapi.json").get_json()
    for operation in registry_of(routes).operations:
        shown: dict[str, Any] = document["paths"][as_document(operation.rule)][operation.method.lower()]
        if operation.needs == PUBLIC:
            assert "security" not in shown
        else:
            assert operation.needs in shown["description"]
            assert shown["security"] == [{"key": []}]


def test_pages_stay_out_of_the_paths_of_the_api(routes: Flask) -> None:
    for route, rule in stated(routes):
        documents = rule.endpoint in ("documents.openapi", "documents.explorer")
        assert is_api_path(rule.rule) == (is_of_api(routes, rule) or documents), route


ONES_OWN = {
    "POST /catalog/devices/<slug>/edit",  # asks by itself whether to edit or to suggest
    "POST /api/v1/admin/dispatch/stream-ticket",
    "POST /inventory/views",
    "POST /inventory/views/<int(max=9007199254740991):view_id>/remove",
}
"""What a reader may change: their own suggestions and views, and a key to what they may read anyway."""


def test_whatever_changes_something_asks_for_more_than_reading(routes: Flask) -> None:
    rights = registry_of(routes).rights
    asked = {route for route, right in rights.items() if not route.startswith("GET ") and right.endswith(":read")}
    assert asked == ONES_OWN


def test_safe_methods_only_read(routes: Flask) -> None:
    assert {method for _, rule in stated(routes) for method in methods_of(rule)} <= UNSAFE | {"GET"}


# Enforced. Each path is filled in with something that need not exist.
FILLED = {"slug": "iphone-16", "field": "ram_gb"}


def filled(rule: Rule) -> str:
    return re.sub(r"<(?:(int|path)[^:<>]*:)?([^<>]+)>", lambda part: FILLED.get(part[2], "1"), rule.rule)


def pages(app: Flask, *methods: str) -> list[tuple[str, str, str]]:
    """Method, path and right of every page that needs one."""
    rights = registry_of(app).rights
    return [
        (method, filled(rule), rights[f"{method} {rule.rule}"])
        for _, rule in stated(app)
        for method in methods
        if method in methods_of(rule) and not is_of_api(app, rule) and rights[f"{method} {rule.rule}"] != PUBLIC
    ]


def test_a_stranger_is_sent_to_sign_in_from_every_page_and_comes_back_to_it(app: Flask, client: FlaskClient) -> None:
    found = pages(app, "GET")
    assert len(found) > 5
    for _, path, _ in found:
        answer = client.get(f"{path}?a=1")
        assert answer.status_code == 303, path
        target = urlsplit(answer.headers["Location"])
        assert (target.netloc, target.path) == ("", "/sign-in"), path
        assert parse_qs(target.query) == {"next": [f"{path}?a=1"]}


def test_a_fragment_is_refused_to_a_stranger_instead_of_becoming_the_sign_in_page(
    app: Flask, client: FlaskClient
) -> None:
    for _, path, _ in pages(app, "GET"):
        assert client.get(path, headers={"HX-Request": "true"}).status_code == 401, path


def test_every_unsafe_page_refuses_without_the_forms_token(app: Flask, merchants: Merchants) -> None:
    stranger, operator = app.test_client(), app.test_client()
    sign_in(operator, "operator")
    found = [path for _, path, _ in pages(app, *UNSAFE)] + ["/sign-in", "/sign-out"]
    assert len(found) > 5
    for path in found:
        for browser, token in ((stranger, ""), (operator, ""), (operator, "ImEi.aaaaaa.bbbb")):
            assert browser.post(path, data={"csrf_token": token}).status_code == 400, path
    assert operator.get("/").status_code == 200  # signing out was refused as well


def test_an_unsafe_page_refuses_a_token_of_another_session(app: Flask, merchants: Merchants) -> None:
    operator, stranger = app.test_client(), app.test_client()
    sign_in(operator, "operator")
    answer = operator.post("/sign-out", data={"csrf_token": token_at(stranger)})
    assert answer.status_code == 400


def test_who_lacks_the_right_of_a_page_is_refused_with_403(app: Flask, merchants: Merchants) -> None:
    by_name = {"bob": merchants.bob, "alice": merchants.alice, "operator": merchants.operator}
    browsers = {name: app.test_client() for name in by_name}
    sign_in(browsers["bob"], "bob", "FIRST")
    sign_in(browsers["alice"], "alice", "FIRST")
    sign_in(browsers["operator"], "operator")
    refused = 0
    for _, path, right in pages(app, "GET"):
        for name, browser in browsers.items():
            with browser.get(path) as answer:  # an export is streamed: unread, it would hold its connection
                status = answer.status_code
            if by_name[name].may(right):
                assert status in (200, 303, 403, 404, 422), (name, path)
            else:
                assert status == 403, (name, path)
                refused += 1
    assert refused > 0


def test_every_operation_refuses_a_stranger_and_a_key_without_its_scope(app: Flask, merchants: Merchants) -> None:
    none = accounts.create_key(SYSTEM, merchants.tenant, name="no scopes", scopes=frozenset()).secret
    rights = registry_of(app).rights
    found = [(route, rule) for route, rule in stated(app) if is_of_api(app, rule)]
    assert len(found) >= len(CATALOGUE)
    for route, rule in found:
        if rights[route] == PUBLIC:
            continue
        method = route.split(" ")[0]
        assert Api(app.test_client(), None).call(method, filled(rule)).status_code == 401, route
        answer = Api(app.test_client(), none).call(method, filled(rule))
        assert answer.status_code == 403, route
        assert rights[route] in answer.get_data(as_text=True)


def test_no_operation_redirects(app: Flask, api: Api) -> None:
    for route, rule in stated(app):
        if is_of_api(app, rule):
            answer = api.call(route.split(" ")[0], filled(rule) + "/")
            assert not 300 <= answer.status_code < 400, route
