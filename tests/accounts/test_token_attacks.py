"""Forged and misused tokens: whatever is tried, the answer is 401 in the dialect of the path, and nothing is told."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask
from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import SigningKey, User, UserSession
from dashboard.accounts.service import sessions, tokens
from dashboard.accounts.service.sessions import Client
from dashboard.accounts.service.tokens import Purpose
from dashboard.core import clock, vault
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.web import credentials
from tests.conftest import Merchants

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOME = Client("203.0.113.7", "tests")


@dataclass(frozen=True)
class Genuine:
    """A good access token taken apart, and the secret that signed it."""

    token: str
    header: dict[str, Any]
    claims: dict[str, Any]
    secret: bytes
    refresh: str
    mfa: str

    def signed(self, *, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
        """The token with changed header or claims, signed with the right secret."""
        return assemble({**self.header, **(header or {})}, {**self.claims, **(claims or {})}, self.secret)

    def without(self, *names: str) -> str:
        left = {name: value for name, value in self.claims.items() if name not in names}
        return assemble(self.header, left, self.secret)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def assemble(header: Any, claims: Any, secret: bytes, digest: Callable[[], Any] = hashlib.sha256) -> str:
    head = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{head}.{b64(hmac.new(secret, head.encode(), digest).digest())}"


@pytest.fixture
def genuine(app: Flask, merchants: Merchants) -> Genuine:
    """Alice's token, made at NOON."""
    with clock.frozen(NOON):
        user = reads(SYSTEM).scalars(select(User).where(User.username == "alice")).one()
        opened = sessions.open_session(user, "api", HOME)
        made = sessions.issue_tokens(opened, user, merchants.tenant)
        challenge = tokens.sign(Purpose.MFA, {"sub": str(user.id)}, lifetime=timedelta(minutes=5))
        header = jwt.get_unverified_header(made.access)
        secret = vault.vault(SYSTEM).derive(f"token {header['kid']}")
        claims: dict[str, Any] = jwt.decode(made.access, options={"verify_signature": False})
        db.session.remove()
        assert made.refresh is not None
        return Genuine(made.access, header, claims, secret, made.refresh, challenge)


