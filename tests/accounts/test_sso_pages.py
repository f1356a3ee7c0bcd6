"""Signing in with a provider on the pages: out, back, and what does not count as coming back."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic
from tests.accounts.issuer import CLIENT_ID, EC, STRANGER, Account, Issuer, ec_key, serving
from tests.conftest import Merchants, forget_limits, sign_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
START, BACK = "/sign-in/with/google", "/sign-in/with/google/return"


def connected(app: Flask, issuer: Issuer, **changes: Any) -> Generator[Issuer]:
    settings = app.extensions["settings"]
    others = tuple(each for each in settings.identity_providers if each.name != issuer.name)
    provider = issuer.provider(**changes)
    app.extensions["settings"] = settings.overridden(
        identity_providers=(provider, *others), base_url="https://shop.example"
    )
    yield issuer
    app.extensions["settings"] = settings


@pytest.fixture
def issuer(app: Flask, merchants: Merchants) -> Iterator[Issuer]:
    """A provider that the application takes for Google, and alice's account there."""
    with serving() as made:
        made.account = Account("alice", {"email": "alice@gmail.com", "email_verified": True})
        yield from connected(app, made)


@pytest.fixture
def apple(app: Flask, merchants: Merchants) -> Iterator[Issuer]:
    with serving("apple") as made:
        made.account = Account("alice", {"email": "alice@icloud.com", "email_verified": "true"})
        yield from connected(app, made)


def prove_address(username: str, address: str) -> None:
    with atomic(SYSTEM) as session:
        changes = {"email": address, "email_verified_at": clock.now()}
        session.execute(update(User).where(User.username == username).values(changes))


def link(client: FlaskClient, issuer: Issuer, username: str, business_code: str) -> None:
    """`username` links their account on a page."""
    sign_in(client, username, business_code)
    gone = client.get("/profile/link/google?next=/profile")
    answer = client.get(BACK, query_string=issuer.visit(gone.headers["Location"]))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile")


def leave(client: FlaskClient, path: str = START) -> str:
    """Where the browser is sent to."""
    answer = client.get(path)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def come_back(client: FlaskClient, told: dict[str, str], path: str = BACK) -> TestResponse:
    return client.get(path, query_string=told)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def refusal(client: FlaskClient, answer: TestResponse) -> str:
    """What the sign-in page says after a visit that did not sign in."""
    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"]).path == "/sign-in"
    assert not is_signed_in(client)
    return client.get(answer.headers["Location"]).get_data(as_text=True)


def test_the_browser_is_sent_out_with_everything_that_binds_the_answer(client: FlaskClient, issuer: Issuer) -> None:
    address = leave(client)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert address.startswith(issuer.provider().authorize_url + "?")
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == f"https://shop.example{BACK}"
    assert asked["scope"] == "openid email profile"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    again = dict(parse_qsl(urlsplit(leave(client)).query))
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


def test_a_proved_address_signs_in_and_leads_on(client: FlaskClient, issuer: Issuer) -> None:
    prove_address("alice", "alice@gmail.com")
    answer = come_back(client, issuer.visit(leave(client, START + "?next=/search")))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/search")
    assert "First Inc." in client.get("/").get_data(as_text=True)
    (form,) = issuer.asked
    assert form["client_secret"] == "a secret between two"
    assert len(form["code_verifier"]) >= 43


def test_a_linked_account_signs_in(app: Flask, issuer: Issuer) -> None:
    link(app.test_client(), issuer, "alice", "FIRST")
    client = app.test_client()
    assert come_back(client, issuer.visit(leave(client))).headers["Location"] == "/"
    assert "Alice" in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_nowhere_else(client: FlaskClient, issuer: Issuer, target: str) -> None:
    prove_address("alice", "alice@gmail.com")
    gone = client.get(START, query_string={"next": target}).headers["Location"]
    assert come_back(client, issuer.visit(gone)).headers["Location"] == "/"


def test_an_account_that_nobody_linked_is_told_what_to_do(client: FlaskClient, issuer: Issuer) -> None:
    answer = come_back(client, issuer.visit(leave(client)))
    assert "Nobody here is linked" in refusal(client, answer)


