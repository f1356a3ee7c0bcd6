"""OAuth clients and their tokens: the grant by RFC 6749, and what a token may do until it ends."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.accounts.service import NewClient
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.core.events import Event
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.web import credentials
from tests.conftest import Merchants, forget_limits

TOKEN = "/v1/oauth/token"
CATALOGUE = "/api/catalog/stats"
SCOPES = frozenset({"catalog:read", "shops:read", "workorders:write"})
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Platform:
    """A program with a client of alice's tenant."""

    def __init__(self, app: Flask, made: NewClient) -> None:
        self.app = app
        self.client_id, self.secret, self.number = made.client.client_id, made.secret, made.client.id

    def ask(self, data: dict[str, Any] | str | None = None, **options: Any) -> TestResponse:
        """Ask for a token; grant_type goes by itself unless `data` is a whole body."""
        forget_limits(self.app)
        headers = options.pop("headers", {"Authorization": self.basic()})
        body = data if isinstance(data, str) else {"grant_type": "client_credentials", **(data or {})}
        kind = options.pop("content_type", "application/x-www-form-urlencoded")
        return self.app.test_client().post(TOKEN, data=body, headers=headers, content_type=kind, **options)

    def basic(self, secret: str | None = None) -> str:
        pair = f"{self.client_id}:{self.secret if secret is None else secret}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def in_body(self, **more: str) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.secret, **more}

    def token(self, scope: str = "") -> str:
        answer = self.ask({"scope": scope})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["access_token"]

    def use(self, token: str, path: str = CATALOGUE) -> int:
        credentials.forget_all()
        return self.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture
def platform(app: Flask, merchants: Merchants) -> Platform:
    made = accounts.create_client(SYSTEM, merchants.tenant, name="AutoSync", scopes=SCOPES)
    db.session.expunge_all()
    return Platform(app, made)


def refused(answer: TestResponse, status: int, code: str) -> None:
    body = answer.get_json()
    assert (answer.status_code, body["error"]) == (status, code)
    assert set(body) == {"error", "error_description"}
    assert body["error_description"].isascii()
    assert not set(body["error_description"]) & set('"\\')
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_gets_a_token_and_uses_it(platform: Platform) -> None:
    answer = platform.ask({"scope": "shops:read catalog:read"})
    body = answer.get_json()
    assert answer.status_code == 200
    assert list(body) == ["access_token", "token_type", "expires_in", "scope"]
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "shops:read catalog:read")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert body["access_token"].startswith("eyJ")
    assert platform.use(body["access_token"]) == 200


def test_the_secret_may_come_in_the_body(platform: Platform) -> None:
    assert platform.ask(platform.in_body(), headers={}).status_code == 200


def test_a_token_ends_after_an_hour(platform: Platform) -> None:
    with clock.frozen(NOON) as move:
        token = platform.token()
        move(timedelta(minutes=59))
        assert platform.use(token) == 200
        move(timedelta(minutes=1))
        assert platform.use(token) == 401


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("shops:read", "shops:read"),
        ("workorders:write shops:read", "workorders:write shops:read"),
        ("shops:read payments:charge nonsense", "shops:read"),
        ("shops:read shops:read", "shops:read"),
        ("", "catalog:read shops:read workorders:write"),
    ],
)
def test_what_is_granted_is_what_was_asked_and_is_allowed(platform: Platform, asked: str, granted: str) -> None:
    assert platform.ask({"scope": asked}).get_json()["scope"] == granted


def test_without_a_scope_all_that_is_allowed_is_granted(platform: Platform) -> None:
    assert platform.ask().get_json()["scope"] == "catalog:read shops:read workorders:write"


@pytest.mark.parametrize(
    "asked",
    ["payments:charge", "nonsense", " shops:read", "shops:read ", "shops:read  catalog:read", "shops:read\tx", 'a"b',
     "a\\b", "shöps", "shops:read,catalog:read", "x" * 5_000, "\0"],
)  # fmt: skip
def test_no_scope_left_and_no_list_of_scopes_are_refused(platform: Platform, asked: str) -> None:
    refused(platform.ask({"scope": asked}), 400, "invalid_scope")


