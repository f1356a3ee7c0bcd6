"""The key that every form carries: a double click, or a reload of what was sent, does it once."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.core import idempotency
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from dashboard.core.idempotency import IdempotencyKey
from tests.conftest import Merchants, forget_limits, inputs, sign_in
from tests.web.counting import PAGE, counted, counting_app, present

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def counting(empty_app: Flask) -> Iterator[Flask]:
    app = counting_app(empty_app.extensions["settings"])
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def bob(counting: Flask, merchants: Merchants) -> FlaskClient:
    """A browser in which Bob has signed in."""
    forget_limits(counting)
    client = counting.test_client()
    sign_in(client, "bob", "FIRST")
    return client


def form(client: FlaskClient, name: str = "a") -> dict[str, str]:
    """The form as it was shown, filled in."""
    return {**inputs(client.get(PAGE).get_data(as_text=True)), "name": name}


def is_replay(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


def test_a_form_that_is_sent_twice_is_done_once_and_leads_to_the_same_page(bob: FlaskClient) -> None:
    filled = form(bob)
    first, again = bob.post(PAGE, data=filled), bob.post(PAGE, data=filled)
    assert first.status_code == again.status_code == 303
    assert again.location == first.location
    assert first.location.startswith(f"{PAGE}?number=")
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert counted() == 1


def test_the_second_click_says_what_the_first_one_did_and_once(bob: FlaskClient) -> None:
    filled = form(bob)
    bob.post(PAGE, data=filled)
    bob.post(PAGE, data=filled)
    page = bob.get(PAGE).get_data(as_text=True)
    assert page.count("<p>Counted as") == 1


def test_a_form_that_is_shown_anew_is_another_one(bob: FlaskClient) -> None:
    keys = [form(bob) for _ in range(2)]
    assert keys[0]["idempotency_key"] != keys[1]["idempotency_key"]
    for filled in keys:
        assert not is_replay(bob.post(PAGE, data=filled))
    assert counted() == 2


def test_another_text_in_a_form_that_was_sent_is_another_request(bob: FlaskClient) -> None:
    filled = form(bob)
    bob.post(PAGE, data=filled)
    assert not is_replay(bob.post(PAGE, data={**filled, "name": "b"}))
    assert (counted("a"), counted("b")) == (1, 1)


def test_a_renewed_token_does_not_make_it_another_request(bob: FlaskClient) -> None:
    filled = form(bob)
    bob.post(PAGE, data=filled)
    assert is_replay(bob.post(PAGE, data={**filled, "csrf_token": form(bob)["csrf_token"]}))


def test_a_form_that_was_refused_can_be_sent_again(bob: FlaskClient) -> None:
    refused = bob.post(PAGE, data=form(bob, "wrong"))
    assert (refused.status_code, counted()) == (422, 0)
    again = {**inputs(refused.get_data(as_text=True)), "name": "a"}
    assert bob.post(PAGE, data=again).status_code == 303
    assert counted() == 1


@pytest.mark.parametrize(("name", "status"), [("wrong", 422), ("taken", 409), ("gone", 404), ("down", 503)])
def test_a_refusal_uses_up_no_key(bob: FlaskClient, name: str, status: int) -> None:
    filled = form(bob, name)
    for _ in range(2):
        answer = bob.post(PAGE, data=filled)
        assert (answer.status_code, is_replay(answer)) == (status, False)
    assert present().scalars(select(IdempotencyKey.key)).all() == []


def test_a_refusal_that_was_noted_uses_up_no_key_either(bob: FlaskClient) -> None:
    filled = form(bob)
    for _ in range(2):
        assert bob.post(f"{PAGE}/tries", data=filled).status_code == 422
    assert counted("try") == 2


def test_a_refusal_is_shown_as_every_other(bob: FlaskClient) -> None:
    text = unescape(bob.post(PAGE, data=form(bob, "taken")).get_data(as_text=True))
    assert "Somebody was faster" in text
    assert "That is taken." in text


def test_a_form_without_a_key_is_done_each_time(bob: FlaskClient) -> None:
    filled = form(bob)
    del filled["idempotency_key"]
    for _ in range(2):
        assert bob.post(PAGE, data=filled).status_code == 303
    assert counted() == 2


@pytest.mark.parametrize("key", ["", "x" * 65, "é", "a\tb"])
def test_a_key_that_no_page_has_made_is_no_key(bob: FlaskClient, key: str) -> None:
    filled = {**form(bob), "idempotency_key": key}
    for _ in range(2):
        assert not is_replay(bob.post(PAGE, data=filled))


def test_a_key_counts_in_its_own_session_alone(bob: FlaskClient, counting: Flask) -> None:
    filled = form(bob)
    bob.post(PAGE, data=filled)
    other = counting.test_client()
    sign_in(other, "bob", "FIRST")
    own = form(other)
    assert not is_replay(other.post(PAGE, data={**own, "idempotency_key": filled["idempotency_key"]}))
    assert counted() == 2


def test_htmx_is_told_the_same_address_again(bob: FlaskClient) -> None:
    filled = form(bob)
    first, again = (bob.post(PAGE, data=filled, headers=HTMX) for _ in range(2))
    assert first.status_code == again.status_code == 204
    assert again.headers["HX-Redirect"] == first.headers["HX-Redirect"]
    assert counted() == 1


def test_an_answer_with_a_body_is_repeated_and_sealed(bob: FlaskClient) -> None:
    filled = form(bob, "a secret")
    first, again = (bob.post(f"{PAGE}/shown", data=filled) for _ in range(2))
    assert (again.data, again.mimetype) == (first.data, "text/html")
    assert is_replay(again)
    row = present().execute(select(IdempotencyKey)).scalar_one()
    assert b"a secret" in first.data
    assert b"secret" not in (row.body or b"")


def test_a_command_of_the_system_joins_in(bob: FlaskClient) -> None:
    filled = form(bob)
    for _ in range(2):
        assert bob.post(f"{PAGE}/others", data=filled).status_code == 303
    assert counted() == 1


def test_another_file_under_the_same_name_is_another_request(bob: FlaskClient) -> None:
    filled = form(bob)
    for content in (b"one", b"two", b"two"):
        bob.post(f"{PAGE}/shown", data={**filled, "file": (io.BytesIO(content), "list.csv")})
    assert counted() == 2


def test_clicks_at_the_same_moment_do_it_once(bob: FlaskClient, counting: Flask) -> None:
    filled, clicks = form(bob), 8
    cookie = bob.get_cookie("tradecounter")
    assert cookie is not None
    ready = threading.Barrier(clicks)

    def click(_: int) -> tuple[int, str]:
        browser = counting.test_client()
        browser.set_cookie("tradecounter", cookie.value)
        ready.wait()
        answer = browser.post(PAGE, data=filled)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(clicks) as threads:
        answers = set(threads.map(click, range(clicks)))
    assert counted() == 1
    assert len(answers) == 1
    assert {status for status, _ in answers} == {303}


def test_a_form_whose_answer_was_lost_leads_back_to_its_page(bob: FlaskClient, merchants: Merchants) -> None:
    filled = form(bob)
    bob.post(PAGE, data=filled)
    with atomic(SYSTEM) as session:  # as after a crash between the command and its answer
        session.scalars(select(IdempotencyKey)).one().status = None
    answer = bob.post(PAGE, data=filled, headers={"Referer": f"http://localhost{PAGE}?a=1"})
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?a=1")
    assert "saved already" in bob.get(PAGE).get_data(as_text=True)
    elsewhere = bob.post(PAGE, data=filled, headers={"Referer": "http://evil.example/counted"})
    assert elsewhere.location == "/"
    assert counted() == 1


def test_the_field_is_made_with_the_token(bob: FlaskClient) -> None:
    page = bob.get(PAGE).get_data(as_text=True)
    assert page.count('name="idempotency_key"') == page.count('name="csrf_token"') == 1
    assert 'autocomplete="off"' in page


def test_waiting_for_an_answer_ends(merchants: Merchants) -> None:
    asked = idempotency.Asked(merchants.tenant.id, "session:1", "POST /x", "k", "d")
    with idempotency.joined(merchants.alice, asked) as sent, atomic(merchants.alice):
        assert not sent.done
    assert sent.done
    assert idempotency.wait(merchants.alice, asked) is None
