"""Tenants, people and keys: the rules of their commands, and who may sign in."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.accounts.roles import (
    ALL_SCOPES,
    OWNERSHIP,
    READ_SCOPES,
    ROLES,
    TICKED_SCOPES,
    WRITE_SCOPES,
    read_write_scopes,
)
from dashboard.core import crypto
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotAuthenticated
from dashboard.core.events import Event
from tests.conftest import PASSWORD, Merchants

WRONG = "That user name and password do not match. Check both, and the business code."


def tenant(code: str = "SHOP") -> Tenant:
    return accounts.create_tenant(SYSTEM, business_code=code, name="Shop")


def user(of: Tenant | None, name: str = "ann", role: str = "viewer", email: str | None = None) -> User:
    return accounts.create_user(SYSTEM, of, username=name, password=PASSWORD, role=role, email=email)


def sign_in(login: str, password: str = PASSWORD, code: str | None = None) -> User:
    client = accounts.Client("203.0.113.9", "a browser")
    found = accounts.sign_in(business_code=code, login=login, password=password, client=client, kind="page")
    assert isinstance(found, accounts.SignedIn)
    return found.user


# Tenants.
def test_a_business_code_is_kept_in_capitals_and_is_taken_in_any_case(app: Flask) -> None:
    assert tenant(" shop-1 ").business_code == "SHOP-1"
    with pytest.raises(Conflict) as refused:
        tenant("Shop-1")
    assert refused.value.code == "business_code_taken"
    found = accounts.find_tenant("shop-1 ")
    assert found is not None
    assert found.business_code == "SHOP-1"


@pytest.mark.parametrize("code", ["", "A", "A B", "Ä1", "A" * 41, "A_B", "--", "A\0B"])
def test_a_malformed_business_code_is_refused(app: Flask, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        tenant(code)
    assert refused.value.fields[0].field == "business_code"
    assert reads(SYSTEM).scalars(select(Tenant)).all() == []


# People.
def test_a_username_is_folded_and_taken_within_its_tenant_only(app: Flask) -> None:
    first, second = tenant("FIRST"), tenant("SECOND")
    assert user(first, " Ann ").username == "ann"
    with pytest.raises(Conflict):
        user(first, "ANN")
    assert user(second, "ann").id > 0


def test_two_operators_without_a_tenant_cannot_share_a_name(app: Flask) -> None:
    user(None, "root", role="admin")
    with pytest.raises(Conflict):
        user(None, "ROOT", role="admin")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "x" * 81}, "username"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
    ],
)
def test_a_person_that_will_not_do_is_refused_by_field(app: Flask, changes: dict[str, str], field: str) -> None:
    given: dict[str, Any] = {"username": "ann", "password": PASSWORD, "role": "viewer", **changes}
    with pytest.raises(Invalid) as refused:
        accounts.create_user(SYSTEM, tenant(), **given)
    assert [item.field for item in refused.value.fields] == [field]
    assert reads(SYSTEM).scalars(select(User)).all() == []


def test_the_owner_of_the_only_tenant_is_its_operator_as_long_as_there_is_none(app: Flask) -> None:
    first = tenant("FIRST")
    assert not user(first, "bob", role="admin").is_operator
    assert user(first, "ann", role="owner").is_operator
    assert not user(first, "eve", role="owner").is_operator
    assert not user(tenant("SECOND"), "ann", role="owner").is_operator


def test_with_an_operator_there_the_first_owner_is_none(app: Flask) -> None:
    assert user(None, "root", role="admin").is_operator
    assert not user(tenant(), "ann", role="owner").is_operator


def test_a_password_is_kept_as_an_argon2id_hash_of_its_own(app: Flask) -> None:
    shop = tenant()
    first, second = user(shop, "ann"), user(shop, "bob")
    for person in (first, second):
        assert person.password_hash is not None
        assert person.password_hash.startswith("$argon2id$")
        assert PASSWORD not in person.password_hash
    assert first.password_hash != second.password_hash


# Signing in.
def test_a_person_signs_in_by_name_or_address_in_any_case_with_or_without_the_code(app: Flask) -> None:
    ann = user(tenant(), "ann", email="Ann@Shop.example").id
    for login in ("ann", " ANN ", "ann@shop.example", "ANN@SHOP.EXAMPLE"):
        for code in (None, "SHOP", " shop "):
            assert sign_in(login, code=code).id == ann


@pytest.mark.parametrize(
    ("login", "password", "code"),
    [
        ("ann", "wrong password", None),
        ("ann", "wrong password", "SHOP"),
        ("ann", PASSWORD.upper(), None),
        ("ann", PASSWORD + " ", None),
        ("ann", "", None),
        ("nobody", PASSWORD, None),
        ("ann", PASSWORD, "OTHER"),
        ("ann", PASSWORD, "NOWHERE"),
        ("", PASSWORD, None),
        ("an%", PASSWORD, None),
        ("ann' OR '1'='1", PASSWORD, None),
        ("x" * 10_000, PASSWORD, None),
        ("ann", "x" * 10_000, None),
        ("root", PASSWORD, "SHOP"),
    ],
)
def test_any_other_pair_is_refused_in_the_same_words(app: Flask, login: str, password: str, code: str | None) -> None:
    user(tenant("SHOP"), "ann")
    tenant("OTHER")
    user(None, "root", role="admin")
    with pytest.raises(NotAuthenticated) as refused:
        sign_in(login, password, code)
    assert refused.value.message == WRONG


def test_a_name_that_several_tenants_have_needs_the_code_unless_the_password_tells(app: Flask) -> None:
    first, second = tenant("FIRST"), tenant("SECOND")
    ids = {"FIRST": user(first).id, "SECOND": user(second).id}
    with pytest.raises(NotAuthenticated):
        sign_in("ann")
    assert {code: sign_in("ann", code=code).id for code in ids} == ids
    other = accounts.create_user(SYSTEM, tenant("THIRD"), username="ann", password="another password", role="viewer")
    other_id = other.id
    assert sign_in("ann", "another password").id == other_id


def test_a_person_who_is_switched_off_does_not_sign_in_and_is_not_found(app: Flask) -> None:
    ann = user(tenant()).id
    assert accounts.find_user(SYSTEM, ann) is not None
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.id == ann).values(active=False))
    assert accounts.find_user(SYSTEM, ann) is None
    with pytest.raises(NotAuthenticated, match="do not match"):
        sign_in("ann")


def test_signing_in_is_noted_and_an_old_hash_renewed(app: Flask) -> None:
    ann = user(tenant())
    ann_id, before = ann.id, ann.password_hash
    sign_in("ann")
    accounts.configure_hashing(2, 8)
    try:
        sign_in("ann")
    finally:
        accounts.configure_hashing(1, 8)
    found = accounts.find_user(SYSTEM, ann_id)
    assert found is not None
    assert found[0].last_signed_in_at is not None
    assert found[0].password_hash != before
    assert "t=2" in (found[0].password_hash or "")
    sign_in("ann")


# Keys.
def test_a_key_is_read_write_unless_asked_otherwise_and_never_holds_what_is_ticked(app: Flask) -> None:
    shop = tenant()
    by_access = {
        access: accounts.create_key(SYSTEM, shop, name="k", access=access) for access in ("read-only", "read-write")
    }
    scopes = {access: accounts.principal_of_key(made.secret).scopes for access, made in by_access.items()}
    assert scopes["read-only"] == READ_SCOPES
    assert scopes["read-write"] == READ_SCOPES | WRITE_SCOPES
    assert not scopes["read-write"] & TICKED_SCOPES
    assert read_write_scopes("syncauction") & TICKED_SCOPES == {"webhooks:manage"}


@pytest.mark.parametrize(
    ("given", "field"),
    [({"dialect": "klingon"}, "dialect"), ({"access": "all"}, "access"), ({"scopes": frozenset({"root"})}, "scopes")],
)
def test_a_key_that_will_not_do_is_refused(app: Flask, given: dict[str, object], field: str) -> None:
    shop = tenant()
    with pytest.raises(Invalid) as refused:
        accounts.create_key(SYSTEM, shop, name="k", **given)  # pyright: ignore[reportArgumentType]
    assert refused.value.fields[0].field == field
    assert reads(SYSTEM).scalars(select(ApiKey)).all() == []


def test_a_keys_principal_is_its_tenants_and_no_operator(merchants: Merchants) -> None:
    made = accounts.create_key(SYSTEM, merchants.tenant, name="k", dialect="techparts")
    by = accounts.principal_of_key(made.secret)
    assert (by.tenant_id, by.dialect, by.operator, by.sandbox) == (merchants.tenant.id, "techparts", False, False)
    assert by.label.startswith("key:")


def test_two_keys_that_share_their_prefix_do_not_open_for_each_other(app: Flask) -> None:
    shop = tenant()
    made = accounts.create_key(SYSTEM, shop, name="k", secret="sk_live_" + "a" * 8 + "b" * 24)
    for guess in ("sk_live_" + "a" * 8 + "c" * 24, "sk_live_" + "a" * 8, "sk_live_" + "a" * 9):
        with pytest.raises(NotAuthenticated):
            accounts.principal_of_key(guess)
    assert accounts.principal_of_key(made.secret).tenant_id == 1


def test_random_keys_have_enough_of_chance(app: Flask) -> None:
    made = {crypto.token(32) for _ in range(200)}
    assert len(made) == 200
    assert all(len(each) == 32 and each.isalnum() for each in made)


# Rights.
def test_no_role_holds_an_unknown_right_and_reading_roles_write_nothing() -> None:
    assert {scope for scopes in ROLES.values() for scope in scopes} <= ALL_SCOPES | {OWNERSHIP}
    assert ROLES["viewer"] == READ_SCOPES
    assert not any(scope.endswith((":write", ":manage", ":charge", ":approve")) for scope in ROLES["viewer"])
    assert "operator" not in {scope for scopes in ROLES.values() for scope in scopes}


def test_every_role_may_open_the_overview() -> None:
    assert all("catalog:read" in scopes for scopes in ROLES.values())


def test_an_operator_without_a_tenant_holds_the_operators_right_and_reads_the_catalogue(merchants: Merchants) -> None:
    by = merchants.operator
    assert by.may("operator")
    assert by.may("catalog:read")
    assert by.tenant_id is None
    assert not by.may("orders:read")
    assert not merchants.alice.may("operator")


# What is written down.
def test_every_command_is_in_the_event_log_without_a_secret(app: Flask) -> None:
    shop = tenant()
    user(shop)
    made = accounts.create_key(SYSTEM, shop, name="k")
    key_id, secret = made.key.id, made.secret
    sign_in("ann")
    accounts.revoke_key(SYSTEM, key_id)
    rows = reads(SYSTEM).scalars(select(Event).order_by(Event.id)).all()
    names = [row.name for row in rows]
    assert names == ["tenant.created", "user.created", "api_key.created", "user.signed_in", "api_key.revoked"]
    written = repr([(row.subject, row.data, row.actor) for row in rows])
    assert PASSWORD not in written
    assert secret not in written
    assert secret[-24:] not in written
