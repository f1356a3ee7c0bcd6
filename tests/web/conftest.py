"""The suite's own endpoints, on the database of the other tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from tests.conftest import Api, Merchants, forget_limits
from tests.web.suite import suite_app


@dataclass(frozen=True)
class Suite:
    """The suite's endpoints and the merchants whose keys call them."""

    app: Flask
    merchants: Merchants

    def api(self, dialect: str | None = None, *, access: str = "read-write", tenant: Tenant | None = None) -> Api:
        """A program with a new key of `tenant`, made for `dialect`."""
        made = accounts.create_key(
            SYSTEM, tenant or self.merchants.tenant, name="suite", dialect=dialect, access=access
        )
        return Api(self.app.test_client(), made.secret)

    def stranger(self) -> Api:
        """A program without a key."""
        return Api(self.app.test_client(), None)

    def limited(self, requests_per_minute: int, dialect: str | None = None) -> Api:
        """A program whose tenant may make so many requests a minute."""
        tenant = accounts.create_tenant(
            SYSTEM, business_code="LIMITED", name="Limited Inc.", requests_per_minute=requests_per_minute
        )
        return self.api(dialect, tenant=tenant)


@pytest.fixture(scope="session")
def endpoints(empty_app: Flask) -> Iterator[Flask]:
    """The application with the suite's endpoints, one a worker."""
    app = suite_app(empty_app.extensions["settings"])
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def suite(endpoints: Flask, merchants: Merchants) -> Suite:
    """The suite's endpoints, with nothing counted against anybody yet."""
    forget_limits(endpoints)
    return Suite(endpoints, merchants)
