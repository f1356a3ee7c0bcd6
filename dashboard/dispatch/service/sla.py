"""Policies: how soon somebody is there and how soon it is done. A job's due times are set when it is made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update

from dashboard.core import events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.dispatch.models import PRIORITIES, Job, SlaPolicy
from dashboard.dispatch.service import rows
from dashboard.dispatch.service.rows import MANAGE

LONGEST_MINUTES = 60 * 24 * 365


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """A policy as somebody describes it; `customer` is a number. None holds for every priority, or every customer."""

    name: str
    response_minutes: int
    resolution_minutes: int
    priority: str | None = None
    customer: int | None = None
    active: bool = True


FACTS = tuple(PolicyFacts.__dataclass_fields__)


def set_due_times(session: CommandSession, job: Job) -> None:
    """Let the job be due by the policy that fits it best: its customer's, then its priority's, then the one for all.

    Policies that name both a customer and a priority go before those that name the customer alone.
    """
    statement = select(SlaPolicy).where(
        SlaPolicy.active,
        or_(SlaPolicy.priority.is_(None), SlaPolicy.priority == job.priority),
        or_(SlaPolicy.customer_id.is_(None), SlaPolicy.customer_id == job.customer_id),
    )
    fitting = sorted(
        session.scalars(statement),
        key=lambda policy: (policy.customer_id is None, policy.priority is None, policy.number),
    )
    if not fitting:
        job.policy_id = job.respond_by = job.resolve_by = None
        return
    policy = fitting[0]
    job.policy_id = policy.id
    job.respond_by = job.created_at + timedelta(minutes=policy.response_minutes)
    job.resolve_by = job.created_at + timedelta(minutes=policy.resolution_minutes)


def create_policy(by: Principal, facts: PolicyFacts) -> SlaPolicy:
    """Add a policy; it holds for jobs that are made from now on. Raises Invalid, Conflict for a second of its kind."""
    by.require(MANAGE)
    facts = _checked(facts)
    with atomic(by) as session:
        columns = _columns(session, facts)
        _refuse_second(session, columns)
        policy = SlaPolicy(number=numbers.take(by, "sla"), **columns)
        session.add(policy)
        session.flush()
        events.record(by, "sla.created", f"sla:{policy.id}", {"name": policy.name})
    return policy


def change_policy(by: Principal, number: int, changes: Mapping[str, Any], *, version: int | None = None) -> SlaPolicy:
    """Change facts by name; the others stay, and so do the due times of jobs that are there.

    Raises NotFound, Invalid, Conflict where somebody else changed it meanwhile.
    """
    by.require(MANAGE)
    with atomic(by) as session:
        policy = _locked(session, number)
        if version is not None and policy.version != version:
            raise Conflict(
                "Somebody else changed this policy while you were editing. Reload, and change it again.",
                code="changed_meanwhile",
                details={"version": policy.version},
            )
        present: dict[str, Any] = {name: getattr(policy, name) for name in FACTS if name != "customer"}
        wanted = {name: value for name, value in changes.items() if name in FACTS}
        columns = _columns(session, _checked(PolicyFacts(**present | wanted)))
        if "customer" not in wanted:
            columns["customer_id"] = policy.customer_id
        _refuse_second(session, columns, but=policy.id)
        for name, value in columns.items():
            setattr(policy, name, value)
        policy.version += 1
        events.record(by, "sla.changed", f"sla:{policy.id}", {"name": policy.name})
    return policy


def remove_policy(by: Principal, number: int) -> None:
    """Remove a policy. Jobs that it held for keep their due times. Raises NotFound."""
    by.require(MANAGE)
    with atomic(by) as session:
        policy = _locked(session, number)
        session.execute(update(Job).where(Job.policy_id == policy.id).values(policy_id=None))
        session.delete(policy)
        events.record(by, "sla.removed", f"sla:{policy.id}", {"name": policy.name})


def _locked(session: CommandSession, number: int) -> SlaPolicy:
    statement = select(SlaPolicy).where(SlaPolicy.number == number).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no SLA policy {number}.")
    return found


def _columns(session: CommandSession, facts: PolicyFacts) -> dict[str, Any]:
    columns = asdict(facts)
    customer = columns.pop("customer")
    columns["customer_id"] = None if customer is None else rows.customer_numbered(session, customer).id
    return columns


def _refuse_second(session: CommandSession, columns: Mapping[str, Any], *, but: int | None = None) -> None:
    """Of two active policies for the same jobs nobody could say which holds."""
    if not columns["active"]:
        return
    same = select(SlaPolicy).where(
        SlaPolicy.active,
        SlaPolicy.priority.is_(None) if columns["priority"] is None else SlaPolicy.priority == columns["priority"],
        SlaPolicy.customer_id.is_(None)
        if columns["customer_id"] is None
        else SlaPolicy.customer_id == columns["customer_id"],
    )
    with session.no_autoflush:
        other = session.scalar(same.where(SlaPolicy.id != (but or 0)).limit(1))
    if other is not None:
        message = f"'{other.name}' holds for the same jobs. Change that one, or switch it off."
        raise Conflict(message, code="policy_exists", details={"policy_id": other.number})


def _checked(facts: PolicyFacts) -> PolicyFacts:
    name = " ".join(facts.name.split())
    wrong: list[FieldError] = []
    if not name or len(name) > 80:
        wrong.append(FieldError("name", "Give the policy a name of up to 80 characters."))
    if facts.priority is not None and facts.priority not in PRIORITIES:
        wrong.append(FieldError("priority", f"A priority is one of {', '.join(PRIORITIES)}."))
    wrong += [
        FieldError(field, f"Give 1 to {LONGEST_MINUTES:,} minutes (a year).")
        for field in ("response_minutes", "resolution_minutes")
        if not 1 <= getattr(facts, field) <= LONGEST_MINUTES
    ]
    if not wrong and facts.resolution_minutes < facts.response_minutes:
        wrong.append(FieldError("resolution_minutes", "It cannot be done before somebody is there: allow as long."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return PolicyFacts(name, *[getattr(facts, each) for each in FACTS[1:]])
