"""An identity provider on this machine: a real server with keys of its own, which signs good tokens and evil ones."""

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from dashboard.config import IdentityProvider, from_environment
from dashboard.core import clock

CLIENT_ID, CLIENT_SECRET = "our-client", "a secret between two"
DIRECTORY = "11111111-2222-4333-8444-555555555555"
ISSUER = {
    "google": "https://accounts.google.com",
    "apple": "https://appleid.apple.com",
    "microsoft": f"https://login.microsoftonline.com/{DIRECTORY}/v2.0",
}

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A private key and the name under which its public half is published."""

    kid: str
    private: Private

    @property
    def algorithm(self) -> str:
        return "RS256" if isinstance(self.private, rsa.RSAPrivateKey) else "ES256"

    def public(self, **more: Any) -> dict[str, Any]:
        """The JWK to publish, changed as `more` says; None leaves a member out."""
        public: Any = self.private.public_key()
        made = RSAAlgorithm.to_jwk(public) if self.algorithm == "RS256" else ECAlgorithm.to_jwk(public)
        found = {**json.loads(made), "kid": self.kid, "use": "sig", "alg": self.algorithm, **more}
        return {name: value for name, value in found.items() if value is not None}

    def pem(self) -> bytes:
        """The public half as text, which an attacker may take for a shared secret."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)

    def private_pem(self) -> str:
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


def rsa_key(kid: str, bits: int = 2048) -> SigningKey:
    return SigningKey(kid, rsa.generate_private_key(65537, bits))


def ec_key(kid: str) -> SigningKey:
    return SigningKey(kid, ec.generate_private_key(ec.SECP256R1()))


# Made once: an RSA key takes a tenth of a second.
RSA, EC, STRANGER = rsa_key("rsa-1"), ec_key("ec-1"), rsa_key("rsa-1")


@dataclass
class Account:
    """Somebody who is signed in at the provider."""

    subject: str = "subject-1"
    claims: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Issuer:
    """The provider. `keys` are published as they stand; `fetches` counts how often they were asked for."""

    name: str = "google"
    port: int = 0
    folder: str = field(default_factory=lambda: uuid.uuid4().hex)  # ports come again, and keys are kept by address
    keys: Any = field(default_factory=lambda: [RSA.public(), EC.public()])
    status: int = 200
    raw_keys: bytes | None = None
    fetches: int = 0
    drip: threading.Event | None = None
    while_fetching: Any = None
    account: Account = field(default_factory=Account)
    client: tuple[str, str | None] = (CLIENT_ID, CLIENT_SECRET)
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    reply: tuple[int, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict[str, Any])

    def provider(self, **changes: Any) -> IdentityProvider:
        """This provider as a setting: the real one's issuer, our addresses."""
        base = f"http://127.0.0.1:{self.port}/{self.folder}"
        published = from_environment({"INSTANCE_PATH": "/nowhere", "SECRET_KEY": "x"}).identity_provider(self.name)
        assert published is not None
        mine = replace(published, keys_url=f"{base}/keys", authorize_url=f"{base}/authorize", token_url=f"{base}/token")
        return replace(mine, **{"client_ids": (CLIENT_ID,), "client_secret": CLIENT_SECRET, **changes})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good token at the present moment, changed; None leaves a claim out."""
        now = int(clock.now().timestamp())
        found = {
            "iss": ISSUER[self.name],
            "aud": CLIENT_ID,
            "sub": self.account.subject,
            "iat": now,
            "exp": now + 3600,
            **({"tid": DIRECTORY} if self.name == "microsoft" else {}),
            **self.account.claims,
            **changes,
        }
        return {name: value for name, value in found.items() if value is not None}

    def token(self, key: SigningKey = RSA, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A token signed by `key`, good unless changed."""
        return signed(self.claims(**changes), key, headers)

    def visit(self, address: str) -> dict[str, str]:
        """What a browser brings back that was sent to `address` and whose person agreed."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["client_id"] == self.client[0]
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def sent_back(self, address: str) -> str:
        """Where a browser is led that asks at `address` for whoever is signed in here."""
        asked = dict(parse_qsl(urlsplit(address).query))
        return f"{asked['redirect_uri']}?{urlencode(self.visit(address))}"

    def _redeemed(self, form: dict[str, str]) -> tuple[int, Any]:
        """What the token address answers: each code once, to whom it was given, for the right verifier."""
        if self.reply is not None:
            return self.reply
        asked = self.codes.pop(form.get("code", ""), None)
        verified = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        right = (
            asked is not None
            and form["redirect_uri"] == asked["redirect_uri"]
            and form["client_id"] == asked["client_id"]
            and verified.rstrip(b"=").decode() == asked["code_challenge"]
        )
        if not right or asked is None:
            return 400, {"error": "invalid_grant"}
        if self.client[1] is not None and form.get("client_secret") != self.client[1]:
            return 401, {"error": "invalid_client"}
        told: dict[str, Any] = {"aud": asked["client_id"], "nonce": asked["nonce"], **self.changes}
        return 200, {"access_token": "unused", "id_token": self.token(**told)}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "GET" and path == f"/{self.folder}/keys":
            self.fetches += 1
            if self.while_fetching is not None:
                self.while_fetching()
            return self.status, self.raw_keys if self.raw_keys is not None else json.dumps({"keys": self.keys}).encode()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.asked.append(form)
        status, told = self._redeemed(form)
        return status, told if isinstance(told, bytes) else json.dumps(told).encode()


def signed(claims: dict[str, Any], key: SigningKey, headers: dict[str, Any] | None = None) -> str:
    """`claims` signed by `key`, which the header names unless `headers` says otherwise (None leaves a member out)."""
    header = {"kid": key.kid, "alg": key.algorithm, "typ": "JWT", **(headers or {})}
    parts = [_encoded(json.dumps({k: v for k, v in header.items() if v is not None}).encode())]
    parts.append(_encoded(json.dumps(claims).encode()))
    algorithm: Any = jwt.get_algorithm_by_name(key.algorithm)
    return ".".join([*parts, _encoded(algorithm.sign(".".join(parts).encode(), key.private))])


def unsigned(claims: Any, header: dict[str, Any], signature: bytes = b"") -> str:
    """A token with any header and any bytes for a signature."""
    return ".".join([_encoded(json.dumps(header).encode()), _encoded(json.dumps(claims).encode()), _encoded(signature)])


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    issuer: Issuer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up on a slow provider does right."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._do("GET")

    def do_POST(self) -> None:
        self._do("POST")

    def _do(self, method: str) -> None:
        issuer = cast(_Server, self.server).issuer
        if method == "GET" and urlsplit(self.path).path == f"/{issuer.folder}/authorize":
            self.send_response(303)
            self.send_header("Location", issuer.sent_back(self.path))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, answer = issuer.answer(method, urlsplit(self.path).path, body)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"http://127.0.0.1:{issuer.port}/{issuer.folder}/keys")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if issuer.drip is None:
            self.wfile.write(answer)
            return
        for byte in answer:  # never silent for long, and never done
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if issuer.drip.wait(0.02):
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """The tests say what went wrong."""


@contextmanager
def serving(name: str = "google") -> Generator[Issuer]:
    """A provider that answers until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.issuer = issuer = Issuer(name, server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        if issuer.drip is not None:
            issuer.drip.set()
        server.shutdown()
        thread.join()
        server.server_close()
