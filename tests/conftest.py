"""What all tests stand on: an application on a database of its own, people, keys and a browser's client.

SQLite by default; PostgreSQL where TEST_DATABASE_URL names a server, Redis where TEST_REDIS_URL does. `app` is empty
at the start of every test; `world` holds the demo world and is only read.
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import flask_migrate
import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url
from sqlalchemy import text as sql
from werkzeug.test import TestResponse

from dashboard import create_app, demo
from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.config import Settings, from_environment
from dashboard.core import jobs
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import Base, db
from dashboard.dispatch.live import live_boards
from dashboard.web import credentials
from dashboard.web.limits import RateLimiter

TEST_SECRET = "for tests only"
FULL = os.environ.get("PROVE") == "full"
"""Whether proofs run at their full size."""

# The same examples in every run of the daily suite, whatever else the machine does; new ones where proofs run in full.
hypothesis.settings.register_profile("suite", deadline=None, database=None, derandomize=not FULL)
hypothesis.settings.load_profile("suite")
SERVER = os.environ.get("TEST_DATABASE_URL")
REDIS = os.environ.get("TEST_REDIS_URL")


def settings_at(folder: Path, database_url: str, **changes: object) -> Settings:
    """Settings of a test: everything under `folder`, cheap password hashes."""
    environ = {
        "INSTANCE_PATH": str(folder),
        "DATABASE_URL": database_url,
        "SECRET_KEY": TEST_SECRET,
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "error",
        "ARGON2_TIME_COST": "1",
        "ARGON2_MEMORY_KIB": "8",
        "RATE_LIMITS": "on",
        "USAGE_FLUSH_S": "0",  # tests say when
    }
    if REDIS:
        environ["REDIS_URL"] = REDIS
    return from_environment(environ).overridden(**changes)


class Visitor(FlaskClient):
    """A browser or program from outside: each request gets an application context of its own, as on a server.

    Without it requests would share `g` and the database session with the test, and with each other.
    """

    def open(self, *args: Any, **options: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **options)


def made_app(settings: Settings) -> Flask:
    """An application whose test clients stand outside of it."""
    app = create_app(settings)
    app.test_client_class = Visitor
    return app


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


def _database(name: str, folder: Path, *, template: str | None = None) -> str:
    """The address of a new database `name`, a copy of `template` where one is named."""
    if not SERVER:
        target = folder / f"{name}.db"
        if template is not None:
            shutil.copyfile(template, target)
        return f"sqlite:///{target}"
    copied = f' TEMPLATE "{template}"' if template else ""
    _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"{copied}')
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


def _on_server(*statements: str) -> None:
    assert SERVER is not None
    engine = create_engine(make_url(SERVER).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sql(statement))
    engine.dispose()


def _drop(address: str) -> None:
    if SERVER:
        _on_server(f'DROP DATABASE IF EXISTS "{make_url(address).database}" WITH (FORCE)')


@pytest.fixture
def fresh_database(tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, for one test."""
    address = _database(f"tradecounter_fresh_{uuid.uuid4().hex[:10]}", tmp_path)
    yield address
    _drop(address)


@pytest.fixture(scope="session")
def empty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application a worker, migrated; its rows are removed after each test."""
    folder = tmp_path_factory.mktemp("instance")
    address = _database(f"tradecounter_test_{uuid.uuid4().hex[:10]}", folder)
    # A secret of its own also gives it queues and rate limits of its own where workers share a Redis.
    app = made_app(settings_at(folder, address, secret_key=f"{TEST_SECRET} {uuid.uuid4().hex}"))
    with app.app_context():
        flask_migrate.upgrade()
    yield app
    jobs.disconnect()
    with app.app_context():
        db.engine.dispose()
    _drop(address)


@pytest.fixture
def app(empty_app: Flask) -> Iterator[Flask]:
    """The application, its database empty."""
    settings: Settings = empty_app.extensions["settings"]
    jobs.connect(settings)
    credentials.forget_all()
    forget_limits(empty_app)
    with empty_app.app_context():
        yield empty_app
        live_boards().hang_up()
        db.session.remove()
        _empty_all_tables()


def forget_limits(app: Flask) -> None:
    """Empty every bucket of the rate limiter of `app`."""
    limiter: RateLimiter = app.extensions["rate_limiter"]
    limiter._memory = type(limiter._memory)()  # pyright: ignore[reportPrivateUsage]
    if limiter._shared is not None:  # pyright: ignore[reportPrivateUsage]
        limiter._shared.storage.reset()  # pyright: ignore[reportPrivateUsage]


_NUMBERS_FROM_ONE = """
SELECT setval(quote_ident(sequencename)::regclass, 1, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


def _empty_all_tables() -> None:
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # Deleting a few rows takes a tenth of the time of TRUNCATE.
            rows = [f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables)]
            connection.exec_driver_sql("; ".join(["BEGIN", *rows, _NUMBERS_FROM_ONE, "COMMIT"]))
        else:
            # A pooled connection may still be set to refuse writes from the last read.
            connection.exec_driver_sql("PRAGMA query_only=OFF")
            connection.info["query_only"] = False
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            connection.exec_driver_sql("DELETE FROM sqlite_sequence")
            connection.exec_driver_sql("COMMIT")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that has not signed in."""
    return app.test_client()


@dataclass(frozen=True)
class Merchants:
    """Two tenants and their people: alice owns one, bob views in it, charlie owns the other."""

    tenant: Tenant
    other_tenant: Tenant
    alice: Principal
    bob: Principal
    charlie: Principal
    operator: Principal


PASSWORD = "correct horse"


@pytest.fixture
def merchants(app: Flask) -> Merchants:
    """The characters of most tests. Everybody's password is PASSWORD."""
    operator = accounts.create_user(SYSTEM, None, username="operator", password=PASSWORD, role="admin", name="Otto")
    first = accounts.create_tenant(SYSTEM, business_code="FIRST", name="First Inc.", plan="enterprise")
    second = accounts.create_tenant(SYSTEM, business_code="SECOND", name="Second Inc.", plan="enterprise")

    def person(tenant: Tenant, name: str, role: str) -> Principal:
        user = accounts.create_user(SYSTEM, tenant, username=name, password=PASSWORD, role=role, name=name.title())
        return accounts.principal_of_user(user, tenant)

    people = (person(first, "alice", "owner"), person(first, "bob", "viewer"), person(second, "charlie", "owner"))
    top = accounts.principal_of_user(operator, None)
    tenants = [accounts.find_tenant(code) for code in ("FIRST", "SECOND")]
    db.session.expunge_all()  # their columns stay readable, whoever the test acts as
    assert tenants[0] is not None
    assert tenants[1] is not None
    return Merchants(tenants[0], tenants[1], *people, top)


