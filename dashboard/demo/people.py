"""The demo's merchants, people and keys. Each secret is derived from the installation's, so that it prints again."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ApiKey, Tenant, User
from dashboard.core import crypto
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads

PEOPLE = {
    "owner": "Olivia Owner",
    "admin": "Admin User",
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
SANDBOX_SUFFIX = "-SANDBOX"
OPERATOR = "operator"


def password(secret_key: str, business_code: str, username: str) -> str:
    """The password of a demo user."""
    return crypto.derived_token(secret_key, f"demo password {business_code} {username}", 16)


def key_secret(secret_key: str, business_code: str, name: str) -> str:
    """The full text of a demo key."""
    kind = "sk_sandbox_" if name == "sandbox" else "sk_live_"
    return kind + crypto.derived_token(secret_key, f"demo key {business_code} {name}", accounts.KEY_LENGTH)


def load(secret_key: str) -> None:
    """Make the merchants, people and keys that are missing."""
    with atomic(SYSTEM):
        for merchant in MERCHANTS:
            _load_merchant(secret_key, merchant)
        _load_operator(secret_key)


def _load_merchant(secret_key: str, merchant: Merchant) -> None:
    code = merchant.business_code
    if accounts.find_tenant(code) is not None:
        return
    shared: dict[str, Any] = {"plan": "enterprise", "time_zone": merchant.time_zone, "requests_per_minute": DEMO_LIMIT}
    tenant = accounts.create_tenant(SYSTEM, business_code=code, name=merchant.name, **shared)
    twin = accounts.create_tenant(
        SYSTEM, business_code=code + SANDBOX_SUFFIX, name=f"{merchant.name} (sandbox)", sandbox_of=tenant, **shared
    )
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
        "oauth_client": None,
        "customer": None,
    }


def is_loaded() -> bool:
    """Whether the first merchant is there with its keys."""
    statement = select(ApiKey.id).join(Tenant).where(Tenant.business_code == MERCHANTS[0].business_code).limit(1)
    return reads(SYSTEM).scalar(statement) is not None
