"""A business's sandbox: going there and back, and moving its clock."""

import math
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update

from dashboard.accounts.models import Tenant, UserSession
from dashboard.core import clock, events, jobs
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Invalid, NotAllowed

LONGEST_MOVE_S = 60 * 60 * 24 * 366
"""A year: further ahead than any hold, period or token reaches."""


def enter_sandbox(by: Principal) -> None:
    """Show this session the sandbox from now on. Raises Invalid where the business has none."""
    has_one = select(Tenant.id).where(Tenant.sandbox_of_id == by.tenant_id)
    if by.sandbox or reads(by).scalar(has_one) is None:
        raise Invalid("There is no sandbox to go to from here.")
    _show(by, sandbox=True)


def leave_sandbox(by: Principal) -> None:
    """Show this session live data again. Leaving twice is once."""
    _show(by, sandbox=False)


def _show(by: Principal, *, sandbox: bool) -> None:
    with atomic(by) as session:
        mine = update(UserSession).where(UserSession.id == by.session_id, UserSession.user_id == by.actor_id)
        session.execute(mine.values(in_sandbox=sandbox))
        events.record(by, "session.sandbox_entered" if sandbox else "session.sandbox_left", f"user:{by.actor_id}")


def move_clock(by: Principal, seconds: int) -> int:
    """Move the sandbox's clock ahead by `seconds`; how many seconds it is ahead of the true time then.

    What waits for a time (a hold, a token, a period, background work) sees it pass. Raises NotAllowed outside a
    sandbox, Invalid for a move backwards or too far.
    """
    return _set_clock(by, lambda before: _ahead(before, before + seconds, "seconds"))


def move_clock_to(by: Principal, moment: datetime) -> int:
    """Move the sandbox's clock ahead to `moment` (aware), to the next whole second; otherwise as `move_clock`."""
    after = math.ceil((moment - clock.true_now()).total_seconds())
    return _set_clock(by, lambda before: _ahead(before, after, "to"))


def reset_clock(by: Principal) -> int:
    """Set the sandbox's clock back to the true time. Resetting twice is once. Raises NotAllowed outside a sandbox."""
    return _set_clock(by, lambda _: 0)


def _ahead(before: int, after: int, field: str) -> int:
    if after <= before:
        raise Invalid.field(field, "The clock moves forward; it comes back to the true time by a reset.")
    if after > LONGEST_MOVE_S:
        raise Invalid.field(field, "The clock can be at most a year ahead.")
    return after


def _set_clock(by: Principal, ahead_of: Callable[[int], int]) -> int:
    if not by.sandbox:
        raise NotAllowed("Only a sandbox's clock can be moved.")
    with atomic(by) as session:
        # What the row says counts, whatever `by` knew of it: else two moves at once were one, and work would drift.
        mine = select(Tenant.clock_offset_s).where(Tenant.id == by.tenant_id).with_for_update()
        before = session.scalars(mine).one()
        ahead = ahead_of(before)
        session.execute(update(Tenant).where(Tenant.id == by.tenant_id).values(clock_offset_s=ahead))
        jobs.clock_moved(by, ahead - before)
        events.record(by, "tenant.clock_moved", f"tenant:{by.tenant_id}", {"ahead_s": [before, ahead]})
    return ahead
