"""Absolute addresses of the pages that links in mail lead to. They begin with BASE_URL, never with what a request says
it was sent to: whoever asks for a link could choose that."""

from flask import current_app, url_for

from dashboard.config import Settings


def reset_password(token: str) -> str:
    """Where a new password is set."""
    return _absolute("accounts.reset_password_link", token)


def verify_email(token: str) -> str:
    """Where an address is confirmed."""
    return _absolute("accounts.verify_email_link", token)


def join(token: str) -> str:
    """Where an invitation is accepted."""
    return _absolute("accounts.join_link", token)


def leaving() -> str:
    """Where a business's data is fetched, and its closing asked for or taken back."""
    return _absolute("accounts.leaving")


def _absolute(endpoint: str, token: str | None = None) -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.base_url + url_for(endpoint, token=token)
