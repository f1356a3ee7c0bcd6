"""Answers of the field service API, taken out of their envelope."""

from typing import Any

from werkzeug.test import TestResponse


def data(answer: TestResponse, status: int = 200) -> Any:
    """What the envelope holds."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    body = answer.get_json()
    assert body["ok"] is True
    return body["data"]


def refusal(answer: TestResponse, status: int) -> dict[str, Any]:
    """Why a request was refused."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    body = answer.get_json()
    assert body["ok"] is False
    return body["error"]
