"""The reference's sign-in samples (K12–K101), replayed: host, business, person and tokens changed, nothing else.

The requests go one by one; the JavaScript sample runs in Node where that is installed. Both are read from the reference
where it lies beside the project; the requests else from this suite's own copy.
"""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from pyotp.totp import TOTP
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from tests.accounts.issuer import serving as issuing
from tests.conftest import PASSWORD, Merchants

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "seeds" / "003_531ae8a19526b6ee.txt"
SAMPLES = Path(__file__).parent / "samples"
HARNESS, OWN_COPY = SAMPLES / "login.mjs", SAMPLES / "login.json"
HOST = "https://api.tradekitt.com"
OAUTH_REFERENCE = REFERENCE.with_name("004_7cd9ce568fd00f5a.txt")
OAUTH_HARNESS, OAUTH_HOST = SAMPLES / "oauth.mjs", "https://sandbox.api.autosyncshopmanager.com"


@dataclass(frozen=True)
class Sample:
    """A request as documented, and the answers under it."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None
    answers: list[Any] = field(default_factory=list[Any])


def part(text: str, begin: str, end: str) -> str:
    return text[text.index(begin) : text.index(end)]


def from_reference(text: str) -> list[Sample]:
    """The samples of the login flow: each curl command, and the JSON that stands under it."""
    flow = part(text, "Step 1: Resolve Tenant", "JavaScript Login Example")
    return [read_sample(step) for step in re.split(r"^Step \d: .*$", flow, flags=re.MULTILINE)[1:]]


def read_sample(step: str) -> Sample:
    command, answers = re.split(r"\n(?:Response|Accepts)", step[step.index("curl") :], maxsplit=1)
    method, address, headers, body = "GET", "", dict[str, str](), None
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = json.loads(next(words))
        else:
            address = word
    assert address.startswith(HOST)
    found = [
        json.JSONDecoder().raw_decode(each[each.index("{") :])[0] for each in answers.split("Response") if "{" in each
    ]
    return Sample(method, urlsplit(address).path, headers, body, found)


def script_of(text: str) -> str:
    """The JavaScript of the login sample, as printed."""
    return part(text, "const API_BASE", "Self-Service Registration")


REQUESTS = (
    from_reference(REFERENCE.read_text(encoding="utf-8"))
    if REFERENCE.exists()
    else [Sample(**each) for each in json.loads(OWN_COPY.read_text(encoding="utf-8"))]
)
RESOLVE, LOGIN, VERIFY, REFRESH = REQUESTS


@pytest.fixture
def backup_code(app: Flask, merchants: Merchants) -> str:
    """Alice has a second factor: one of her backup codes."""
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        secret = accounts.enroll(merchants.alice).secret
        code = accounts.confirm(merchants.alice, TOTP(secret).at(clock.now()))[0]
    db.session.remove()
    return code


def send(app: Flask, sample: Sample, tenant: str, **changed: str) -> TestResponse:
    """The request of `sample` with these values in place of the documented ones."""
    headers = {name: value.replace("<tenant-uuid>", tenant) for name, value in sample.headers.items()}
    body = None if sample.body is None else {name: changed.get(name, value) for name, value in sample.body.items()}
    path = sample.path.replace("MYCOMPANY", changed.get("business", ""))
    return app.test_client().open(path, method=sample.method, headers=headers, json=body)


def assert_shape(documented: Any, answered: Any, at: str) -> None:
    """All that is documented is there, in its order and of its type; further names may stand beside it."""
    assert type(answered) is type(documented), f"{at}: {answered!r}"
    if isinstance(documented, dict):
        names: list[str] = list(documented)  # pyright: ignore[reportUnknownArgumentType]
        assert [name for name in answered if name in names] == names, at
        for name in names:
            assert_shape(documented[name], answered[name], f"{at}.{name}")


def test_the_requests_of_the_login_flow_answer_as_documented(
    app: Flask, merchants: Merchants, backup_code: str
) -> None:
    resolved = send(app, RESOLVE, "", business="FIRST").get_json()
    assert_shape(RESOLVE.answers[0], resolved, "resolve")
    tenant = resolved["data"]["tenantId"]
    plain, asked = LOGIN.answers
    assert_shape(plain, send(app, LOGIN, tenant, username="bob", password=PASSWORD).get_json(), "login")
    challenged = send(app, LOGIN, tenant, username="alice", password=PASSWORD).get_json()
    assert_shape(asked, challenged, "login with MFA")
    challenge = challenged["data"]["mfa_challenge_token"]
    verified = send(app, VERIFY, tenant, challenge_token=challenge, code=backup_code).get_json()
    assert_shape(plain, verified, "mfa-verify")
    refreshed = send(app, REFRESH, tenant, refresh_token=verified["data"]["refresh_token"]).get_json()
    assert_shape(REFRESH.answers[0], refreshed, "refresh")
    headers = {"Authorization": f"Bearer {refreshed['data']['access_token']}", "X-Tenant-Id": tenant}
    assert app.test_client().get("/api/catalog/stats", headers=headers).status_code == 200


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The test says what went wrong."""


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The address at which the application is served."""
    made = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def node(harness: Path, **told: str) -> Any:
    """What a harness says that runs a script of the reference."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed: the sample's requests were sent one by one instead")
    done = subprocess.run(
        [found, harness], input=json.dumps(told), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def needed(reference: Path) -> str:
    if not reference.exists():
        pytest.skip("the reference does not lie beside the project, and its scripts are not ours to copy")
    return reference.read_text(encoding="utf-8")


def run_in_node(server: str, **told: str) -> Any:
    """What came of the reference's login script and what follows it."""
    code = script_of(needed(REFERENCE)).replace(HOST, server)
    return node(HARNESS, code=code, api=server, business="FIRST", password=PASSWORD, **told)


def test_the_javascript_sample_signs_in_without_a_second_factor(merchants: Merchants, server: str) -> None:
    found = run_in_node(server, username="bob")
    assert found["base"] == f"{server}/api/v1"
    signed_in = found["signedIn"]
    assert list(signed_in) == ["accessToken", "refreshToken", "user"]
    assert signed_in["user"] == {"id": 2, "username": "bob", "name": "Bob", "is_admin": False, "roles": ["viewer"]}
    assert found["verified"] is None
    assert list(found["refreshed"]["data"]) == ["access_token"]
    assert found["used"] == 200


def test_the_javascript_sample_is_asked_for_the_second_factor_and_goes_on(
    merchants: Merchants, backup_code: str, server: str
) -> None:
    found = run_in_node(server, username="alice", secondFactor=backup_code)
    assert found["signedIn"] == {"mfaRequired": True, "challengeToken": found["signedIn"]["challengeToken"]}
    assert found["signedIn"]["challengeToken"].startswith("eyJ")
    assert (found["verified"]["status"], found["verified"]["data"]["user"]["username"]) == (200, "alice")
    assert found["refreshed"]["data"]["access_token"].startswith("eyJ")
    assert found["used"] == 200


def test_the_javascript_sample_of_the_client_credentials_grant_gets_a_token(
    app: Flask, merchants: Merchants, server: str
) -> None:
    """A23, in Node: the line of the reference with its host changed, and client and secret defined."""
    lines = needed(OAUTH_REFERENCE).splitlines()
    code = next(line for line in lines if line.startswith("const res = await fetch(") and "/oauth/token'" in line)
    scopes = frozenset({"shops:read", "workorders:write"})
    made = accounts.create_client(SYSTEM, merchants.tenant, name="platform", scopes=scopes)
    db.session.remove()
    found = node(OAUTH_HARNESS, code=code.replace(OAUTH_HOST, server), id=made.client.client_id, secret=made.secret)
    assert found["status"] == 200
    assert found["body"]["access_token"].startswith("eyJ")
    del found["body"]["access_token"]
    assert found["body"] == {"token_type": "Bearer", "expires_in": 3600, "scope": "shops:read workorders:write"}


def test_the_sso_sample_signs_in(app: Flask, merchants: Merchants) -> None:
    """K113–K117: the request names no tenant, because the identity belongs to one person."""
    found = part(needed(REFERENCE), "# Google SSO login", "SSO is also available")
    sample = read_sample(f"{found}\nResponse")
    settings = app.extensions["settings"]
    with issuing() as google:
        others = tuple(each for each in settings.identity_providers if each.name != "google")
        app.extensions["settings"] = settings.overridden(identity_providers=(google.provider(), *others))
        try:
            identity = accounts.identify(google.provider(), google.token())
            accounts.link(merchants.alice, google.provider(), identity)
            db.session.remove()
            answer = send(app, sample, "", id_token=google.token()).get_json()
        finally:
            app.extensions["settings"] = settings
    assert_shape(LOGIN.answers[0], answer, "sso")
    assert answer["data"]["user"]["username"] == "alice"


def test_the_own_copy_asks_what_the_reference_asks() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference does not lie beside the project")
    assert [Sample(**each) for each in json.loads(OWN_COPY.read_text(encoding="utf-8"))] == REQUESTS
