"""Opening a business on the page with an account at an identity provider."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ExternalIdentity, Tenant, User, UserSession
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from tests.accounts.issuer import Account, Issuer, serving
from tests.conftest import Merchants, inputs, sign_in

START, BACK = "/register/with/google", "/sign-in/with/google/return"
FORM = "/register/with/google/business"


@pytest.fixture
def issuer(app: Flask) -> Iterator[Issuer]:
    """A provider that the application takes for Google, and Jane's account there."""
    with serving() as made:
        made.account = Account("jane", {"email": "jane.smith@gmail.com", "email_verified": True, "name": "Jane Smith"})
        settings = app.extensions["settings"]
        others = tuple(each for each in settings.identity_providers if each.name != "google")
        app.extensions["settings"] = settings.overridden(identity_providers=(made.provider(), *others))
        yield made
        app.extensions["settings"] = settings


def come_back(client: FlaskClient, issuer: Issuer) -> str:
    """Out to the provider and back; where the browser is led then."""
    gone = client.get(START).headers["Location"]
    return client.get(BACK, query_string=issuer.visit(gone)).headers["Location"]


def send(client: FlaskClient, **typed: str) -> tuple[int, str]:
    shown = inputs(client.get(FORM).get_data(as_text=True))
    kept = {name: value for name, value in shown.items() if name in ("csrf_token", "idempotency_key")}
    answer = client.post(FORM, data={**kept, **typed})
    db.session.remove()
    return answer.status_code, answer.get_data(as_text=True)


def test_the_button_stands_where_the_installation_has_a_client(client: FlaskClient, issuer: Issuer) -> None:
    page = client.get("/register").get_data(as_text=True)
    assert "Sign up with Google" in page
    assert "Sign up with Apple" not in page
    assert client.get("/register/with/apple").status_code == 404


def test_a_tenants_own_client_offers_no_registration(client: FlaskClient, merchants: Merchants, app: Flask) -> None:
    google = app.extensions["settings"].identity_provider("google")
    accounts.set_identity_client(merchants.alice, google, client_id="own", secret="own secret")
    db.session.remove()
    assert "Sign up with" not in client.get("/register").get_data(as_text=True)
    assert client.get(START).status_code == 404


def test_a_business_is_opened_without_a_password(client: FlaskClient, issuer: Issuer) -> None:
    assert come_back(client, issuer) == FORM
    shown = inputs(client.get(FORM).get_data(as_text=True))
    assert (shown["name"], shown["username"]) == ("Jane Smith", "jane.smith")
    status, page = send(client, company_name="Corner Shop", name="Jane Smith", username="jane")
    assert status == 200
    assert "sk_sandbox_" in page
    owner = reads(SYSTEM).scalars(select(User).where(User.username == "jane")).one()
    assert (owner.role, owner.password_hash, owner.email) == ("owner", None, "jane.smith@gmail.com")
    assert owner.email_verified_at is not None
    held = reads(SYSTEM).scalars(select(ExternalIdentity)).one()
    assert (held.user_id, held.subject) == (owner.id, "jane")
    assert reads(SYSTEM).scalars(select(UserSession.kind)).one() == "page"
    assert client.get("/settings/business").status_code == 200
    assert client.get(FORM).headers["Location"] == "/"


def test_and_from_then_on_the_account_signs_in(app: Flask, client: FlaskClient, issuer: Issuer) -> None:
    come_back(client, issuer)
    send(client, company_name="Corner Shop", name="Jane", username="jane")
    other = app.test_client()
    gone = other.get("/sign-in/with/google").headers["Location"]
    other.get(BACK, query_string=issuer.visit(gone))
    assert "Corner Shop" in other.get("/").get_data(as_text=True)


def test_coming_back_alone_opens_nothing_and_signs_nobody_in(client: FlaskClient, issuer: Issuer) -> None:
    come_back(client, issuer)
    assert reads(SYSTEM).scalars(select(Tenant)).all() == []
    assert client.get("/", follow_redirects=False).status_code == 303


def test_an_error_keeps_what_was_typed(client: FlaskClient, issuer: Issuer) -> None:
    come_back(client, issuer)
    status, page = send(client, company_name="", name="Jane", username="jane x")
    assert status == 422
    assert 'value="jane x"' in page
    assert "Say what your business is called." in page
    assert send(client, company_name="Shop", name="Jane", username="jane")[0] == 200


def test_what_the_provider_said_counts_for_ten_minutes(client: FlaskClient, issuer: Issuer) -> None:
    with clock.frozen(clock.now()) as move:  # the provider has the true time
        assert come_back(client, issuer) == FORM
        move(timedelta(minutes=10))
        assert client.get(FORM).status_code == 200
        move(timedelta(seconds=1))
        assert client.get(FORM).headers["Location"] == "/register"


def test_nobody_registers_with_what_no_provider_said(client: FlaskClient, issuer: Issuer) -> None:
    assert client.get(FORM).headers["Location"] == "/register"
    come_back(client, issuer)
    assert client.get("/register/with/apple/business").headers["Location"] == "/register"


def test_whoever_goes_back_is_led_to_the_register_page(client: FlaskClient, issuer: Issuer) -> None:
    gone = client.get(START).headers["Location"]
    state = issuer.visit(gone)["state"]
    answer = client.get(BACK, query_string={"state": state, "error": "access_denied"})
    assert urlsplit(answer.headers["Location"]).path == "/register"


def test_without_an_address_it_says_what_to_do(client: FlaskClient, issuer: Issuer) -> None:
    issuer.account = Account("jane", {})
    come_back(client, issuer)
    status, page = send(client, company_name="Shop", name="Jane", username="jane")
    assert status == 422
    assert "Let Google tell your e-mail address" in page


def test_whoever_is_signed_in_already_goes_on(client: FlaskClient, issuer: Issuer, merchants: Merchants) -> None:
    sign_in(client, "alice", "FIRST")
    assert client.get(START).headers["Location"] == "/"
