"""Idempotency-Key of the API: what was asked twice is done once, and answered as it was."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.core import clock, idempotency, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from dashboard.core.idempotency import Asked, IdempotencyKey
from dashboard.web import credentials
from dashboard.web.registry import registry_of
from tests.conftest import Api, Merchants, forget_limits
from tests.web.counting import THINGS, counted, counting_app, present

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def counting(empty_app: Flask) -> Iterator[Flask]:
    """The application with endpoints that count, one a worker."""
    app = counting_app(empty_app.extensions["settings"])
    yield app
    with app.app_context():
        db.engine.dispose()


class Program(Api):
    """A program that names its requests."""

    def send(self, key: str | None, body: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        headers = {} if key is None else {"Idempotency-Key": key}
        path = options.pop("path", THINGS)
        return self.call(
            options.pop("method", "POST"), path, json={"name": "a", **(body or {})}, headers=headers, **options
        )


@pytest.fixture
def program(counting: Flask, merchants: Merchants) -> Program:
    forget_limits(counting)
    return Program(counting.test_client(), accounts.create_key(SYSTEM, merchants.tenant, name="first").secret)


def is_replay(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_same_request_is_done_once_and_answered_as_the_first_time(program: Program, method: str) -> None:
    first, again = program.send("k1", method=method), program.send("k1", method=method)
    assert first.status_code == (201 if method == "POST" else 200)
    assert (again.status_code, again.data, again.mimetype) == (first.status_code, first.data, "application/json")
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert counted() == 1


def test_an_empty_answer_is_repeated_as_well(program: Program) -> None:
    paths = [f"{THINGS}/a", f"{THINGS}/a", f"{THINGS}/b"]
    answers = [program.call("DELETE", path, headers={"Idempotency-Key": "k1"}) for path in paths]
    assert [(each.status_code, is_replay(each), each.data) for each in answers] == [
        (204, False, b""),
        (204, True, b""),
        (204, False, b""),
    ]
    assert counted() == 2


def test_without_a_key_and_with_another_key_it_is_done_again(program: Program) -> None:
    for key in (None, None, "k1", "k2"):
        assert program.send(key).status_code == 201
    assert counted() == 4


@pytest.mark.parametrize("change", ["body", "query", "actor"])
def test_a_key_that_comes_with_another_request_is_refused(
    program: Program, counting: Flask, merchants: Merchants, change: str
) -> None:
    program.send("k1")
    if change == "body":
        answer = program.send("k1", {"name": "b"})
    elif change == "query":
        answer = program.send("k1", path=f"{THINGS}?a=1")
    else:
        other = accounts.create_key(SYSTEM, merchants.tenant, name="second").secret
        answer = Program(counting.test_client(), other).send("k1")
    assert answer.status_code == 422
    assert answer.get_json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert counted() == 1


def test_keys_of_another_tenant_and_of_another_route_are_others(
    program: Program, counting: Flask, merchants: Merchants
) -> None:
    other = accounts.create_key(SYSTEM, merchants.other_tenant, name="other").secret
    assert program.send("k1").status_code == 201
    assert Program(counting.test_client(), other).send("k1").status_code == 201
    assert not is_replay(program.send("k1", method="PUT"))
    assert counted() == 3


def test_a_trailing_slash_is_the_same_route(program: Program) -> None:
    program.send("k1")
    assert is_replay(program.send("k1", path=f"{THINGS}/"))


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb", "a\x7fb"])
def test_a_key_that_is_none_is_refused(program: Program, key: str) -> None:
    answer = program.send(key)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.get_data(as_text=True)
    assert counted() == 0


@pytest.mark.parametrize("key", ["x" * 255, "a b", "~!\"#'%", "0"])
def test_every_printable_key_is_taken(program: Program, key: str) -> None:
    assert program.send(key).status_code == 201
    assert is_replay(program.send(key))


def test_a_key_is_remembered_for_a_day(program: Program) -> None:
    with clock.frozen(NOON) as move:
        program.send("k1")
        move(timedelta(hours=23, minutes=59))
        assert is_replay(program.send("k1"))
        move(timedelta(minutes=1))
        assert not is_replay(program.send("k1", {"name": "b"}))
        assert is_replay(program.send("k1", {"name": "b"}))
    assert counted() == 2


@pytest.mark.parametrize(("refuse", "status"), [("taken", 409), ("wrong", 422), ("gone", 404)])
def test_a_refusal_by_a_rule_is_repeated_and_leaves_nothing_else(program: Program, refuse: str, status: int) -> None:
    first, again = program.send("k1", {"refuse": refuse}), program.send("k1", {"refuse": refuse})
    assert (first.status_code, again.status_code) == (status, status)
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert again.data == first.data
    assert counted() == 0


@pytest.mark.parametrize(("refuse", "status"), [("down", 503), ("unreadable", 400), ("crash", 500)])
def test_what_may_be_otherwise_in_a_moment_is_not_kept(program: Program, refuse: str, status: int) -> None:
    for _ in range(2):
        answer = program.send("k1", {"refuse": refuse})
        assert (answer.status_code, is_replay(answer)) == (status, False)
    assert counted() == 0
    assert program.send("k1").status_code == 201


def test_a_body_that_cannot_be_read_uses_up_no_key(program: Program) -> None:
    assert program.send("k1", {"name": 7}).status_code == 422
    assert program.send("k1").status_code == 201


def test_a_right_that_is_missing_uses_up_no_key(program: Program, counting: Flask, merchants: Merchants) -> None:
    none = accounts.create_key(SYSTEM, merchants.tenant, name="reader", access="read-only").secret
    answer = Program(counting.test_client(), none).send("k1")
    assert (answer.status_code, counted()) == (403, 0)
    assert program.send("k1").status_code == 201


def test_a_replay_still_needs_the_right(program: Program, merchants: Merchants) -> None:
    program.send("k1")
    key = accounts.list_keys(merchants.alice)[0][0]
    accounts.revoke_key(SYSTEM, key.id)
    credentials.forget_all()
    assert program.send("k1").status_code == 401


def test_an_endpoint_that_is_left_out_pays_no_heed_to_keys(program: Program) -> None:
    for _ in range(2):
        assert not is_replay(program.send("k1", path=THINGS.replace("things", "bare")))
    assert counted() == 2


def test_what_is_kept_of_an_answer_cannot_be_read_in_the_database(program: Program) -> None:
    answer = program.send("k1")
    row = present().execute(select(IdempotencyKey)).scalar_one()
    assert row.body
    assert answer.data not in row.body
    assert b"number" not in row.body


def test_an_answer_that_can_no_longer_be_read_is_not_made_again(program: Program) -> None:
    program.send("k1")
    with atomic(SYSTEM) as session:  # as after a change of SECRET_KEY
        session.scalars(select(IdempotencyKey)).one().body = b"sealed with another secret"
    assert program.send("k1").status_code == 409
    assert counted() == 1


def test_a_rival_is_refused_at_once_while_the_first_runs(program: Program, merchants: Merchants) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("on SQLite a rival waits for its turn: there is no lock that can be asked")
    tenant = merchants.tenant.id
    with atomic(merchants.alice):
        idempotency.claim(merchants.alice, Asked(tenant, f"tenant:{tenant}", f"POST {THINGS}", "k1", "of the first"))
        answer = program.send("k1")
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
        assert program.send("k2").status_code == 201
    assert program.send("k1").status_code == 422
    assert counted("a") == 1


def test_old_keys_are_pruned(program: Program) -> None:
    with clock.frozen(NOON) as move:
        program.send("k1")
        move(timedelta(hours=20))
        program.send("k2")
        move(timedelta(hours=4))
        jobs.sweep()
        jobs.run_due()
        assert list(present().scalars(select(IdempotencyKey.key))) == ["k2"]


def test_the_document_names_the_header_where_it_is_honoured(counting: Flask) -> None:
    document = counting.test_client().get("/openapi.json").get_json()
    named = {
        f"{method.upper()} {path}"
        for path, found in document["paths"].items()
        for method, operation in found.items()
        if any(each["name"] == "Idempotency-Key" for each in operation["parameters"])
    }
    honoured = {
        f"{each.method} " + re.sub(r"<(?:[^:<>]*:)?([^<>]*)>", r"{\1}", each.rule)
        for each in registry_of(counting).operations
        if each.idempotent
    }
    assert named == honoured
    assert f"POST {THINGS}" in named
    assert f"POST {THINGS.replace('things', 'bare')}" not in named
    assert "POST /api/v1/auth/login" not in named
