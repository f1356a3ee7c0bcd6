"""How long a sign-in lasts, and what ends it before."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.core import clock
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from tests.accounts.test_auth_api import Calls
from tests.conftest import Merchants, sign_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def calls(app: Flask, merchants: Merchants) -> Calls:
    return Calls(app)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def test_a_page_is_open_for_fourteen_days_however_busy_it_is(client: FlaskClient, merchants: Merchants) -> None:
    with clock.frozen(NOON) as move:
        sign_in(client, "alice", "FIRST")
        for _ in range(13):
            move(timedelta(days=1))
            assert is_signed_in(client)
        move(timedelta(days=1))
        assert not is_signed_in(client)


def test_a_refresh_token_is_renewed_for_its_own_tenant_alone(calls: Calls, merchants: Merchants) -> None:
    body = {"refresh_token": calls.login(merchants.tenant.public_id)["refresh_token"]}
    assert calls.post("refresh", body, tenant=merchants.other_tenant.public_id)[0] == 401
    assert calls.post("refresh", body, tenant=merchants.tenant.public_id)[0] == 200


def test_somebody_who_is_switched_off_renews_nothing(calls: Calls, merchants: Merchants) -> None:
    body = {"refresh_token": calls.login(merchants.tenant.public_id)["refresh_token"]}
    for active, status in ((False, 401), (True, 200)):
        with atomic(SYSTEM) as session:
            session.execute(update(User).where(User.username == "alice").values(active=active))
        db.session.remove()
        assert calls.post("refresh", body)[0] == status


def test_nobody_of_a_suspended_business_renews_anything(calls: Calls, merchants: Merchants) -> None:
    body = {"refresh_token": calls.login(merchants.tenant.public_id)["refresh_token"]}
    for suspended, status in ((True, 401), (False, 200)):
        accounts.change_plan(
            merchants.operator, merchants.tenant.id, plan="starter", requests_per_minute=None, suspended=suspended
        )
        db.session.remove()
        assert calls.post("refresh", body)[0] == status
