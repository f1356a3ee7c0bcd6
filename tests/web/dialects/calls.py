"""Real requests in each dialect, and the values that all tests of dialects share."""

from collections.abc import Callable
from typing import Any

import orjson
from werkzeug.test import TestResponse

from dashboard.web.dialects import DIALECTS
from tests.conftest import Api
from tests.web.suite import PREFIX

ALL = list(DIALECTS)
RID = "test-request-1"
CENTS, DOLLARS = ("techfleet", "tradekitt"), ("techparts", "syncauction", "autosync")
NUMBERS, PREFIXED = ("tradekitt", "autosync"), ("techfleet", "techparts", "syncauction")
Body = dict[str, Any]
JSON = {"Content-Type": "application/json"}


def call(api: Api, dialect: str, method: str, path: str, **options: Any) -> TestResponse:
    headers = {"X-Request-Id": RID, **options.pop("headers", {})}
    return api.call(method, PREFIX[dialect] + path, headers=headers, **options)


def body_of(answer: TestResponse) -> Body:
    assert answer.mimetype == "application/json"
    found: Body = orjson.loads(answer.data)
    return found


def shown(dialect: str, number: int = 7) -> Body:
    return {
        "id": number if dialect in NUMBERS else f"ord_{number}",
        "price": 54900 if dialect in CENTS else 549.00,
        "free": 0,
    }


ONE: dict[str, Callable[[Body], Body]] = {
    "techfleet": lambda data: {"data": data, "request_id": RID},
    "techparts": lambda data: data,
    "syncauction": lambda data: {"data": data, "request_id": RID},
    "tradekitt": lambda data: {"ok": True, "data": data, "request_id": RID},
    "autosync": lambda data: {"success": True, "data": data, "request_id": RID},
}
