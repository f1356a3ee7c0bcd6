"""Plans of routes: asked for, worked out by a worker, applied, taken back."""

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from dashboard.core import clock, ids, jobs
from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import Conflict, NotFound
from dashboard.dispatch.models import Job, RoutePlan
from dashboard.dispatch.queries.plans import PlanRow, row_of
from dashboard.dispatch.queries.route_answer import answer_of
from dashboard.dispatch.queries.route_day import RouteDay, route_day
from dashboard.dispatch.routing import Plan
from dashboard.dispatch.service.assigning import JobMove, move_jobs
from dashboard.dispatch.service.changes import tell_boards
from dashboard.dispatch.service.rows import MANAGE

JOB = "dispatch.plan_routes"

MOST_NAMED = 5


class PlanOutdated(Conflict):
    """What a plan was made of has changed since. `details` names the jobs."""

    code = "plan_outdated"


def ask_plan(by: Principal, day: date, *, apply: bool = False) -> PlanRow:
    """Have routes for `day` (tenant's) worked out in the background, and applied at once where `apply` says so."""
    by.require(MANAGE)
    with atomic(by) as session:
        plan = RoutePlan(
            public_id=ids.public_id("plan"),
            day=day,
            status="planning",
            apply=apply,
            asked={},
            created_at=clock.now(),
            by=by.name,
        )
        session.add(plan)
        session.flush()
        jobs.enqueue(by, JOB, {"plan_id": plan.id, "time_zone": by.time_zone})
        return row_of(plan)


def planner(task_by: Principal, asked_by: str, time_zone: str) -> Principal:
    """Who plans for the one who asked: the system, named as that person, in the tenant's time zone."""
    kind, _, number = asked_by.partition(":")
    return replace(
        task_by,
        kind=ActorKind(kind),
        actor_id=int(number) if number else None,
        scopes=frozenset({MANAGE, "dispatch:read"}),
        time_zone=time_zone,
    )


def day_to_plan(by: Principal, plan_id: int) -> RouteDay | None:
    """What the plan (inner id) is to be made of; None where it is worked out already."""
    plan = reads(by).scalar(select(RoutePlan).where(RoutePlan.id == plan_id))
    if plan is None or plan.status != "planning":
        return None
    return route_day(by, plan.day)


def keep_answer(by: Principal, plan_id: int, day: RouteDay, plan: Plan) -> None:
    """Keep what was worked out, and of which versions of the jobs. Done already is done."""
    with atomic(by) as session:
        kept = _locked(session, RoutePlan.id == plan_id)
        if kept.status == "planning":
            kept.answer = answer_of(day, plan, by.time_zone)
            kept.asked = {"versions": {str(job.number): job.version for job in day.jobs.values()}}
            kept.status = "ready"


def apply_if_asked(by: Principal, plan_id: int) -> None:
    """Apply a plan that was asked for to be applied; where jobs have changed meanwhile, say so and leave it ready."""
    plan = reads(by).scalar(select(RoutePlan).where(RoutePlan.id == plan_id))
    if plan is None or not plan.apply or plan.status != "ready":
        return
    try:
        apply_plan(by, plan.public_id)
    except Conflict as refusal:
        with atomic(by) as session:
            _locked(session, RoutePlan.id == plan_id).problem = refusal.message[:240]


def give_up(by: Principal, plan_id: int, problem: str) -> None:
    """Say why a plan did not come about."""
    with atomic(by) as session:
        plan = _locked(session, RoutePlan.id == plan_id)
        if plan.status == "planning":
            plan.status, plan.problem = "failed", problem[:240]


def apply_plan(by: Principal, public_id: str) -> PlanRow:
    """Give each job of the plan the technician and time that it says; what is left over goes back to nobody.

    Raises NotFound, PlanOutdated where a job has changed since, Conflict for a plan that cannot be applied.
    """
    by.require(MANAGE)
    with atomic(by) as session:
        plan = _locked(session, RoutePlan.public_id == public_id)
        if plan.status != "ready":
            raise Conflict(_CANNOT_APPLY[plan.status], details={"status": plan.status})
        _apply(by, session, plan)
        return row_of(plan)


