"""A provider's keys: how often they are asked for, and what becomes of a provider that is slow, broken or gone."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.accounts.service import sso_http, sso_keys
from dashboard.accounts.service.sso_http import ProviderDown
from dashboard.accounts.service.sso_tokens import BadIdentity, Identity
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from tests.accounts.issuer import EC, RSA, STRANGER, Issuer, ec_key, rsa_key, serving

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Move = Callable[[timedelta], None]


@pytest.fixture
def issuer(app: Flask) -> Iterator[Issuer]:
    with serving() as made:
        yield made


@pytest.fixture
def move() -> Iterator[Move]:
    with clock.frozen(NOON) as moving:
        yield moving


def identify(issuer: Issuer, token: str) -> Identity:
    return accounts.identify(issuer.provider(), token)


def test_keys_are_fetched_once_and_again_when_they_are_old(issuer: Issuer, move: Move) -> None:
    for _ in range(5):
        identify(issuer, issuer.token(RSA))
        identify(issuer, issuer.token(EC))
    assert issuer.fetches == 1
    move(sso_keys.LIFETIME)
    identify(issuer, issuer.token())
    assert issuer.fetches == 2


def test_unknown_names_make_one_fetch_in_half_a_minute(issuer: Issuer, move: Move) -> None:
    identify(issuer, issuer.token())
    move(sso_keys.COOL_DOWN)
    for number in range(20):
        with pytest.raises(BadIdentity):
            identify(issuer, issuer.token(headers={"kid": f"unknown-{number}"}))
    assert issuer.fetches == 2
    assert identify(issuer, issuer.token())


def test_a_rotated_key_is_taken_up_and_the_old_one_no_longer_believed(issuer: Issuer, move: Move) -> None:
    identify(issuer, issuer.token(RSA))
    new = rsa_key("rsa-2")
    issuer.keys = [new.public()]
    with pytest.raises(BadIdentity):
        identify(issuer, issuer.token(new))  # a moment ago there was no such key
    move(sso_keys.COOL_DOWN)
    assert identify(issuer, issuer.token(new))
    assert issuer.fetches == 2
    with pytest.raises(BadIdentity):
        identify(issuer, issuer.token(RSA))


def test_a_name_that_is_published_twice_finds_the_right_key(issuer: Issuer) -> None:
    other = ec_key("rsa-1")
    issuer.keys = [STRANGER.public(), other.public(), RSA.public(), RSA.public()]
    for key in (RSA, STRANGER, other):
        assert identify(issuer, issuer.token(key))
    with pytest.raises(BadIdentity):
        identify(issuer, issuer.token(rsa_key("rsa-1")))
    assert issuer.fetches == 1


BROKEN: dict[str, dict[str, Any]] = {
    "an error": {"status": 500},
    "not found": {"status": 404},
    "a redirect": {"status": 302},
    "no JSON": {"raw_keys": b"<html>"},
    "no text": {"raw_keys": b"\xff\xfe\0"},
    "nothing": {"raw_keys": b""},
    "a list": {"raw_keys": b"[]"},
    "deep JSON": {"raw_keys": b"[" * 100_000},
    "no keys": {"keys": []},
    "keys that are none": {"keys": "rsa-1"},
    "only keys that cannot be used": {"keys": [RSA.public(n="!"), RSA.public(kty="OKP"), RSA.public(alg="RS512")]},
    "very many keys": {"keys": [RSA.public()] * 101},
    "a megabyte": {"raw_keys": json.dumps({"keys": [RSA.public()]}).encode() + b" " * 1_000_000},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_provider_is_unavailable_and_left_alone_for_half_a_minute(
    issuer: Issuer, move: Move, changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        setattr(issuer, name, value)
    for _ in range(3):
        with pytest.raises(ProviderDown):
            identify(issuer, issuer.token())
    assert issuer.fetches == 1
    for name in changes:
        setattr(issuer, name, getattr(Issuer(), name))
    move(sso_keys.COOL_DOWN)
    assert identify(issuer, issuer.token())
    assert issuer.fetches == 2


def test_known_keys_outlast_a_provider_that_is_down_for_a_day(issuer: Issuer, move: Move) -> None:
    identify(issuer, issuer.token())
    issuer.status = 500
    move(sso_keys.STALE_FOR - timedelta(seconds=1))
    assert identify(issuer, issuer.token())
    with pytest.raises(BadIdentity):
        identify(issuer, issuer.token(headers={"kid": "unknown"}))
    move(timedelta(seconds=1))
    with pytest.raises(ProviderDown):
        identify(issuer, issuer.token())


def test_a_provider_that_nobody_reaches_is_unavailable(issuer: Issuer) -> None:
    with serving() as gone:
        provider = gone.provider()
    with pytest.raises(ProviderDown) as refused:
        accounts.identify(provider, issuer.token())
    assert "password" in refused.value.message


def test_a_provider_that_says_nothing_is_not_waited_for(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso_http, "SILENCE_S", 0.2)
    over = threading.Event()
    issuer.while_fetching = lambda: over.wait(10)
    began = time.monotonic()
    with pytest.raises(ProviderDown):
        identify(issuer, issuer.token())
    over.set()
    assert time.monotonic() - began < 5


def test_a_provider_that_drips_is_cut_off(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso_http, "DEADLINE_S", 0.2)
    issuer.drip = threading.Event()
    began = time.monotonic()
    with pytest.raises(ProviderDown):
        identify(issuer, issuer.token())
    assert time.monotonic() - began < 5


def test_whoever_comes_together_waits_for_one_fetch(app: Flask, issuer: Issuer) -> None:
    provider, token = issuer.provider(), issuer.token()
    arrived = threading.Barrier(9)
    issuer.while_fetching = lambda: arrived.wait(10)
    found: list[Identity] = []

    def come() -> None:
        with app.app_context():
            if threading.current_thread().name != "first":
                arrived.wait(10)
            found.append(accounts.identify(provider, token))

    threads = [threading.Thread(target=come, name="first" if number == 0 else None) for number in range(8)]
    for thread in threads:
        thread.start()
    arrived.wait(10)
    for thread in threads:
        thread.join(10)
    assert (len(found), issuer.fetches) == (8, 1)


def test_no_transaction_is_open_while_the_provider_is_asked(issuer: Issuer) -> None:
    tenant = accounts.create_tenant(SYSTEM, business_code="SHOP", name="Shop")
    pool: Any = db.engine.pool
    held: list[int] = []
    issuer.while_fetching = lambda: held.append(pool.checkedout())
    assert accounts.find_tenant(tenant.business_code) is not None  # a transaction that reads is open now
    assert pool.checkedout() == 1
    identify(issuer, issuer.token())
    assert held == [0]


def test_a_provider_is_never_asked_inside_a_command(issuer: Issuer) -> None:
    with pytest.raises(RuntimeError, match="before a command"), atomic(SYSTEM):
        identify(issuer, issuer.token())
    assert issuer.fetches == 0
