"""What changes on a board, told to every open one after the commit."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import insert

from dashboard.core import clock, numbers
from dashboard.core.context import Principal
from dashboard.core.db import after_commit, atomic, table_of
from dashboard.core.tenancy import OWN_TENANT
from dashboard.dispatch.models import BoardChange

_changes = table_of(BoardChange)

listeners: set[Callable[[int], None]] = set()
"""Called with the tenant after the commit of a change, in the process that made it: the streams hang themselves in."""


def tell_boards(by: Principal, kind: str, job_id: int | None, data: Mapping[str, Any]) -> None:
    """Note in the present command what happened: `created`, `assigned`, `status`, `changed`, `location` or `plan`.

    `data` is plain JSON: what an open board, or a program that listens, is sent. Changes are numbered in the order of
    their commits: the tenant's other changes wait for this one's, so this is called last.
    """
    with atomic(by) as session:
        number = numbers.take(by, "board")
        now = clock.now()
        session.execute(
            insert(_changes),
            {
                "tenant_id": by.tenant_id,
                "number": number,
                "job_id": job_id,
                "data": {"type": f"dispatch.{kind}", **data, "at": now.isoformat().replace("+00:00", "Z")},
                "at": now,
            },
            execution_options=OWN_TENANT,
        )
        tenant_id = by.tenant_id
        if tenant_id is not None:
            after_commit(by, lambda: _told(tenant_id))


def _told(tenant_id: int) -> None:
    for listener in tuple(listeners):
        listener(tenant_id)
