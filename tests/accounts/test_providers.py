"""Identity providers of a business's own: what is set on the page, and what it opens."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import IdentityClient, User
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Invalid
from dashboard.core.events import Event
from tests.accounts.issuer import DIRECTORY, Account, Issuer, serving
from tests.conftest import Merchants, inputs, sign_in

OTHER_DIRECTORY = "99999999-2222-4333-8444-555555555555"
ADDRESS = "/settings/providers/google"
SECRET = "GOCSPX-very-secret"


@pytest.fixture
def alice(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """The owner, signed in."""
    sign_in(client, "alice", "FIRST")
    return client


def send(client: FlaskClient, address: str, page: str = "", **typed: str) -> tuple[int, str]:
    """Fill in a page's form and send it; status and what came back."""
    shown = inputs(client.get(page or address).get_data(as_text=True))
    kept = {name: value for name, value in shown.items() if name in ("csrf_token", "idempotency_key")}
    answer = client.post(address, data={**kept, **typed})
    db.session.remove()
    return answer.status_code, answer.get_data(as_text=True)


def clients() -> list[IdentityClient]:
    db.session.remove()
    return list(reads(SYSTEM).scalars(select(IdentityClient).order_by(IdentityClient.id)))


def test_the_page_says_what_to_register_where(alice: FlaskClient) -> None:
    page = alice.get("/settings/providers").get_data(as_text=True)
    assert "No client of your own yet" in page
    for name in ("google", "apple", "microsoft"):
        assert f'data-copy="http://127.0.0.1:8000/sign-in/with/{name}/return"' in page
    assert "console.cloud.google.com" in page


def test_a_client_is_set_and_its_secret_never_shown(alice: FlaskClient, merchants: Merchants) -> None:
    assert send(alice, ADDRESS, client_id="web.apps", client_secret=SECRET)[0] == 303
    (kept,) = clients()
    assert (kept.tenant_id, kept.provider, kept.client_id) == (merchants.tenant.id, "google", "web.apps")
    assert kept.client_secret is not None
    assert SECRET not in kept.client_secret
    for page in ("/settings/providers", ADDRESS):
        shown = alice.get(page).get_data(as_text=True)
        assert "web.apps" in shown
        assert SECRET not in shown
        assert kept.client_secret not in shown
    facts = reads(SYSTEM).scalars(select(Event.data).where(Event.name == "identity_client.set")).one()
    assert SECRET not in str(facts)


def test_an_empty_secret_keeps_the_one_that_is_there(alice: FlaskClient) -> None:
    send(alice, ADDRESS, client_id="web.apps", client_secret=SECRET)
    before = clients()[0].client_secret
    assert send(alice, ADDRESS, client_id="other.apps", client_secret="")[0] == 303
    (kept,) = clients()
    assert (kept.client_id, kept.client_secret) == ("other.apps", before)


def test_an_error_keeps_what_was_typed_but_no_secret(alice: FlaskClient) -> None:
    status, page = send(
        alice, "/settings/providers/microsoft", client_id="app", client_secret=SECRET, directory="contoso.com"
    )
    assert status == 422
    assert 'value="app"' in page
    assert 'value="contoso.com"' in page
    assert SECRET not in page
    assert "looks like" in page
    assert clients() == []


def test_apples_key_must_be_whole(merchants: Merchants, app: Flask) -> None:
    apple = app.extensions["settings"].identity_provider("apple")
    for secret in ("plain", "{", '{"team_id": "T"}', '{"team_id": "T", "key_id": 3, "private_key": "P"}', "[]"):
        with pytest.raises(Invalid, match="JSON"):
            accounts.set_identity_client(merchants.alice, apple, client_id="x", secret=secret)
    whole = '{"team_id": "T", "key_id": "K", "private_key": "P"}'
    accounts.set_identity_client(merchants.alice, apple, client_id="x", secret=whole)
    accounts.set_identity_client(merchants.alice, apple, client_id="x", secret="a.signed.one")


def test_only_microsoft_has_directories(merchants: Merchants, app: Flask) -> None:
    google = app.extensions["settings"].identity_provider("google")
    with pytest.raises(Invalid, match="only Microsoft"):
        accounts.set_identity_client(merchants.alice, google, client_id="x", secret=None, directory=DIRECTORY)


