"""What a program may be given, and whose credentials one sees: one rule for API keys and OAuth clients."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.accounts.models import Tenant
from dashboard.accounts.roles import KEY_SCOPES
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid


def check_scopes(by: Principal, scopes: frozenset[str]) -> None:
    """Raises Invalid for an unknown scope, or one that `by` lacks: nobody hands out or renews more than they may."""
    if unknown := scopes - KEY_SCOPES:
        raise Invalid.field("scopes", f"Unknown scopes: {', '.join(sorted(unknown))}.")
    if beyond := {scope for scope in scopes if not by.may(scope)}:
        raise Invalid.field("scopes", f"You cannot give away what you may not do: {', '.join(sorted(beyond))}.")


def is_own(by: Principal, tenant_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Rows of one's business and of its sandbox."""
    return tenant_id.in_(select(Tenant.id).where((Tenant.id == by.tenant_id) | (Tenant.sandbox_of_id == by.tenant_id)))
