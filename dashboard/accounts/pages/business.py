"""Settings of a business: how it looks, what it counts in, how long it holds things."""

from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.settings import BusinessForm, options
from dashboard.accounts.models import Tenant
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import ROLES
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web.api import PUBLIC
from dashboard.web.pages import render_form, see_other

_PLAIN = (
    "name", "primary_color", "time_zone", "currency", "tax_rounding", "device_hold_minutes", "parts_hold_minutes",
    "draft_hold_minutes", "mfa_roles", "sandbox_nightly",
)  # fmt: skip


@pages.page("/settings/business", needs="settings:manage", methods=("GET", "POST"))
def business(by: Principal) -> ResponseReturnValue:
    tenant = service.own_tenant(by)
    form = BusinessForm(data=_shown(tenant))
    form.time_zone.choices = options((zone, zone.replace("_", " ")) for zone in sorted(service.time_zones()))
    form.currency.choices = options((code, code) for code in sorted(service.currencies()))
    form.mfa_roles.choices = options((role, role.capitalize()) for role in ROLES)
    if form.sent():
        try:
            picture = form.logo.data.read() if form.logo.data else None
            changes = {name: form[name].data for name in _PLAIN}
            changes |= {
                "display_name": (form.display_name.data or "").strip() or None,
                "primary_color": (form.primary_color.data or "").lower(),
                "tax_rate_bps": _basis_points(form.tax_percent.data or ""),
            }
            service.change_business(by, changes, logo=picture, remove_logo=bool(form.remove_logo.data))
        except Invalid as error:
            form.refuse(error)
        else:
            flash("Saved.", "success")
            return see_other(url_for("accounts.business"))
    return render_form("accounts/business.html", form=form, tenant=tenant, logo=service.logo_of(tenant))


@pages.page("/branding/<uuid:tenant_id>/logo", needs=PUBLIC)
def logo(_: Principal, tenant_id: UUID) -> Response:
    tenant = service.tenant_of_public_id(tenant_id)
    found = None if tenant is None else service.logo_of(tenant)
    if found is None:
        abort(404)
    response = Response(found.content, mimetype=found.media_type)
    response.headers["Cache-Control"] = "public, max-age=86400"
    response.set_etag(found.fingerprint)
    response.make_conditional(request)
    return response


@pages.page("/branding/<uuid:tenant_id>/colour.css", needs=PUBLIC)
def brand_colour(_: Principal, tenant_id: UUID) -> Response:
    """The business's colour as a style sheet: our policy lets no page carry styles of its own."""
    tenant = service.tenant_of_public_id(tenant_id)
    if tenant is None:
        abort(404)
    color = service.branding_of(tenant).color
    hover = f"color-mix(in srgb, {color} 86%, #000)"
    response = Response(f".branded {{ --accent: {color}; --accent-hover: {hover}; }}\n", mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _shown(tenant: Tenant) -> dict[str, object]:
    percent = (Decimal(tenant.tax_rate_bps) / 100).normalize()
    return {
        **{name: getattr(tenant, name) for name in _PLAIN},
        "display_name": tenant.display_name or "",
        "tax_percent": f"{percent:f}",
    }


def _basis_points(text: str) -> int:
    try:
        bps = Decimal(text.strip().removesuffix("%").strip()) * 100
    except InvalidOperation as error:
        raise Invalid.field("tax_percent", "Write the rate in percent, such as 8 or 7.25.") from error
    if not bps.is_finite() or bps != bps.to_integral_value() or not 0 <= bps <= 10_000:
        raise Invalid.field("tax_percent", "A tax rate lies between 0 and 100 percent, with at most two decimals.")
    return int(bps)
