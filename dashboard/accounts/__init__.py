"""Tenants, users, roles and API keys."""

from flask import Flask

from dashboard.accounts import jobs, service
from dashboard.accounts.api import api, oauth_api, sandbox_api
from dashboard.accounts.pages import load_session, pages
from dashboard.config import Settings
from dashboard.web.registry import CredentialKind, NavItem, registry_of

__all__ = ["jobs", "register"]


def register(app: Flask) -> None:
    """Add the domain to `app`."""
    settings: Settings = app.extensions["settings"]
    service.configure_hashing(settings.argon2_time_cost, settings.argon2_memory_kib)
    app.register_blueprint(pages)
    app.register_blueprint(api)
    app.register_blueprint(oauth_api)
    app.register_blueprint(sandbox_api)
    registry = registry_of(app)
    registry.load_session = load_session
    registry.write_usage = service.write_usage
    registry.account_page = "accounts.profile"
    registry.proof_page = "accounts.confirm"
    registry.navigation += [
        NavItem("Businesses", "accounts.tenants", "building", "operator", "Installation", 110),
        NavItem("Jobs and health", "accounts.health", "list-check", "operator", "Installation", 112),
        NavItem("Mail of all businesses", "accounts.operator_outbox", "inbox", "operator", "Installation", 111),
        NavItem("Business", "accounts.business", "building-store", "settings:manage", "Settings", 90),
        NavItem("People", "accounts.people", "users", "users:manage", "Settings", 91),
        NavItem("Invitations", "accounts.invitations", "user-plus", "users:manage", "Settings", 91),
        NavItem("Roles", "accounts.roles", "shield", "users:manage", "Settings", 92),
        NavItem("API keys", "accounts.keys", "key", "keys:manage", "Settings", 93),
        NavItem("Outbox", "accounts.outbox", "mail", "settings:manage", "Settings", 96),
        NavItem("OAuth clients", "accounts.clients", "plug", "keys:manage", "Settings", 94),
        NavItem("Sign-in providers", "accounts.providers", "lock-open", "settings:manage", "Settings", 92),
        NavItem("Limits and usage", "accounts.usage", "gauge", "keys:manage", "Settings", 95),
        NavItem("Audit log", "accounts.audit", "history", "audit:read", "Settings", 97),
    ]
    registry.folded |= {"Settings", "Installation"}
    for prefix in ("sk_live_", "sk_sandbox_"):
        registry.credentials.append(CredentialKind(prefix, service.principal_of_key))
    registry.credentials.append(CredentialKind("eyJ", service.principal_of_token))
