"""Suggestions (K264), plans of routes (K291) and the scorecard (K203) over HTTP."""

from threading import BoundedSemaphore

from flask import Response, after_this_request

from dashboard.core.context import Principal
from dashboard.dispatch.api.plan_shapes import metrics, plan, suggestions
from dashboard.dispatch.queries.plans import PlanRow, find_plan
from dashboard.dispatch.queries.scorecard import Scorecard, scorecard
from dashboard.dispatch.queries.suggestions import Suggestions, suggest
from dashboard.dispatch.schemas_plans import MetricsJson, MetricsQuery, PlanBody, PlanJson, SuggestedTechniciansJson
from dashboard.dispatch.service import plans
from dashboard.dispatch.waiting import wait_for
from dashboard.web.answers import One
from dashboard.web.api import ApiBlueprint

plans_api = ApiBlueprint("dispatch_plans_api", __name__, url_prefix="/api/v1/admin", speaks="tradekitt", area="field")

READ, WRITE = "dispatch:read", "dispatch:write"

PATIENCE = 5.0
"""Seconds for which a request waits for its plan."""

_waiting = BoundedSemaphore(1)
"""One request of a process waits; others are told at once to come back, so that threads are left for everybody."""


@plans_api.operation("GET", "/dispatch/<int:job_id>/suggestions", needs=READ, answer=SuggestedTechniciansJson)
def job_suggestions(by: Principal, job_id: int) -> One[Suggestions]:
    """Suggest technicians for a job

    Every technician with the parts of the score, the best first, then those who are out, with the reason.
    """
    return One(suggest(by, job_id), suggestions)


@plans_api.operation("POST", "/dispatch/optimize-routes", needs=WRITE, answer=PlanJson, body=PlanBody, idempotent=False)
def optimize_routes(by: Principal, body: PlanBody) -> One[PlanRow]:
    """Plan the routes of a day

    200 with the plan where it is ready within five seconds, else 202 with its `plan_id`, to be asked for again. Nothing
    is changed unless `apply` is true.
    """
    asked = plans.ask_plan(by, body.date, apply=body.apply)
    if _waiting.acquire(blocking=False):
        try:
            asked = wait_for(by, asked.public_id, seconds=PATIENCE)
        finally:
            _waiting.release()
    if asked.is_waiting:
        after_this_request(_accepted)
    return One(asked, plan)


def _accepted(response: Response) -> Response:
    response.status_code = 202
    return response


@plans_api.operation("GET", "/dispatch/plans/<plan_id>", needs=READ, answer=PlanJson)
def plan_show(by: Principal, plan_id: str) -> One[PlanRow]:
    """Get a plan of routes"""
    return One(find_plan(by, plan_id), plan)


@plans_api.operation("POST", "/dispatch/plans/<plan_id>/apply", needs=WRITE, answer=PlanJson)
def plan_apply(by: Principal, plan_id: str) -> One[PlanRow]:
    """Put a plan into effect

    409 where a job has changed since it was made.
    """
    return One(plans.apply_plan(by, plan_id), plan)


@plans_api.operation("POST", "/dispatch/plans/<plan_id>/revert", needs=WRITE, answer=PlanJson)
def plan_revert(by: Principal, plan_id: str) -> One[PlanRow]:
    """Take a plan back

    409 where a job has changed since it was applied.
    """
    return One(plans.revert_plan(by, plan_id), plan)


@plans_api.operation("GET", "/technicians/metrics", needs="technicians:read", answer=MetricsJson, query=MetricsQuery)
def technician_metrics(by: Principal, query: MetricsQuery) -> One[Scorecard]:
    """Performance scorecard of technicians"""
    return One(scorecard(by, query.date_from, query.date_to), metrics(by))
