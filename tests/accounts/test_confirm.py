"""Showing once more who one is without having a password: at one's provider, or by a second factor."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyotp.totp import TOTP
from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User, UserSession
from dashboard.accounts.service.sign_in import MOST_WRONG_CODES
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, TooMany
from dashboard.core.events import Event
from tests.accounts.issuer import Account, Issuer, serving
from tests.accounts.test_sso_pages import BACK, connected, leave, link
from tests.conftest import Merchants, inputs, sign_in

DANGEROUS = "/settings/keys/new"
ASK, OUT = f"/confirm?next={DANGEROUS}", f"/confirm/with/google?next={DANGEROUS}"
LONG = timedelta(minutes=11)


@pytest.fixture
def issuer(app: Flask, merchants: Merchants) -> Iterator[Issuer]:
    """A provider that the application takes for Google, and alice's account there, by which alone she signs in."""
    with serving() as made:
        made.account = Account("alice")
        for told in connected(app, made):
            link(app.test_client(), told, "alice", "FIRST")
            without_password("alice")
            yield told


def without_password(username: str) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == username).values(password_hash=None))
    db.session.remove()


@pytest.fixture
def alice(app: Flask, issuer: Issuer) -> FlaskClient:
    """Her browser, in which she signed in at her provider a while ago."""
    client = app.test_client()
    client.get(BACK, query_string=issuer.visit(leave(client)))
    age(LONG)
    assert client.get(DANGEROUS).headers["Location"] == ASK
    return client


def age(by: timedelta) -> None:
    """Let the sessions that there are be proved so much longer ago."""
    with atomic(SYSTEM) as session:
        for opened in session.scalars(select(UserSession)):
            opened.proved_at -= by
    db.session.remove()


def asks_again(client: FlaskClient) -> bool:
    return client.get(DANGEROUS).status_code == 303


def shown(client: FlaskClient, told: dict[str, str]) -> str:
    """What the page says to which a visit to the provider led back without a proof."""
    answer = client.get(BACK, query_string=told)
    assert answer.status_code == 303
    return client.get(answer.headers["Location"]).get_data(as_text=True)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


# At one's provider


def test_who_has_no_password_confirms_at_their_provider_and_goes_on(alice: FlaskClient, issuer: Issuer) -> None:
    page = alice.get(ASK).get_data(as_text=True)
    assert OUT in page
    assert 'name="password"' not in page
    issuer.changes = {"auth_time": seconds(clock.now())}
    gone = leave(alice, OUT)
    assert "max_age=0" in gone
    answer = alice.get(BACK, query_string=issuer.visit(gone))
    assert answer.headers["Location"] == DANGEROUS
    assert alice.get(DANGEROUS).status_code == 200


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("google", {"prompt": "select_account", "max_age": "0"}),
        ("microsoft", {"prompt": "login", "max_age": "0"}),
        ("apple", {}),
    ],
)
def test_the_provider_is_asked_not_to_rest_on_an_earlier_sign_in(name: str, asked: dict[str, str]) -> None:
    with serving(name) as made:
        _, address = accounts.begin_flow(made.provider(), None, "https://shop.example/back", afresh=True)
        _, as_ever = accounts.begin_flow(made.provider(), None, "https://shop.example/back")
    question = dict(parse_qsl(urlsplit(address).query))
    assert {word: question[word] for word in ("prompt", "max_age") if word in question} == asked
    assert ("claims" in question) is (name == "google")
    assert not {"prompt", "max_age", "claims"} & set(parse_qs(urlsplit(as_ever).query))


@pytest.mark.parametrize(
    ("changes", "fresh"),
    [
        ({"auth_time": -30}, True),
        ({"auth_time": -90}, False),
        ({"auth_time": -86_400}, False),
        ({"iat": -30}, True),  # a provider that does not say more than that it made the token just now
        ({"iat": -90}, False),
        ({"iat": 0, "auth_time": -90}, False),
    ],
)
def test_a_sign_in_of_before_it_was_asked_for_proves_nothing(
    alice: FlaskClient, issuer: Issuer, changes: dict[str, int], *, fresh: bool
) -> None:
    out = leave(alice, OUT)
    issuer.changes = {name: seconds(clock.now()) + ago for name, ago in changes.items()}
    page = shown(alice, issuer.visit(out))
    assert ("without asking who you are" in page) is not fresh
    assert asks_again(alice) is not fresh


