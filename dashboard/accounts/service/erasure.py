"""Erasing a business whose time is over: every row and file of it and of its sandbox, in small steps."""

import shutil
from collections import Counter
from pathlib import Path

from sqlalchemy import delete, select

from dashboard.accounts.models import Tenant
from dashboard.core import clock, events, jobs
from dashboard.core.belongings import belongings, erase_some, tenant_folder
from dashboard.core.db import atomic, reads
from dashboard.core.jobs import system_of

BATCH = 500
"""Rows of one transaction: SQLite's one writer is held for some milliseconds."""


def erase_business(task: jobs.Task, instance_path: Path) -> dict[str, object]:
    """Erase the tenant that `task` names, if its time is over, and leave one event of the installation.

    Each batch commits with the count so far, so a killed run goes on where it was. Before the first batch nobody of
    the business is let in any more; what slips in nevertheless dies with the tenant's own row.
    """
    tenant_id: int = task.args["tenant_id"]
    code = _shut(task, tenant_id)
    if code is None:
        return {"erased": False, **task.saved}
    twin_id = reads(task.by).scalar(select(Tenant.id).where(Tenant.sandbox_of_id == tenant_id))
    everything = [tenant_id] if twin_id is None else [twin_id, tenant_id]
    for each in everything:
        _empty(task, each)
        folder = tenant_folder(instance_path, each)
        if folder.exists():
            shutil.rmtree(folder)
    rows = _counted(task)
    facts: dict[str, object] = {"business_code": code, "rows": rows}
    task.checkpoint()
    with atomic(task.by) as session:
        for each in everything:
            session.execute(delete(Tenant).where(Tenant.id == each))
        events.record(task.by, "tenant.erased", f"tenant:{tenant_id}", facts)
        task.save({"business_code": code, "rows": rows})
    return {"erased": True, **facts}


def _shut(task: jobs.Task, tenant_id: int) -> str | None:
    """Let nobody in any more; the business code, or None where the business is kept after all or gone already."""
    now = clock.now()
    with atomic(task.by) as session:
        mine = (Tenant.id == tenant_id) | (Tenant.sandbox_of_id == tenant_id)
        found = {each.id: each for each in session.scalars(select(Tenant).where(mine).with_for_update())}
        tenant = found.get(tenant_id)
        if tenant is None or tenant.delete_after is None or tenant.delete_after > now:
            return None
        for each in found.values():
            each.suspended_at = each.suspended_at or now
        return tenant.business_code


def _empty(task: jobs.Task, tenant_id: int) -> None:
    # As the tenant itself: a mistake in a condition cannot reach another's rows, at least where the database has walls.
    by = system_of(tenant_id)
    for belonging in reversed(belongings()):
        which = belonging.of(tenant_id)
        gone = BATCH
        while gone == BATCH:
            task.checkpoint()
            with atomic(by) as session:
                gone = erase_some(session, belonging.table, which, BATCH)
                if gone:
                    task.save({"rows": _counted(task) + Counter({belonging.name: gone})})


def _counted(task: jobs.Task) -> Counter[str]:
    """How many rows of which table are gone so far."""
    rows: dict[str, int] = task.saved.get("rows", {})
    return Counter(rows)
