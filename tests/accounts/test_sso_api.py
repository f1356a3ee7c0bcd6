"""Signing in, registering and linking by identity token through the API (K113–K119), and a tenant's own client."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from pyotp.totp import TOTP
from sqlalchemy import func, select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ExternalIdentity, IdentityClient, Tenant, User
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from dashboard.core.events import Event
from tests.accounts.issuer import STRANGER, Account, Issuer, serving
from tests.accounts.test_auth_api import Calls
from tests.conftest import Merchants

GMAIL: dict[str, Any] = {"email": "alice@gmail.com", "email_verified": True}


@pytest.fixture
def issuer(app: Flask) -> Iterator[Issuer]:
    """A provider that the application takes for Google."""
    settings = app.extensions["settings"]
    with serving() as made:
        others = tuple(each for each in settings.identity_providers if each.name != "google")
        app.extensions["settings"] = settings.overridden(identity_providers=(made.provider(), *others))
        yield made
    app.extensions["settings"] = settings


@pytest.fixture
def calls(app: Flask, merchants: Merchants) -> Calls:
    return Calls(app)


def now_kept() -> CommandSession:
    """What the database holds now, whatever the test read before."""
    session = reads(SYSTEM)
    session.close()
    return session


def change(username: str, **values: Any) -> None:
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == username).values(values))


def linked(calls: Calls, issuer: Issuer, tenant: Tenant, username: str = "alice", **claims: Any) -> str:
    """`username` links their account through the API: their access token."""
    access = calls.login(tenant.public_id, username)["access_token"]
    status, body = calls.post("sso/google/link", {"id_token": issuer.token(**claims)}, token=access)
    assert status == 200, body
    return access


def come(calls: Calls, issuer: Issuer, tenant: Tenant | None = None, **claims: Any) -> tuple[int, Any]:
    public_id = None if tenant is None else tenant.public_id
    return calls.post("sso/google", {"id_token": issuer.token(**claims)}, tenant=public_id)


def happened(name: str) -> list[Event]:
    return list(now_kept().scalars(select(Event).where(Event.name == name)))


def test_a_linked_account_signs_in_as_documented(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    status, body = come(calls, issuer)
    assert status == 200
    data = body["data"]
    assert data["user"] == {"id": 1, "username": "alice", "name": "Alice", "is_admin": True, "roles": ["owner"]}
    assert calls.stats(data["access_token"]) == 200
    assert calls.post("refresh", {"refresh_token": data["refresh_token"]})[0] == 200
    assert now_kept().scalars(select(ExternalIdentity)).one().last_used_at is not None


@pytest.mark.parametrize("path", ["sso/facebook", "sso/Google", "sso/facebook/register"])
def test_an_unknown_provider_is_404(calls: Calls, issuer: Issuer, path: str) -> None:
    assert calls.post(path, {"id_token": issuer.token(), "company_name": "x"})[0] == 404


def test_a_provider_without_a_client_of_ours_is_not_asked(calls: Calls, merchants: Merchants) -> None:
    with serving("apple") as apple:
        assert calls.post("sso/apple", {"id_token": apple.token()})[0] == 401
        assert apple.fetches == 0


def test_a_token_is_needed_and_its_size_bounded(calls: Calls, issuer: Issuer) -> None:
    assert calls.post("sso/google", {})[0] == 422
    assert calls.post("sso/google", {"id_token": "x" * 10_001})[0] == 422
    assert calls.post("sso/google", {"id_token": 7})[0] == 422


def test_a_forged_token_and_an_unknown_account_are_401(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    assert calls.post("sso/google", {"id_token": issuer.token(STRANGER)})[0] == 401
    status, body = come(calls, issuer, sub="somebody else")
    assert (status, body["error"]["code"]) == (401, "IDENTITY_NOT_LINKED")


def test_a_provider_that_is_down_is_503(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    issuer.status = 500
    status, body = come(calls, issuer)
    assert (status, body["error"]["code"]) == (503, "UNAVAILABLE")


def test_the_second_factor_is_asked_for_as_ever(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    access = linked(calls, issuer, merchants.tenant)
    secret = calls.post("mfa/enroll", {}, token=access)[1]["data"]["secret"]
    _, confirmed = calls.post("mfa/confirm", {"code": TOTP(secret).at(clock.now())}, token=access)
    status, body = come(calls, issuer)
    assert (status, set(body["data"])) == (200, {"mfa_required", "mfa_challenge_token"})
    answer = {"challenge_token": body["data"]["mfa_challenge_token"], "code": confirmed["data"]["backup_codes"][0]}
    assert calls.post("mfa-verify", answer)[1]["data"]["user"]["username"] == "alice"


def test_a_person_of_several_businesses_says_which(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    linked(calls, issuer, merchants.other_tenant, "charlie")
    status, body = come(calls, issuer)
    assert (status, body["error"]["code"]) == (409, "SEVERAL_BUSINESSES")
    assert body["error"]["business_codes"] == ["FIRST", "SECOND"]
    for tenant, name in ((merchants.tenant, "alice"), (merchants.other_tenant, "charlie")):
        assert come(calls, issuer, tenant)[1]["data"]["user"]["username"] == name


def test_a_business_that_one_does_not_belong_to_is_401(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    assert come(calls, issuer, merchants.other_tenant)[0] == 401


def test_who_is_switched_off_or_suspended_does_not_come_in(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    with atomic(SYSTEM) as session:
        session.execute(update(Tenant).where(Tenant.business_code == "FIRST").values(suspended_at=clock.now()))
    assert come(calls, issuer)[0] == 401
    with atomic(SYSTEM) as session:
        session.execute(update(Tenant).values(suspended_at=None))
    change("alice", active=False)
    assert come(calls, issuer)[0] == 401
    change("alice", active=True)
    assert come(calls, issuer)[0] == 200


@pytest.mark.parametrize(
    ("claims", "theirs_is_proved", "status"),
    [
        (GMAIL, True, 200),
        ({**GMAIL, "email_verified": False}, True, 401),
        ({"email": GMAIL["email"]}, True, 401),
        (GMAIL, False, 401),
        ({**GMAIL, "email": "bob@gmail.com"}, True, 401),
        ({**GMAIL, "email": "ALICE@gmail.com"}, True, 200),
    ],
)
def test_an_address_signs_in_only_where_both_sides_have_proof_of_it(
    calls: Calls, issuer: Issuer, claims: dict[str, Any], theirs_is_proved: bool, status: int
) -> None:
    change("alice", email=GMAIL["email"], email_verified_at=clock.now() if theirs_is_proved else None)
    assert come(calls, issuer, **claims)[0] == status
    assert len(happened("user.identity_linked")) == (1 if status == 200 else 0)


def test_once_linked_by_address_the_account_counts_and_not_the_address(calls: Calls, issuer: Issuer) -> None:
    change("alice", email=GMAIL["email"], email_verified_at=clock.now())
    assert come(calls, issuer, **GMAIL)[0] == 200
    change("alice", email="alice@shop.example")
    assert come(calls, issuer, email="new@gmail.com")[0] == 200
    change("bob", email=GMAIL["email"], email_verified_at=clock.now())
    assert come(calls, issuer, **GMAIL)[1]["data"]["user"]["username"] == "alice"


def test_a_business_that_knows_the_address_counts_beside_one_that_is_linked(
    calls: Calls, issuer: Issuer, merchants: Merchants
) -> None:
    linked(calls, issuer, merchants.tenant)
    change("charlie", email=GMAIL["email"], email_verified_at=clock.now())
    assert come(calls, issuer, **GMAIL)[1]["error"]["business_codes"] == ["FIRST", "SECOND"]
    assert come(calls, issuer)[1]["data"]["user"]["username"] == "alice"
    assert come(calls, issuer, merchants.other_tenant, **GMAIL)[1]["data"]["user"]["username"] == "charlie"


def test_an_address_that_two_people_of_a_business_share_opens_nothing(calls: Calls, issuer: Issuer) -> None:
    for name in ("alice", "bob"):
        change(name, email=GMAIL["email"], email_verified_at=clock.now())
    assert come(calls, issuer, **GMAIL)[0] == 401


def test_an_address_links_nothing_before_the_second_factor(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    access = calls.login(merchants.tenant.public_id)["access_token"]
    secret = calls.post("mfa/enroll", {}, token=access)[1]["data"]["secret"]
    calls.post("mfa/confirm", {"code": TOTP(secret).at(clock.now())}, token=access)
    change("alice", email=GMAIL["email"], email_verified_at=clock.now())
    assert come(calls, issuer, **GMAIL)[1]["data"]["mfa_required"] is True
    assert now_kept().scalar(select(func.count()).select_from(ExternalIdentity)) == 0


# Registering


def register(calls: Calls, issuer: Issuer, **body: Any) -> tuple[int, Any]:
    return calls.post("sso/google/register", {"id_token": issuer.token(), "company_name": "Smith HVAC", **body})


def test_registering_opens_a_business_and_the_account_signs_in_from_then_on(calls: Calls, issuer: Issuer) -> None:
    issuer.account = Account("jane", {"email": "jane@gmail.com", "email_verified": True, "name": "Jane Smith"})
    status, body = register(calls, issuer)
    assert status == 201, body
    data = body["data"]
    assert (data["business_code"], data["business_name"]) == ("SMITHHVAC", "Smith HVAC")
    assert data["user"] == {"id": 1, "username": "jane", "name": "Jane Smith", "is_admin": True, "roles": ["owner"]}
    assert calls.stats(data["access_token"]) == 200
    assert calls.stats(data["sandbox_api_key"]) == 200
    assert come(calls, issuer)[1]["data"]["user"]["username"] == "jane"
    owner = now_kept().scalars(select(User).where(User.username == "jane")).one()
    assert owner.password_hash is None
    assert owner.email_verified_at is not None


def test_names_that_are_given_come_before_those_of_the_account(calls: Calls, issuer: Issuer) -> None:
    issuer.account = Account("jane", {"email": "jane+shop@shop.example", "email_verified": True, "name": "J"})
    status, body = register(calls, issuer, username="mycompany", first_name="Jane", last_name="Smith")
    assert (status, body["data"]["user"]["username"], body["data"]["user"]["name"]) == (201, "mycompany", "Jane Smith")
    owner = now_kept().scalars(select(User).where(User.username == "mycompany")).one()
    assert owner.email_verified_at is None


def test_a_registration_that_will_not_do_leaves_nothing_behind(calls: Calls, issuer: Issuer) -> None:
    before = now_kept().scalar(select(func.count()).select_from(Tenant))
    assert register(calls, issuer)[0] == 422  # the account tells no address
    issuer.account = Account("jane", {"email": "jane@gmail.com"})
    assert register(calls, issuer, username="my company")[0] == 422
    assert register(calls, issuer, company_name=" ")[0] == 422
    assert register(calls, issuer, id_token=issuer.token(STRANGER))[0] == 401
    assert now_kept().scalar(select(func.count()).select_from(Tenant)) == before


# Linking


def test_linking_needs_a_persons_session(app: Flask, calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    body = {"id_token": issuer.token()}
    key = accounts.create_key(SYSTEM, merchants.tenant, name="program").secret
    assert calls.post("sso/google/link", body)[0] == 401
    assert calls.post("sso/google/link", body, token=key)[0] == 403


def test_linking_twice_is_once_and_shows_in_the_event_log(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant, **GMAIL)
    linked(calls, issuer, merchants.tenant, **GMAIL)
    (event,) = happened("user.identity_linked")
    assert (event.tenant_id, event.data) == (merchants.tenant.id, {"provider": "google", "email": "alice@gmail.com"})
    assert event.actor == f"user:{merchants.alice.actor_id}"


def test_an_account_belongs_to_one_person_of_a_business(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    bob = calls.login(merchants.tenant.public_id, "bob")["access_token"]
    status, body = calls.post("sso/google/link", {"id_token": issuer.token()}, token=bob)
    assert (status, body["error"]["code"]) == (409, "IDENTITY_IN_USE")


def identity_of(by: Principal) -> int:
    return accounts.list_identities(by)[0].id


def test_unlinking_ends_that_way_in(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant)
    with pytest.raises(NotFound):
        accounts.unlink(merchants.bob, identity_of(merchants.alice))
    accounts.unlink(merchants.alice, identity_of(merchants.alice))
    assert accounts.list_identities(merchants.alice) == []
    assert come(calls, issuer)[0] == 401
    assert len(happened("user.identity_unlinked")) == 1


def test_the_last_way_in_stays(calls: Calls, issuer: Issuer, merchants: Merchants) -> None:
    linked(calls, issuer, merchants.tenant, sub="first")
    linked(calls, issuer, merchants.tenant, sub="second")
    change("alice", password_hash=None)
    accounts.unlink(merchants.alice, identity_of(merchants.alice))
    with pytest.raises(Conflict) as refused:
        accounts.unlink(merchants.alice, identity_of(merchants.alice))
    assert refused.value.code == "last_way_in"
    assert come(calls, issuer, sub="second")[0] == 200


def together(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """What each of `acts` returns or is refused with, all begun at once."""
    ready, found = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            ready.wait(10)
            try:
                found.append(act())
            except DomainError as error:
                found.append(error.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_of_two_who_link_the_same_account_at_once_one_has_it(app: Flask, issuer: Issuer, merchants: Merchants) -> None:
    google = issuer.provider()
    for number in range(5):
        identity = accounts.identify(google, issuer.token(sub=f"subject-{number}"))
        both = [partial(accounts.link, by, google, identity) for by in (merchants.alice, merchants.bob)]
        assert "identity_in_use" in together(app, *both)
    assert now_kept().scalar(select(func.count()).select_from(ExternalIdentity)) == 5


def test_of_two_last_ways_in_one_stays_when_both_are_unlinked_at_once(
    app: Flask, calls: Calls, issuer: Issuer, merchants: Merchants
) -> None:
    linked(calls, issuer, merchants.tenant, sub="first")
    linked(calls, issuer, merchants.tenant, sub="second")
    change("alice", password_hash=None)
    both = [partial(accounts.unlink, merchants.alice, each.id) for each in accounts.list_identities(merchants.alice)]
    assert "last_way_in" in together(app, *both)
    assert now_kept().scalar(select(func.count()).select_from(ExternalIdentity)) == 1


# A tenant's own client


def test_a_token_for_a_tenants_own_client_opens_that_tenant_alone(
    app: Flask, calls: Calls, issuer: Issuer, merchants: Merchants
) -> None:
    """Else a merchant could collect tokens at a client of theirs, and come in with them elsewhere."""
    linked(calls, issuer, merchants.tenant)
    linked(calls, issuer, merchants.other_tenant, "charlie")
    assert come(calls, issuer, aud="evil-client")[0] == 401
    accounts.set_identity_client(merchants.charlie, issuer.provider(), client_id="evil-client", secret="s")
    assert come(calls, issuer, aud="evil-client")[1]["data"]["user"]["username"] == "charlie"
    assert come(calls, issuer, merchants.tenant, aud="evil-client")[0] == 401
    alice = calls.login(merchants.tenant.public_id)["access_token"]
    theirs = {"id_token": issuer.token(aud="evil-client", sub="victim", **GMAIL)}
    assert calls.post("sso/google/link", theirs, token=alice)[0] == 401
    assert calls.post("sso/google/register", {**theirs, "company_name": "x"})[0] == 401
    change("alice", email=GMAIL["email"], email_verified_at=clock.now())
    assert come(calls, issuer, aud="evil-client", sub="victim", **GMAIL)[0] == 401


def test_a_client_is_set_changed_and_removed_and_its_secret_never_shown(issuer: Issuer, merchants: Merchants) -> None:
    google = issuer.provider()
    accounts.set_identity_client(merchants.alice, google, client_id=" first ", secret="very secret")
    accounts.set_identity_client(merchants.alice, google, client_id="second", secret=None)
    (kept,) = accounts.list_identity_clients(merchants.alice)
    assert kept.client_id == "second"
    assert kept.client_secret is not None
    assert "very secret" not in kept.client_secret
    facts = [event.data for event in happened("identity_client.set")]
    assert facts[1] == {"provider": "google", "before": "first", "after": "second", "new_secret": False}
    assert "very secret" not in str(facts)
    assert accounts.list_identity_clients(merchants.charlie) == []
    with pytest.raises(NotFound):
        accounts.remove_identity_client(merchants.charlie, google)
    accounts.remove_identity_client(merchants.alice, google)
    assert now_kept().scalar(select(func.count()).select_from(IdentityClient)) == 0


def test_a_client_is_for_those_who_manage_settings_and_must_make_sense(issuer: Issuer, merchants: Merchants) -> None:
    with pytest.raises(NotAllowed):
        accounts.set_identity_client(merchants.bob, issuer.provider(), client_id="x", secret=None)
    for client_id, secret in (("", None), ("x" * 256, None), ("ü", None), ("x", ""), ("x", "s" * 2_801)):
        with pytest.raises(Invalid):
            accounts.set_identity_client(merchants.alice, issuer.provider(), client_id=client_id, secret=secret)
    accounts.set_identity_client(merchants.alice, issuer.provider(), client_id="x" * 255, secret="s" * 2_800)
