"""Filling a sandbox anew: what the domains keep there goes, what belongs to the house stays, then each domain fills."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import aliased

from dashboard.accounts.models import Tenant
from dashboard.core import clock, events, jobs
from dashboard.core.belongings import belongings, erase_some
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads, table_of
from dashboard.core.errors import NotAllowed
from dashboard.core.idempotency import IdempotencyKey
from dashboard.core.jobs import system_of
from dashboard.core.numbers import Counter

JOB = "accounts.refill_sandbox"
NIGHT = 3
"""The hour, by the business's own clock, in which sandboxes are refilled that want it nightly."""

BATCH = 500
_STAYS = ("dashboard.core.", "dashboard.web.", "dashboard.accounts.")
_ONCE_A_NIGHT = timedelta(hours=12)

Filler = Callable[[Principal], None]
"""Writes a domain's part of the sandbox of `by`, as one command. Nothing of the domain is there before."""


def ask_for_refill(by: Principal) -> None:
    """Promise that the sandbox is emptied and filled anew; while that is going on, nothing. Raises NotAllowed."""
    if not by.sandbox:
        raise NotAllowed("Only a sandbox can be refilled.")
    with atomic(by):
        latest = latest_refill(by)
        if latest is None or not latest.live:
            jobs.enqueue(by, JOB, {}, unique_key="refill")
            events.record(by, "sandbox.refill_asked", f"tenant:{by.tenant_id}")


def latest_refill(by: Principal) -> jobs.Work | None:
    """The refill of one's sandbox that was asked for last, or None."""
    found = [] if by.tenant_id is None else jobs.recent(system_of(by.tenant_id), JOB, 1)
    return found[0] if found else None


def refill(task: jobs.Task, fillers: Mapping[str, Filler]) -> dict[str, object]:
    """Empty the sandbox of `task` and let each domain fill it.

    Each step commits with the place to go on from: a killed run neither fills twice nor erases what was filled.
    Raises NotAllowed, and touches nothing, where the tenant is no sandbox.
    """
    if not task.by.sandbox:
        raise NotAllowed("Only a sandbox can be refilled.")
    if "filled" not in task.saved:
        _empty(task)
    for name, fill in fillers.items():
        filled: list[str] = task.saved["filled"]
        if name not in filled:
            task.checkpoint()
            with atomic(task.by):
                fill(task.by)
                task.save({**task.saved, "filled": [*filled, name]})
                task.progress(len(filled) + 1, len(fillers), f"Filling {name}")
    return dict(task.saved)


def _empty(task: jobs.Task) -> None:
    for table, which in _what_goes(task.by.tenant_id or 0):
        gone = BATCH
        while gone == BATCH:
            task.checkpoint()
            with atomic(task.by) as session:
                gone = erase_some(session, table, which, BATCH)
                if gone:
                    task.save({"erased": task.saved.get("erased", 0) + gone})
    task.save({"erased": task.saved.get("erased", 0), "filled": []})


def _what_goes(tenant_id: int) -> Sequence[tuple[Table, ColumnElement[bool]]]:
    """Whatever domains keep and count; and the keys of programs, which would get answers that name what is gone."""
    keys = table_of(IdempotencyKey)
    of_domains = [
        (each.table, each.of(tenant_id)) for each in reversed(belongings()) if not f"{each.module}.".startswith(_STAYS)
    ]
    counters = table_of(Counter)
    of_domains.append((counters, (counters.c.tenant_id == tenant_id) & (counters.c.scope != "user")))
    return [*of_domains, (keys, (keys.c.tenant_id == tenant_id) & (keys.c.owner == f"tenant:{tenant_id}"))]


def ask_for_nightly_refills(task: jobs.Task) -> dict[str, object]:
    """Promise a refill of each sandbox whose business wants it nightly and has night now. Runs every hour."""
    twin = aliased(Tenant)
    statement = select(twin.id, Tenant.time_zone).join(twin, twin.sandbox_of_id == Tenant.id)
    wanted = reads(task.by).execute(statement.where(Tenant.sandbox_nightly, Tenant.suspended_at.is_(None))).all()
    asked = 0
    for sandbox_id, zone in wanted:
        by = system_of(sandbox_id)
        if clock.now().astimezone(ZoneInfo(zone)).hour == NIGHT and not _refilled_tonight(by, clock.now()):
            jobs.enqueue(by, JOB, {}, unique_key="refill")
            asked += 1
    return {"asked": asked}


def _refilled_tonight(by: Principal, now: datetime) -> bool:
    return any(
        work.actor == by.label and work.created_at > now - _ONCE_A_NIGHT for work in jobs.recent(by, JOB, limit=20)
    )
