"""Forms of imports, sent as a browser sends them."""

import io
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from dashboard.core import jobs
from dashboard.core.db import db
from tests.conftest import token_at


def post(client: FlaskClient, path: str, form_at: str, data: dict[str, Any]) -> TestResponse:
    """Send a form with the token of the page at `form_at`."""
    return send_form(client, path, {"csrf_token": token_at(client, form_at), **data})


def send_form(client: FlaskClient, path: str, data: dict[str, Any]) -> TestResponse:
    """Send a form that may hold files, as one piece: the client's own would leave a temporary file open."""
    boundary, body = encode_multipart(data)
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def work_off() -> None:
    """Do what was promised in requests, which the session of this test has not seen yet."""
    db.session.rollback()
    jobs.run_due()


def send(operator: FlaskClient, content: bytes, name: str) -> TestResponse:
    new = "/catalog/imports/new"
    return post(operator, new, new, {"file": FileStorage(io.BytesIO(content), name)})
