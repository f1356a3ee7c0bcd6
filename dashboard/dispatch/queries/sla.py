"""Policies, and which of them were broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union_all

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.customers.models import Customer
from dashboard.dispatch.models import Job, SlaPolicy
from dashboard.dispatch.queries.jobs import OPEN
from dashboard.workforce.models import Technician


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as it is read. `open_jobs` is for how many jobs that are not done it holds."""

    id: int
    number: int
    name: str
    priority: str | None
    customer_number: int | None
    customer_name: str | None
    response_minutes: int
    resolution_minutes: int
    active: bool
    version: int
    open_jobs: int


_open_jobs = (
    select(func.count(Job.id))
    .where(Job.tenant_id == SlaPolicy.tenant_id, Job.policy_id == SlaPolicy.id, Job.status.in_(OPEN))
    .correlate(SlaPolicy)
    .scalar_subquery()
)


def _policies() -> AnySelect:
    return select(
        SlaPolicy.id, SlaPolicy.number, SlaPolicy.name, SlaPolicy.priority, Customer.number, Customer.name,
        SlaPolicy.response_minutes, SlaPolicy.resolution_minutes, SlaPolicy.active, SlaPolicy.version, _open_jobs,
    ).outerjoin(
        Customer, and_(Customer.tenant_id == SlaPolicy.tenant_id, Customer.id == SlaPolicy.customer_id)
    )  # fmt: skip


def policies(by: Principal) -> list[PolicyRow]:
    """All policies, in the order in which they are asked: those of customers, of priorities, for all."""
    ordered = _policies().order_by(
        SlaPolicy.active.desc(), SlaPolicy.customer_id.is_(None), SlaPolicy.priority.is_(None), SlaPolicy.number
    )
    return [PolicyRow(*row) for row in reads(by).execute(ordered.limit(500))]


def policy_page(by: Principal, page: PageRequest) -> Page[PolicyRow]:
    """A numbered page of policies."""
    total = reads(by).scalar(select(func.count(SlaPolicy.id))) or 0
    ordered = _policies().order_by(SlaPolicy.number).limit(page.size).offset(page.offset)
    return Page([PolicyRow(*row) for row in reads(by).execute(ordered)], page, total)


def find_policy(by: Principal, number: int) -> PolicyRow:
    """The policy with this number. Raises NotFound."""
    found = reads(by).execute(_policies().where(SlaPolicy.number == number)).one_or_none()
    if found is None:
        raise NotFound(f"There is no SLA policy {number}.")
    return PolicyRow(*found)


@dataclass(frozen=True, slots=True)
class ViolationFilter:
    """Which violations: due from `since` on and before `until` (UTC), of a kind, of a technician (number)."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    technician: int | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """That a job was not reached (`response`) or not done (`resolution`) when it was due."""

    number: int
    title: str
    priority: str
    status: str
    policy_name: str | None
    kind: str
    due_at: datetime
    happened_at: datetime | None
    customer_name: str
    technician_number: int | None
    technician_name: str | None

    def minutes_late(self, now: datetime) -> int:
        """Whole minutes after the due time, so far where it has not happened yet."""
        return int(((self.happened_at or now) - self.due_at).total_seconds() // 60)


def _broken(kind: str, due: Any, happened: Any, now: datetime, where: ViolationFilter) -> AnySelect:
    """A job that was cancelled before it was due broke nothing; one that was, never did."""
    late: list[ColumnElement[bool]] = [
        or_(happened > due, and_(happened.is_(None), due < now, Job.status.in_(OPEN))),
        Job.status != "cancelled",
    ]
    if where.since is not None:
        late.append(due >= where.since)
    if where.until is not None:
        late.append(due < where.until)
    if where.technician is not None:
        late.append(Technician.number == where.technician)
    return (
        select(
            Job.number.label("number"), Job.title, Job.priority, Job.status, SlaPolicy.name.label("policy"),
            literal(kind).label("kind"), due.label("due_at"), happened.label("happened_at"), Job.customer_name,
            Technician.number.label("technician_number"), Technician.name.label("technician_name"),
        )
        .outerjoin(SlaPolicy, and_(SlaPolicy.tenant_id == Job.tenant_id, SlaPolicy.id == Job.policy_id))
        .outerjoin(Technician, and_(Technician.tenant_id == Job.tenant_id, Technician.id == Job.technician_id))
        .where(*late)
    )  # fmt: skip


def violations(by: Principal, where: ViolationFilter, page: PageRequest) -> Page[Violation]:
    """A numbered page of violations, the latest due first."""
    now = clock.now()
    kinds: Sequence[tuple[str, Any, Any]] = (
        ("response", Job.respond_by, Job.responded_at),
        ("resolution", Job.resolve_by, Job.resolved_at),
    )
    chosen = [_broken(*kind, now, where) for kind in kinds if where.kind in ("", kind[0])]
    found = (union_all(*chosen) if len(chosen) > 1 else chosen[0]).subquery()
    total = reads(by).scalar(select(func.count()).select_from(found)) or 0
    ordered = select(found).order_by(found.c.due_at.desc(), found.c.number.desc(), found.c.kind)
    rows = reads(by).execute(ordered.limit(page.size).offset(page.offset))
    return Page([Violation(*row) for row in rows], page, total)