def test_the_second_factor_is_asked_for_as_ever(client: FlaskClient, issuer: Issuer) -> None:
    prove_address("alice", "alice@gmail.com")
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(totp_confirmed_at=clock.now()))
    answer = come_back(client, issuer.visit(leave(client)))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/code")
    assert not is_signed_in(client)


# What does not count


def test_a_swapped_state_is_not_taken_and_the_flow_is_over(client: FlaskClient, issuer: Issuer) -> None:
    prove_address("alice", "alice@gmail.com")
    told = issuer.visit(leave(client))
    assert "not begun here" in refusal(client, come_back(client, {**told, "state": "x" * 32}))
    assert "not begun here" in refusal(client, come_back(client, told))
    assert issuer.asked == []


@pytest.mark.parametrize("state", ["", "\0", "é", "x" * 5_000])
def test_a_state_that_is_none_is_not_taken(client: FlaskClient, issuer: Issuer, state: str) -> None:
    told = {**issuer.visit(leave(client)), "state": state}
    assert come_back(client, told).status_code in (303, 400)
    assert issuer.asked == []
    assert not is_signed_in(client)


def test_an_answer_that_another_browser_was_given_is_not_taken(app: Flask, issuer: Issuer) -> None:
    """Else an attacker who leaves and lets the victim come back has them work in the attacker's account."""
    prove_address("alice", "alice@gmail.com")
    attacker, victim = app.test_client(), app.test_client()
    told = issuer.visit(leave(attacker))
    assert "not begun here" in refusal(victim, come_back(victim, told))
    leave(victim)
    assert "not begun here" in refusal(victim, come_back(victim, told))


def test_a_code_of_another_flow_fails_at_the_provider(app: Flask, issuer: Issuer) -> None:
    """A stolen code, put into the thief's own flow: the provider finds the verifier wrong."""
    prove_address("alice", "alice@gmail.com")
    victim, thief = app.test_client(), app.test_client()
    stolen = issuer.visit(leave(victim))["code"]
    told = {**issuer.visit(leave(thief)), "code": stolen}
    assert "could not tell who you are" in refusal(thief, come_back(thief, told))


def test_a_code_works_once_even_with_an_old_cookie(app: Flask, client: FlaskClient, issuer: Issuer) -> None:
    prove_address("alice", "alice@gmail.com")
    told = issuer.visit(leave(client))
    cookie = client.get_cookie("tradecounter")
    assert cookie is not None
    assert come_back(client, told).headers["Location"] == "/"
    replaying = app.test_client()
    replaying.set_cookie("tradecounter", cookie.value)
    assert "could not tell who you are" in refusal(replaying, come_back(replaying, told))


@pytest.mark.parametrize(
    "changes",
    [{"nonce": "another"}, {"nonce": None}, {"aud": "their-client"}, {"iss": "https://evil.example"}, {"exp": 1}],
)
def test_a_token_that_does_not_answer_this_flow_is_not_taken(
    client: FlaskClient, issuer: Issuer, changes: dict[str, Any]
) -> None:
    prove_address("alice", "alice@gmail.com")
    issuer.changes = changes
    assert "could not tell who you are" in refusal(client, come_back(client, issuer.visit(leave(client))))


def test_a_token_signed_by_a_stranger_is_not_taken(client: FlaskClient, issuer: Issuer) -> None:
    prove_address("alice", "alice@gmail.com")
    issuer.keys = [STRANGER.public(kid="other"), EC.public()]
    assert "could not tell who you are" in refusal(client, come_back(client, issuer.visit(leave(client))))


def test_who_stays_away_for_more_than_ten_minutes_begins_again(client: FlaskClient, issuer: Issuer) -> None:
    prove_address("alice", "alice@gmail.com")
    with clock.frozen(NOON) as move:
        now = int(NOON.timestamp())
        issuer.changes = {"iat": now, "exp": now + 3600}  # the provider's thread has a clock of its own
        told = issuer.visit(leave(client))
        move(timedelta(minutes=10, seconds=1))
        assert "took too long" in refusal(client, come_back(client, told))
        told = issuer.visit(leave(client))
        move(timedelta(minutes=10))
        assert come_back(client, told).headers["Location"] == "/"