@pytest.mark.parametrize("said", ["1", "soon", True, 1.5e12, -1])
def test_a_time_that_is_none_proves_nothing_and_hinders_no_sign_in(
    app: Flask, alice: FlaskClient, issuer: Issuer, said: object
) -> None:
    out = leave(alice, OUT)
    issuer.account.claims["auth_time"] = said
    assert "without asking who you are" in shown(alice, issuer.visit(out))
    another = app.test_client()
    assert another.get(BACK, query_string=issuer.visit(leave(another))).headers["Location"] == "/"


def test_another_account_proves_nothing_though_it_is_somebody_elses_here(
    app: Flask, alice: FlaskClient, issuer: Issuer
) -> None:
    """A thief of the session has an account too; and whoever is lured into one proves nothing for its owner."""
    issuer.account = Account("bob")
    link(app.test_client(), issuer, "bob", "FIRST")
    age(LONG)
    assert "not the Google account that you sign in with" in shown(alice, issuer.visit(leave(alice, OUT)))
    assert asks_again(alice)
    db.session.remove()
    failed = select(Event.actor).where(Event.name == "session.proof_failed")
    alice_id = reads(SYSTEM).scalars(select(User.id).where(User.username == "alice")).one()
    assert reads(SYSTEM).scalars(failed).all() == [f"user:{alice_id}"]


def test_the_same_address_at_another_account_proves_nothing(alice: FlaskClient, issuer: Issuer) -> None:
    with atomic(SYSTEM) as session:
        proved = {"email": "alice@gmail.com", "email_verified_at": clock.now()}
        session.execute(update(User).where(User.username == "alice").values(proved))
    issuer.account = Account("newcomer", {"email": "alice@gmail.com", "email_verified": True})
    assert "not the Google account" in shown(alice, issuer.visit(leave(alice, OUT)))
    assert asks_again(alice)


def test_a_proof_counts_in_the_session_that_asked_for_it(app: Flask, alice: FlaskClient, issuer: Issuer) -> None:
    """The cookie of what was begun, put into another session of the same person."""
    other = app.test_client()
    other.get(BACK, query_string=issuer.visit(leave(other)))
    age(LONG)
    told = issuer.visit(leave(alice, OUT))
    with alice.session_transaction() as mine, other.session_transaction() as theirs:
        theirs["sso"] = mine["sso"]
    assert "You signed out meanwhile" in shown(other, told)
    assert asks_again(alice)
    assert asks_again(other)


def test_what_was_brought_back_once_is_no_proof_again(alice: FlaskClient, issuer: Issuer) -> None:
    told = issuer.visit(leave(alice, OUT))
    begun = alice.get_cookie("tradecounter")
    assert begun is not None
    assert alice.get(BACK, query_string=told).headers["Location"] == DANGEROUS
    age(LONG)
    alice.get(BACK, query_string=told)
    assert asks_again(alice)
    alice.set_cookie("tradecounter", begun.value)  # kept from before: the provider takes no code twice
    alice.get(BACK, query_string=told)
    assert asks_again(alice)


def test_another_site_cannot_begin_it(alice: FlaskClient) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)):
        assert alice.get(OUT, headers={"Sec-Fetch-Site": site}).status_code == status


def test_who_goes_back_is_asked_again_and_who_is_nobody_signs_in(
    app: Flask, alice: FlaskClient, issuer: Issuer
) -> None:
    state = issuer.visit(leave(alice, OUT))["state"]
    answer = alice.get(BACK, query_string={"state": state, "error": "access_denied"})
    assert answer.headers["Location"] == ASK
    assert app.test_client().get(OUT).headers["Location"].startswith("/sign-in")


def test_only_a_provider_that_is_linked_is_offered(app: Flask, issuer: Issuer) -> None:
    client = app.test_client()
    sign_in(client, "bob", "FIRST")
    without_password("bob")
    page = client.get("/confirm").get_data(as_text=True)
    assert "Confirm with Google" not in page
    assert "You have no password yet" in page
    assert client.get("/confirm/with/google").status_code == 404


