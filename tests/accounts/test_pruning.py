"""What proves nothing any more is forgotten in time, and not before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import (
    Invitation,
    MfaChallenge,
    OneTimeLink,
    RefreshToken,
    User,
    UserSession,
)
from dashboard.accounts.service import pruning, sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core import clock, jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, atomic, db, reads, table_of
from tests.conftest import Merchants, sign_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def in_days(days: float) -> datetime:
    return NOON + days * DAY


def add(model: type[Base], **values: Any) -> int:
    """Insert a row of `model`; its number."""
    table = table_of(model)
    with atomic(SYSTEM) as session:
        return session.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()


def add_session(merchants: Merchants, **values: Any) -> int:
    times = {"started_at": NOON, "seen_at": NOON, "proved_at": NOON, "expires_at": in_days(90)}
    told = {"user_id": merchants.alice.actor_id, "kind": "api", "address": "", "agent": "", "in_sandbox": False}
    return add(UserSession, **{**times, **told, **values})


def left(model: type[Base]) -> set[int]:
    table = table_of(model)
    found = set(reads(SYSTEM).scalars(select(table.c.id)))
    db.session.rollback()
    return found


def prune(moment: datetime) -> None:
    with clock.frozen(moment):
        jobs.sweep()
        jobs.run_due()


def goes(model: type[Base], number: int, at: datetime) -> None:
    """Check that the row stays until just before `at` and is gone then."""
    prune(at - SECOND)
    assert number in left(model)
    prune(at + DAY)
    assert number not in left(model)


def test_sessions_go_thirty_days_after_they_ended(merchants: Merchants) -> None:
    goes(UserSession, add_session(merchants, ended_at=in_days(1)), in_days(31))


def test_sessions_go_thirty_days_after_they_expired_and_open_ones_stay(merchants: Merchants) -> None:
    lasting = add_session(merchants, expires_at=in_days(100))
    goes(UserSession, add_session(merchants, expires_at=in_days(14)), in_days(44))
    assert left(UserSession) == {lasting}


def test_links_go_a_day_and_invitations_thirty_after_their_time(merchants: Merchants) -> None:
    link = add(
        OneTimeLink, user_id=merchants.alice.actor_id, purpose="verify_email", email="a@b.example", digest="1",
        created_at=NOON, expires_at=in_days(7),
    )  # fmt: skip
    goes(OneTimeLink, link, in_days(8))
    invitation = add(
        Invitation, tenant_id=merchants.tenant.id, email="a@b.example", role="viewer", digest="1", invited_by="user:1",
        created_at=in_days(10), expires_at=in_days(20),
    )  # fmt: skip
    goes(Invitation, invitation, in_days(50))


def test_challenges_go_a_day_after_their_time(merchants: Merchants) -> None:
    challenge = add(
        MfaChallenge, user_id=merchants.alice.actor_id, digest="1", created_at=NOON, expires_at=NOON, tries=0,
        email_codes_sent=0,
    )  # fmt: skip
    goes(MfaChallenge, challenge, in_days(1))


def test_refresh_tokens_go_when_they_are_idle_but_replaced_ones_stay_to_tell_of_thieves(merchants: Merchants) -> None:
    opened = add_session(merchants, expires_at=in_days(200))
    token = {"session_id": opened, "issued_at": NOON, "idle_until": in_days(30)}
    idle = add(RefreshToken, digest="1", **token)
    used = add(RefreshToken, digest="2", **{**token, "idle_until": in_days(80)})
    replaced = add(RefreshToken, digest="3", replaced_at=in_days(1), **token)
    goes(RefreshToken, idle, in_days(30))
    assert left(RefreshToken) == {used, replaced}
    goes(RefreshToken, replaced, in_days(90))


def test_more_than_a_batch_goes_in_one_night(merchants: Merchants) -> None:
    number = pruning.BATCH + 1
    row = {
        "user_id": merchants.alice.actor_id, "digest": "", "created_at": NOON, "expires_at": NOON, "tries": 0,
        "email_codes_sent": 0,
    }  # fmt: skip
    with atomic(SYSTEM) as session:
        session.execute(insert(table_of(MfaChallenge)), [{**row, "digest": str(n)} for n in range(number)])
    prune(in_days(2))
    assert left(MfaChallenge) == set()
    (work,) = [each for each in jobs.recent(SYSTEM, "accounts.prune") if not each.live]
    assert work.result is not None
    assert work.result["mfa_challenge"] == number


@pytest.mark.parametrize("model", [UserSession, User])
def test_the_number_of_what_is_gone_is_never_given_again(merchants: Merchants, model: type[Base]) -> None:
    table = table_of(model)
    user = accounts.create_user(SYSTEM, merchants.tenant, username="new", password=None, role="viewer")
    sessions.open_session(user, "page", Client("", ""))
    number = max(left(model))
    with atomic(SYSTEM) as session:
        session.execute(delete(table).where(table.c.id == number))
    other = accounts.create_user(SYSTEM, merchants.tenant, username="newer", password=None, role="viewer")
    sessions.open_session(other, "page", Client("", ""))
    assert max(left(model)) > number


def test_the_cookie_of_a_session_that_is_gone_opens_nobody_elses(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "bob")
    with atomic(SYSTEM) as session:
        session.execute(delete(table_of(UserSession)))
    alice = reads(SYSTEM).scalars(select(User).where(User.username == "alice")).one()
    sessions.open_session(alice, "page", Client("", ""))
    db.session.remove()
    answer = client.get("/profile")
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]
