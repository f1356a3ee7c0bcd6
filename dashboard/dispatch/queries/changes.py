"""What changed on boards, in the order of the commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select

from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import reads
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.dispatch.models import BoardChange

MOST_MISSED = 1_000
"""Changes that are told afterwards to whoever was away; who missed more loads the board anew."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `number` counts them for the tenant, `data` is what is sent."""

    tenant_id: int
    number: int
    data: Mapping[str, Any]


def last_change(by: Principal) -> int:
    """The number of the tenant's last change that is committed; 0 before the first."""
    return reads(by).scalar(select(func.max(BoardChange.number))) or 0


def changes_since(by: Principal, number: int) -> list[Change] | None:
    """What came after `number`, at most MOST_MISSED; None where it cannot be told without a gap.

    That is where more was missed, where some of it is forgotten by now, and where `number` has not been given out.
    """
    session = reads(by)
    found = (
        select(BoardChange.tenant_id, BoardChange.number, BoardChange.data)
        .where(BoardChange.number >= number)
        .order_by(BoardChange.number)
        .limit(MOST_MISSED + 2)
    )
    rows = [Change(*row) for row in session.execute(found)]
    if len(rows) > MOST_MISSED + 1:
        return None
    if number == 0:
        return None if rows and rows[0].number != 1 else rows
    return rows[1:] if rows and rows[0].number == number else None


def new_changes(seen: Mapping[int, int]) -> list[Change]:
    """What came after the number seen last, by tenant: for the process that tells all its open boards."""
    if not seen:
        return []
    after = or_(*(and_(BoardChange.tenant_id == tenant, BoardChange.number > last) for tenant, last in seen.items()))
    found = (
        select(BoardChange.tenant_id, BoardChange.number, BoardChange.data)
        .where(after)
        .order_by(BoardChange.tenant_id, BoardChange.number)
        .limit(MOST_MISSED)
    )
    return [Change(*row) for row in reads(SYSTEM).execute(found, execution_options=EVERY_TENANT)]