def test_who_declines_comes_back_to_where_they_were(client: FlaskClient, issuer: Issuer) -> None:
    state = issuer.visit(leave(client, START + "?business=FIRST&next=/search"))["state"]
    answer = come_back(client, {"error": "access_denied", "state": state})
    assert answer.headers["Location"] == "/sign-in?business=FIRST&next=/search"
    assert "did not go through" in refusal(client, answer)


@pytest.mark.parametrize(
    "reply",
    [
        (500, {}),
        (200, {}),
        (200, {"id_token": 7}),
        (200, b"<html>"),
        (302, {}),
        (401, {"error": "invalid_client"}),
        (400, b"["),
        (200, [1]),
    ],
)
def test_a_provider_that_fails_is_503_with_a_way_out(
    client: FlaskClient, issuer: Issuer, reply: tuple[int, Any]
) -> None:
    issuer.reply = reply
    answer = come_back(client, issuer.visit(leave(client)))
    assert answer.status_code == 503
    assert "sign in with your password" in answer.get_data(as_text=True)
    assert not is_signed_in(client)


def test_guessing_codes_is_slowed_down(app: Flask, client: FlaskClient, issuer: Issuer) -> None:
    for _ in range(12):
        come_back(client, {**issuer.visit(leave(client)), "code": "guessed"})
    assert len(issuer.asked) == 10
    forget_limits(app)


@pytest.mark.parametrize("path", ["/sign-in/with/facebook", "/sign-in/with/facebook/return", "/sign-in/with/apple"])
def test_what_is_not_set_up_is_404(client: FlaskClient, issuer: Issuer, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_unknown_business_is_404(client: FlaskClient, issuer: Issuer) -> None:
    assert client.get(START + "?business=NOWHERE").status_code == 404


# Several businesses, and a business's own client


def test_a_person_of_several_businesses_chooses(app: Flask, issuer: Issuer) -> None:
    link(app.test_client(), issuer, "alice", "FIRST")
    link(app.test_client(), issuer, "charlie", "SECOND")
    client = app.test_client()
    page = come_back(client, issuer.visit(leave(client, START + "?next=/search")))
    assert page.status_code == 200
    assert not is_signed_in(client)
    for code in ("FIRST", "SECOND"):
        assert f"{START}?business={code}&amp;next=/search" in page.get_data(as_text=True)
    answer = come_back(client, issuer.visit(leave(client, START + "?business=second&next=/search")))
    assert answer.headers["Location"] == "/search"
    assert "Second Inc." in client.get("/").get_data(as_text=True)


def test_buttons_are_shown_for_what_is_set_up(app: Flask, client: FlaskClient, issuer: Issuer) -> None:
    page = client.get("/sign-in?business=FIRST&next=/search").get_data(as_text=True)
    assert "Sign in with Google" in page
    assert f"{START}?business=FIRST&amp;next=/search" in page
    assert "Sign in with Apple" not in page
    settings = app.extensions["settings"]
    app.extensions["settings"] = settings.overridden(identity_providers=(issuer.provider(client_ids=()),))
    assert "Sign in with" not in client.get("/sign-in").get_data(as_text=True)


def test_a_business_with_a_client_of_its_own_uses_it(client: FlaskClient, issuer: Issuer, merchants: Merchants) -> None:
    accounts.set_identity_client(merchants.alice, issuer.provider(), client_id="own", secret="own secret")
    prove_address("alice", "alice@gmail.com")
    issuer.client = ("own", "own secret")
    answer = come_back(client, issuer.visit(leave(client, START + "?business=FIRST")))
    assert answer.headers["Location"] == "/"
    assert issuer.asked[0]["client_secret"] == "own secret"


# Linking


def test_linking_needs_the_same_person_at_both_ends(app: Flask, issuer: Issuer, merchants: Merchants) -> None:
    alice, bob = app.test_client(), app.test_client()
    sign_in(alice, "alice", "FIRST")
    sign_in(bob, "bob", "FIRST")
    told = issuer.visit(leave(alice, "/profile/link/google"))
    with alice.session_transaction() as of_alice, bob.session_transaction() as of_bob:
        of_bob["sso"] = of_alice["sso"]
    assert "You signed out meanwhile" in bob.get(come_back(bob, told).headers["Location"]).get_data(as_text=True)
    assert accounts.list_identities(merchants.bob) == []


def test_another_site_cannot_begin_a_link(client: FlaskClient, issuer: Issuer) -> None:
    sign_in(client, "alice", "FIRST")
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)):
        assert client.get("/profile/link/google", headers={"Sec-Fetch-Site": site}).status_code == status


