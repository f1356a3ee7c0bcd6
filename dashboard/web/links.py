"""Absolute addresses. They begin with BASE_URL, never with what a request says it was sent to: its sender could choose
that."""

from flask import current_app

from dashboard.config import Settings


def absolute(path: str) -> str:
    """`path` (`/track/…`) on the address that users type."""
    settings: Settings = current_app.extensions["settings"]
    return settings.base_url + path
