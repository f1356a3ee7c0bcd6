"""Background work of dispatch: working out routes, and making the next jobs of a series."""

from datetime import timedelta

from dashboard.core import jobs
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.dispatch.routing import plan_routes
from dashboard.dispatch.service import plans, series

SECONDS = 4.0
"""How long routes are looked for: with reading and writing it stays within five seconds."""


@jobs.job(plans.JOB, max_attempts=3)
def work_out_routes(task: jobs.Task) -> dict[str, object]:
    """Work out the routes of a day. No transaction is open while it is thought about."""
    plan_id: int = task.args["plan_id"]
    by = plans.planner(task.by, task.asked_by, task.args["time_zone"])
    try:
        _work_out(task, by, plan_id)
    except Exception:
        if task.attempts_left <= 0:
            plans.give_up(by, plan_id, "The routes could not be worked out. Ask for them again.")
        raise
    plans.apply_if_asked(by, plan_id)
    return {}


def _work_out(task: jobs.Task, by: Principal, plan_id: int) -> None:
    day = plans.day_to_plan(by, plan_id)
    if day is None:
        return
    reads(by).close()
    task.progress(1, 3, "Looking for routes")
    found = plan_routes(day.problem, seconds=SECONDS, present=day.present)
    task.progress(2, 3, "Keeping the plan")
    plans.keep_answer(by, plan_id, day, found)


@jobs.periodic("dispatch.extend_series", every=timedelta(hours=1))
def extend_series(task: jobs.Task) -> dict[str, object]:
    """Make the jobs of series that have come near."""
    return {"made": series.extend_series(task.by)}
