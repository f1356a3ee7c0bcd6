"""Identity tokens: good ones tell who somebody is, evil ones nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.accounts.service.sso_tokens import BadIdentity, Identity
from dashboard.core import clock
from tests.accounts.issuer import (
    CLIENT_ID,
    DIRECTORY,
    EC,
    ISSUER,
    RSA,
    STRANGER,
    Account,
    Issuer,
    SigningKey,
    rsa_key,
    serving,
    signed,
    unsigned,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OTHER_DIRECTORY = DIRECTORY.replace("1", "9")
Move = Callable[[timedelta], None]


@pytest.fixture
def issuer(app: Flask) -> Iterator[Issuer]:
    with serving() as made:
        yield made


@pytest.fixture
def microsoft(app: Flask) -> Iterator[Issuer]:
    with serving("microsoft") as made:
        yield made


@pytest.fixture
def move() -> Iterator[Move]:
    with clock.frozen(NOON) as moving:
        yield moving


def identify(issuer: Issuer, token: str, **changes: Any) -> Identity:
    return accounts.identify(issuer.provider(**changes), token)


@pytest.mark.parametrize("name", ["google", "apple", "microsoft"])
@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
def test_a_good_token_tells_who_it_is(app: Flask, name: str, key: SigningKey) -> None:
    with serving(name) as issuer:
        found = identify(issuer, issuer.token(key, email="Jane@Example.com", name=" Jane Smith "))
    assert (found.provider, found.issuer, found.subject) == (name, ISSUER[name], "subject-1")
    assert (found.audience, found.email, found.name) == (CLIENT_ID, "jane@example.com", "Jane Smith")


def test_the_two_spellings_of_google_are_one_identity(issuer: Issuer) -> None:
    found = [identify(issuer, issuer.token(iss=spelt)) for spelt in (ISSUER["google"], "accounts.google.com")]
    assert found[0] == found[1]


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "their-client"},
    "our audience among others": {"aud": [CLIENT_ID, "their-client"]},
    "no audience": {"aud": None},
    "an audience that is no text": {"aud": {"our-client": 1}},
    "another issuer": {"iss": "https://accounts.google.com.evil.example"},
    "an issuer with a slash": {"iss": "https://accounts.google.com/"},
    "an issuer by http": {"iss": "http://accounts.google.com"},
    "the issuer of another provider": {"iss": ISSUER["apple"]},
    "a list of issuers": {"iss": [ISSUER["google"]]},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 7},
    "a subject that is too long": {"sub": "x" * 256},
    "a subject with a NUL": {"sub": "x\0y"},
    "no end": {"exp": None},
    "an end that is text": {"exp": "9999999999"},
    "an end that is true": {"exp": True},
    "an end that is infinite": {"exp": 1e400},
    "no beginning": {"iat": None},
    "a beginning that is text": {"nbf": "soon"},
}


@pytest.mark.parametrize("changes", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS.keys())
def test_a_token_with_a_wrong_claim_is_refused_before_the_provider_is_asked(
    issuer: Issuer, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadIdentity):
        identify(issuer, issuer.token(**changes))
    assert issuer.fetches == 0


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({"exp": -59}, True),
        ({"exp": -60}, False),
        ({"iat": 60}, True),
        ({"iat": 61}, False),
        ({"nbf": 60}, True),
        ({"nbf": 61}, False),
    ],
)
def test_clocks_may_differ_by_a_minute(issuer: Issuer, move: Move, changes: dict[str, Any], good: bool) -> None:
    now = int(NOON.timestamp())
    moved: dict[str, Any] = {claim: now + offset for claim, offset in changes.items()}
    token = issuer.token(**moved)
    if good:
        assert identify(issuer, token).subject == "subject-1"
    else:
        with pytest.raises(BadIdentity):
            identify(issuer, token)


@pytest.mark.parametrize(
    "changes",
    [
        {"tid": OTHER_DIRECTORY},
        {"iss": ISSUER["microsoft"].replace(DIRECTORY, OTHER_DIRECTORY)},
        {"tid": None},
        {"iss": ISSUER["microsoft"].replace(DIRECTORY, "{tid}"), "tid": "{tid}"},
        {"iss": ISSUER["microsoft"].replace(DIRECTORY, "x/y"), "tid": "x/y"},
        {"iss": ISSUER["microsoft"].replace(DIRECTORY, "common"), "tid": "common"},
        {"iss": ISSUER["microsoft"].replace("/v2.0", "/v1.0")},
        {"iss": f"https://sts.windows.net/{DIRECTORY}/"},
    ],
)
def test_microsofts_issuer_is_the_directory_that_the_token_names(microsoft: Issuer, changes: dict[str, Any]) -> None:
    with pytest.raises(BadIdentity):
        identify(microsoft, microsoft.token(**changes))


def test_people_of_two_directories_are_two_identities(microsoft: Issuer) -> None:
    theirs = microsoft.token(iss=ISSUER["microsoft"].replace(DIRECTORY, OTHER_DIRECTORY), tid=OTHER_DIRECTORY)
    assert identify(microsoft, microsoft.token()).issuer != identify(microsoft, theirs).issuer


def test_a_key_of_microsofts_that_is_for_one_directory_signs_for_no_other(microsoft: Issuer) -> None:
    any_directory = "https://login.microsoftonline.com/{tenantid}/v2.0"
    microsoft.keys = [RSA.public(issuer=any_directory, alg=None), EC.public(issuer=ISSUER["microsoft"])]
    theirs: dict[str, Any] = {"iss": ISSUER["microsoft"].replace(DIRECTORY, OTHER_DIRECTORY), "tid": OTHER_DIRECTORY}
    assert identify(microsoft, microsoft.token(RSA, **theirs))
    assert identify(microsoft, microsoft.token(EC))
    with pytest.raises(BadIdentity):
        identify(microsoft, microsoft.token(EC, **theirs))


def _of_hmac(issuer: Issuer, secret: bytes) -> str:
    head = unsigned(issuer.claims(), {"alg": "HS256", "kid": "rsa-1", "typ": "JWT"}).rpartition(".")[0]
    signature = hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _inside(key: SigningKey) -> dict[str, Any]:
    return {"jwk": key.public(), "kid": "rsa-1"}


FORGED: dict[str, Callable[[Issuer], str]] = {
    "signed by nobody": lambda it: unsigned(it.claims(), {"alg": "none", "kid": "rsa-1"}),
    "signed by nobody, in other letters": lambda it: unsigned(it.claims(), {"alg": "nOnE", "kid": "rsa-1"}),
    "without an algorithm": lambda it: it.token(headers={"alg": None}),
    "without a signature": lambda it: it.token().rpartition(".")[0] + ".",
    "the public key as a shared secret": lambda it: _of_hmac(it, RSA.pem()),
    "the published key as a shared secret": lambda it: _of_hmac(it, json.dumps(RSA.public()).encode()),
    "an empty shared secret": lambda it: _of_hmac(it, b""),
    "RS512, which is not allowed": lambda it: it.token(headers={"alg": "RS512"}),
    "PS256, which is not allowed": lambda it: it.token(headers={"alg": "PS256"}),
    "a list of algorithms": lambda it: it.token(headers={"alg": ["RS256"]}),
    "the name of a key of the other kind": lambda it: it.token(EC, headers={"kid": "rsa-1"}),
    "another's key of the same name": lambda it: it.token(STRANGER),
    "its own key in the header": lambda it: it.token(STRANGER, headers=_inside(STRANGER)),
    "the address of its own keys": lambda it: it.token(STRANGER, headers={"jku": "http://127.0.0.1:9/keys"}),
    "a certificate's address": lambda it: it.token(STRANGER, headers={"x5u": "http://127.0.0.1:9/cert"}),
    "a critical member nobody knows": lambda it: it.token(headers={"crit": ["exp2"], "exp2": 1}),
    "no name of a key": lambda it: it.token(headers={"kid": None}),
    "a name that is a number": lambda it: it.token(headers={"kid": 1}),
    "a name that is a list": lambda it: it.token(headers={"kid": ["rsa-1"]}),
    "an empty name": lambda it: it.token(headers={"kid": ""}),
    "an unknown name": lambda it: it.token(headers={"kid": "rsa-2"}),
    "a name in other letters": lambda it: it.token(headers={"kid": "RSA-1"}),
    "a path for a name": lambda it: it.token(headers={"kid": "../../../../dev/null"}),
    "an address for a name": lambda it: it.token(headers={"kid": "http://127.0.0.1:9/x?rsa-1"}),
    "a statement for a name": lambda it: it.token(headers={"kid": "rsa-1' OR '1'='1"}),
    "a NUL in the name": lambda it: it.token(headers={"kid": "rsa-1\0"}),
    "claims changed after signing": lambda it: _with_payload_of(it.token(), it.token(sub="victim")),
    "an elliptic signature of zeros": lambda it: unsigned(it.claims(), {"alg": "ES256", "kid": "ec-1"}, bytes(64)),
    "another provider's token": lambda it: signed(it.claims(iss=ISSUER["apple"]), RSA),
    "five parts": lambda it: it.token() + ".x.y",
    "letters that are none": lambda it: it.token().replace("e", "é", 1),
    "too long": lambda it: it.token(padding="x" * 10_000),
}


def _with_payload_of(token: str, other: str) -> str:
    head, _, signature = token.split(".")
    return ".".join([head, other.split(".")[1], signature])


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_tells_nothing_and_costs_one_fetch_at_most(
    issuer: Issuer, forge: Callable[[Issuer], str]
) -> None:
    with pytest.raises(BadIdentity) as refused:
        identify(issuer, forge(issuer))
    assert refused.value.message == "Google could not tell who you are. Sign in there again."
    assert issuer.fetches <= 1


@pytest.mark.parametrize("name", [name for name in FORGED if "secret" in name or "not allowed" in name])
def test_an_algorithm_that_is_not_allowed_is_refused_before_the_provider_is_asked(issuer: Issuer, name: str) -> None:
    with pytest.raises(BadIdentity):
        identify(issuer, FORGED[name](issuer))
    assert issuer.fetches == 0


NO_TOKENS = {
    "no token": "eyJ",
    "lone surrogates": "\ud800.\ud800.\ud800",
    "nothing": "",
    "a deep header": base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.AA",
    "claims that are a list": unsigned([], {"alg": "RS256", "kid": "rsa-1"}),
}


@pytest.mark.parametrize("text", NO_TOKENS.values(), ids=NO_TOKENS.keys())
def test_what_is_no_token_is_refused_like_a_forged_one(issuer: Issuer, text: str) -> None:
    with pytest.raises(BadIdentity):
        identify(issuer, text)
    assert issuer.fetches == 0


def test_a_weak_key_is_not_believed_even_when_it_is_published(issuer: Issuer) -> None:
    weak = rsa_key("weak", 1024)
    issuer.keys = [weak.public()]
    with pytest.raises(BadIdentity):
        identify(issuer, issuer.token(weak))


def test_keys_for_other_uses_and_shared_secrets_are_not_believed(issuer: Issuer) -> None:
    secret = {"kty": "oct", "kid": "rsa-1", "k": base64.urlsafe_b64encode(RSA.pem()).decode(), "alg": "HS256"}
    issuer.keys = [secret, RSA.public(use="enc"), RSA.public(alg="RS512"), None, 7, {}, {"kid": "x"}, EC.public()]
    for token in (_of_hmac(issuer, RSA.pem()), issuer.token(RSA)):
        with pytest.raises(BadIdentity):
            identify(issuer, token)
    assert identify(issuer, issuer.token(EC))


@pytest.mark.parametrize(
    ("name", "claims", "proof"),
    [
        ("google", {"email": "jane@gmail.com", "email_verified": True}, True),
        ("google", {"email": "jane@gmail.com", "email_verified": False}, False),
        ("google", {"email": "jane@gmail.com", "email_verified": "false"}, False),
        ("google", {"email": "jane@gmail.com"}, False),
        ("google", {"email": "jane@shop.example", "email_verified": True}, False),
        ("google", {"email": "jane@shop.example", "email_verified": True, "hd": "shop.example"}, True),
        ("google", {"email": "jane@shop.example", "email_verified": True, "hd": "evil.example"}, False),
        ("google", {"email": "jane@shop.example", "hd": "shop.example"}, False),
        ("apple", {"email": "jane@shop.example", "email_verified": "true"}, True),
        ("apple", {"email": "jane@shop.example", "email_verified": "false"}, False),
        ("microsoft", {"email": "jane@shop.example"}, False),
        ("microsoft", {"email": "jane@shop.example", "email_verified": True}, False),
        ("microsoft", {"email": "jane@shop.example", "xms_edov": True}, True),
        ("microsoft", {"email": "jane@shop.example", "xms_edov": "1"}, True),
        ("microsoft", {"email": "jane@shop.example", "xms_edov": False}, False),
        ("google", {"email": ["jane@gmail.com"], "email_verified": True}, False),
        ("google", {"email": "jane@gmaıl.com", "email_verified": True}, False),  # noqa: RUF001 - a dotless i
        ("google", {"email": "jane@evil@gmail.com", "email_verified": True}, False),
        ("google", {"email_verified": True}, False),
    ],
)
def test_an_address_is_proof_only_where_the_provider_vouches_for_it(
    app: Flask, name: str, claims: dict[str, Any], proof: bool
) -> None:
    with serving(name) as issuer:
        issuer.account = Account(claims=claims)
        assert identify(issuer, issuer.token()).email_is_proof is proof
