"""SLA policies: the list with what was late, and the form of one."""

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.paging import PageRequest
from dashboard.dispatch import service
from dashboard.dispatch.forms.jobs import PolicyForm
from dashboard.dispatch.pages import words
from dashboard.dispatch.pages.blueprint import READ, WRITE, pages
from dashboard.dispatch.queries import sla
from dashboard.dispatch.queries.sla import PolicyRow, ViolationFilter
from dashboard.web.pages import render_form, render_page, see_other

_POLICY = "/sla/<int:number>"
PAGE = 50


@pages.page("/sla", needs=READ)
def sla_policies(by: Principal) -> Response:
    kind = request.args.get("kind", "")
    if kind not in ("", "response", "resolution"):
        raise Invalid.field("kind", "A violation is of the response or the resolution.")
    number = request.args.get("page", "1")
    page = PageRequest(int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 1, PAGE)
    found = sla.violations(by, ViolationFilter(kind=kind), PageRequest(max(page.number, 1), PAGE))
    return render_page(
        "dispatch/sla/list.html",
        policies=sla.policies(by),
        violations=found,
        kind=kind,
        now=clock.now(),
        words=words,
        may_write=by.may(WRITE),
    )


@pages.page("/sla/new", needs=WRITE, methods=("GET", "POST"))
def new_policy(by: Principal) -> ResponseReturnValue:
    form = PolicyForm()
    if form.sent():
        try:
            made = service.create_policy(by, form.facts())
        except (Invalid, Conflict) as error:
            form.refuse(_in_words_of_the_form(error))
        else:
            flash(f"“{made.name}” holds for jobs that are made from now on.", "success")
            return see_other(url_for("dispatch.sla_policies"))
    return render_form("dispatch/sla/edit.html", form=form, policy=None)


@pages.page(_POLICY, needs=WRITE, methods=("GET", "POST"))
def edit_policy(by: Principal, number: int) -> ResponseReturnValue:
    policy = sla.find_policy(by, number)
    form = PolicyForm(data=_shown(policy))
    if form.sent():
        try:
            facts = form.facts()
            changes = {name: getattr(facts, name) for name in facts.__dataclass_fields__}
            typed = form.version.data or ""
            version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
            service.change_policy(by, number, changes, version=version)
        except (Invalid, Conflict) as error:
            form.refuse(_in_words_of_the_form(error))
        else:
            flash("Saved.", "success")
            return see_other(url_for("dispatch.sla_policies"))
    return render_form("dispatch/sla/edit.html", form=form, policy=policy)


@pages.page(f"{_POLICY}/remove", needs=WRITE, methods=("POST",))
def remove_policy(by: Principal, number: int) -> Response:
    service.remove_policy(by, number)
    flash("The policy is removed. Jobs that it held for keep their due times.", "success")
    return see_other(url_for("dispatch.sla_policies"))


def _shown(policy: PolicyRow) -> dict[str, object]:
    linked = f"{policy.customer_name} #{policy.customer_number}" if policy.customer_number else ""
    return {
        "name": policy.name,
        "priority": policy.priority or "",
        "customer": linked,
        "response_minutes": policy.response_minutes,
        "resolution_minutes": policy.resolution_minutes,
        "active": policy.active,
        "version": str(policy.version),
    }


def _in_words_of_the_form(error: Invalid | Conflict) -> Invalid | Conflict:
    renamed = tuple(
        type(each)("customer" if each.field == "customer_id" else each.field, each.message) for each in error.fields
    )
    return type(error)(error.message, fields=renamed)
