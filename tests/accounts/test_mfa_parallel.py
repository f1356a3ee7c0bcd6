"""Second factors under thirty-two tries at the same moment: each code works once, and five tries are five."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from pyotp.totp import TOTP
from sqlalchemy import func, select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import BackupCode, MfaChallenge, User, UserSession
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import CommandSession, atomic, db, reads
from dashboard.core.errors import DomainError, NotAuthenticated, TooMany
from tests.accounts.mailbox import mailbox
from tests.conftest import PASSWORD, Merchants
from tests.core.jobs.samples import in_threads

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLIENT = accounts.Client("203.0.113.9", "a program")
AT_ONCE = 32
REFUSED = "refused"


@dataclass(frozen=True)
class Enrolled:
    """Alice's second factor, set up a minute before NOON."""

    secret: str
    backup_codes: Sequence[str]


@pytest.fixture
def enrolled(merchants: Merchants) -> Enrolled:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(email="alice@first.example"))
    with clock.frozen(NOON - timedelta(minutes=1)):
        secret = accounts.enroll(merchants.alice).secret
        codes = accounts.confirm(merchants.alice, TOTP(secret).at(clock.now()))
    db.session.remove()
    return Enrolled(secret, codes)


def challenges(number: int) -> list[str]:
    """So many sign-ins of Alice that wait for the second factor."""
    found = [
        accounts.sign_in(login="alice", password=PASSWORD, client=CLIENT, kind="api", business_code="FIRST")
        for _ in range(number)
    ]
    db.session.remove()
    return [each.token for each in found if isinstance(each, accounts.Challenge)]


def outcomes(app: Flask, tokens: Sequence[str], code: Callable[[int], str]) -> Counter[str]:
    """How it ends when the same moment brings one try for each of `tokens`; code(n) is what the nth one enters."""
    turns = count()

    def enter() -> str:
        turn = next(turns)
        try:
            accounts.verify_mfa(tokens[turn], code(turn), client=CLIENT, kind="api")
        except (NotAuthenticated, TooMany):
            return REFUSED
        return "in"

    return Counter(str(each) for each in in_threads(app, len(tokens), enter))


def kept() -> CommandSession:
    session = reads(SYSTEM)
    session.close()
    return session


def sessions_opened() -> int:
    return kept().scalar(select(func.count()).select_from(UserSession)) or 0


ONE_IN = {"in": 1, REFUSED: AT_ONCE - 1}


def test_a_code_of_the_app_lets_one_of_many_sign_ins_in(app: Flask, enrolled: Enrolled) -> None:
    with clock.frozen(NOON):
        code = TOTP(enrolled.secret).at(clock.now())
        assert outcomes(app, challenges(AT_ONCE), lambda _: code) == ONE_IN
        assert sessions_opened() == 1


def test_a_mailed_code_lets_one_of_many_tries_in(app: Flask, enrolled: Enrolled) -> None:
    with clock.frozen(NOON):
        (token,) = challenges(1)
        accounts.mail_code(token)
        code = re.findall(r"\b\d{6}\b", mailbox()[-1].body)[0]
        assert outcomes(app, [token] * AT_ONCE, lambda _: code) == ONE_IN
        assert sessions_opened() == 1


def test_each_backup_code_lets_one_of_many_sign_ins_in(app: Flask, enrolled: Enrolled) -> None:
    with clock.frozen(NOON) as move:
        for used, code in enumerate(enrolled.backup_codes, start=1):
            move(timedelta(hours=1))
            assert outcomes(app, challenges(AT_ONCE), lambda _, code=code: code) == ONE_IN
            left = select(func.count()).select_from(BackupCode).where(BackupCode.used_at.is_(None))
            assert (sessions_opened(), kept().scalar(left)) == (used, len(enrolled.backup_codes) - used)


def test_one_challenge_is_passed_once_whatever_right_codes_come(app: Flask, enrolled: Enrolled) -> None:
    with clock.frozen(NOON):
        right = [TOTP(enrolled.secret).at(clock.now()), *enrolled.backup_codes[:4]]
        (token,) = challenges(1)
        found = outcomes(app, [token] * len(right), lambda turn: right[turn])
        assert found == {"in": 1, REFUSED: len(right) - 1}
        assert sessions_opened() == 1


def test_of_many_wrong_guesses_five_are_counted_and_the_challenge_is_void(app: Flask, enrolled: Enrolled) -> None:
    with clock.frozen(NOON):
        (token,) = challenges(1)
        right = {TOTP(enrolled.secret).at(clock.now() + timedelta(seconds=30 * step)) for step in (-1, 0, 1)}
        wrong = [code for code in (f"{number:06d}" for number in range(AT_ONCE + 3)) if code not in right]
        assert outcomes(app, [token] * AT_ONCE, lambda turn: wrong[turn]) == {REFUSED: AT_ONCE}
        assert kept().scalars(select(MfaChallenge.tries)).one() == 5
        with pytest.raises(NotAuthenticated):
            accounts.verify_mfa(token, enrolled.backup_codes[0], client=CLIENT, kind="api")
        (fresh,) = challenges(1)
        assert accounts.verify_mfa(fresh, enrolled.backup_codes[0], client=CLIENT, kind="api").tokens is not None


def test_a_right_code_among_the_wrong_is_looked_at_in_the_first_five_tries_alone(
    app: Flask, enrolled: Enrolled
) -> None:
    """What comes after the fifth try is not even compared: a right code that was too late is not used up."""
    with clock.frozen(NOON):
        (token,) = challenges(1)
        for _ in range(5):
            with pytest.raises(NotAuthenticated):
                accounts.verify_mfa(token, "000000", client=CLIENT, kind="api")
        db.session.remove()
        late = enrolled.backup_codes
        assert outcomes(app, [token] * AT_ONCE, lambda turn: late[turn % len(late)]) == {REFUSED: AT_ONCE}
        used = select(func.count()).select_from(BackupCode).where(BackupCode.used_at.is_not(None))
        assert kept().scalar(used) == 0


def test_the_first_code_switches_the_second_factor_on_once(app: Flask, merchants: Merchants) -> None:
    with clock.frozen(NOON):
        secret = accounts.enroll(merchants.alice).secret
        code = TOTP(secret).at(clock.now())
        db.session.remove()

        def confirm() -> str:
            try:
                accounts.confirm(merchants.alice, code)
            except DomainError:
                return REFUSED
            return "in"

        assert Counter(in_threads(app, AT_ONCE, confirm)) == ONE_IN
        assert kept().scalar(select(func.count()).select_from(BackupCode)) == 10
