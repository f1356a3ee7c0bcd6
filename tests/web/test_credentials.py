"""Keys: which open the API, which do not, and how soon a revoked one stops."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.errors import NotAuthenticated, NotFound
from dashboard.web import credentials
from tests.conftest import Api
from tests.web.conftest import Suite
from tests.web.suite import PREFIX

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ONE = PREFIX["techparts"] + "/one"

HEADERS = {
    "none": None,
    "empty": "",
    "no token": "Bearer",
    "a blank token": "Bearer    ",
    "another scheme": "Basic c2tfbGl2ZV94OnA=",
    "no scheme": "sk_live_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "an unknown prefix": "Bearer pk_test_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "an unknown key": "Bearer sk_live_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "an unknown sandbox key": "Bearer sk_sandbox_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "only the prefix": "Bearer sk_live_",
    "a JSON web token": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "10 kB": "Bearer sk_live_" + "a" * 10_000,
    "not ASCII": "Bearer sk_live_é",
    "a lone surrogate's bytes": "Bearer sk_live_\xed\xa0\x80",
    "two tokens": "Bearer sk_live_a sk_live_b",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_what_is_no_key_of_ours_is_401(suite: Suite, header: str | None) -> None:
    answer = suite.stranger().get(ONE, headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "unauthorized"


def test_a_key_with_one_wrong_character_is_401(suite: Suite) -> None:
    secret = suite.api().key
    assert secret is not None
    last = "a" if secret[-1] != "a" else "b"
    for wrong in (secret[:-1] + last, secret[:-1], secret + "a", secret.lower(), secret.swapcase()):
        assert Api(suite.app.test_client(), wrong).get(ONE).status_code == 401
    assert Api(suite.app.test_client(), secret).get(ONE).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(suite: Suite, scheme: str) -> None:
    key = suite.api().key
    assert suite.stranger().get(ONE, headers={"Authorization": f"{scheme}  {key}"}).status_code == 200


def test_a_revoked_key_stops_within_two_seconds(suite: Suite) -> None:
    made = accounts.create_key(SYSTEM, suite.merchants.tenant, name="short")
    key_id = made.key.id
    api = Api(suite.app.test_client(), made.secret)
    with clock.frozen(NOON) as move:
        assert api.get(ONE).status_code == 200
        accounts.revoke_key(SYSTEM, key_id)
        move(credentials.REMEMBERED_FOR)
        answer = api.get(ONE)
    assert timedelta(seconds=2) >= credentials.REMEMBERED_FOR
    assert answer.status_code == 401
    assert "revoked" in answer.get_json()["message"]


def test_a_key_ends_at_its_time_although_it_was_used_just_before(suite: Suite) -> None:
    ends = NOON + timedelta(hours=1)
    with clock.frozen(NOON) as move:
        made = accounts.create_key(SYSTEM, suite.merchants.tenant, name="an hour", expires_at=ends)
        api = Api(suite.app.test_client(), made.secret)
        assert api.get(ONE).status_code == 200
        move(timedelta(minutes=59, seconds=57))
        assert api.get(ONE).status_code == 200
        move(timedelta(seconds=3))
        answer = api.get(ONE)
    assert answer.status_code == 401
    assert "expired" in answer.get_json()["message"]


def test_another_tenant_cannot_revoke_a_key(suite: Suite) -> None:
    made = accounts.create_key(SYSTEM, suite.merchants.tenant, name="mine")
    key_id = made.key.id
    with pytest.raises(NotFound):
        accounts.revoke_key(suite.merchants.charlie, key_id)
    credentials.forget_all()
    assert Api(suite.app.test_client(), made.secret).get(ONE).status_code == 200
    accounts.revoke_key(suite.merchants.alice, key_id)
    credentials.forget_all()
    assert Api(suite.app.test_client(), made.secret).get(ONE).status_code == 401


@pytest.mark.parametrize("dialect", list(PREFIX))
def test_a_read_write_key_reads_and_writes_and_a_read_only_key_reads(suite: Suite, dialect: str) -> None:
    for access, expected in (("read-write", (200, 204)), ("read-only", (200, 403))):
        api = suite.api(dialect, access=access)
        answers = (api.get(PREFIX[dialect] + "/one"), api.call("DELETE", PREFIX[dialect] + "/empty"))
        assert tuple(answer.status_code for answer in answers) == expected


def test_managing_webhooks_is_given_to_syncauction_keys_alone_unless_it_is_ticked(suite: Suite) -> None:
    path = PREFIX["techparts"] + "/ticked"
    codes = {dialect: suite.api(dialect).get(path).status_code for dialect in PREFIX}
    assert codes == {name: 200 if name == "syncauction" else 403 for name in PREFIX}
    ticked = accounts.create_key(SYSTEM, suite.merchants.tenant, name="ticked", scopes=frozenset({"webhooks:manage"}))
    assert Api(suite.app.test_client(), ticked.secret).get(path).status_code == 200
    assert Api(suite.app.test_client(), ticked.secret).get(ONE).status_code == 403


def test_a_sandbox_key_acts_on_the_twin_and_not_on_the_live_tenant(suite: Suite) -> None:
    twin = accounts.create_tenant(
        SYSTEM, business_code="FIRST-SANDBOX", name="First (sandbox)", sandbox_of=suite.merchants.tenant
    )
    twin_id = twin.id
    made = accounts.create_key(SYSTEM, twin, name="sandbox")
    assert made.secret.startswith("sk_sandbox_")
    answer = Api(suite.app.test_client(), made.secret).get(PREFIX["techfleet"] + "/public")
    assert answer.get_json()["devices"] == [twin_id]
    with suite.app.app_context():
        by = credentials.principal_of(f"Bearer {made.secret}")
    assert by.sandbox
    assert by.tenant_id == twin_id


def test_a_key_is_kept_as_its_hash_and_found_by_its_prefix(suite: Suite) -> None:
    made = accounts.create_key(SYSTEM, suite.merchants.tenant, name="hashed")
    stored = {column.key: str(getattr(made.key, column.key)) for column in made.key.__table__.columns}
    assert made.secret.startswith(stored["prefix"])
    assert len(made.secret) - len(stored["prefix"]) == 24
    assert not any(made.secret in value or made.secret[-24:] in value for value in stored.values())


def test_a_remembered_credential_is_asked_for_again_after_its_time(suite: Suite) -> None:
    made = accounts.create_key(SYSTEM, suite.merchants.tenant, name="short")
    header = f"Bearer {made.secret}"
    with suite.app.app_context(), clock.frozen(NOON) as move:
        first = credentials.principal_of(header)
        assert credentials.principal_of(header) is first
        move(credentials.REMEMBERED_FOR)
        assert credentials.principal_of(header) is not first


def test_wrong_credentials_are_never_remembered(suite: Suite) -> None:
    header = "Bearer sk_live_" + "a" * 32
    with suite.app.app_context():
        for _ in range(2):
            with pytest.raises(NotAuthenticated):
                credentials.principal_of(header)
    assert credentials._remembered == {}  # pyright: ignore[reportPrivateUsage]