def status_of(app: Flask, token: str, at: datetime = NOON) -> int:
    credentials.forget_all()
    with clock.frozen(at):
        answer = app.test_client().get("/api/catalog/stats", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == 401:
        assert answer.get_json()["error"]["code"] in ("unauthorized", "suspended")
    return answer.status_code


_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_EC = ec.generate_private_key(ec.SECP256R1())
_PEM = _RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
_JWK = {"kty": "oct", "k": b64(b"mine"), "alg": "HS256"}

FORGED: dict[str, Callable[[Genuine], str]] = {
    # Algorithms.
    "alg none": lambda g: assemble({**g.header, "alg": "none"}, g.claims, b"")[: -len(b64(b"x" * 32))],
    "alg None": lambda g: assemble({**g.header, "alg": "None"}, g.claims, b""),
    "alg NONE": lambda g: assemble({**g.header, "alg": "NONE"}, g.claims, b""),
    "alg none, signed": lambda g: assemble({**g.header, "alg": "none"}, g.claims, g.secret),
    "alg empty": lambda g: g.signed(header={"alg": ""}),
    "alg a list": lambda g: g.signed(header={"alg": ["HS256"]}),
    "alg a number": lambda g: g.signed(header={"alg": 256}),
    "alg null": lambda g: g.signed(header={"alg": None}),
    "alg HS512": lambda g: assemble({**g.header, "alg": "HS512"}, g.claims, g.secret, hashlib.sha512),
    "alg HS384": lambda g: assemble({**g.header, "alg": "HS384"}, g.claims, g.secret, hashlib.sha384),
    "alg hs256": lambda g: g.signed(header={"alg": "hs256"}),
    "RS256 with a key of one's own": lambda g: jwt.encode(g.claims, _RSA, "RS256", headers={"kid": g.header["kid"]}),
    "ES256 with a key of one's own": lambda g: jwt.encode(g.claims, _EC, "ES256", headers={"kid": g.header["kid"]}),
    "a public key as the secret": lambda g: assemble(g.header, g.claims, _PEM),
    # Signatures.
    "no signature": lambda g: g.token.rpartition(".")[0] + ".",
    "no third part": lambda g: g.token.rpartition(".")[0],
    "four parts": lambda g: g.token + ".e30",
    "signature of zeros": lambda g: g.token.rpartition(".")[0] + "." + b64(bytes(32)),
    "short signature": lambda g: g.token[:-4],
    "empty secret": lambda g: assemble(g.header, g.claims, b""),
    "guessed secret": lambda g: assemble(g.header, g.claims, b"secret"),
    "the tests' own secret": lambda g: assemble(g.header, g.claims, b"for tests only"),
    "claims of another token": lambda g: ".".join(
        (g.token.split(".")[0], g.refresh.split(".")[1], g.token.split(".")[2])
    ),
    # Keys named in the header.
    "no kid": lambda g: assemble({"alg": "HS256", "typ": "JWT"}, g.claims, g.secret),
    "unknown kid": lambda g: g.signed(header={"kid": "x" * 16}),
    "kid a path": lambda g: assemble({**g.header, "kid": "../../../../dev/null"}, g.claims, b""),
    "kid SQL": lambda g: assemble({**g.header, "kid": "x' UNION SELECT 'k'--"}, g.claims, b"k"),
    "kid a number": lambda g: g.signed(header={"kid": 1}),
    "kid a list": lambda g: g.signed(header={"kid": [g.header["kid"]]}),
    "kid long": lambda g: g.signed(header={"kid": "k" * 2000}),
    "kid with NUL": lambda g: g.signed(header={"kid": "\0"}),
    "jwk": lambda g: assemble({**g.header, "jwk": _JWK}, g.claims, b"mine"),
    "jku": lambda g: assemble({**g.header, "jku": "http://127.0.0.1:1/keys"}, g.claims, b"mine"),
    "x5u": lambda g: assemble({**g.header, "x5u": "http://127.0.0.1:1/cert"}, g.claims, b"mine"),
    "x5c": lambda g: assemble({**g.header, "x5c": [b64(_PEM)]}, g.claims, b"mine"),
    "crit": lambda g: g.signed(header={"crit": ["exp"]}),
    # Claims, signed as they should be.
    "no exp": lambda g: g.without("exp"),
    "exp past": lambda g: g.signed(claims={"exp": int(NOON.timestamp()) - 1}),
    "exp now": lambda g: g.signed(claims={"exp": int(NOON.timestamp())}),
    "exp text": lambda g: g.signed(claims={"exp": "soon"}),
    "exp null": lambda g: g.signed(claims={"exp": None}),
    "exp huge": lambda g: g.signed(claims={"exp": 10**30}),
    "no iat": lambda g: g.without("iat"),
    "iat text": lambda g: g.signed(claims={"iat": "yesterday"}),
    "not before tomorrow": lambda g: g.signed(claims={"nbf": int(NOON.timestamp()) + 10**10}),
    "no iss": lambda g: g.without("iss"),
    "wrong iss": lambda g: g.signed(claims={"iss": "https://evil.example"}),
    "iss a list": lambda g: g.signed(claims={"iss": ["tradecounter"]}),
    "no aud": lambda g: g.without("aud"),
    "wrong aud": lambda g: g.signed(claims={"aud": "refresh"}),
    "aud of OAuth": lambda g: g.signed(claims={"aud": "oauth"}),
    "no jti": lambda g: g.without("jti"),
    "no sid": lambda g: g.without("sid"),
    "sid of nobody": lambda g: g.signed(claims={"sid": 999_999}),
    "sid text": lambda g: g.signed(claims={"sid": "1 OR 1=1"}),
    "sid huge": lambda g: g.signed(claims={"sid": 10**30}),
    "sid a list": lambda g: g.signed(claims={"sid": [1]}),
    "no tid": lambda g: g.without("tid"),
    "tid of another tenant": lambda g: g.signed(claims={"tid": "5989db7e-2ade-4aa2-aad8-b6b111c401eb"}),
    "tid null": lambda g: g.signed(claims={"tid": None}),
    # Not tokens at all.
    "claims a list": lambda g: assemble(g.header, [g.claims], g.secret),
    "claims text": lambda g: assemble(g.header, "claims", g.secret),
    "header a list": lambda g: assemble([g.header], g.claims, g.secret),
    "only eyJ": lambda _: "eyJ",
    "eyJ and dots": lambda _: "eyJ..",
    "no base64": lambda _: "eyJ!!!!.????.****",
    "too long": lambda g: g.token + "A" * 5000,
    "deeply nested": lambda g: f"{b64(json.dumps(g.header).encode())}.{b64(b'[' * 3000)}.{b64(bytes(32))}",
    # The wrong kind.
    "a refresh token": lambda g: g.refresh,
    "a challenge": lambda g: g.mfa,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_401(app: Flask, genuine: Genuine, name: str) -> None:
    assert status_of(app, FORGED[name](genuine)) == 401


def test_the_token_that_they_are_made_from_is_good(app: Flask, genuine: Genuine) -> None:
    assert status_of(app, genuine.token) == 200
    assert status_of(app, genuine.signed()) == 200


def test_a_token_ends_with_its_time_its_session_its_person_and_its_tenant(
    app: Flask, genuine: Genuine, merchants: Merchants
) -> None:
    def changed(**values: Any) -> int:
        with atomic(SYSTEM) as session:
            for model, change in values.items():
                session.execute(update({"user": User, "session": UserSession}[model]).values(**change))
        db.session.remove()
        return status_of(app, genuine.token)

    assert status_of(app, genuine.token, NOON + timedelta(minutes=15)) == 401
    assert changed(user={"active": False}) == 401
    assert changed(user={"active": True}) == 200
    assert changed(session={"ended_at": NOON}) == 401
    assert changed(session={"ended_at": None}) == 200
    accounts.change_plan(
        merchants.operator, merchants.tenant.id, plan="starter", requests_per_minute=None, suspended=True
    )
    db.session.remove()
    assert status_of(app, genuine.token) == 401


def test_a_rotated_key_signs_no_more_and_is_honoured_until_its_tokens_end(app: Flask, genuine: Genuine) -> None:
    with clock.frozen(NOON):
        tokens.rotate_keys()
        newer = tokens.sign(Purpose.ACCESS, {}, lifetime=timedelta(minutes=1))
        assert jwt.get_unverified_header(newer)["kid"] != genuine.header["kid"]
    assert status_of(app, genuine.token) == 200
    with atomic(SYSTEM) as session:
        session.execute(update(SigningKey).values(retired_at=NOON - tokens.KEEP_RETIRED - timedelta(seconds=1)))
    db.session.remove()
    assert status_of(app, genuine.token) == 401
