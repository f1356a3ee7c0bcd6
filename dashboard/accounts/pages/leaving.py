"""Taking a business's data along, and closing it: the owner's alone."""

from flask import Response, current_app, flash, send_file, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import addresses, service
from dashboard.accounts.forms.settings import CloseForm
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import OWNERSHIP
from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web.pages import is_fragment_request, render_form, see_other

_EXPORT = "<int(max=9007199254740991):work_id>"


@pages.page("/settings/business/leaving", needs=OWNERSHIP, methods=("GET", "POST"), step_up=True)
def leaving(by: Principal) -> ResponseReturnValue:
    """Both on one page; the form on it is the one that closes."""
    form = CloseForm()
    if form.sent():
        try:
            closes_at = service.close_business(by, form.business_code.data or "", page=addresses.leaving())
        except DomainError as error:
            form.refuse(error)
        else:
            flash(f"The business will be erased on {closes_at:%-d %B %Y}. Until then you can keep it.", "warning")
            return see_other(url_for("accounts.leaving"))
    template = "accounts/_export.html" if is_fragment_request() and not form.errors else "accounts/leaving.html"
    return render_form(
        template,
        form=form,
        tenant=service.own_tenant(by),
        export=service.latest_export(by),
        days=service.GRACE.days,
        kept_days=service.EXPORT_KEPT_FOR.days,
    )


@pages.page("/settings/business/export", needs=OWNERSHIP, methods=("POST",), step_up=True)
def export_ask(by: Principal) -> Response:
    service.ask_for_export(by)
    return see_other(url_for("accounts.leaving"))


@pages.page(f"/settings/business/exports/{_EXPORT}", needs=OWNERSHIP, step_up=True)
def export_file(by: Principal, work_id: int) -> Response:
    settings: Settings = current_app.extensions["settings"]
    path, name = service.open_export(by, work_id, settings.instance_path)
    # In one piece: the trail counts downloads, and pieces would be many.
    answer = send_file(path, mimetype="application/zip", as_attachment=True, download_name=name, conditional=False)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.page("/settings/business/keep", needs=OWNERSHIP, methods=("POST",))
def business_keep(by: Principal) -> Response:
    try:
        service.keep_business(by)
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash("The business is kept. Nothing will be erased.", "success")
    return see_other(url_for("accounts.business"))
