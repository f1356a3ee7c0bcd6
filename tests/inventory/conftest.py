"""Browsers of people who work in the shop of a test."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import sign_in
from tests.inventory.shop import Shop


@pytest.fixture
def alice(client: FlaskClient, shop: Shop) -> FlaskClient:
    """A browser of the owner."""
    sign_in(client, "alice", "FIRST")
    return client


@pytest.fixture
def bob(app: Flask, shop: Shop) -> FlaskClient:
    """A browser of a viewer: no change, no costs."""
    client = app.test_client()
    sign_in(client, "bob", "FIRST")
    return client
