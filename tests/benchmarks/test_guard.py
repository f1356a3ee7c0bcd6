"""What the guard is measured against says the same and is guarded by nothing."""

from collections.abc import Iterator

import pytest
from flask import Flask

from benchmarks.guard import PREFIX, measured_app
from dashboard.accounts import service as accounts
from dashboard.core.context import SYSTEM
from dashboard.core.db import db
from tests.conftest import Api, Merchants, Visitor


@pytest.fixture
def measured(app: Flask, merchants: Merchants) -> Iterator[Flask]:
    made = measured_app(app.extensions["settings"])
    made.test_client_class = Visitor
    yield made
    with made.app_context():
        db.engine.dispose()


def test_the_bare_view_answers_what_the_guarded_one_does_and_to_anybody(measured: Flask, merchants: Merchants) -> None:
    key = accounts.create_key(SYSTEM, merchants.tenant, name="measured", scopes=frozenset({"catalog:read"})).secret
    program, stranger = Api(measured.test_client(), key), Api(measured.test_client(), None)
    guarded, bare = program.get(f"{PREFIX}/guarded"), stranger.get(f"{PREFIX}/bare")
    assert (guarded.status_code, bare.status_code) == (200, 200)
    assert list(guarded.get_json()) == list(bare.get_json()) == ["ok", "request_id"]
    counted = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    assert set(dict(guarded.headers)) - set(dict(bare.headers)) == counted
    assert stranger.get(f"{PREFIX}/guarded").status_code == 401
    assert program.post(f"{PREFIX}/written").status_code == 403
