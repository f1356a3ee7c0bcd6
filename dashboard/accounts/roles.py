"""What each role may do. A scope is `area:verb`; every route states the one it needs."""

READ_SCOPES = frozenset(
    {
        "agreements:read", "analytics:read", "billing:read", "catalog:read", "commissions:read", "customers:read",
        "dispatch:read", "employees:read", "events:read", "expenses:read", "fleet:read", "forms:read",
        "inventory:read", "leads:read", "orders:read", "payments:read", "pricing:read", "products:read",
        "purchasing:read", "reports:read", "sales:read", "shops:read", "stores:read", "sync:read",
        "technicians:read", "time:read", "vehicles:read", "workorders:read", "ai:read",
    }
)  # fmt: skip
WRITE_SCOPES = frozenset(
    {
        "agreements:write", "billing:write", "catalog:propose", "commissions:write", "customers:write",
        "dispatch:write", "expenses:write", "expenses:approve", "fleet:write", "forms:write", "inventory:write",
        "leads:write", "orders:write", "pricing:write", "products:write", "purchasing:write", "reports:write",
        "sales:write", "sales:approve", "stores:write", "sync:write", "technicians:write", "time:write",
        "time:approve", "vehicles:write", "workorders:write", "ai:write",
    }
)  # fmt: skip
TICKED_SCOPES = frozenset({"webhooks:manage", "payments:charge", "costs:read", "orders:discount"})
"""Never part of "read-write": given one by one. What things cost and what is earned on them is `costs:read`;
to sell for less than the price is `orders:discount`."""

STAFF_SCOPES = frozenset({"users:manage", "keys:manage", "settings:manage", "audit:read"})
"""For people alone: no key holds them."""

SELF = "self"
"""What everybody may do who is signed in as a person: see to their own password, second factor and sessions."""

TECHNICIAN = "tech"
"""A technician's own jobs, hours and statements."""

SANDBOX_READ, SANDBOX_WRITE = "sandbox:read", "sandbox:write"
"""To see and to move a sandbox's clock: held by each program that acts on a sandbox, the second by those that may
write anything there. No role or key is given them, and no credential of live data holds them."""

OWNERSHIP = "business:own"
"""To hand the business over or close it: the owner's alone, in no role that can be given."""

KEY_SCOPES = READ_SCOPES | WRITE_SCOPES | TICKED_SCOPES
ALL_SCOPES = KEY_SCOPES | STAFF_SCOPES | {TECHNICIAN}

ROLES: dict[str, frozenset[str]] = {
    "owner": ALL_SCOPES | {OWNERSHIP},
    "admin": ALL_SCOPES,
    "manager": READ_SCOPES | WRITE_SCOPES | {"costs:read", "orders:discount"},
    "sales": frozenset(
        {"catalog:read", "catalog:propose", "inventory:read", "products:read", "orders:read", "orders:write",
         "customers:read", "customers:write", "sales:read", "sales:write", "leads:read", "leads:write"}
    ),
    "dispatcher": frozenset(
        {"catalog:read", "dispatch:read", "dispatch:write", "technicians:read", "customers:read", "customers:write",
         "fleet:read", "inventory:read", "time:read"}
    ),
    "technician": frozenset({"catalog:read", "time:read", TECHNICIAN}),
    "warehouse": frozenset(
        {"catalog:read", "catalog:propose", "inventory:read", "inventory:write", "products:read", "orders:read",
         "purchasing:read", "purchasing:write"}
    ),
    "accountant": frozenset(
        {"catalog:read", "billing:read", "billing:write", "commissions:read", "commissions:write", "sales:read",
         "orders:read", "customers:read", "expenses:read", "payments:read", "reports:read", "analytics:read",
         "costs:read"}
    ),
    "viewer": READ_SCOPES,
}  # fmt: skip

DIALECT_EXTRAS: dict[str, frozenset[str]] = {"syncauction": frozenset({"webhooks:manage"})}
"""What a read-write key of a dialect holds besides, because its reference documents it (S248)."""


def read_write_scopes(dialect: str | None) -> frozenset[str]:
    """The scopes of a read-write key made for `dialect`."""
    return READ_SCOPES | WRITE_SCOPES | DIALECT_EXTRAS.get(dialect or "", frozenset())
