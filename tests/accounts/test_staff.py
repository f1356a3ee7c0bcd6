"""Who may change whom, hand the business over, take roles and second factors away; and how long keys last."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from pyotp.totp import TOTP
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, User, UserSession
from dashboard.accounts.service import sessions
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import CommandSession, reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotAuthenticated
from tests.conftest import PASSWORD, Merchants

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = accounts.Client("203.0.113.9", "a program")


def now_kept() -> CommandSession:
    session = reads(SYSTEM)
    session.close()
    return session


def kept(username: str) -> User:
    return now_kept().scalars(select(User).where(User.username == username)).one()


@pytest.fixture
def admin(merchants: Merchants) -> Principal:
    """Ada, who may do all that her colleagues may, and owns nothing."""
    user = accounts.create_user(SYSTEM, merchants.tenant, username="ada", password=PASSWORD, role="admin")
    return accounts.principal_of_user(user, merchants.tenant)


def with_second_factor(by: Principal) -> Principal:
    secret = accounts.enroll(by).secret
    accounts.confirm(by, TOTP(secret).at(clock.now()))
    return by


# The owner.


def test_a_business_is_handed_over_and_has_one_owner(merchants: Merchants, admin: Principal) -> None:
    accounts.hand_over(merchants.alice, kept("ada").number)
    assert (kept("alice").role, kept("ada").role, kept("bob").role) == ("admin", "owner", "viewer")
    assert kept("charlie").role == "owner"


def test_nobody_but_the_owner_hands_a_business_over(merchants: Merchants, admin: Principal) -> None:
    with pytest.raises(NotAllowed):
        accounts.hand_over(admin, kept("bob").number)
    assert kept("alice").role == "owner"


def test_a_business_is_handed_to_a_colleague_who_can_sign_in(merchants: Merchants) -> None:
    bob = kept("bob").number
    accounts.change_person(merchants.alice, bob, name="Bob", email=None, role="viewer", active=False)
    for heir in (bob, kept("alice").number):
        with pytest.raises(Invalid):
            accounts.hand_over(merchants.alice, heir)
    assert (kept("alice").role, kept("bob").role) == ("owner", "viewer")


@pytest.mark.parametrize(("role", "active"), [("viewer", True), ("owner", False)])
def test_the_owner_is_neither_demoted_nor_switched_off(
    merchants: Merchants, admin: Principal, role: str, *, active: bool
) -> None:
    for by in (merchants.alice, admin):
        with pytest.raises(NotAllowed):
            accounts.change_person(by, kept("alice").number, name="Alice", email=None, role=role, active=active)
    assert (kept("alice").role, kept("alice").active) == ("owner", True)


def test_there_is_no_second_owner(merchants: Merchants) -> None:
    with pytest.raises(NotAllowed):
        accounts.change_person(merchants.alice, kept("bob").number, name="Bob", email=None, role="owner", active=True)
    assert kept("bob").role == "viewer"


# Colleagues.


def test_nobody_changes_their_own_role_or_switches_themselves_off(merchants: Merchants, admin: Principal) -> None:
    number = kept("ada").number
    for role, active in (("manager", True), ("admin", False)):
        with pytest.raises(NotAllowed):
            accounts.change_person(admin, number, name="Ada", email=None, role=role, active=active)
    accounts.change_person(admin, number, name="Ada Lovelace", email=None, role="admin", active=True)
    assert (kept("ada").name, kept("ada").role) == ("Ada Lovelace", "admin")


def test_nobody_gives_or_takes_rights_that_they_lack(merchants: Merchants, admin: Principal) -> None:
    accounts.save_role(merchants.alice, "people", frozenset({"users:manage", "catalog:read"}))
    user = accounts.create_user(SYSTEM, merchants.tenant, username="paul", password=PASSWORD, role="viewer")
    accounts.change_person(merchants.alice, user.number, name="Paul", email=None, role="people", active=True)
    opened = sessions.open_session(kept("paul"), "page", HERE)
    paul = accounts.principal_of_session(opened.id)
    for name, role in (("bob", "admin"), ("ada", "people")):
        with pytest.raises(NotAllowed):
            accounts.change_person(paul, kept(name).number, name=name, email=None, role=role, active=True)
    assert (kept("bob").role, kept("ada").role) == ("viewer", "admin")
    with pytest.raises(NotAllowed):
        accounts.save_role(paul, "keys", frozenset({"keys:manage"}))


# Second factors.


def test_whoever_lost_their_second_factor_signs_in_by_password_once_it_is_reset(
    merchants: Merchants, admin: Principal
) -> None:
    with_second_factor(merchants.bob)
    opened = sessions.open_session(kept("bob"), "page", HERE)
    accounts.reset_mfa(admin, kept("bob").number)
    assert not kept("bob").has_mfa
    assert now_kept().scalars(select(UserSession.ended_at).where(UserSession.id == opened.id)).one() is not None
    found = accounts.sign_in(login="bob", password=PASSWORD, client=HERE, kind="page", business_code="FIRST")
    assert isinstance(found, accounts.SignedIn)


def test_nobody_below_the_owner_resets_the_owners_second_factor(merchants: Merchants, admin: Principal) -> None:
    with_second_factor(merchants.alice)
    with pytest.raises(NotAllowed):
        accounts.reset_mfa(admin, kept("alice").number)
    assert kept("alice").has_mfa


def test_a_second_factor_that_the_business_asks_for_is_not_switched_off(merchants: Merchants) -> None:
    secret = accounts.enroll(merchants.bob).secret
    code = accounts.confirm(merchants.bob, TOTP(secret).at(clock.now()))[0]
    accounts.change_settings(merchants.alice, {"mfa_roles": ["viewer"]})
    with pytest.raises(NotAllowed):
        accounts.disable(merchants.bob, code)
    assert kept("bob").has_mfa
    accounts.change_settings(merchants.alice, {"mfa_roles": []})
    accounts.disable(merchants.bob, code)  # it was not used up
    assert not kept("bob").has_mfa


# Roles.


def test_a_role_is_removed_once_nobody_has_it(merchants: Merchants) -> None:
    accounts.save_role(merchants.alice, "courier", frozenset({"catalog:read"}))
    bob = kept("bob").number
    accounts.change_person(merchants.alice, bob, name="Bob", email=None, role="courier", active=True)
    with pytest.raises(Conflict):
        accounts.delete_role(merchants.alice, "courier")
    accounts.change_person(merchants.alice, bob, name="Bob", email=None, role="viewer", active=True)
    accounts.delete_role(merchants.alice, "courier")
    assert "courier" not in accounts.list_roles(merchants.alice)


# Keys that are replaced.


def test_a_replaced_key_goes_on_for_the_overlap_and_no_longer(app: Flask, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        old = accounts.create_key(SYSTEM, merchants.tenant, name="shop")
        new = accounts.rotate_key(merchants.alice, old.key.id, overlap=timedelta(hours=2))
        move(timedelta(hours=2) - timedelta(seconds=1))
        assert accounts.principal_of_key(old.secret).actor_id == old.key.id
        move(timedelta(seconds=1))
        with pytest.raises(NotAuthenticated):
            accounts.principal_of_key(old.secret)
        assert accounts.principal_of_key(new.secret).scopes == frozenset(old.key.scopes)


@pytest.mark.parametrize("seconds", [0, -1, -86_400])
def test_a_key_ends_in_the_future(merchants: Merchants, seconds: int) -> None:
    with clock.frozen(NOON):
        ends = NOON + timedelta(seconds=seconds)
        with pytest.raises(Invalid):
            accounts.create_key(SYSTEM, merchants.tenant, name="shop", expires_at=ends)


def test_replacing_a_key_never_prolongs_it(merchants: Merchants) -> None:
    with clock.frozen(NOON):
        ends = NOON + timedelta(minutes=5)
        old = accounts.create_key(SYSTEM, merchants.tenant, name="shop", expires_at=ends)
        accounts.rotate_key(merchants.alice, old.key.id)
        assert now_kept().scalars(select(ApiKey.expires_at).where(ApiKey.id == old.key.id)).one() == ends
        with pytest.raises(Conflict):
            accounts.rotate_key(merchants.alice, old.key.id)


def test_a_key_that_was_made_for_a_month_is_renewed_for_a_month(merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        old = accounts.create_key(SYSTEM, merchants.tenant, name="shop", expires_at=NOON + timedelta(days=30))
        move(timedelta(days=29))
        assert accounts.rotate_key(merchants.alice, old.key.id).key.expires_at == NOON + timedelta(days=59)
        forever = accounts.create_key(SYSTEM, merchants.tenant, name="till")
        assert accounts.rotate_key(merchants.alice, forever.key.id).key.expires_at is None
