"""The settings of a business and one's own account, as people use them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyotp.totp import TOTP
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Role, Tenant, User, UserSession
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.core.errors import Invalid
from dashboard.core.events import Event
from dashboard.web import credentials
from tests.conftest import PASSWORD, Merchants, inputs, sign_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGES = (
    "/profile", "/confirm", "/settings/business", "/settings/people", "/settings/people/2", "/settings/roles",
    "/settings/roles/new", "/settings/keys", "/settings/keys/new", "/settings/clients", "/settings/clients/new",
    "/settings/audit", "/settings/audit.csv",
)  # fmt: skip


@pytest.fixture
def alice(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """The owner, signed in."""
    sign_in(client, "alice")
    return client


def send(client: FlaskClient, address: str, page: str | None = None, **typed: object) -> tuple[int, str]:
    """Fill in the form of a page and send it; status and what came back."""
    shown = client.get(page or address).get_data(as_text=True)
    kept = {name: value for name, value in inputs(shown).items() if name in ("csrf_token", "idempotency_key")}
    answer = client.post(address, data={**kept, **typed})
    db.session.remove()
    return answer.status_code, answer.get_data(as_text=True)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_the_owner(alice: FlaskClient, page: str) -> None:
    assert alice.get(page).status_code == 200


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("/settings")])
def test_a_viewer_opens_no_settings(client: FlaskClient, merchants: Merchants, page: str) -> None:
    sign_in(client, "bob")
    assert client.get(page).status_code == 403


def test_settings_are_saved_and_the_change_is_in_the_trail(alice: FlaskClient, merchants: Merchants) -> None:
    status, _ = send(
        alice, "/settings/business", name="First Inc.", display_name="First", primary_color="#AA0000",
        time_zone="Europe/Paris", currency="EUR", tax_percent="7.25", tax_rounding="truncate",
        device_hold_minutes="20", parts_hold_minutes="60", draft_hold_minutes="30", mfa_roles=["admin"],
    )  # fmt: skip
    assert status == 303
    tenant = reads(SYSTEM).get_one(Tenant, merchants.tenant.id)
    assert (tenant.display_name, tenant.primary_color, tenant.tax_rate_bps) == ("First", "#aa0000", 725)
    assert (tenant.time_zone, tenant.currency, tenant.mfa_roles) == ("Europe/Paris", "EUR", ["admin"])
    changed = reads(SYSTEM).scalars(select(Event.data).where(Event.name == "tenant.changed")).one()
    assert changed["tax_rate_bps"] == [0, 725]
    assert "tenant.changed" in alice.get("/settings/audit").get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value"), [("tax_percent", "7.255"), ("tax_percent", "lots"), ("primary_color", "red")]
)
def test_a_setting_that_will_not_do_is_said_and_kept(alice: FlaskClient, field: str, value: str) -> None:
    typed = {
        "name": "First Inc.", "primary_color": "#aa0000", "time_zone": "UTC", "currency": "USD", "tax_percent": "8",
        "tax_rounding": "truncate", "device_hold_minutes": "20", "parts_hold_minutes": "60", "draft_hold_minutes": "3",
    }  # fmt: skip
    status, page = send(alice, "/settings/business", **{**typed, field: value})
    assert status == 422
    assert f'value="{value}"' in page


def test_a_key_is_shown_once_and_works(app: Flask, alice: FlaskClient) -> None:
    status, page = send(
        alice, "/settings/keys/new", name="Till", environment="live", dialect="techfleet", access="read-only"
    )
    assert status == 200
    secret = page.split("Bearer ")[1].split("&#34;")[0].split('"')[0]
    assert secret.startswith("sk_live_")
    answer = app.test_client().get("/api/catalog/stats", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    key = reads(SYSTEM).scalars(select(ApiKey)).one()
    assert secret not in alice.get(f"/settings/keys/{key.id}").get_data(as_text=True)
    assert secret not in alice.get("/settings/keys").get_data(as_text=True)


def test_a_client_is_made_on_the_page_and_gets_a_token(app: Flask, alice: FlaskClient) -> None:
    status, page = send(alice, "/settings/clients/new", name="Platform", environment="live", scopes=["catalog:read"])
    assert status == 200
    number, secret = page.split("curl -u ")[1].split(" ")[0].split(":")
    form = {"grant_type": "client_credentials"}
    answer = app.test_client().post("/v1/oauth/token", data=form, auth=(number, secret))
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
    assert app.test_client().get("/api/catalog/stats", headers=headers).status_code == 200
    assert secret not in alice.get("/settings/clients/1").get_data(as_text=True)


def test_a_business_is_opened_on_the_page_and_its_first_key_works(app: Flask, client: FlaskClient) -> None:
    typed = {"company_name": "Corner Shop", "name": "Jane Smith", "email": "jane@example.com", "username": "jane"}
    assert send(client, "/register", **typed, password="password123")[0] == 422
    assert reads(SYSTEM).scalars(select(Tenant)).all() == []
    status, page = send(client, "/register", **typed, password=PASSWORD)
    assert status == 200
    assert "CORNERSHOP" in page
    secret = "sk_sandbox_" + page.split("sk_sandbox_")[1][:32]
    answer = app.test_client().get("/api/catalog/stats", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert client.get("/settings/business").status_code == 200


def test_nobody_renews_a_credential_that_may_more_than_they(merchants: Merchants) -> None:
    key = accounts.create_key(SYSTEM, merchants.tenant, name="till").key.id
    scopes = frozenset({"orders:read"})
    client = accounts.create_client(SYSTEM, merchants.tenant, name="platform", scopes=scopes).client.id
    keeper = replace(merchants.bob, scopes=frozenset({"keys:manage", "catalog:read"}))
    with pytest.raises(Invalid, match="may not do"):
        accounts.rotate_key(keeper, key)
    with pytest.raises(Invalid, match="may not do"):
        accounts.rotate_secret(keeper, client)
    accounts.rotate_key(merchants.alice, key)
    accounts.rotate_secret(merchants.alice, client)


def test_a_session_that_is_in_use_is_seen_every_five_minutes(client: FlaskClient, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        sign_in(client, "alice")
        seen: list[datetime] = []
        for _ in range(2):
            move(timedelta(minutes=4))
            client.get("/profile")
            db.session.remove()
            seen.append(reads(SYSTEM).scalars(select(UserSession.seen_at)).one())
    assert seen == [NOON, NOON + timedelta(minutes=8)]


def test_the_sandbox_is_unmistakable_and_has_nothing_of_the_live_business(
    alice: FlaskClient, merchants: Merchants
) -> None:
    twin = accounts.create_sandbox(SYSTEM, merchants.tenant).id
    db.session.remove()
    assert send(alice, "/sandbox/enter", "/profile")[0] == 303
    page = alice.get("/").get_data(as_text=True)
    assert "Nothing here touches live data." in page
    assert "Back to live data" in page
    assert alice.get("/settings/keys").status_code == 403
    entered = reads(SYSTEM).scalars(select(Event.tenant_id).where(Event.name == "session.sandbox_entered")).one()
    assert entered == merchants.tenant.id
    assert send(alice, "/sandbox/leave", "/profile")[0] == 303
    left = reads(SYSTEM).scalars(select(Event.tenant_id).where(Event.name == "session.sandbox_left")).one()
    assert left == twin
    assert alice.get("/settings/keys").status_code == 200
    assert "Back to live data" not in alice.get("/").get_data(as_text=True)


def test_a_sandboxs_clock_lets_a_key_expire_there_and_nowhere_else(
    app: Flask, alice: FlaskClient, merchants: Merchants
) -> None:
    twin = accounts.create_sandbox(SYSTEM, merchants.tenant)
    tomorrow = clock.now() + timedelta(days=1)
    secrets = [
        accounts.create_key(SYSTEM, tenant, name="till", expires_at=tomorrow).secret
        for tenant in (twin, merchants.tenant)
    ]
    db.session.remove()

    def statuses() -> list[int]:
        credentials.forget_all()
        calls = [{"Authorization": f"Bearer {secret}"} for secret in secrets]
        return [app.test_client().get("/api/catalog/stats", headers=headers).status_code for headers in calls]

    assert statuses() == [200, 200]
    assert send(alice, "/sandbox/clock", "/profile", seconds="86400")[0] == 303
    assert statuses() == [200, 200]
    send(alice, "/sandbox/enter", "/profile")
    assert send(alice, "/sandbox/clock", "/sandbox", seconds="86400")[0] == 303
    assert statuses() == [401, 200]
    assert send(alice, "/sandbox/clock", "/sandbox", seconds="")[0] == 303
    assert statuses() == [200, 200]


def test_a_dangerous_page_asks_for_the_password_once_it_is_long_ago(client: FlaskClient, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        sign_in(client, "alice")
        assert client.get("/settings/keys/new").status_code == 200
        move(timedelta(minutes=10, seconds=1))
        answer = client.get("/settings/keys/new")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/confirm?next=/settings/keys/new")
        assert send(client, "/confirm?next=/settings/keys/new", password="wrong")[0] == 422
        assert send(client, "/confirm?next=/settings/keys/new", password=PASSWORD)[0] == 303
        assert client.get("/settings/keys/new").status_code == 200


def test_another_tenants_key_and_person_are_nowhere(app: Flask, alice: FlaskClient, merchants: Merchants) -> None:
    theirs = accounts.create_key(SYSTEM, merchants.other_tenant, name="theirs").key.id
    db.session.remove()
    for address in (f"/settings/keys/{theirs}", "/settings/keys/999999", "/settings/people/7"):
        assert alice.get(address).status_code == 404
    assert send(alice, f"/settings/keys/{theirs}/revoke", "/settings/keys/new")[0] == 404


def test_switching_a_colleague_off_ends_their_sessions(app: Flask, alice: FlaskClient) -> None:
    bob = app.test_client()
    sign_in(bob, "bob")
    assert bob.get("/").status_code == 200
    assert send(alice, "/settings/people/2", name="Bob", role="viewer")[0] == 303
    assert bob.get("/").status_code == 303


def test_nobody_switches_the_owner_off_or_changes_their_own_role(app: Flask, merchants: Merchants) -> None:
    admin = accounts.create_user(SYSTEM, merchants.tenant, username="dora", password=PASSWORD, role="admin")
    number = admin.number
    db.session.remove()
    dora = app.test_client()
    sign_in(dora, "dora")
    assert send(dora, "/settings/people/1", name="Alice", role="owner")[0] == 422
    assert send(dora, f"/settings/people/{number}", name="Dora", role="owner", active="y")[0] == 422
    roles = reads(SYSTEM).scalars(select(User.role).where(User.username.in_(("alice", "dora"))).order_by(User.username))
    assert roles.all() == ["owner", "admin"]


def test_a_role_of_ones_own_gives_what_it_says(app: Flask, alice: FlaskClient) -> None:
    assert send(alice, "/settings/roles/new", name="Auditor", scopes=["catalog:read", "audit:read"])[0] == 303
    assert reads(SYSTEM).scalars(select(Role.scopes)).one() == ["audit:read", "catalog:read"]
    assert send(alice, "/settings/people/2", name="Bob", role="auditor", active="y")[0] == 303
    bob = app.test_client()
    sign_in(bob, "bob")
    assert bob.get("/settings/audit").status_code == 200
    assert bob.get("/settings/keys").status_code == 403
    assert send(alice, "/settings/roles/auditor/delete", "/settings/roles")[0] == 303
    assert reads(SYSTEM).scalars(select(Role.name)).all() == ["auditor"]


def test_a_second_factor_is_set_up_on_the_page_and_asked_for(
    app: Flask, client: FlaskClient, merchants: Merchants
) -> None:
    with clock.frozen(NOON) as move:
        sign_in(client, "alice")
        assert send(client, "/profile/second-factor/begin", "/profile")[0] == 303
        page = client.get("/profile/second-factor").get_data(as_text=True)
        secret = page.split('<code class="tag">')[1].split("<")[0]
        status, page = send(client, "/profile/second-factor", code=TOTP(secret).at(clock.now()))
        assert status == 200
        codes = [part.split("<")[0] for part in page.split("<li><code>")[1:]]
        assert len(codes) == 10
        other = app.test_client()
        answer = other.post("/sign-in", data={**_form(other, "/sign-in"), "login": "alice", "password": PASSWORD})
        assert answer.headers["Location"] == "/sign-in/code"
        assert other.get("/").status_code == 303
        assert send(other, "/sign-in/code", code="000000")[0] == 422
        move(timedelta(seconds=30))
        assert send(other, "/sign-in/code", code=codes[0])[0] == 303
        assert other.get("/").status_code == 200


def test_a_role_that_must_use_a_second_factor_is_led_to_set_one_up(app: Flask, merchants: Merchants) -> None:
    accounts.change_settings(merchants.alice, {"mfa_roles": ["viewer"]})
    db.session.remove()
    bob = app.test_client()
    sign_in(bob, "bob")
    answer = bob.get("/catalog/devices")
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/profile")
    assert "asks for a second factor" in bob.get("/profile").get_data(as_text=True)


def _form(client: FlaskClient, address: str) -> dict[str, str]:
    return inputs(client.get(address).get_data(as_text=True))
