"""The code flow of OpenID Connect with PKCE: out to the provider with a question, back with a code, which is traded for
an identity token that nobody but us and the provider has seen."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlencode

import jwt

from dashboard.accounts.models import Tenant
from dashboard.accounts.service import sso_clients, sso_http
from dashboard.accounts.service.sso_clients import Client
from dashboard.accounts.service.sso_http import ProviderDown, Reply
from dashboard.accounts.service.sso_tokens import BadIdentity, Identity, verify
from dashboard.config import IdentityProvider
from dashboard.core import clock, crypto

_APPLE_SECRET_LIFETIME = timedelta(minutes=5)

_AFRESH: Mapping[str, Mapping[str, str]] = {
    "google": {
        "prompt": "select_account",  # it knows no prompt=login
        "max_age": "0",
        "claims": json.dumps({"id_token": {"auth_time": {"essential": True}}}),
    },
    "apple": {},  # asks each time, and always says when
    "microsoft": {"prompt": "login", "max_age": "0"},
}


@dataclass(frozen=True, slots=True)
class Flow:
    """What a browser keeps while its person is at the provider: each sign-in has its own."""

    state: str
    nonce: str
    verifier: str


def begin(
    provider: IdentityProvider, tenant: Tenant | None, redirect_uri: str, *, afresh: bool = False
) -> tuple[Flow, str]:
    """A new flow, and the provider's address to send the browser to. Raises NotFound where no client is set up.

    With `afresh` the provider is asked not to rest on an earlier sign-in. A browser can take that out of the address,
    so whoever relies on it looks at `signed_in_at` of what comes back.
    """
    client = sso_clients.client_of(provider, tenant)
    provider = client.provider
    flow = Flow(crypto.token(), crypto.token(), crypto.token(64))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
    question = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid email name" if provider.name == "apple" else "openid email profile",
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if provider.name == "apple":
        question["response_mode"] = "form_post"  # Apple's condition for telling the address
    if afresh:
        question |= _AFRESH[provider.name]
    joint = "&" if "?" in provider.authorize_url else "?"
    return flow, provider.authorize_url + joint + urlencode(question)


def finish(provider: IdentityProvider, tenant: Tenant | None, flow: Flow, *, code: str, redirect_uri: str) -> Identity:
    """Trade `code` for whom it stands for. Raises BadIdentity, ProviderDown, or NotFound where the client is gone."""
    client = sso_clients.client_of(provider, tenant)
    provider = client.provider
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client.client_id,
        "code_verifier": flow.verifier,
    }
    secret = _secret(provider, client)
    if secret is not None:
        form["client_secret"] = secret
    token = _id_token(provider, sso_http.ask(provider, provider.token_url, form))
    return verify(provider, token, known=lambda audience: audience == client.client_id, nonce=flow.nonce)


def _id_token(provider: IdentityProvider, reply: Reply) -> str:
    try:
        document: object = json.loads(reply.body)
    except (ValueError, RecursionError):
        document = None
    told = cast("Mapping[str, Any]", document if isinstance(document, dict) else {})
    if reply.status in (400, 401):
        error = str(told.get("error"))[:60]
        if error != "invalid_grant":
            raise ProviderDown(provider, f"it refuses our client: {error}")
        raise BadIdentity(provider, "the code was used, is too old, or is another's")
    token = told.get("id_token")
    if reply.status != 200 or not isinstance(token, str):
        raise ProviderDown(provider, f"status {reply.status} and no identity token for a code")
    return token


def _secret(provider: IdentityProvider, client: Client) -> str | None:
    """The secret to send. Apple's is a token that is signed for the day, from a key given as JSON."""
    if provider.name != "apple" or client.secret is None or not client.secret.lstrip().startswith("{"):
        return client.secret
    now = int(clock.now().timestamp())
    try:
        key: Mapping[str, str] = json.loads(client.secret)
        claims = {
            "iss": key["team_id"],
            "sub": client.client_id,
            "aud": provider.issuers[0],
            "iat": now,
            "exp": now + int(_APPLE_SECRET_LIFETIME.total_seconds()),
        }
        return jwt.encode(claims, key["private_key"], algorithm="ES256", headers={"kid": key["key_id"]})
    except (KeyError, ValueError, TypeError, jwt.PyJWTError) as error:
        raise ProviderDown(provider, "the client secret is not {team_id, key_id, private_key}") from error
