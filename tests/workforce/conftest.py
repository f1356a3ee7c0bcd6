"""Browsers and programs of people who run a crew, and of a technician."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.accounts import service as accounts
from dashboard.accounts.roles import KEY_SCOPES
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import db
from tests.conftest import PASSWORD, Api, Merchants, sign_in
from tests.workforce.crews import crew, technician, van

__all__ = ["crew", "technician", "van"]


@pytest.fixture
def by(merchants: Merchants) -> Principal:
    """The owner of the first business."""
    return merchants.alice


@pytest.fixture
def tess(merchants: Merchants) -> Principal:
    """Somebody of the first business who signs in as a technician; linked to none yet. Their number is 3."""
    user = accounts.create_user(
        SYSTEM, merchants.tenant, username="tess", password=PASSWORD, role="technician", name="Tess"
    )
    made = accounts.principal_of_user(user, merchants.tenant)
    db.session.expunge_all()
    return made


@pytest.fixture
def field(client: FlaskClient, merchants: Merchants) -> Api:
    """A program that speaks K and may do all that a key may."""
    key = accounts.create_key(SYSTEM, merchants.tenant, name="field", dialect="tradekitt", scopes=KEY_SCOPES)
    return Api(client, key.secret)


@pytest.fixture
def alice(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """A browser of the owner."""
    sign_in(client, "alice", "FIRST")
    return client


@pytest.fixture
def bob(app: Flask, merchants: Merchants) -> FlaskClient:
    """A browser of a viewer: no change, no pay."""
    client = app.test_client()
    sign_in(client, "bob", "FIRST")
    return client
