"""Plans of routes: ask for one, watch it come, look at it, apply it, take it back."""

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict
from dashboard.dispatch.forms.plans import PlanForm
from dashboard.dispatch.moments import today
from dashboard.dispatch.pages.blueprint import READ, WRITE, pages
from dashboard.dispatch.queries.plans import find_plan, latest_plans
from dashboard.dispatch.service import plans
from dashboard.web.pages import is_fragment_request, render_page, see_other

STATUS_WORDS = {
    "planning": ("Being worked out", "info"),
    "ready": ("Ready", "good"),
    "applied": ("Applied", "good"),
    "reverted": ("Taken back", "neutral"),
    "failed": ("Failed", "bad"),
}


@pages.page("/routes", needs=READ)
def routes(by: Principal) -> Response:
    return _listed(by, PlanForm(formdata=None, date=today(by)), 200)


@pages.page("/routes/new", needs=WRITE, methods=("POST",))
def new_plan(by: Principal) -> ResponseReturnValue:
    form = PlanForm()
    if form.sent() and form.date.data is not None:
        asked = plans.ask_plan(by, form.date.data)
        return see_other(url_for("dispatch.route_plan", plan_id=asked.public_id))
    return _listed(by, form, 422)


def _listed(by: Principal, form: PlanForm, status: int) -> Response:
    return render_page(
        "dispatch/plans/list.html",
        status=status,
        form=form,
        plans=latest_plans(by),
        words=STATUS_WORDS,
        may_write=by.may(WRITE),
    )


@pages.page("/routes/<plan_id>", needs=READ)
def route_plan(by: Principal, plan_id: str) -> Response:
    plan = find_plan(by, plan_id)
    zone = ZoneInfo(by.time_zone)
    shown: dict[str, Any] = {
        "plan": plan,
        "words": STATUS_WORDS,
        "may_write": by.may(WRITE),
        "at": partial(_time_of, zone),
    }
    if is_fragment_request():
        answer = render_page("dispatch/plans/_progress.html", **shown)
        if not plan.is_waiting:
            answer.headers["HX-Refresh"] = "true"
        return answer
    return render_page("dispatch/plans/show.html", **shown)


def _time_of(zone: ZoneInfo, text: str) -> str:
    """The time of day of an instant of a plan's answer."""
    return f"{datetime.fromisoformat(text).astimezone(zone):%H:%M}"


@pages.page("/routes/<plan_id>/apply", needs=WRITE, methods=("POST",))
def apply_route_plan(by: Principal, plan_id: str) -> Response:
    return _changed(by, plan_id, undo=False)


@pages.page("/routes/<plan_id>/revert", needs=WRITE, methods=("POST",))
def revert_route_plan(by: Principal, plan_id: str) -> Response:
    return _changed(by, plan_id, undo=True)


def _changed(by: Principal, plan_id: str, *, undo: bool) -> Response:
    try:
        if undo:
            plans.revert_plan(by, plan_id)
        else:
            plans.apply_plan(by, plan_id)
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("Every job is where it was before." if undo else "The plan is in effect.", "success")
    return see_other(url_for("dispatch.route_plan", plan_id=plan_id))
