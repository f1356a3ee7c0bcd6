"""Commands: what they make, how they refuse, and that nobody's secret is ever written down."""

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.config import SettingError, from_environment
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads
from dashboard.demo.people import MERCHANTS, SHOWN_USERS
from tests.conftest import PASSWORD, Api

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "demo", "serve", "worker", "create-tenant", "create-user", "create-operator", "create-key", "import-devices",
)  # fmt: skip


def run(app: Flask, *arguments: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=typed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    result = run(app, command, "--help")
    assert result.exit_code == 0
    explained = result.stdout.split("Options:")[0]
    assert len(explained.split()) > 8, explained
    listed = run(app, "--help").stdout
    assert f"\n  {command} " in listed


def test_a_tenant_a_person_and_a_key_are_made_by_hand(app: Flask) -> None:
    result = run(app, "create-tenant", "shop", "The Shop", "--plan", "professional", "--time-zone", "Europe/Berlin")
    assert result.exit_code == 0, result.output
    tenant = reads(SYSTEM).scalars(select(Tenant)).one()
    assert (tenant.business_code, tenant.name, tenant.plan, tenant.time_zone) == (
        "SHOP", "The Shop", "professional", "Europe/Berlin",
    )  # fmt: skip
    assert result.stdout.split() == ["SHOP", str(tenant.public_id)]

    result = run(app, "create-user", "shop", "Ann", "--role", "owner", "--password", PASSWORD)
    assert result.exit_code == 0, result.output
    person = reads(SYSTEM).scalars(select(User)).one()
    assert (person.username, person.role, person.is_operator) == ("ann", "owner", True)
    found = accounts.sign_in(
        business_code="SHOP", login="ann", password=PASSWORD, client=accounts.Client("", ""), kind="page"
    )
    assert isinstance(found, accounts.SignedIn)
    assert found.user.id == person.id

    result = run(app, "create-key", "shop", "--name", "till", "--dialect", "techparts", "--access", "read-write")
    assert result.exit_code == 0, result.output
    secret = result.stdout.strip()
    key = reads(SYSTEM).scalars(select(ApiKey)).one()
    assert (key.name, key.dialect) == ("till", "techparts")
    assert Api(app.test_client(), secret).get("/api/catalog/makes").status_code == 200


def test_an_operator_is_made_with_a_password_that_is_asked_for_and_not_shown(app: Flask) -> None:
    result = run(app, "create-operator", "root", typed=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    person = reads(SYSTEM).scalars(select(User)).one()
    assert (person.tenant_id, person.is_operator) == (None, True)


def test_a_key_made_by_hand_is_read_only_unless_asked_otherwise(app: Flask) -> None:
    run(app, "create-tenant", "SHOP", "The Shop")
    secret = run(app, "create-key", "SHOP").stdout.strip()
    assert not any(scope.endswith(":write") for scope in accounts.principal_of_key(secret).scopes)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create-tenant", "x", "X"), "A business code has 2 to 40"),
        (("create-tenant", "SHOP", "Again"), "SHOP is taken"),
        (("create-tenant", "NEW", "New", "--plan", "gold"), "'gold' is not one of"),
        (("create-user", "NOBODY", "ann", "--password", PASSWORD), "no tenant with the business code NOBODY"),
        (("create-user", "SHOP", "ann", "--password", "short"), "A password has 8 to 256"),
        (("create-user", "SHOP", "ann", "--role", "king", "--password", PASSWORD), "'king' is not one of"),
        (("create-key", "NOBODY"), "no tenant with the business code NOBODY"),
        (("create-key", "SHOP", "--dialect", "klingon"), "'klingon' is not one of"),
        (("serve", "--processes", "0"), "0 is not in the range"),
    ],
)
def test_a_refusal_is_one_sentence_and_no_traceback(app: Flask, arguments: tuple[str, ...], said: str) -> None:
    run(app, "create-tenant", "SHOP", "The Shop")
    result = run(app, *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


# In processes of their own, as they are typed.
def flask(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    given = {"INSTANCE_PATH": str(folder), "ENVIRONMENT": "demo", "ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "8"}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env={**kept, **given, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[subprocess.CompletedProcess[str]]]:
    """A small demo world made in an empty folder, and asked for once more."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, [flask(folder, "demo", "--json", "--size", "small") for _ in range(2)]


Demo = tuple[Path, list[subprocess.CompletedProcess[str]]]


def test_the_demo_prints_one_json_object_and_the_same_at_every_call(demo: Demo) -> None:
    first, second = demo[1]
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout
    assert first.stdout.count("\n") == 1
    assert isinstance(json.loads(first.stdout), dict)


def test_the_demo_names_everything_that_was_promised(demo: Demo) -> None:
    world: dict[str, Any] = json.loads(demo[1][0].stdout)
    keys = {"techfleet", "techfleet_read_only", "techparts", "syncauction", "autosync", "sandbox"}
    for merchant in (world, world["other_tenant"]):
        assert set(merchant["tenant"]) == {"business_code", "tenant_id"}
        assert set(merchant["users"]) == set(SHOWN_USERS)
        assert all(set(user) == {"username", "password"} for user in merchant["users"].values())
        assert set(merchant["keys"]) == keys
        assert merchant["keys"]["sandbox"].startswith("sk_sandbox_")
        assert {"oauth_client", "customer"} <= set(merchant)
    assert set(world["operator"]) == {"username", "password"}
    assert world["base_url"].startswith("http")
    assert [world["tenant"]["business_code"], world["other_tenant"]["tenant"]["business_code"]] == [
        merchant.business_code for merchant in MERCHANTS
    ]
    secrets = [*world["keys"].values(), *world["other_tenant"]["keys"].values()]
    assert len(set(secrets)) == 12


def test_the_secret_of_an_installation_is_kept_where_only_its_owner_reads_it(demo: Demo) -> None:
    path = demo[0] / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().strip()) == 64


def test_another_installation_has_other_secrets(tmp_path: Path, demo: Demo) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
    secrets = {from_environment({"INSTANCE_PATH": str(tmp_path / name)}).secret_key for name in ("a", "b")}
    assert len(secrets | {(demo[0] / "secret_key").read_text().strip()}) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "toy"),
        ("API_DOCS", "perhaps"),
        ("RATE_LIMITS", "2"),
        ("PROCESSES", "0"),
        ("PROCESSES", "two"),
        ("MAX_REQUEST_BYTES", "-1"),
        ("TRUSTED_PROXIES", "x"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        from_environment({"INSTANCE_PATH": str(tmp_path), "SECRET_KEY": "x", name: value})


CANARIES = {
    "password": "canary-password-7f3a",
    "wrong": "canary-wrong-password-91bc",
    "header": "sk_live_canaryheader00000000000000000000",
    "query": "canaryquery4d2e",
    "cookie": "canarycookie77aa",
    "database": "canarydatabase1b2c",
    "secret": "canary-secret-key-55dd",
}

REQUESTS = f"""
import sys
from flask import Flask
from dashboard import create_app
from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM
import flask_migrate
app = create_app()
with app.app_context():
    flask_migrate.upgrade()
    tenant = accounts.create_tenant(SYSTEM, business_code="SHOP", name="Shop")
    accounts.create_user(SYSTEM, tenant, username="ann", password={CANARIES["password"]!r}, role="owner")
    key = accounts.create_key(SYSTEM, tenant, name="k").secret
app.add_url_rule("/crash", "crash", lambda: {{}}["nothing"])
client = app.test_client()
def token():
    return client.get("/sign-in").get_data(as_text=True).split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
for password in ({CANARIES["wrong"]!r}, {CANARIES["password"]!r}):
    client.post("/sign-in", data={{"csrf_token": token(), "login": "ann", "password": password}})
client.set_cookie("other", {CANARIES["cookie"]!r})
for path in ("/", "/crash", "/nowhere", "/api/catalog/makes", "/api/catalog/autocomplete"):
    for bearer in ({CANARIES["header"]!r}, key):
        client.get(path + "?q=" + {CANARIES["query"]!r}, headers={{"Authorization": "Bearer " + bearer}})
print(key)
"""


def test_no_secret_stands_in_the_log(tmp_path: Path) -> None:
    environ = {
        "INSTANCE_PATH": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / (CANARIES['database'] + '.db')}",
        "SECRET_KEY": CANARIES["secret"],
        "LOG_LEVEL": "debug",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "-c", REQUESTS],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) > 10
    assert all(line["request_id"] and line["path"] for line in requests)
    assert any(line["event"] == "request_crashed" for line in lines)
    assert {line["actor"] for line in requests} >= {None, "user:1", "key:1"}
    key = done.stdout.strip()
    for name, canary in {**CANARIES, "key": key, "its tail": key[-24:]}.items():
        assert canary not in done.stderr, name


def test_the_libraries_log_nothing_below_a_warning() -> None:
    assert logging.getLogger("sqlalchemy.engine").getEffectiveLevel() >= logging.WARNING


def test_a_server_of_more_processes_than_can_share_a_limit_is_refused_before_it_touches_anything(
    tmp_path: Path,
) -> None:
    told = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "PROCESSES")}
    told |= {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'untouched.db'}"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--processes", "6", "--port", "1"]
    ended = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "6 web processes cannot share a limit of 5 requests a minute. Set REDIS_URL" in ended.stderr
    assert "--processes 5" in ended.stderr
    assert not (tmp_path / "untouched.db").exists()
