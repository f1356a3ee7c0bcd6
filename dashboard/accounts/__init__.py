"""Tenants, users, roles and API keys."""

from flask import Flask

from dashboard.accounts import service
from dashboard.accounts.pages import load_user, pages
from dashboard.config import Settings
from dashboard.web.registry import CredentialKind, registry_of


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    settings: Settings = app.extensions["settings"]
    service.configure_hashing(settings.argon2_time_cost, settings.argon2_memory_kib)
    app.register_blueprint(pages)
    registry = registry_of(app)
    registry.load_user = load_user
    for prefix in ("sk_live_", "sk_sandbox_"):
        registry.credentials.append(CredentialKind(prefix, service.principal_of_key))
