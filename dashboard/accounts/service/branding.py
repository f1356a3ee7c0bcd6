"""How a business looks to people who are about to come in: its name, its logo, and a colour that can be read on."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from dashboard.accounts.models import Tenant, TenantLogo
from dashboard.core.context import SYSTEM
from dashboard.core.db import reads

PLAIN = "#2563eb"
"""The colour of those who chose none, or one on which white text cannot be read."""

LEAST_CONTRAST = 4.5
"""Between text and what is behind it: WCAG 2.2, criterion 1.4.3."""


@dataclass(frozen=True, slots=True)
class Branding:
    """What documents and pages before the sign-in show. `logo` is a fingerprint, or None; white text fits `color`."""

    tenant_public_id: UUID
    name: str
    color: str
    logo: str | None


def branding_of(tenant: Tenant) -> Branding:
    """How `tenant` looks: no more than its public address by code tells, and its logo, which is public as well."""
    logo = reads(SYSTEM).scalar(select(TenantLogo.fingerprint).where(TenantLogo.tenant_id == tenant.id))
    return Branding(tenant.public_id, tenant.display_name or tenant.name, readable(tenant.primary_color), logo)


def readable(color: str) -> str:
    """`color` (#rrggbb) where white text on it has a contrast of 4.5:1, else the plain one."""
    return color if contrast("#ffffff", color) >= LEAST_CONTRAST else PLAIN


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb), from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
