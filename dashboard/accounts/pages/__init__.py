"""Pages: signing in, one's own account, the settings of a business."""

from dashboard.accounts.pages import (
    audit,
    business,
    clients,
    joining,
    keys,
    operator,
    outbox,
    people,
    profile,
    recovery,
    registration,
    sandbox,
    sign_in,
    sso,
)
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.pages.sign_in import load_session

__all__ = [
    "audit",
    "business",
    "clients",
    "joining",
    "keys",
    "load_session",
    "operator",
    "outbox",
    "pages",
    "people",
    "profile",
    "recovery",
    "registration",
    "sandbox",
    "sign_in",
    "sso",
]
