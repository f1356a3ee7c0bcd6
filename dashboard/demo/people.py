"""The demo's merchants, people and keys. Each secret is derived from the installation's, so that it prints again."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, OAuthClient, Tenant, User
from dashboard.core import crypto
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads

PEOPLE = {
    "admin": "Admin User",
    "owner": "Olivia Owner",
    "manager": "Mona Manager",
    "dispatcher": "Dario Dispatcher",
    "technician": "Tess Technician",
    "sales": "Sam Sales",
    "warehouse": "Will Warehouse",
    "accountant": "Ada Accountant",
    "viewer": "Vera Viewer",
}
SHOWN_USERS = ("admin", "manager", "dispatcher", "technician", "sales", "viewer")
KEYS = {
    "techfleet": ("techfleet", "read-write"),
    "techfleet_read_only": ("techfleet", "read-only"),
    "techparts": ("techparts", "read-write"),
    "syncauction": ("syncauction", "read-write"),
    "autosync": ("autosync", "read-write"),
}
CLIENT_NAME = "AutoSync platform"
CLIENT_SCOPES = frozenset(
    {
        "shops:read", "customers:read", "customers:write", "vehicles:read", "vehicles:write", "workorders:read",
        "workorders:write", "payments:read", "payments:charge", "inventory:read", "inventory:write", "employees:read",
        "webhooks:manage",
    }
)  # fmt: skip
"""All that the reference documents for OAuth clients (A31–A43)."""

DEMO_LIMIT = 10_000
"""Requests a minute of the demo's keys: enough for anyone who tries things out."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """One of the demo's businesses."""

    business_code: str
    name: str
    time_zone: str


MERCHANTS = (
    Merchant("MYCOMPANY", "My Company LLC", "America/New_York"),
    Merchant("NORTHSIDE", "Northside Devices Inc.", "America/Chicago"),
)
OPERATOR = "operator"


def password(secret_key: str, business_code: str, username: str) -> str:
    """The password of a demo user."""
    return crypto.derived_token(secret_key, f"demo password {business_code} {username}", 16)


def key_secret(secret_key: str, business_code: str, name: str) -> str:
    """The full text of a demo key."""
    kind = "sk_sandbox_" if name == "sandbox" else "sk_live_"
    return kind + crypto.derived_token(secret_key, f"demo key {business_code} {name}", accounts.KEY_LENGTH)


def oauth_client(secret_key: str, business_code: str) -> dict[str, str]:
    """The id and the secret of a demo merchant's OAuth client."""
    return {
        "client_id": "oc_" + crypto.derived_token(secret_key, f"demo client id {business_code}", 20),
        "client_secret": crypto.derived_token(
            secret_key, f"demo client secret {business_code}", accounts.CLIENT_SECRET_LENGTH
        ),
    }


def load(secret_key: str) -> None:
    """Make the merchants, people, keys and clients that are missing."""
    with atomic(SYSTEM):
        for merchant in MERCHANTS:
            _load_merchant(secret_key, merchant)
            _load_client(secret_key, merchant)
        _load_operator(secret_key)


def _load_merchant(secret_key: str, merchant: Merchant) -> None:
    code = merchant.business_code
    if accounts.find_tenant(code) is not None:
        return
    shared: dict[str, Any] = {"plan": "enterprise", "time_zone": merchant.time_zone, "requests_per_minute": DEMO_LIMIT}
    tenant = accounts.create_tenant(SYSTEM, business_code=code, name=merchant.name, **shared)
    twin = accounts.create_sandbox(SYSTEM, tenant)
    for role, name in PEOPLE.items():
        accounts.create_user(
            SYSTEM,
            tenant,
            username=role,
            name=name,
            role=role,
            password=password(secret_key, code, role),
            email=f"{role}@{code.lower()}.example",
        )
    for name, (dialect, access) in KEYS.items():
        secret = key_secret(secret_key, code, name)
        accounts.create_key(SYSTEM, tenant, name=name, dialect=dialect, access=access, secret=secret)
    accounts.create_key(SYSTEM, twin, name="sandbox", secret=key_secret(secret_key, code, "sandbox"))


def _load_client(secret_key: str, merchant: Merchant) -> None:
    found = oauth_client(secret_key, merchant.business_code)
    known = select(OAuthClient.id).where(OAuthClient.client_id == found["client_id"])
    if reads(SYSTEM).scalar(known) is not None:
        return
    tenant = accounts.find_tenant(merchant.business_code)
    assert tenant is not None
    accounts.create_client(
        SYSTEM,
        tenant,
        name=CLIENT_NAME,
        scopes=CLIENT_SCOPES,
        client_id=found["client_id"],
        secret=found["client_secret"],
    )


def _load_operator(secret_key: str) -> None:
    statement = select(User.id).where(User.tenant_id.is_(None), User.username == OPERATOR)
    if reads(SYSTEM).scalar(statement) is None:
        accounts.create_user(
            SYSTEM,
            None,
            username=OPERATOR,
            name="Otto Operator",
            role="admin",
            password=password(secret_key, "", OPERATOR),
        )


def describe(secret_key: str, merchant: Merchant) -> dict[str, object]:
    """Who can sign in at `merchant`, and its keys."""
    code = merchant.business_code
    tenant = accounts.find_tenant(code)
    assert tenant is not None
    return {
        "tenant": {"business_code": code, "tenant_id": str(tenant.public_id)},
        "users": {name: {"username": name, "password": password(secret_key, code, name)} for name in SHOWN_USERS},
        "keys": {name: key_secret(secret_key, code, name) for name in (*KEYS, "sandbox")},
        "oauth_client": {**oauth_client(secret_key, code), "scope": " ".join(sorted(CLIENT_SCOPES))},
        "customer": None,
    }


def is_loaded() -> bool:
    """Whether the first merchant is there with its keys."""
    statement = select(ApiKey.id).join(Tenant).where(Tenant.business_code == MERCHANTS[0].business_code).limit(1)
    return reads(SYSTEM).scalar(statement) is not None
