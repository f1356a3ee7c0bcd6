"""The people of a business and their roles."""

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts import addresses, service
from dashboard.accounts.forms.settings import PersonForm, RoleForm, options
from dashboard.accounts.pages.blueprint import pages
from dashboard.accounts.roles import ALL_SCOPES, OWNERSHIP, ROLES
from dashboard.core.context import Principal
from dashboard.core.errors import DomainError
from dashboard.web.pages import render_form, render_page, see_other

_NUMBER = "<int(max=9007199254740991):number>"
_MANAGE = "users:manage"


@pages.page("/settings/people", needs=_MANAGE)
def people(by: Principal) -> Response:
    return render_page("accounts/people.html", people=service.list_people(by))


@pages.page(f"/settings/people/{_NUMBER}", needs=_MANAGE, methods=("GET", "POST"))
def person(by: Principal, number: int) -> ResponseReturnValue:
    found = service.find_person(by, number)
    form = PersonForm(obj=found)
    form.role.choices = options((name, name.capitalize()) for name in service.list_roles(by))
    if form.sent():
        try:
            service.change_person(
                by,
                number,
                name=form.name.data or "",
                email=form.email.data,
                role=form.role.data or "",
                active=bool(form.active.data),
                verify_link=addresses.verify_email,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            flash(f"{form.name.data} is saved.", "success")
            return see_other(url_for("accounts.people"))
    return render_form("accounts/person.html", form=form, user=found)


@pages.page(f"/settings/people/{_NUMBER}/reset-second-factor", needs=_MANAGE, methods=("POST",), step_up=True)
def person_reset_mfa(by: Principal, number: int) -> Response:
    service.reset_mfa(by, number)
    flash("The second factor is removed, and all sessions have ended.", "success")
    return see_other(url_for("accounts.person", number=number))


@pages.page(f"/settings/people/{_NUMBER}/hand-over", needs=OWNERSHIP, methods=("POST",), step_up=True)
def person_hand_over(by: Principal, number: int) -> Response:
    service.hand_over(by, number)
    flash("The business has a new owner. You are an administrator now.", "success")
    return see_other(url_for("accounts.people"))


@pages.page("/settings/roles", needs=_MANAGE)
def roles(by: Principal) -> Response:
    """Which role may do what, as one table."""
    found = service.list_roles(by)
    return render_page("accounts/roles.html", roles=found, groups=_by_area(), own=[n for n in found if n not in ROLES])


@pages.page("/settings/roles/new", needs=_MANAGE, methods=("GET", "POST"))
def role_new(by: Principal) -> ResponseReturnValue:
    return _role_form(by, RoleForm(), "New role")


@pages.page("/settings/roles/<name>", needs=_MANAGE, methods=("GET", "POST"))
def role(by: Principal, name: str) -> ResponseReturnValue:
    scopes = service.list_roles(by).get(name)
    if scopes is None or name in ROLES:
        return see_other(url_for("accounts.roles"))
    return _role_form(by, RoleForm(data={"name": name, "scopes": sorted(scopes)}), name.capitalize())


@pages.page("/settings/roles/<name>/delete", needs=_MANAGE, methods=("POST",))
def role_delete(by: Principal, name: str) -> Response:
    try:
        service.delete_role(by, name)
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash(f"The role {name} is gone.", "success")
    return see_other(url_for("accounts.roles"))


def _role_form(by: Principal, form: RoleForm, title: str) -> ResponseReturnValue:
    form.scopes.choices = options((scope, scope) for scope in sorted(ALL_SCOPES & by.scopes))
    if form.sent():
        try:
            service.save_role(by, form.name.data or "", frozenset(form.scopes.data or []))
        except DomainError as error:
            form.refuse(error)
        else:
            flash(f"The role {form.name.data} is saved.", "success")
            return see_other(url_for("accounts.roles"))
    return render_form("accounts/role.html", form=form, title=title)


def _by_area() -> dict[str, list[str]]:
    """All rights by their area, for the rows of the matrix."""
    areas: dict[str, list[str]] = {}
    for scope in sorted(ALL_SCOPES):
        areas.setdefault(scope.partition(":")[0], []).append(scope)
    return areas
