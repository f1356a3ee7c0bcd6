"""Headers that every answer carries, cookies, and where a form may lead."""

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.core.db import db
from dashboard.web.pages import safe_target
from dashboard.web.security import CSP, EXPLORER_CSP
from tests.conftest import made_app

PAGES = ("/sign-in", "/nowhere", "/healthz", "/static/css/base.css", "/static/nowhere.css")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert headers["X-Request-Id"].startswith("req_")


def test_the_policy_allows_no_inline_code_and_no_foreign_source() -> None:
    directives: dict[str, str] = {}
    for part in CSP.split(";"):
        name, _, sources = part.strip().partition(" ")
        directives[name] = sources
    assert directives["default-src"] == directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["object-src"] == directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert directives["form-action"] == "'self'"
    assert "unsafe" not in CSP


def test_the_explorer_alone_may_write_its_own_styles_but_no_scripts(client: FlaskClient) -> None:
    policy = client.get("/api/docs").headers["Content-Security-Policy"]
    assert policy == EXPLORER_CSP
    assert policy.count("'unsafe-inline'") == 1
    assert "script-src 'self';" in policy


def test_an_answer_of_the_api_may_load_nothing(client: FlaskClient) -> None:
    headers = client.get("/api/catalog/makes").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store"
    assert "Authorization" in headers["Vary"]


def test_pages_are_not_kept_by_caches(client: FlaskClient) -> None:
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_a_static_file_is_kept_for_a_year_under_the_name_of_its_content_alone(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = render_template_string("{{ asset('css/base.css') }}")
    fresh = client.get(address)
    assert fresh.status_code == 200
    assert fresh.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    old = client.get("/static/css/base.css?v=000000000000")
    assert old.headers["Cache-Control"] == "no-cache"
    again = client.get(address, headers={"If-None-Match": fresh.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_static_file_travels_compressed_where_that_is_wanted(client: FlaskClient) -> None:
    plain = client.get("/static/css/base.css", headers={"Accept-Encoding": "identity"})
    packed = client.get("/static/css/base.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["../wsgi.py", "..%2fwsgi.py", "%2e%2e/wsgi.py", "/etc/passwd", "css", "css/\0", "a" * 300, "a/" * 3000, ""]
)
def test_nothing_outside_of_the_static_folder_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    (cookie,) = client.get("/sign-in").headers.getlist("Set-Cookie")
    assert cookie.startswith("tradecounter=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_served_by_https_the_cookie_is_bound_to_the_host_and_the_site_to_https(empty_app: Flask, app: Flask) -> None:
    settings: Settings = empty_app.extensions["settings"]
    secure = made_app(settings.overridden(base_url="https://shop.example"))
    answer = secure.test_client().get("/sign-in", base_url="https://shop.example")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-tradecounter=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    with secure.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("offered", ["/", "/catalog/devices?make=apple&page=2", "/a//b", "/ü"])
def test_a_path_of_this_site_is_a_safe_target(offered: str) -> None:
    assert safe_target(offered, "/home") == offered


@pytest.mark.parametrize(
    "offered",
    [
        None,
        "",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "evil.example",
        " /x",
        "/\tx",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "/x\0",
    ],
)
def test_any_other_target_is_not(offered: str | None) -> None:
    assert safe_target(offered, "/home") == "/home"
