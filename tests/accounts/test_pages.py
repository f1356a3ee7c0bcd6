"""Signing in and out, as a browser does."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic
from dashboard.web.limits import SIGN_IN_LIMIT
from tests.conftest import PASSWORD, Merchants, inputs, sign_in

WRONG = "do not match"


def try_to_sign_in(client: FlaskClient, address: str = "/sign-in", **typed: str) -> TestResponse:
    form = inputs(client.get(address).get_data(as_text=True))
    return client.post("/sign-in", data={**form, **typed})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def test_a_person_signs_in_and_out(client: FlaskClient, merchants: Merchants) -> None:
    assert not is_signed_in(client)
    answer = try_to_sign_in(client, login="alice", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = client.get("/").get_data(as_text=True)
    assert "Alice" in page
    assert "First Inc." in page
    token = inputs(page)["csrf_token"]
    answer = client.post("/sign-out", data={"csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert not is_signed_in(client)
    assert "You are signed out." in client.get("/sign-in").get_data(as_text=True)


@pytest.mark.parametrize(
    "typed",
    [
        {"login": "alice", "password": "wrong password"},
        {"login": "nobody", "password": PASSWORD},
        {"login": "alice", "password": PASSWORD, "business_code": "SECOND"},
        {"login": "alice", "password": PASSWORD, "business_code": "NOWHERE"},
        {"login": "📱", "password": "📱" * 10},
    ],
)
def test_a_wrong_pair_is_422_with_the_form_and_what_was_typed_but_not_the_password(
    client: FlaskClient, merchants: Merchants, typed: dict[str, str]
) -> None:
    answer = try_to_sign_in(client, **typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert WRONG in page
    values = inputs(page)
    assert values["login"] == typed["login"]
    assert values["password"] == ""
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"login": "", "password": PASSWORD}, "Enter your user name or e-mail."),
        ({"login": "alice", "password": ""}, "Enter your password."),
        ({"login": "x" * 255, "password": PASSWORD}, "254"),
        ({"login": "alice", "password": "x" * 257}, "256"),
        ({"login": "alice", "password": PASSWORD, "business_code": "x" * 41}, "40"),
        ({"login": "alice\0", "password": PASSWORD}, "NUL"),
        ({"login": "alice", "password": PASSWORD + "\0"}, "NUL"),
        ({"login": "alice", "password": PASSWORD, "business_code": "FIRST\0"}, "NUL"),
    ],
)
def test_a_field_that_will_not_do_is_told_beside_it(
    client: FlaskClient, merchants: Merchants, typed: dict[str, str], message: str
) -> None:
    answer = try_to_sign_in(client, **typed)
    assert answer.status_code == 422
    assert message in answer.get_data(as_text=True)


def test_an_unknown_user_and_a_wrong_password_look_the_same(client: FlaskClient, merchants: Merchants) -> None:
    def page_of(login: str) -> str:
        page = try_to_sign_in(client, login=login, password="wrong password").get_data(as_text=True)
        told = inputs(page)
        return page.replace(told["csrf_token"], "").replace(told["idempotency_key"], "")

    assert page_of("alice") == page_of("aliCe").replace("aliCe", "alice") == page_of("xxxxx").replace("xxxxx", "alice")


def test_a_person_who_is_switched_off_does_not_sign_in(client: FlaskClient, merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(active=False))
    assert WRONG in try_to_sign_in(client, login="alice", password=PASSWORD).get_data(as_text=True)


def test_a_name_of_several_tenants_needs_the_business_code(client: FlaskClient, merchants: Merchants) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "charlie").values(username="alice"))
    assert try_to_sign_in(client, login="alice", password=PASSWORD).status_code == 422
    assert try_to_sign_in(client, login="alice", password=PASSWORD, business_code="second").status_code == 303
    assert "Second Inc." in client.get("/").get_data(as_text=True)


def test_guessing_a_password_is_slowed_down_and_other_accounts_are_not(
    client: FlaskClient, merchants: Merchants
) -> None:
    for _ in range(SIGN_IN_LIMIT):
        assert WRONG in try_to_sign_in(client, login="alice", password="wrong password").get_data(as_text=True)
    answer = try_to_sign_in(client, login=" Alice", password=PASSWORD)
    assert answer.status_code == 422
    assert "Too many tries" in answer.get_data(as_text=True)
    assert try_to_sign_in(client, login="bob", password=PASSWORD).status_code == 303


def test_signing_in_leads_back_to_where_one_was_going(client: FlaskClient, merchants: Merchants) -> None:
    wanted = client.get("/search?q=iphone&a=%26").headers["Location"]
    answer = try_to_sign_in(client, wanted, login="alice", password=PASSWORD)
    assert answer.headers["Location"] == "/search?q=iphone&a=%26"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
def test_signing_in_leads_nowhere_else(client: FlaskClient, merchants: Merchants, target: str) -> None:
    answer = try_to_sign_in(client, login="alice", password=PASSWORD, next=target)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    again = client.get("/sign-in", query_string={"next": target})
    assert (again.status_code, again.headers["Location"]) == (303, "/")


def test_signing_in_begins_a_new_session(client: FlaskClient, merchants: Merchants) -> None:
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "before"
    sign_in(client, "alice")
    with client.session_transaction() as session:
        assert "planted" not in session


def test_all_sessions_of_a_person_can_be_ended_and_nobody_elses(app: Flask, merchants: Merchants) -> None:
    first, second, other = (app.test_client() for _ in range(3))
    for client, name in ((first, "alice"), (second, "alice"), (other, "bob")):
        sign_in(client, name)
        assert is_signed_in(client)
    assert accounts.end_all(SYSTEM, merchants.alice.actor_id or 0) == 2
    assert [is_signed_in(client) for client in (first, second, other)] == [False, False, True]


def test_switching_a_person_off_ends_their_sessions(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice")
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(active=False))
    assert not is_signed_in(client)


@pytest.mark.parametrize("planted", ["1", "1:0", "x", ":", "", "-1", "99999999999999999999", "\0"])
def test_a_session_that_names_nobody_signs_nobody_in(client: FlaskClient, merchants: Merchants, planted: str) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = planted
        session["_fresh"] = True
    assert client.get("/").status_code == 303


def test_a_session_signed_with_another_secret_is_nobodys(app: Flask, client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice")
    cookie = client.get_cookie("tradecounter")
    assert cookie is not None
    payload, _, signature = cookie.value.rpartition(".")
    client.set_cookie("tradecounter", f"{payload}.{signature[::-1]}")
    assert not is_signed_in(client)


def test_signing_in_well_again_and_again_is_no_guessing(app: Flask, merchants: Merchants) -> None:
    for _ in range(SIGN_IN_LIMIT + 2):
        sign_in(app.test_client(), "alice", "FIRST")
