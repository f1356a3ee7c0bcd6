"""Signing in through the API, as K documents it: resolve, log in, second factor, refresh, log out, register."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyotp.totp import TOTP
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads
from dashboard.core.mail import MailMessage
from dashboard.web import credentials
from tests.conftest import PASSWORD, Merchants, forget_limits

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REGISTRATION = {
    "email": "jane@example.com",
    "username": "mycompany",
    "password": "securePassword123!",
    "first_name": "Jane",
    "last_name": "Smith",
    "company_name": "Smith HVAC",
}


class Calls:
    """A client of the authentication API that is never slowed down."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._client: FlaskClient = app.test_client()

    def post(self, path: str, body: Any, *, token: str | None = None, tenant: Any = None) -> tuple[int, Any]:
        forget_limits(self._app)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if tenant is not None:
            headers["X-Tenant-Id"] = str(tenant)
        answer = self._client.post(f"/api/v1/auth/{path}", json=body, headers=headers)
        return answer.status_code, answer.get_json(silent=True)

    def login(self, tenant: Any, username: str = "alice", password: str = PASSWORD) -> Any:
        status, body = self.post("login", {"username": username, "password": password}, tenant=tenant)
        assert status == 200, body
        return body["data"]

    def stats(self, token: str, **headers: str) -> int:
        credentials.forget_all()
        return self._client.get(
            "/api/catalog/stats", headers={"Authorization": f"Bearer {token}", **headers}
        ).status_code


@pytest.fixture
def calls(app: Flask, merchants: Merchants) -> Calls:
    """A client beside two tenants."""
    return Calls(app)


def enrolled(calls: Calls, merchants: Merchants) -> tuple[str, list[str]]:
    """Alice sets up an authenticator app at NOON: its secret and her backup codes."""
    token = calls.login(merchants.tenant.public_id)["access_token"]
    _, begun = calls.post("mfa/enroll", {}, token=token)
    secret = begun["data"]["secret"]
    status, confirmed = calls.post("mfa/confirm", {"code": TOTP(secret).at(clock.now())}, token=token)
    assert status == 200, confirmed
    return secret, confirmed["data"]["backup_codes"]


def test_a_business_code_is_resolved_in_any_case(app: Flask, merchants: Merchants) -> None:
    answer = app.test_client().get("/api/v1/tenants/resolve/first")
    assert answer.status_code == 200
    data = answer.get_json()["data"]
    assert data["businessCode"] == "FIRST"
    assert data["businessName"] == "First Inc."
    assert data["tenantId"] == str(merchants.tenant.public_id)
    assert data["branding"] == {"display_name": "First Inc.", "primary_color": "#2563eb"}
    assert app.test_client().get("/api/v1/tenants/resolve/nobody").status_code == 404


def test_login_answers_tokens_and_person(calls: Calls, merchants: Merchants) -> None:
    data = calls.login(merchants.tenant.public_id)
    assert data["user"] == {"id": 1, "username": "alice", "name": "Alice", "is_admin": True, "roles": ["owner"]}
    assert data["access_token"].startswith("eyJ")
    assert data["refresh_token"].startswith("eyJ")
    assert calls.stats(data["access_token"]) == 200


def test_a_wrong_password_an_unknown_person_and_another_tenant_sound_alike(calls: Calls, merchants: Merchants) -> None:
    tries = [("alice", "wrong", merchants.tenant), ("nobody", PASSWORD, merchants.tenant)]
    tries.append(("alice", PASSWORD, merchants.other_tenant))
    answers = [
        calls.post("login", {"username": name, "password": word}, tenant=tenant.public_id)
        for name, word, tenant in tries
    ]
    assert {status for status, _ in answers} == {401}
    assert len({body["error"]["message"] for _, body in answers}) == 1


@pytest.mark.parametrize(
    ("header", "status"), [("not-a-uuid", 422), ("5989db7e-2ade-4aa2-aad8-b6b111c401eb", 401), (None, 422)]
)
def test_the_tenant_is_named_by_its_header(calls: Calls, header: str | None, status: int) -> None:
    assert calls.post("login", {"username": "alice", "password": PASSWORD}, tenant=header)[0] == status


def test_a_tenant_header_that_disagrees_with_the_token_is_403(calls: Calls, merchants: Merchants) -> None:
    token = calls.login(merchants.tenant.public_id)["access_token"]
    assert calls.stats(token, **{"X-Tenant-Id": str(merchants.tenant.public_id)}) == 200
    assert calls.stats(token, **{"X-Tenant-Id": str(merchants.other_tenant.public_id)}) == 403
    assert calls.stats(token, **{"X-Tenant-Id": "nonsense"}) == 422


