"""The operator's pages: all tenants, their plans, suspension, help for an owner who is locked out."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.forms.settings import PlanForm
from dashboard.accounts.pages.blueprint import pages
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web.pages import render_form, render_page, see_other

_TENANT = "<int(max=9007199254740991):tenant_id>"


@pages.page("/operator/tenants", needs="operator")
def tenants(by: Principal) -> Response:
    found = service.list_tenants(by, after=request.args.get("after") or None)
    more = url_for("accounts.tenants", after=found.after) if found.after else ""
    return render_page("accounts/tenants.html", fragment="accounts/_tenant_rows.html", rows=found.items, more=more)


@pages.page(f"/operator/tenants/{_TENANT}", needs="operator", methods=("GET", "POST"))
def tenant(by: Principal, tenant_id: int) -> ResponseReturnValue:
    found = service.find_any_tenant(by, tenant_id)
    form = PlanForm(obj=found, suspended=found.suspended_at is not None)
    if form.sent():
        try:
            service.change_plan(
                by,
                tenant_id,
                plan=form.plan.data or "",
                requests_per_minute=form.requests_per_minute.data,
                suspended=bool(form.suspended.data),
            )
        except Invalid as error:
            form.refuse(error)
        else:
            flash(f"{found.name} is saved.", "success")
            return see_other(url_for("accounts.tenants"))
    return render_form(
        "accounts/tenant.html",
        form=form,
        tenant=found,
        owner=service.owner_of(by, tenant_id),
    )


@pages.page(f"/operator/tenants/{_TENANT}/reset-owner", needs="operator", methods=("POST",), step_up=True)
def tenant_reset_owner(by: Principal, tenant_id: int) -> Response:
    service.reset_owner_mfa(by, tenant_id)
    flash("The owner's second factor is removed, and all their sessions have ended.", "success")
    return see_other(url_for("accounts.tenant", tenant_id=tenant_id))
