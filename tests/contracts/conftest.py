"""What the contracts of all routes share."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from dashboard.web.limits import RateLimiter

Note = Callable[[str, object], None]


@pytest.fixture
def note(record_property: Note) -> Note:
    """Where the count of cells is written: `pytest --junit-xml=FILE`."""
    return record_property


@pytest.fixture
def busy(app: Flask) -> Iterator[Flask]:
    """The application without limits: thousands of requests come from one address."""
    limiter: RateLimiter = app.extensions["rate_limiter"]
    limiter.enabled = False
    yield app
    limiter.enabled = True