def test_a_token_does_no_more_than_it_was_granted(platform: Platform) -> None:
    assert platform.use(platform.token("shops:read")) == 403
    assert platform.use(platform.token("catalog:read")) == 200


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 10_000, "schlüssel"])
def test_a_wrong_secret_is_refused(platform: Platform, secret: str) -> None:
    for answer in (
        platform.ask(headers={"Authorization": platform.basic(secret)}),
        platform.ask({**platform.in_body(), "client_secret": secret}, headers={}),
    ):
        refused(answer, 401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_an_unknown_client_sounds_like_a_wrong_secret(platform: Platform) -> None:
    wrong = platform.ask(headers={"Authorization": platform.basic("wrong")})
    for client_id in ("oc_" + "0" * 20, "nobody", "\0", "'; --", "x" * 5_000):
        pair = base64.b64encode(f"{client_id}:secret".encode()).decode()
        for answer in (
            platform.ask(headers={"Authorization": f"Basic {pair}"}),
            platform.ask({"client_id": client_id, "client_secret": "secret"}, headers={}),
        ):
            refused(answer, 401, "invalid_client")
            assert answer.data == wrong.data


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic /w==", "Basic b25l", "Bearer x", "Digest a=b"])
def test_a_header_that_names_nobody_is_refused(platform: Platform, header: str) -> None:
    refused(platform.ask(headers={"Authorization": header}), 401, "invalid_client")


def test_no_credential_at_all_is_refused(platform: Platform) -> None:
    refused(platform.ask(headers={}), 401, "invalid_client")
    refused(platform.ask({"client_id": platform.client_id}, headers={}), 401, "invalid_client")


@pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", "CLIENT_CREDENTIALS", "ü\0"])
def test_another_grant_is_refused(platform: Platform, grant: str) -> None:
    refused(platform.ask({"grant_type": grant}), 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "body", ["", "scope=shops:read", "grant_type=", "grant_type=client_credentials&scope=a&scope=b"]
)
def test_a_request_that_is_malformed_is_refused(platform: Platform, body: str) -> None:
    refused(platform.ask(body), 400, "invalid_request")


def test_two_credentials_at_once_are_refused(platform: Platform) -> None:
    refused(platform.ask(platform.in_body()), 400, "invalid_request")


def test_another_kind_of_body_is_refused(platform: Platform) -> None:
    json = '{"grant_type": "client_credentials"}'
    refused(platform.ask(json, content_type="application/json"), 400, "invalid_request")


def test_the_endpoint_answers_in_its_own_words_whatever_happens(platform: Platform) -> None:
    client = platform.app.test_client()
    refused(client.get(TOKEN), 405, "invalid_request")
    refused(client.post(TOKEN, data={"x": "y" * 2_200_000}), 413, "invalid_request")
    elsewhere = client.get("/v1/oauth/nowhere").get_json()
    assert elsewhere["success"] is False


def test_the_endpoint_has_a_limit_of_its_own(platform: Platform) -> None:
    client = platform.app.test_client()
    forget_limits(platform.app)
    data = platform.in_body(grant_type="client_credentials")
    answers = [client.post(TOKEN, data=data) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    refused(answers[-1], 429, "temporarily_unavailable")


def test_a_revoked_client_gets_no_token_and_its_tokens_end(platform: Platform, merchants: Merchants) -> None:
    token = platform.token()
    accounts.revoke_client(merchants.alice, platform.number)
    accounts.revoke_client(merchants.alice, platform.number)
    assert platform.use(token) == 401
    refused(platform.ask(), 401, "invalid_client")
    with pytest.raises(Conflict):
        accounts.rotate_secret(merchants.alice, platform.number)
    assert events_of(platform) == ["oauth_client.created", "oauth_client.revoked"]


def test_a_token_that_is_remembered_ends_within_five_seconds(platform: Platform, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        headers = {"Authorization": f"Bearer {platform.token()}"}
        client = platform.app.test_client()
        assert client.get(CATALOGUE, headers=headers).status_code == 200
        accounts.revoke_client(merchants.alice, platform.number)
        move(timedelta(seconds=5))
        assert client.get(CATALOGUE, headers=headers).status_code == 401


def test_a_new_secret_takes_the_place_of_the_old_one(platform: Platform, merchants: Merchants) -> None:
    token = platform.token()
    renewed = accounts.rotate_secret(merchants.alice, platform.number)
    refused(platform.ask(), 401, "invalid_client")
    platform.secret = renewed.secret
    assert platform.ask().status_code == 200
    assert platform.use(token) == 200


def test_a_client_of_a_suspended_business_gets_nothing(platform: Platform, merchants: Merchants) -> None:
    token = platform.token()
    with atomic(SYSTEM) as session:
        session.get_one(Tenant, merchants.tenant.id).suspended_at = clock.now()
    assert platform.use(token) == 401
    refused(platform.ask(), 401, "invalid_client")


def test_a_client_that_lost_a_scope_loses_it_in_its_tokens(platform: Platform) -> None:
    token = platform.token("catalog:read")
    with atomic(SYSTEM):
        accounts.find_client(SYSTEM, platform.number).scopes = ["shops:read"]
    assert platform.use(token) == 403


def test_a_token_of_a_client_is_no_other_kind_of_token(platform: Platform) -> None:
    for path in ("refresh", "mfa-verify"):
        body = {"refresh_token": platform.token(), "challenge_token": platform.token(), "code": "000000"}
        forget_limits(platform.app)
        assert platform.app.test_client().post(f"/api/v1/auth/{path}", json=body).status_code == 401


def test_whoever_uses_it_last_is_seen(platform: Platform) -> None:
    with clock.frozen(NOON):
        platform.token()
    assert accounts.find_client(SYSTEM, platform.number).last_used_at == NOON


def test_only_own_clients_are_found(platform: Platform, merchants: Merchants) -> None:
    twin = accounts.create_sandbox(SYSTEM, merchants.tenant)
    in_sandbox = accounts.create_client(merchants.alice, twin, name="Twin", scopes=SCOPES).client.id
    assert [(row.id, sandbox) for row, sandbox in accounts.list_clients(merchants.alice)] == [
        (in_sandbox, True),
        (platform.number, False),
    ]
    assert accounts.list_clients(merchants.charlie) == []
    for command in (accounts.find_client, accounts.revoke_client, accounts.rotate_secret):
        with pytest.raises(NotFound):
            command(merchants.charlie, platform.number)
    with pytest.raises(NotFound):
        accounts.create_client(merchants.charlie, merchants.tenant, name="Evil", scopes=SCOPES)
    assert platform.ask().status_code == 200


@pytest.mark.parametrize(
    ("scopes", "error"),
    [
        (frozenset[str](), Invalid),
        ({"nonsense:read"}, Invalid),
        ({"users:manage"}, Invalid),
        ({"orders:write"}, Invalid),
    ],
)
def test_nobody_gives_away_what_is_not_theirs_to_give(
    merchants: Merchants, scopes: frozenset[str], error: type[DomainError]
) -> None:
    viewer = replace(merchants.bob)
    with pytest.raises(error):
        accounts.create_client(viewer, merchants.tenant, name="Mine", scopes=frozenset(scopes))


def test_the_secret_is_stored_nowhere(platform: Platform) -> None:
    client = accounts.find_client(SYSTEM, platform.number)
    assert platform.secret not in repr(vars(client))
    statement = select(Event).where(Event.subject == f"oauth_client:{platform.number}")
    rows = reads(SYSTEM).scalars(statement, execution_options=EVERY_TENANT).all()
    assert all(platform.secret not in repr(vars(row)) for row in rows)


def events_of(platform: Platform) -> list[str]:
    statement = select(Event.name).where(Event.subject == f"oauth_client:{platform.number}").order_by(Event.id)
    return list(reads(SYSTEM).scalars(statement, execution_options=EVERY_TENANT))
