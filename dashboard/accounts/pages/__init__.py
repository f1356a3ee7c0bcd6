"""Pages: signing in, one's own account, the settings of a business."""

from dashboard.accounts.pages import (
    audit,
    business,
    clients,
    health,
    joining,
    keys,
    leaving,
    operator,
    outbox,
    people,
    profile,
    providers,
    recovery,
    registration,
    sandbox,
    sign_in,
    sso,
    sso_registration,
    usage,
)
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.pages.sign_in import load_session

__all__ = [
    "audit",
    "business",
    "clients",
    "health",
    "joining",
    "keys",
    "leaving",
    "load_session",
    "operator",
    "outbox",
    "pages",
    "people",
    "profile",
    "providers",
    "recovery",
    "registration",
    "sandbox",
    "sign_in",
    "sso",
    "sso_registration",
    "usage",
]
