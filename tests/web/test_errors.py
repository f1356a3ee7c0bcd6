"""Refusals as pages, and the one place where a fact becomes a status."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from structlog.testing import capture_logs

from dashboard.config import Settings
from dashboard.core import errors as facts
from dashboard.core.db import db
from dashboard.core.errors import DomainError, NotFound
from dashboard.web import logs
from dashboard.web.errors import STATUS, status_of
from tests.conftest import World, made_app, settings_at
from tests.web.conftest import Suite
from tests.web.suite import PREFIX

FRAGMENT = {"HX-Request": "true"}
MANY_PARTS = {"data": {f"field_{number}": "x" for number in range(2_001)}, "content_type": "multipart/form-data"}


def test_every_kind_of_refusal_has_a_status() -> None:
    kinds = {kind for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, DomainError)}
    assert kinds - {DomainError} == set(STATUS)


def test_a_refusal_of_a_finer_kind_has_the_status_of_its_kind() -> None:
    class DeviceNotFound(NotFound):
        """One that a domain makes."""

    assert status_of(DeviceNotFound("x")) == 404
    assert status_of(DomainError("x")) == 400


def test_a_page_that_is_not_there_says_so_in_html(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "Nothing here" in answer.get_data(as_text=True)


def test_what_was_asked_for_is_shown_as_text_and_never_as_markup(client: FlaskClient) -> None:
    text = client.get("/<script>alert(1)</script>").get_data(as_text=True)
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_a_page_under_another_method_is_405(client: FlaskClient) -> None:
    answer = client.delete("/sign-in")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_form_above_the_limit_is_413(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"login": "x" * 2_200_000}).status_code == 413


REFUSED_EARLY: dict[str, tuple[str, dict[str, Any], int]] = {
    "a form without its token": ("/sign-in", {"data": {"login": "x"}}, 400),
    "a form without its token, as a fragment": ("/sign-in", {"data": {"login": "x"}, "headers": FRAGMENT}, 400),
    "a form above the limit": ("/sign-in", {"data": {"login": "x" * 2_200_000}}, 413),
    "a form of too many parts": ("/sign-in", MANY_PARTS, 413),
    "a large body for the API": ("/api/catalog/makes", {"data": b"x" * 2_200_000}, 405),
}


@pytest.fixture
def logged(app: Flask) -> Iterator[None]:
    """Lines below errors are logged for this test."""
    settings: Settings = app.extensions["settings"]
    logs.configure("info", settings.log_format)
    yield
    logs.configure(settings.log_level, settings.log_format)


@pytest.mark.parametrize(("path", "options", "status"), REFUSED_EARLY.values(), ids=REFUSED_EARLY.keys())
def test_what_is_refused_before_any_view_has_its_id_and_its_line_in_the_log(
    logged: None, client: FlaskClient, path: str, options: dict[str, Any], status: int
) -> None:
    headers = {**options.get("headers", {}), "X-Request-Id": "find-me-42"}
    with capture_logs() as lines:
        answer = client.post(path, **{**options, "headers": headers})
    assert answer.status_code == status
    assert answer.headers["X-Request-Id"] == "find-me-42"
    (line,) = [each for each in lines if each["event"] == "request"]
    assert (line["request_id"], line["path"], line["status"]) == ("find-me-42", path, status)
    assert line["ms"] > 0


def test_the_token_of_a_mailed_link_is_not_logged(logged: None, client: FlaskClient) -> None:
    token = "T" * 43
    with capture_logs() as lines:
        client.get(f"/reset-password/{token}")
    (line,) = [each for each in lines if each["event"] == "request"]
    assert line["path"] == "/reset-password/…"
    assert token not in repr(lines)


def test_the_request_id_stands_on_the_page(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": "find-me-42"})
    assert "find-me-42" in answer.get_data(as_text=True)


def test_a_database_that_does_not_answer_is_503_on_both_faces(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gone")
    app = made_app(settings_at(folder, f"sqlite:///{folder / 'no-such-folder' / 'x.db'}"))
    client = app.test_client()
    answer = client.get("/api/catalog/makes", headers={"Authorization": "Bearer sk_live_" + "a" * 32})
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    with client.session_transaction() as session:
        session["_user_id"] = "1"
        session["_fresh"] = True
    page = client.get("/")
    assert page.status_code == 503
    assert page.mimetype == "text/html"
    with app.app_context():
        db.engine.dispose()


def test_an_empty_database_that_was_never_migrated_breaks_nothing_but_says_it_is_not_ready(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("empty")
    address = f"sqlite:///{folder / 'empty.db'}"
    create_engine(address).connect().close()
    app = made_app(settings_at(folder, address))
    assert app.test_client().get("/readyz").status_code == 503
    with app.app_context():
        db.engine.dispose()


def test_a_crash_is_a_500_on_a_page_without_its_cause(empty_app: Flask, app: Flask) -> None:
    crashing = made_app(empty_app.extensions["settings"])
    crashing.add_url_rule("/crash", "crash", lambda: str(1 // 0))
    answer = crashing.test_client().get("/crash")
    assert answer.status_code == 500
    text = answer.get_data(as_text=True)
    assert "Something broke on our side" in text
    assert "ZeroDivisionError" not in text
    with crashing.app_context():
        db.engine.dispose()


def test_after_a_crash_the_next_request_is_answered(suite: Suite) -> None:
    api = suite.api()
    assert api.get(PREFIX["techparts"] + "/crash").status_code == 500
    assert api.get(PREFIX["techparts"] + "/one").status_code == 200


def test_a_page_for_a_person_without_the_right_says_what_is_missing(world: World) -> None:
    answer = world.person("viewer").get("/catalog/imports")
    assert answer.status_code == 403
    assert "You may not do that" in answer.get_data(as_text=True)