_CANNOT_APPLY = {
    "planning": "The plan is still being worked out. Try again in a moment.",
    "applied": "This plan is applied already.",
    "reverted": "This plan was taken back. Ask for a new one: the day may look different now.",
    "failed": "This plan did not come about. Ask for a new one.",
}


def revert_plan(by: Principal, public_id: str) -> PlanRow:
    """Give each job back the technician and time that it had before the plan.

    Raises NotFound, PlanOutdated where a job has changed since it was applied, Conflict for a plan that is not applied.
    """
    by.require(MANAGE)
    with atomic(by) as session:
        plan = _locked(session, RoutePlan.public_id == public_id)
        if plan.status != "applied":
            raise Conflict("Only a plan that is applied can be taken back.", details={"status": plan.status})
        moves = [_move_of(each) for each in (plan.before or {}).get("moves", [])]
        _refuse_changed(session, {move.number: move.seen or 0 for move in moves}, "it was applied")
        move_jobs(by, moves)
        plan.status = "reverted"
        session.flush()
        _tell(by, plan)
        return row_of(plan)


def _apply(by: Principal, session: CommandSession, plan: RoutePlan) -> None:
    answer = plan.answer or {}
    versions = {int(number): version for number, version in plan.asked["versions"].items()}
    _refuse_changed(session, versions, "the plan was made")
    moves = [*_wanted(answer, versions), *_left_over(session, answer, versions)]
    before = move_jobs(by, moves)
    plan.before = {"moves": [_kept(move) for move in before]}
    plan.status = "applied"
    session.flush()
    _tell(by, plan)


def _wanted(answer: dict[str, Any], versions: dict[int, int]) -> list[JobMove]:
    return [
        JobMove(
            stop["job_id"],
            route["technician_id"],
            datetime.fromisoformat(stop["starts_at"]),
            datetime.fromisoformat(stop["ends_at"]),
            seen=versions[stop["job_id"]],
        )
        for route in answer["routes"]
        for stop in route["stops"]
        if stop["moved"] and not stop["locked"]
    ]


def _left_over(session: CommandSession, answer: dict[str, Any], versions: dict[int, int]) -> list[JobMove]:
    """Jobs of somebody that no route has: theirs no more, at the time that they had."""
    numbers = [each["job_id"] for each in answer["unassigned"]]
    statement = select(Job.number, Job.scheduled_start, Job.scheduled_end).where(
        Job.number.in_(numbers), Job.technician_id.is_not(None)
    )
    return [
        JobMove(number, None, start, end, seen=versions[number]) for number, start, end in session.execute(statement)
    ]


def _refuse_changed(session: CommandSession, versions: dict[int, int], since: str) -> None:
    statement = select(Job.number, Job.title, Job.version).where(Job.number.in_(versions)).order_by(Job.number)
    changed = [(number, title) for number, title, version in session.execute(statement) if version != versions[number]]
    if not changed:
        return
    named = ", ".join(f"{number} ({title})" for number, title in changed[:MOST_NAMED])
    more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
    message = f"Changed since {since}: job {named}{more}. Plan the day again."
    raise PlanOutdated(message, details={"changed": [number for number, _ in changed]})


def _locked(session: CommandSession, condition: Any) -> RoutePlan:
    plan = session.scalar(
        select(RoutePlan).where(condition).with_for_update().execution_options(populate_existing=True)
    )  # fmt: skip
    if plan is None:
        raise NotFound("There is no such plan.")
    return plan


def _kept(move: JobMove) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(move).items()
    }  # fmt: skip


def _move_of(kept: dict[str, Any]) -> JobMove:
    start, end = (kept[name] and datetime.fromisoformat(kept[name]) for name in ("start", "end"))
    return JobMove(kept["number"], kept["technician_number"], start, end, seen=kept["seen"], title=kept["title"])


def _tell(by: Principal, plan: RoutePlan) -> None:
    told = {"plan_id": plan.public_id, "date": plan.day.isoformat(), "status": plan.status}
    tell_boards(by, "plan", None, told)
