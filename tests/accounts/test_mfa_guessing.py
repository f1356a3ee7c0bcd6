"""Whoever knows a password gets no more guesses at the second factor by signing in again and again."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from pyotp.totp import TOTP

from dashboard.accounts import service as accounts
from dashboard.accounts.service.sign_in import CHALLENGE_TRIES, MOST_WRONG_CODES, WRONG_CODES_COUNT_FOR
from dashboard.core import clock
from dashboard.core.db import db
from dashboard.core.errors import NotAuthenticated, TooMany
from tests.conftest import PASSWORD, Merchants, sign_in, token_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLIENT = accounts.Client("203.0.113.9", "a program")


def challenge() -> str:
    found = accounts.sign_in(login="alice", password=PASSWORD, client=CLIENT, kind="page", business_code="FIRST")
    assert isinstance(found, accounts.Challenge)
    return found.token


def guess(token: str, code: str) -> None:
    accounts.verify_mfa(token, code, client=CLIENT, kind="page")


def test_wrong_codes_count_for_the_person_over_all_their_sign_ins(merchants: Merchants) -> None:
    with clock.frozen(NOON - timedelta(hours=1)) as move:
        secret = accounts.enroll(merchants.alice).secret
        codes = accounts.confirm(merchants.alice, TOTP(secret).at(clock.now()))
        move(timedelta(hours=1))
        for _ in range(MOST_WRONG_CODES // CHALLENGE_TRIES):
            token = challenge()
            for _ in range(CHALLENGE_TRIES):
                with pytest.raises(NotAuthenticated):
                    guess(token, "000000")
        late = challenge()
        with pytest.raises(TooMany):
            guess(late, codes[0])
        db.session.remove()
        move(WRONG_CODES_COUNT_FOR + timedelta(seconds=1))
        guess(challenge(), codes[0])  # it was not used up


def test_signing_in_well_again_and_again_is_no_guessing(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        secret = accounts.enroll(merchants.alice).secret
        accounts.confirm(merchants.alice, TOTP(secret).at(clock.now()))
        for _ in range(MOST_WRONG_CODES + 2):
            move(timedelta(seconds=30))
            guess(challenge(), TOTP(secret).at(clock.now()))


def test_the_page_that_removes_a_second_factor_takes_few_tries(client: FlaskClient, merchants: Merchants) -> None:
    secret = accounts.enroll(merchants.bob).secret
    sign_in(client, "bob", "FIRST")
    accounts.confirm(merchants.bob, TOTP(secret).at(clock.now()))
    db.session.remove()
    form = {"csrf_token": token_at(client, "/profile/second-factor/remove"), "code": "000000"}
    said = [client.post("/profile/second-factor/remove", data=form).get_data(as_text=True) for _ in range(6)]
    assert "requests in a minute" not in said[4]
    assert "requests in a minute" in said[5]
