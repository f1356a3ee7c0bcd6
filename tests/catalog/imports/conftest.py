"""Where uploaded files lie, and who uploads them."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.catalog.service import imports
from dashboard.config import Settings
from tests.conftest import Merchants, sign_in


@pytest.fixture
def folder(app: Flask) -> Path:
    settings: Settings = app.extensions["settings"]
    return imports.import_folder(settings.instance_path)


@pytest.fixture
def operator(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """A browser in which the operator has signed in."""
    sign_in(client, "operator")
    return client
