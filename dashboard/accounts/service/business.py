"""Commands on one's own business: how it looks, what it counts in, its holds, who needs a second factor."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfoNotFoundError, available_timezones

from babel.numbers import list_currencies
from sqlalchemy import delete, select

from dashboard.accounts.models import Tenant, TenantLogo
from dashboard.accounts.models.tenants import TAX_ROUNDINGS
from dashboard.accounts.roles import ROLES
from dashboard.core import events
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import FieldError, Invalid, NotFound

MAX_LOGO_BYTES = 256 * 1024
LONGEST_HOLD_MINUTES = 60 * 24 * 30

_LOGOS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""How the pictures that are accepted begin; what a browser says of a file is not believed."""

_TEXTS = ("name", "display_name", "primary_color", "time_zone", "currency", "tax_rounding")
_NUMBERS = ("tax_rate_bps", "device_hold_minutes", "parts_hold_minutes", "draft_hold_minutes")
SETTINGS = (*_TEXTS, *_NUMBERS, "mfa_roles", "sandbox_nightly")


def own_tenant(by: Principal) -> Tenant:
    """The business of `by`. Raises NotFound for those without one."""
    found = reads(by).scalars(select(Tenant).where(Tenant.id == by.tenant_id)).one_or_none()
    if found is None:
        raise NotFound("You belong to no business.")
    return found


def own_or_sandbox(by: Principal, *, sandbox: bool) -> Tenant:
    """The business of `by`, or its sandbox. Raises Invalid for the field `environment` where it has none."""
    wanted = Tenant.sandbox_of_id == by.tenant_id if sandbox else Tenant.id == by.tenant_id
    found = reads(by).scalars(select(Tenant).where(wanted)).one_or_none()
    if found is None:
        raise Invalid.field("environment", "This business has no sandbox.")
    return found


def change_settings(by: Principal, changes: Mapping[str, Any]) -> Tenant:
    """Change settings by name (`SETTINGS`). Rates are basis points, holds minutes. Raises Invalid naming each field."""
    if wrong := [error for name, value in changes.items() if (error := _wrong(name, value)) is not None]:
        raise Invalid("; ".join(each.message for each in wrong), fields=tuple(wrong))
    with atomic(by) as session:
        tenant = own_tenant(by)
        changed = {
            name: [getattr(tenant, name), value] for name, value in changes.items() if getattr(tenant, name) != value
        }
        for name, (_, value) in changed.items():
            setattr(tenant, name, value)
        session.add(tenant)
        if changed:
            events.record(by, "tenant.changed", f"tenant:{tenant.id}", changed)
    return tenant


def _wrong(name: str, value: Any) -> FieldError | None:
    rules = {
        "name": (lambda: 1 <= len(value.strip()) <= 120, "A business's name has 1 to 120 characters."),
        "display_name": (lambda: value is None or len(value) <= 80, "A short name has at most 80 characters."),
        "primary_color": (lambda: re.fullmatch(r"#[0-9a-f]{6}", value), "A colour is written like #2563eb."),
        "time_zone": (lambda: value in time_zones(), "Choose a time zone of the list."),
        "currency": (lambda: value in currencies(), "Choose a currency of the list."),
        "tax_rounding": (lambda: value in TAX_ROUNDINGS, "Choose how tax is rounded."),
        "tax_rate_bps": (lambda: 0 <= value <= 10_000, "A tax rate lies between 0 and 100 percent."),
        "mfa_roles": (lambda: set(value) <= set(ROLES), "Choose roles of the list."),
        "sandbox_nightly": (lambda: isinstance(value, bool), "Choose yes or no."),
    }
    within = (lambda: 1 <= value <= LONGEST_HOLD_MINUTES, "A hold lasts from a minute to thirty days.")
    fits, message = rules.get(name, within) if name in SETTINGS else (lambda: False, f"'{name}' is no setting.")
    return None if fits() else FieldError(name, message)


def time_zones() -> frozenset[str]:
    """Names of all time zones that are known here."""
    try:
        return frozenset(available_timezones())
    except ZoneInfoNotFoundError:  # a machine without time zone data
        return frozenset({"UTC"})


def currencies() -> frozenset[str]:
    """ISO 4217 codes of all currencies."""
    return frozenset(list_currencies())


def change_business(by: Principal, changes: Mapping[str, Any], *, logo: bytes | None, remove_logo: bool) -> None:
    """Change settings and, where one is given, the logo, together. Raises Invalid naming each field."""
    with atomic(by):
        change_settings(by, changes)
        if remove_logo or logo:
            set_logo(by, None if remove_logo else logo)


def logo_of(tenant: Tenant) -> TenantLogo | None:
    """The logo that a business shows, for anybody: it stands on its sign-in page."""
    return reads(SYSTEM).get(TenantLogo, tenant.id)


def set_logo(by: Principal, content: bytes | None) -> None:
    """Show a PNG or JPEG of at most 256 kB as the business's logo, or none. Raises Invalid."""
    with atomic(by) as session:
        session.execute(delete(TenantLogo).where(TenantLogo.tenant_id == by.tenant_id))
        if content is not None:
            media_type = next((kind for start, kind in _LOGOS.items() if content.startswith(start)), None)
            if media_type is None or len(content) > MAX_LOGO_BYTES:
                raise Invalid.field("logo", "A logo is a PNG or JPEG picture of at most 256 kB.")
            fingerprint = hashlib.sha256(content).hexdigest()[:12]
            session.add(
                TenantLogo(tenant_id=by.tenant_id, media_type=media_type, content=content, fingerprint=fingerprint)
            )
        events.record(by, "tenant.logo_changed", f"tenant:{by.tenant_id}", {"set": content is not None})