class Api:
    """A program that calls the JSON API with one key."""

    def __init__(self, client: FlaskClient, key: str | None) -> None:
        self._client = client
        self.key = key

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        return self._client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)


@pytest.fixture
def api(client: FlaskClient, merchants: Merchants) -> Api:
    """A program with a read-write key of alice's tenant."""
    return Api(client, accounts.create_key(SYSTEM, merchants.tenant, name="test").secret)


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "input" and (name := told.get("name")):
            self.found[name] = told.get("value") or ""


def inputs(page: str) -> dict[str, str]:
    """The values of all inputs of a page by name, `csrf_token` among them."""
    parser = _Inputs()
    parser.feed(page)
    return parser.found


def token_at(client: FlaskClient, address: str = "/sign-in") -> str:
    """The CSRF token of the forms at `address`; all forms of one session take it."""
    return inputs(client.get(address).get_data(as_text=True))["csrf_token"]


def sign_in(client: FlaskClient, username: str, business_code: str | None = None, password: str = PASSWORD) -> None:
    """Sign in as a person would, form and CSRF token included."""
    answer = client.post(
        "/sign-in",
        data={
            "csrf_token": token_at(client),
            "login": username,
            "password": password,
            "business_code": business_code or "",
            "next": "",
        },
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)


@dataclass(frozen=True)
class World:
    """The demo world: read it, never change it."""

    app: Flask
    described: dict[str, Any]

    def api(self, key: str = "techfleet") -> Api:
        return Api(self.app.test_client(), self.described["keys"][key])

    def person(self, username: str) -> FlaskClient:
        """A browser in which this user of MYCOMPANY has signed in."""
        client = self.app.test_client()
        password = self.described["users"][username]["password"]
        sign_in(client, username, self.described["tenant"]["business_code"], password)
        return client

    def operator(self) -> FlaskClient:
        """A browser in which the operator has signed in."""
        client = self.app.test_client()
        sign_in(client, "operator", None, self.described["operator"]["password"])
        return client


def _say_nothing(_what: str, _done: int, _total: int) -> None:
    """Load without a word."""


def _load_world(app: Flask) -> None:
    with app.app_context():
        flask_migrate.upgrade()
        demo.load(app.extensions["settings"], demo.World(), _say_nothing)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def world(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo world, loaded once for all workers of this run; they share it, and only read."""
    address_file = shared_folder / "world-address"
    with (shared_folder / "world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address_file.exists():
            address = _database(f"tradecounter_world_{uuid.uuid4().hex[:10]}", shared_folder)
            _load_world(create_app(settings_at(shared_folder / "world", address)))
            address_file.write_text(address)
    folder = tmp_path_factory.mktemp("world")
    app = made_app(settings_at(folder, address_file.read_text()))
    with app.app_context():
        described = demo.describe(app.extensions["settings"])
    yield World(app, described)
    with app.app_context():
        db.engine.dispose()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last to leave drops the world that all workers shared."""
    factory: Any = getattr(session.config, "_tmp_path_factory", None)
    if hasattr(session.config, "workerinput") or factory is None:
        return
    address_file = factory.getbasetemp() / "world-address"
    if address_file.exists():
        _drop(address_file.read_text())
