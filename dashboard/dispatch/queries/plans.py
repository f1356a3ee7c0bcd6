"""Reading plans of routes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.dispatch.models import RoutePlan


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan of routes; see `models.RoutePlan`. `answer` is empty until it is worked out."""

    id: int
    public_id: str
    day: date
    status: str
    apply: bool
    asked: dict[str, Any]
    answer: dict[str, Any]
    before: dict[str, Any]
    problem: str | None
    created_at: datetime
    by: str

    @property
    def is_waiting(self) -> bool:
        """Whether it is still being worked out."""
        return self.status == "planning"


def find_plan(by: Principal, public_id: str) -> PlanRow:
    """The plan with this id, as it is now. Raises NotFound."""
    statement = select(RoutePlan).where(RoutePlan.public_id == public_id).execution_options(populate_existing=True)
    found = reads(by).scalar(statement)
    if found is None:
        raise NotFound("There is no such plan.")
    return row_of(found)


def latest_plans(by: Principal, *, day: date | None = None, limit: int = 20) -> Sequence[PlanRow]:
    """The latest plans, of one day or of all, newest first."""
    statement = select(RoutePlan).order_by(RoutePlan.id.desc()).limit(limit)
    if day is not None:
        statement = statement.where(RoutePlan.day == day)
    return [row_of(each) for each in reads(by).scalars(statement)]


def row_of(plan: RoutePlan) -> PlanRow:
    """The plan as it is read."""
    return PlanRow(
        id=plan.id,
        public_id=plan.public_id,
        day=plan.day,
        status=plan.status,
        apply=plan.apply,
        asked=plan.asked,
        answer=plan.answer or {},
        before=plan.before or {},
        problem=plan.problem,
        created_at=plan.created_at,
        by=plan.by,
    )
