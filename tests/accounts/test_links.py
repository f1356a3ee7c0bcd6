"""Forgotten passwords, changed passwords and proved addresses: the rules of their commands."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import MfaChallenge, OneTimeLink, User, UserSession
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound, TooMany
from dashboard.core.events import Event
from dashboard.core.jobs import Work
from dashboard.core.tenancy import OWN_TENANT
from tests.accounts.mailbox import link_to, mailbox, newest_token, subjects
from tests.conftest import PASSWORD, Merchants
from tests.core.jobs.samples import in_threads

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEW = "a staple of horses"
ALICE = "alice@first.example"
CLIENT = accounts.Client("203.0.113.9", "a browser")


@pytest.fixture
def alice(merchants: Merchants) -> Principal:
    """Alice, who has an address that is not proved yet."""
    set_email("alice", ALICE)
    return merchants.alice


def set_email(username: str, email: str | None) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == username).values(email=email, email_verified_at=None))


def person(username: str = "alice") -> User:
    db.session.rollback()
    db.session.expunge_all()
    return reads(SYSTEM).scalars(select(User).where(User.username == username)).one()


def sign_in(password: str, login: str = "alice") -> Principal:
    found = accounts.sign_in(login=login, password=password, client=CLIENT, kind="page")
    assert isinstance(found, accounts.SignedIn)
    return accounts.principal_of_session(found.session.id)


def is_open(by: Principal) -> bool:
    assert by.session_id is not None
    return reads(SYSTEM).scalar(select(UserSession.ended_at).where(UserSession.id == by.session_id)) is None


def reset_token(login: str = "alice") -> str:
    accounts.ask_for_reset(login, link_to)
    return newest_token()


# Changing it.
def test_a_password_is_changed_with_the_old_one_and_ends_all_other_sessions(alice: Principal) -> None:
    here, there = sign_in(PASSWORD), sign_in(PASSWORD)
    accounts.change_password(here, PASSWORD, NEW)
    assert (is_open(here), is_open(there)) == (True, False)
    assert is_open(sign_in(NEW))
    with pytest.raises(NotAuthenticated):
        sign_in(PASSWORD)
    assert subjects() == [(ALICE, "Your password was changed")]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong password", NEW, "old_password"),
        ("", NEW, "old_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "password1", "new_password"),
        (PASSWORD, ALICE, "new_password"),
        (PASSWORD, "x" * 257, "new_password"),
    ],
)
def test_a_change_that_will_not_do_is_refused_by_field_and_changes_nothing(
    alice: Principal, old: str, new: str, field: str
) -> None:
    here, there = sign_in(PASSWORD), sign_in(PASSWORD)
    with pytest.raises(Invalid) as refused:
        accounts.change_password(here, old, new)
    assert [each.field for each in refused.value.fields] == [field]
    assert is_open(there)
    assert mailbox() == []


def test_whoever_signs_in_by_a_provider_alone_has_no_password_to_change(alice: Principal) -> None:
    here = sign_in(PASSWORD)
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(password_hash=None))
    with pytest.raises(Conflict):
        accounts.change_password(here, "", NEW)


def test_a_sign_in_begun_with_the_old_password_is_not_finished_after_the_change(alice: Principal) -> None:
    here = sign_in(PASSWORD)
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(totp_confirmed_at=NOON))
    challenge = accounts.sign_in(login="alice", password=PASSWORD, client=CLIENT, kind="page")
    assert isinstance(challenge, accounts.Challenge)
    accounts.change_password(here, PASSWORD, NEW)
    db.session.expunge_all()
    begun = reads(SYSTEM).scalars(select(MfaChallenge)).one()
    assert begun.expires_at <= clock.now()
    with pytest.raises(NotAuthenticated):
        accounts.mail_code(challenge.token)


# Asking for a link.
@pytest.mark.parametrize("login", ["alice", " ALICE ", ALICE, ALICE.upper()])
def test_a_link_goes_to_the_address_of_the_account_by_name_or_address(alice: Principal, login: str) -> None:
    accounts.ask_for_reset(login, link_to)
    (sent,) = mailbox()
    assert (sent.recipient, sent.tenant_id) == (ALICE, alice.tenant_id)
    assert link_to(newest_token()) in sent.body


def test_asking_does_the_same_for_a_name_that_nobody_has(alice: Principal) -> None:
    def asked(login: str) -> tuple[str, set[str], str, int | None]:
        accounts.ask_for_reset(login, link_to)
        newest = select(Work).order_by(Work.id.desc()).limit(1)
        work = reads(SYSTEM).scalars(newest, execution_options=OWN_TENANT).one()
        return work.kind, set(work.args), work.actor, work.tenant_id

    assert asked("alice") == asked("nobody")
    assert mailbox() != []
    assert {each.recipient for each in mailbox()} == {ALICE}


@pytest.mark.parametrize("login", ["nobody", "bob", "", "al%", "alice' OR '1'='1", "x" * 10_000, "📱"])
def test_whoever_is_not_known_or_has_no_address_is_mailed_nothing(alice: Principal, login: str) -> None:
    accounts.ask_for_reset(login, link_to)
    assert mailbox() == []


def test_somebody_who_is_switched_off_is_mailed_nothing(alice: Principal) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(active=False))
    accounts.ask_for_reset("alice", link_to)
    assert mailbox() == []


def test_an_address_in_two_businesses_gets_a_link_for_each_account(alice: Principal) -> None:
    set_email("charlie", ALICE)
    accounts.ask_for_reset(ALICE, link_to)
    assert [("alice" in each.body, "charlie" in each.body) for each in mailbox()] == [(True, False), (False, True)]
    accounts.reset_password(newest_token(), NEW)
    assert is_open(sign_in(NEW, "charlie"))
    assert is_open(sign_in(PASSWORD, "alice"))


def test_nobodys_mailbox_is_flooded(alice: Principal) -> None:
    with clock.frozen(NOON) as move:
        for _ in range(6):
            accounts.ask_for_reset("alice", link_to)
        assert len(mailbox()) == 3
        move(timedelta(minutes=61))
        accounts.ask_for_reset("alice", link_to)
        assert len(mailbox()) == 4


def test_only_the_digest_is_stored_and_no_token_is_written_down(alice: Principal) -> None:
    token = reset_token()
    kept = reads(SYSTEM).scalars(select(OneTimeLink)).one()
    work = reads(SYSTEM).scalars(select(Work), execution_options=OWN_TENANT).all()
    written = reads(SYSTEM).scalars(select(Event)).all()
    everything = repr([vars(row) for row in (kept, *work, *written)])
    assert token not in everything
    assert len(kept.digest) == 64


# Using it.
def test_a_link_sets_a_password_once_ends_all_sessions_and_leaves_the_second_factor_on(alice: Principal) -> None:
    here = sign_in(PASSWORD)
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(totp_confirmed_at=NOON))
    token = reset_token()
    assert accounts.whose_reset(token) == "alice"
    accounts.reset_password(token, NEW)
    assert not is_open(here)
    assert person().has_mfa
    assert person().email_verified_at is not None
    assert isinstance(accounts.sign_in(login="alice", password=NEW, client=CLIENT, kind="page"), accounts.Challenge)
    assert subjects()[-1] == (ALICE, "Your password was changed")
    with pytest.raises(NotFound, match="used or has expired"):
        accounts.whose_reset(token)
    with pytest.raises(NotFound, match="used or has expired"):
        accounts.reset_password(token, NEW + "!")


def test_a_link_is_good_for_an_hour(alice: Principal) -> None:
    with clock.frozen(NOON) as move:
        token = reset_token()
        move(timedelta(minutes=59, seconds=59))
        assert accounts.whose_reset(token) == "alice"
        move(timedelta(seconds=1))
        with pytest.raises(NotFound):
            accounts.reset_password(token, NEW)
    assert is_open(sign_in(PASSWORD))


def test_a_password_that_will_not_do_leaves_the_link_good(alice: Principal) -> None:
    token = reset_token()
    for bad in ("short", "password1", "alice", ALICE):
        with pytest.raises(Invalid):
            accounts.reset_password(token, bad)
    accounts.reset_password(token, NEW)
    assert is_open(sign_in(NEW))


def test_using_one_link_voids_the_others(alice: Principal) -> None:
    first, second = reset_token(), reset_token()
    accounts.reset_password(first, NEW)
    with pytest.raises(NotFound):
        accounts.reset_password(second, NEW + "!")


def test_changing_the_password_voids_a_link(alice: Principal) -> None:
    token = reset_token()
    accounts.change_password(sign_in(PASSWORD), PASSWORD, NEW)
    with pytest.raises(NotFound):
        accounts.reset_password(token, NEW + "!")


def test_a_link_to_an_address_that_is_no_longer_theirs_is_void(alice: Principal) -> None:
    token = reset_token()
    set_email("alice", "alice@elsewhere.example")
    with pytest.raises(NotFound):
        accounts.reset_password(token, NEW)


@pytest.mark.parametrize("token", ["", "x", "0" * 43, "é", "x" * 10_000])
def test_a_token_that_nobody_made_is_not_known(alice: Principal, token: str) -> None:
    reset_token()
    for use in (accounts.whose_reset, accounts.whose_address, accounts.verify_email):
        with pytest.raises(NotFound):
            use(token)


def test_a_link_for_one_purpose_serves_no_other(alice: Principal) -> None:
    reset = reset_token()
    accounts.send_verification_again(alice, link_to)
    verify = newest_token()
    with pytest.raises(NotFound):
        accounts.verify_email(reset)
    with pytest.raises(NotFound):
        accounts.reset_password(verify, NEW)


def test_sixteen_who_use_a_link_at_once_use_it_once(app: Flask, alice: Principal) -> None:
    token = reset_token()

    def use() -> str:
        try:
            accounts.reset_password(token, NEW)
        except NotFound:
            return "refused"
        return "used"

    db.session.remove()
    assert sorted(str(each) for each in in_threads(app, 16, use)) == ["refused"] * 15 + ["used"]


# Proving an address.
def test_an_address_is_proved_by_its_link_once(alice: Principal) -> None:
    accounts.send_verification_again(alice, link_to)
    token = newest_token()
    assert accounts.whose_address(token) == ALICE
    assert person().email_verified_at is None  # looking uses nothing up
    assert accounts.verify_email(token) == ALICE
    assert person().email_verified_at is not None
    with pytest.raises(NotFound):
        accounts.verify_email(token)
    with pytest.raises(Conflict):
        accounts.send_verification_again(alice, link_to)


def test_registering_mails_a_link(app: Flask) -> None:
    found = accounts.register(
        email="jane@new.example", username="jane", password=NEW, name="Jane", company_name="New Shop",
        client=CLIENT, kind="page", verify_link=link_to,
    )  # fmt: skip
    assert subjects() == [("jane@new.example", "Confirm your e-mail address")]
    assert mailbox()[0].tenant_id == found.tenant.id
    accounts.verify_email(newest_token())
    assert person("jane").email_verified_at is not None


def test_another_address_counts_once_its_link_is_opened_and_the_old_one_is_told(alice: Principal) -> None:
    accounts.change_email(alice, " Alice@New.example ", PASSWORD, link_to)
    assert person().email == ALICE
    token = newest_token()
    assert subjects() == [("alice@new.example", "Confirm your e-mail address")]
    accounts.verify_email(token)
    assert person().email == "alice@new.example"
    assert person().email_verified_at is not None
    assert subjects()[-1] == (ALICE, "Your e-mail address was changed")
    trail = reads(SYSTEM).scalars(select(Event).where(Event.name == "user.email_verified")).one()
    assert (trail.data, trail.actor) == ({"email": [ALICE, "alice@new.example"]}, f"user:{alice.actor_id}")


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [("nobody", PASSWORD, "email"), ("a@b.example, c@d.example", PASSWORD, "email"), ("a@b.example", "x", "password")],
)
def test_another_address_needs_an_address_and_the_password(
    alice: Principal, email: str, password: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.change_email(alice, email, password, link_to)
    assert [each.field for each in refused.value.fields] == [field]
    assert mailbox() == []


def test_a_link_sent_before_the_address_was_changed_brings_the_old_one_not_back(alice: Principal) -> None:
    accounts.send_verification_again(alice, link_to)
    token = newest_token()
    set_email("alice", "alice@elsewhere.example")
    with pytest.raises(NotFound):
        accounts.verify_email(token)
    assert person().email == "alice@elsewhere.example"


def test_links_that_prove_addresses_are_few_an_hour(alice: Principal) -> None:
    ways: list[Callable[[], None]] = [
        lambda: accounts.send_verification_again(alice, link_to),
        lambda: accounts.change_email(alice, "victim@else.example", PASSWORD, link_to),
    ]
    for number in range(3):
        ways[number % 2]()
    for way in ways:
        with pytest.raises(TooMany):
            way()
    assert len(mailbox()) == 3


# What a colleague changes.
def change_address(by: Principal, username: str, email: str) -> None:
    user = person(username)
    accounts.change_person(
        by, user.number, name=user.name, email=email, role=user.role, active=True, verify_link=link_to
    )


def test_an_address_that_a_colleague_enters_is_proved_by_a_link(alice: Principal) -> None:
    change_address(alice, "bob", "Bob@First.example")
    assert (person("bob").email, person("bob").email_verified_at) == ("bob@first.example", None)
    assert subjects() == [("bob@first.example", "Confirm your e-mail address")]
    accounts.verify_email(newest_token())
    assert person("bob").email_verified_at is not None
    with pytest.raises(Invalid):
        change_address(alice, "bob", "nobody")


def test_nobody_but_the_owner_moves_the_owners_address(merchants: Merchants, alice: Principal) -> None:
    made = accounts.create_user(SYSTEM, merchants.tenant, username="adam", password=PASSWORD, role="admin")
    adam = accounts.principal_of_user(made, merchants.tenant)
    db.session.expunge_all()
    with pytest.raises(NotAllowed, match="Only the owner"):
        change_address(adam, "alice", "adam@first.example")
    change_address(alice, "alice", "alice@new.example")
    assert person().email == "alice@new.example"