def test_a_password_is_the_only_way_of_whoever_has_one(app: Flask, issuer: Issuer, merchants: Merchants) -> None:
    client = app.test_client()
    issuer.account = Account("bob")
    link(client, issuer, "bob", "FIRST")
    page = client.get("/confirm").get_data(as_text=True)
    assert 'name="password"' in page
    assert "Confirm with" not in page
    assert client.get("/confirm/with/google").status_code == 404
    identity = accounts.Identity("google", "https://accounts.google.com", "bob", "a", None, False, None)
    with pytest.raises(Conflict):
        accounts.prove_by_identity(merchants.bob, issuer.provider(), identity, asked_at=clock.now())
    with pytest.raises(Conflict):
        accounts.prove_by_code(merchants.bob, "000000")


# By a second factor


def second_factor(by: Principal) -> TOTP:
    app_of_phone = TOTP(accounts.enroll(by).secret)
    accounts.confirm(by, app_of_phone.at(clock.now()))
    db.session.remove()
    return app_of_phone


def send(client: FlaskClient, code: str) -> tuple[int, str]:
    kept = inputs(client.get(ASK).get_data(as_text=True))
    data = {name: kept[name] for name in ("csrf_token", "idempotency_key")}
    answer = client.post(ASK, data={**data, "code": code})
    db.session.remove()
    return answer.status_code, answer.get_data(as_text=True)


def test_a_code_of_the_second_factor_will_do_once(alice: FlaskClient, merchants: Merchants) -> None:
    with clock.frozen(clock.now()) as move:
        phone = second_factor(merchants.alice)
        move(timedelta(minutes=1))
        code = phone.at(clock.now())
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        status, page = send(alice, wrong)
        assert (status, "That code is not right" in page) == (422, True)
        assert asks_again(alice)
        assert send(alice, code)[0] == 303
        assert not asks_again(alice)
        age(LONG)
        assert send(alice, code)[0] == 422
        assert asks_again(alice)


def test_codes_are_those_of_the_true_time_in_a_sandbox_whose_clock_was_moved(
    alice: FlaskClient, merchants: Merchants
) -> None:
    """And so is the proof: it does not last longer out there."""
    accounts.create_sandbox(SYSTEM, merchants.tenant)
    db.session.remove()
    with clock.frozen(clock.now()) as move:
        phone = second_factor(merchants.alice)
        move(timedelta(minutes=1))
        token = inputs(alice.get("/profile").get_data(as_text=True))["csrf_token"]
        alice.post("/sandbox/enter", data={"csrf_token": token})
        alice.post("/sandbox/clock", data={"csrf_token": token, "seconds": "86400"})
        assert alice.get("/profile/second-factor").headers["Location"].startswith("/confirm")
        assert send(alice, phone.at(clock.true_now()))[0] == 303
        assert alice.get("/profile/second-factor").headers["Location"] == "/profile"  # it is set up already
        alice.post("/sandbox/leave", data={"csrf_token": token})
        assert not asks_again(alice)
        move(LONG)
        assert asks_again(alice)


def test_wrong_codes_count_together_with_those_at_signing_in(merchants: Merchants) -> None:
    without_password("alice")
    with clock.frozen(clock.now()) as move:
        phone = second_factor(merchants.alice)
        move(timedelta(minutes=1))
        for _ in range(MOST_WRONG_CODES):
            with pytest.raises(Invalid):
                accounts.prove_by_code(merchants.alice, "abcdef")
        with pytest.raises(TooMany):
            accounts.prove_by_code(merchants.alice, phone.at(clock.now()))
        with clock.ahead_by(86_400), pytest.raises(TooMany):  # nor is the clock of a sandbox a way round it
            accounts.prove_by_code(merchants.alice, phone.at(clock.true_now()))


def test_guessing_a_password_on_the_page_is_slowed_down(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice", "FIRST")
    kept = inputs(client.get(ASK).get_data(as_text=True))
    data = {"csrf_token": kept["csrf_token"], "password": "guessed"}
    pages = [client.post(ASK, data=data).get_data(as_text=True) for _ in range(11)]
    assert ["Too many tries" in page for page in pages] == [False] * 10 + [True]