def test_an_access_token_lasts_fifteen_minutes_and_is_renewed(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        data = calls.login(merchants.tenant.public_id)
        move(timedelta(minutes=14, seconds=59))
        assert calls.stats(data["access_token"]) == 200
        move(timedelta(seconds=1))
        assert calls.stats(data["access_token"]) == 401
        status, body = calls.post("refresh", {"refresh_token": data["refresh_token"]})
        assert (status, list(body["data"])) == (200, ["access_token"])
        assert calls.stats(body["data"]["access_token"]) == 200


def test_a_refresh_token_lasts_thirty_idle_days_and_ninety_in_all(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        busy, idle = (calls.login(merchants.tenant.public_id)["refresh_token"] for _ in range(2))
        for _ in range(4):
            move(timedelta(days=22))
            assert calls.post("refresh", {"refresh_token": busy})[0] == 200
        assert calls.post("refresh", {"refresh_token": idle})[0] == 401
        move(timedelta(days=2))
        assert calls.post("refresh", {"refresh_token": busy})[0] == 401


def test_a_rotated_token_is_forgiven_for_fifteen_seconds_then_it_ends_the_family(
    calls: Calls, merchants: Merchants
) -> None:
    with clock.frozen(NOON) as move:
        first = calls.login(merchants.tenant.public_id)["refresh_token"]
        _, rotated = calls.post("refresh", {"refresh_token": first, "rotate": True})
        second = rotated["data"]["refresh_token"]
        move(timedelta(seconds=15))
        assert calls.post("refresh", {"refresh_token": first})[0] == 200
        move(timedelta(seconds=1))
        assert calls.post("refresh", {"refresh_token": first})[0] == 401
        assert calls.post("refresh", {"refresh_token": second})[0] == 401
        assert calls.stats(rotated["data"]["access_token"]) == 401


def test_logging_out_ends_the_access_token_too(calls: Calls, merchants: Merchants) -> None:
    data = calls.login(merchants.tenant.public_id)
    other = calls.login(merchants.tenant.public_id)
    status, _ = calls.post("logout", {"refresh_token": data["refresh_token"]}, token=data["access_token"])
    assert status == 204
    assert calls.stats(data["access_token"]) == 401
    assert calls.post("refresh", {"refresh_token": data["refresh_token"]})[0] == 401
    assert calls.stats(other["access_token"]) == 200


def test_nobody_logs_out_somebody_else(calls: Calls, merchants: Merchants) -> None:
    mine = calls.login(merchants.tenant.public_id)
    theirs = calls.login(merchants.other_tenant.public_id, "charlie")
    status, _ = calls.post("logout", {"refresh_token": theirs["refresh_token"]}, token=mine["access_token"])
    assert status == 404
    assert calls.stats(theirs["access_token"]) == 200


def test_one_kind_of_token_never_passes_for_another(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON):
        data = calls.login(merchants.tenant.public_id)
        enrolled(calls, merchants)
        challenge = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
        for token in (data["refresh_token"], challenge):
            assert calls.stats(token) == 401
        for token in (data["access_token"], challenge):
            assert calls.post("refresh", {"refresh_token": token})[0] == 401
        for token in (data["access_token"], data["refresh_token"]):
            assert calls.post("mfa-verify", {"challenge_token": token, "code": "123456"})[0] == 401


def test_a_second_factor_stands_before_the_tokens(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        secret, _ = enrolled(calls, merchants)
        move(timedelta(minutes=1))
        data = calls.login(merchants.tenant.public_id)
        assert (data["mfa_required"], set(data)) == (True, {"mfa_required", "mfa_challenge_token"})
        body = {"challenge_token": data["mfa_challenge_token"], "code": TOTP(secret).at(clock.now())}
        status, answer = calls.post("mfa-verify", body)
        assert status == 200
        assert answer["data"]["user"]["username"] == "alice"
        assert calls.stats(answer["data"]["access_token"]) == 200
        assert calls.post("mfa-verify", body)[0] == 401


def test_each_code_of_the_app_works_once(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        secret, _ = enrolled(calls, merchants)
        used_to_confirm = TOTP(secret).at(clock.now())
        challenge = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
        assert calls.post("mfa-verify", {"challenge_token": challenge, "code": used_to_confirm})[0] == 401
        move(timedelta(seconds=30))
        code = TOTP(secret).at(clock.now())
        assert calls.post("mfa-verify", {"challenge_token": challenge, "code": code})[0] == 200
        again = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
        assert calls.post("mfa-verify", {"challenge_token": again, "code": code})[0] == 401


def test_a_backup_code_works_once_however_it_is_typed(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON):
        _, codes = enrolled(calls, merchants)
        assert len(set(codes)) == 10
        for typed, status in ((f" {codes[0].upper()} ", 200), (codes[0], 401), (codes[1].replace("-", ""), 200)):
            challenge = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
            assert calls.post("mfa-verify", {"challenge_token": challenge, "code": typed})[0] == status


def test_five_wrong_codes_void_a_challenge_even_for_the_right_one(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON):
        _, codes = enrolled(calls, merchants)
        challenge = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
        for _ in range(5):
            assert calls.post("mfa-verify", {"challenge_token": challenge, "code": "000000"})[0] == 401
        assert calls.post("mfa-verify", {"challenge_token": challenge, "code": codes[0]})[0] == 401
        fresh = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
        assert calls.post("mfa-verify", {"challenge_token": fresh, "code": codes[0]})[0] == 200


def test_a_challenge_lasts_five_minutes(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        _, codes = enrolled(calls, merchants)
        challenge = calls.login(merchants.tenant.public_id)["mfa_challenge_token"]
        move(timedelta(minutes=5))
        assert calls.post("mfa-verify", {"challenge_token": challenge, "code": codes[0]})[0] == 401


def test_a_code_can_be_mailed_and_fits_its_challenge_alone(app: Flask) -> None:
    calls = Calls(app)
    tenant = accounts.create_tenant(SYSTEM, business_code="SHOP", name="Shop")
    accounts.create_user(SYSTEM, tenant, username="alice", password=PASSWORD, role="owner", email="alice@shop.example")
    with clock.frozen(NOON):
        enrolled(calls, Merchants(tenant, tenant, SYSTEM, SYSTEM, SYSTEM, SYSTEM))
        first, second = (calls.login(tenant.public_id)["mfa_challenge_token"] for _ in range(2))
        assert calls.post("mfa-email", {"challenge_token": first})[0] == 200
        mail = reads(SYSTEM).scalars(select(MailMessage)).one()
        assert mail.recipient == "alice@shop.example"
        code = next(word for word in mail.body.replace(".", " ").split() if word.isdigit() and len(word) == 6)
        assert calls.post("mfa-verify", {"challenge_token": second, "code": code})[0] == 401
        assert calls.post("mfa-verify", {"challenge_token": first, "code": code})[0] == 200


def test_the_second_factor_is_switched_off_with_a_code_of_it(calls: Calls, merchants: Merchants) -> None:
    with clock.frozen(NOON):
        token = calls.login(merchants.tenant.public_id)["access_token"]
        _, codes = enrolled(calls, merchants)
        assert calls.post("mfa/disable", {"code": "000000"}, token=token)[0] == 422
        assert calls.post("mfa/disable", {"code": codes[0]}, token=token)[0] == 204
        assert "access_token" in calls.login(merchants.tenant.public_id)


def test_a_key_is_no_person(app: Flask, calls: Calls, merchants: Merchants) -> None:
    key = accounts.create_key(SYSTEM, merchants.tenant, name="program").secret
    assert calls.post("mfa/enroll", {}, token=key)[0] == 403


def test_registration_opens_a_business_and_signs_its_owner_in(app: Flask) -> None:
    calls = Calls(app)
    status, body = calls.post("register", REGISTRATION)
    assert status == 201
    data = body["data"]
    assert (data["business_code"], data["business_name"]) == ("SMITHHVAC", "Smith HVAC")
    assert data["user"] == {
        "id": 1,
        "username": "mycompany",
        "name": "Jane Smith",
        "is_admin": True,
        "roles": ["owner"],
    }
    assert calls.stats(data["access_token"]) == 200
    assert calls.stats(data["sandbox_api_key"]) == 200
    found = reads(SYSTEM).execute(select(Tenant.business_code, Tenant.sandbox_of_id).order_by(Tenant.id)).all()
    assert [row.business_code for row in found] == ["SMITHHVAC", "SMITHHVAC-SANDBOX"]
    assert calls.post("register", {**REGISTRATION, "username": "other"})[1]["data"]["business_code"] == "SMITHHVAC2"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "[email protected]"}, "email"),
        ({"password": "password123"}, "password"),
        ({"password": "short"}, "password"),
        ({"username": "my company"}, "username"),
        ({"username": "mycоmpany"}, "username"),  # noqa: RUF001 - the second o is Cyrillic
        ({"company_name": "   "}, "company_name"),
    ],
)
def test_a_registration_that_will_not_do_leaves_nothing_behind(app: Flask, changes: dict[str, str], field: str) -> None:
    status, body = Calls(app).post("register", {**REGISTRATION, **changes})
    assert status == 422
    assert [item["field"] for item in body["error"]["fields"]] == [field]
    for model in (Tenant, User, ApiKey):
        assert reads(SYSTEM).scalars(select(model)).all() == []


def test_the_people_of_a_tenant_share_two_hundred_requests_a_minute(
    app: Flask, calls: Calls, merchants: Merchants
) -> None:
    alice = calls.login(merchants.tenant.public_id)["access_token"]
    bob = calls.login(merchants.tenant.public_id, "bob")["access_token"]
    charlie = calls.login(merchants.other_tenant.public_id, "charlie")["access_token"]
    forget_limits(app)
    assert {calls.stats(alice) for _ in range(100)} == {200}
    assert {calls.stats(bob) for _ in range(100)} == {200}
    assert (calls.stats(alice), calls.stats(bob), calls.stats(charlie)) == (429, 429, 200)


def test_an_address_makes_five_tries_a_minute(app: Flask, merchants: Merchants) -> None:
    client = app.test_client()
    body = {"username": "alice", "password": "wrong"}
    headers = {"X-Tenant-Id": str(merchants.tenant.public_id)}
    answers = [client.post("/api/v1/auth/login", json=body, headers=headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[0].headers["X-RateLimit-Limit"] == "5"
