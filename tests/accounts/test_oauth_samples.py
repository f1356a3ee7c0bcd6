"""The reference's OAuth samples (A23–A30), replayed against the demo world: host and client changed, nothing else.

They are read from the reference where it lies beside the project, else from this suite's own copy of the requests.
"""

import base64
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.conftest import World, forget_limits

REFERENCE = Path(__file__).parents[3] / "shared" / "seeds" / "004_7cd9ce568fd00f5a.txt"
FORM = "application/x-www-form-urlencoded"
OWN_COPY: dict[str, Any] = {
    "path": "/v1/oauth/token",
    "body": "grant_type=client_credentials&scope=shops:read workorders:write",
    "answer": {"token_type": "Bearer", "expires_in": 3600, "scope": "shops:read workorders:write"},
    "scopes": [
        "shops:read",
        "customers:read",
        "customers:write",
        "vehicles:read",
        "vehicles:write",
        "workorders:read",
        "workorders:write",
        "payments:read",
        "payments:charge",
        "inventory:read",
        "inventory:write",
        "employees:read",
        "webhooks:manage",
    ],
}


def from_reference(lines: list[str]) -> dict[str, Any]:
    """The curl sample, the answer under it and the table of scopes."""
    curl = next(line for line in lines if line.startswith("curl") and "oauth/token" in line)
    script = next(line for line in lines if line.startswith("const res") and "oauth/token" in line)
    words = shlex.split(curl.replace("\\ -", "-"))
    body = words[words.index("-d") + 1]
    assert words[words.index("-u") + 1] == "CLIENT_ID:CLIENT_SECRET"
    assert f"Content-Type: {FORM}" in words
    assert f"body: '{body}'" in script
    assert "'Basic ' + btoa(CLIENT_ID + ':' + CLIENT_SECRET)" in script
    start = lines.index(script)
    answer = dict(re.findall(r'"(token_type|expires_in|scope)": "?([^",]+)"?', "\n".join(lines[start : start + 7])))
    scopes = [found[1] for line in lines if (found := re.match(r"([a-z]+:(?:read|write|charge|manage)) \| ", line))]
    path = next(urlsplit(word).path for word in words if word.startswith("https://"))
    return {
        "path": path,
        "body": body,
        "answer": {**answer, "expires_in": int(answer["expires_in"])},
        "scopes": scopes,
    }


SAMPLE = from_reference(REFERENCE.read_text(encoding="utf-8").splitlines()) if REFERENCE.exists() else OWN_COPY


def ask(world: World, body: str, merchant: dict[str, Any] | None = None) -> TestResponse:
    found = (merchant or world.described)["oauth_client"]
    forget_limits(world.app)
    basic = base64.b64encode(f"{found['client_id']}:{found['client_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": FORM}
    return world.app.test_client().post(SAMPLE["path"], data=body, headers=headers)


def test_the_sample_answers_as_printed(world: World) -> None:
    answer = ask(world, SAMPLE["body"])
    body = answer.get_json()
    assert answer.status_code == 200
    assert {name: value for name, value in body.items() if name != "access_token"} == SAMPLE["answer"]
    assert next(iter(body)) == "access_token"
    assert body["access_token"].startswith("eyJ")


@pytest.mark.parametrize("scope", SAMPLE["scopes"])
def test_every_documented_scope_is_granted(world: World, scope: str) -> None:
    assert ask(world, f"grant_type=client_credentials&scope={scope}").get_json()["scope"] == scope


def test_each_demo_merchant_has_a_client_of_its_own(world: World) -> None:
    other = world.described["other_tenant"]
    assert other["oauth_client"]["client_id"] != world.described["oauth_client"]["client_id"]
    token = ask(world, "grant_type=client_credentials", other).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-Id": other["tenant"]["tenant_id"]}
    answer = world.app.test_client().get("/api/catalog/stats", headers=headers)
    assert answer.status_code == 403  # its scopes have none for the catalogue
    headers["X-Tenant-Id"] = world.described["tenant"]["tenant_id"]
    refused = world.app.test_client().get("/api/catalog/stats", headers=headers)
    assert "another business" in refused.get_data(as_text=True)


def test_the_own_copy_says_what_the_reference_says() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference does not lie beside the project")
    assert SAMPLE == OWN_COPY
