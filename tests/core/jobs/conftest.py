"""A database with two merchants, and no jobs but those that a test registers."""

import os
import uuid
from collections.abc import Generator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import create_engine, delete, text
from sqlalchemy.engine import make_url

from dashboard import config
from dashboard.accounts.models import Tenant
from dashboard.config import Settings
from dashboard.core import jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, atomic, db
from dashboard.core.jobs import Work, hand, registry
from dashboard.core.jobs import task as running
from dashboard.core.jobs.models import CHANGE, WorkerHeartbeat
from tests.core.jobs.crash_worker import make_app, written
from tests.core.jobs.samples import NOON


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    server = os.environ.get("TEST_DATABASE_URL")
    if server is None:
        yield f"sqlite:///{tmp_path_factory.mktemp('jobs') / 'test.db'}"
        return
    name = f"jobs_{os.getpid()}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    environ = {"DATABASE_URL": database_url, "INSTANCE_PATH": str(tmp_path), "SECRET_KEY": uuid.uuid4().hex}
    return config.from_environment({**environ, "REDIS_URL": os.environ.get("TEST_REDIS_URL", "")})


@pytest.fixture
def app(settings: Settings) -> Generator[Flask]:
    others = dict(registry.registered)
    registry.registered.clear()
    running.stopping.clear()
    jobs.disconnect()
    app = make_app(settings)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        written.metadata.create_all(db.engine)
        with atomic(SYSTEM) as session:
            for table in (Work, WorkerHeartbeat, Tenant):
                session.execute(delete(table), execution_options=CHANGE)
            session.execute(delete(written))
            for tenant_id, code in ((1, "ALICE"), (2, "CHARLIE")):
                session.add(Tenant(id=tenant_id, business_code=code, name=code, created_at=NOON))
        yield app
        jobs.disconnect()
        db.session.remove()
        db.engine.dispose()
    if settings.redis_url:
        with Redis.from_url(settings.redis_url) as redis:  # pyright: ignore[reportUnknownMemberType]
            redis.delete(f"huey.redis.{hand.queue_name(settings)}")
    registry.registered.clear()
    registry.registered.update(others)