def test_an_account_of_somebody_else_is_not_linked(app: Flask, issuer: Issuer, merchants: Merchants) -> None:
    link(app.test_client(), issuer, "alice", "FIRST")
    client = app.test_client()
    sign_in(client, "bob", "FIRST")
    answer = come_back(client, issuer.visit(client.get("/profile/link/google").headers["Location"]))
    assert answer.headers["Location"] == "/profile"
    assert accounts.list_identities(merchants.bob) == []


# Apple comes back with a form from its own site


def test_apples_form_without_our_cookie_becomes_a_visit_with_it(app: Flask, client: FlaskClient, apple: Issuer) -> None:
    prove_address("alice", "alice@icloud.com")
    address = leave(client, "/sign-in/with/apple")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert (asked["response_mode"], asked["scope"]) == ("form_post", "openid email name")
    told = apple.visit(address)
    posted = app.test_client().post("/sign-in/with/apple/return", data={**told, "user": "{}"})
    assert posted.status_code == 303
    assert "Set-Cookie" not in posted.headers  # it would replace the cookie that holds the flow
    target = urlsplit(posted.headers["Location"])
    assert (target.netloc, target.path) == ("", "/sign-in/with/apple/return")
    assert dict(parse_qsl(target.query)) == told
    assert client.get(posted.headers["Location"]).headers["Location"] == "/"
    assert is_signed_in(client)


def test_apples_form_hands_on_nothing_else(client: FlaskClient, apple: Issuer) -> None:
    data = {"code": "x" * 5_000, "next": "//evil", "state": "a&b=c\r\n"}
    posted = client.post("/sign-in/with/apple/return", data=data)
    assert posted.headers["Location"] == "/sign-in/with/apple/return?state=a%26b%3Dc%0D%0A"


def apple_with(app: Flask, secret: str) -> tuple[TestResponse, list[dict[str, str]]]:
    """The answer to somebody who comes back from an Apple that wants a secret, and what it was asked."""
    with serving("apple") as made:
        made.client = (CLIENT_ID, None)
        made.account = Account("alice", {"email": "alice@icloud.com", "email_verified": "true"})
        client = app.test_client()
        with contextmanager(connected)(app, made, client_secret=secret):
            told = made.visit(leave(client, "/sign-in/with/apple"))
            return come_back(client, told, "/sign-in/with/apple/return"), made.asked


def test_apples_secret_is_signed_from_a_key(app: Flask, merchants: Merchants) -> None:
    own = ec_key("KEY9")
    prove_address("alice", "alice@icloud.com")
    key = {"team_id": "TEAM1", "key_id": "KEY9", "private_key": own.private_pem()}
    answer, asked = apple_with(app, json.dumps(key))
    assert answer.headers["Location"] == "/"
    sent = asked[0]["client_secret"]
    assert jwt.get_unverified_header(sent)["kid"] == "KEY9"
    public: Any = own.private.public_key()
    claims = jwt.decode(sent, public, algorithms=["ES256"], audience="https://appleid.apple.com")
    assert (claims["iss"], claims["sub"]) == ("TEAM1", CLIENT_ID)


@pytest.mark.parametrize("secret", ['{"team_id": "x"}', "{", '{"team_id": "x", "key_id": "y", "private_key": "z"}'])
def test_apples_secret_that_makes_no_sense_is_503(app: Flask, merchants: Merchants, secret: str) -> None:
    answer, asked = apple_with(app, secret)
    assert (answer.status_code, asked) == (503, [])