def test_a_client_is_removed(alice: FlaskClient, merchants: Merchants, app: Flask) -> None:
    google = app.extensions["settings"].identity_provider("google")
    accounts.set_identity_client(merchants.charlie, google, client_id="theirs", secret=None)
    send(alice, ADDRESS, client_id="web.apps")
    assert send(alice, f"{ADDRESS}/remove", "/settings/providers")[0] == 303
    assert [each.client_id for each in clients()] == ["theirs"]
    again = send(alice, f"{ADDRESS}/remove", "/settings/providers")
    assert again[0] == 303
    assert "no client of its own" in alice.get("/settings/providers").get_data(as_text=True)


def test_anothers_client_is_not_shown(alice: FlaskClient, merchants: Merchants, app: Flask) -> None:
    google = app.extensions["settings"].identity_provider("google")
    accounts.set_identity_client(merchants.charlie, google, client_id="theirs", secret=None)
    db.session.remove()
    assert "theirs" not in alice.get("/settings/providers").get_data(as_text=True)
    assert "theirs" not in alice.get(ADDRESS).get_data(as_text=True)


def test_the_password_is_asked_for_once_more_after_a_while(alice: FlaskClient) -> None:
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert alice.get(ADDRESS).headers["Location"].startswith("/confirm")
        assert alice.get("/settings/providers").status_code == 200


def test_an_unknown_provider_is_nowhere(alice: FlaskClient) -> None:
    assert alice.get("/settings/providers/facebook").status_code == 404


# Microsoft's directories


@pytest.fixture
def microsoft(app: Flask, merchants: Merchants) -> Iterator[Issuer]:
    """Microsoft, without a client of the installation; alice's business has one, for DIRECTORY alone."""
    with serving("microsoft") as made:
        made.account = Account("alice", {"email": "alice@contoso.com", "xms_edov": True})
        settings = app.extensions["settings"]
        others = tuple(each for each in settings.identity_providers if each.name != "microsoft")
        changed = made.provider(client_ids=(), client_secret=None)
        app.extensions["settings"] = settings.overridden(identity_providers=(changed, *others))
        with atomic(SYSTEM) as session:
            proved = {"email": "alice@contoso.com", "email_verified_at": clock.now()}
            session.execute(update(User).where(User.username == "alice").values(proved))
        db.session.remove()
        made.client = ("own", "own secret")
        yield made
        app.extensions["settings"] = settings


@pytest.fixture
def use_directory(app: Flask, merchants: Merchants) -> Callable[[str | None], None]:
    """Gives alice's business a client at Microsoft, for one directory or for all."""

    def use(directory: str | None) -> None:
        provider = app.extensions["settings"].identity_provider("microsoft")
        accounts.set_identity_client(
            merchants.alice, provider, client_id="own", secret="own secret", directory=directory
        )
        db.session.remove()

    return use


def come_in(client: FlaskClient, microsoft: Issuer) -> bool:
    gone = client.get("/sign-in/with/microsoft?business=FIRST").headers["Location"]
    client.get("/sign-in/with/microsoft/return", query_string=microsoft.visit(gone))
    return client.get("/").status_code == 200


@pytest.mark.parametrize(("directory", "welcome"), [(None, True), (DIRECTORY, True), (OTHER_DIRECTORY, False)])
def test_only_the_directorys_own_people_come_in_on_the_page(
    client: FlaskClient,
    use_directory: Callable[[str | None], None],
    microsoft: Issuer,
    directory: str | None,
    *,
    welcome: bool,
) -> None:
    use_directory(directory)
    assert come_in(client, microsoft) is welcome


@pytest.mark.parametrize(("directory", "status"), [(None, 200), (DIRECTORY, 200), (OTHER_DIRECTORY, 401)])
def test_and_by_a_token_that_a_program_brings(
    client: FlaskClient,
    use_directory: Callable[[str | None], None],
    microsoft: Issuer,
    directory: str | None,
    status: int,
) -> None:
    use_directory(directory)
    token = microsoft.token(aud="own")
    assert client.post("/api/v1/auth/sso/microsoft", json={"id_token": token}).status_code == status


def test_people_are_sent_to_the_directory_itself(
    client: FlaskClient, use_directory: Callable[[str | None], None]
) -> None:
    use_directory(DIRECTORY)
    address = urlsplit(client.get("/sign-in/with/microsoft?business=FIRST").headers["Location"])
    asked: dict[str, Any] = dict(parse_qsl(address.query))
    assert address.path == f"/{DIRECTORY}/oauth2/v2.0/authorize"
    assert asked["client_id"] == "own"
