"""A business's sandbox: going there and back, and moving its clock."""

from sqlalchemy import select, update

from dashboard.accounts.models import Tenant, UserSession
from dashboard.core import events, jobs
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


def move_clock(by: Principal, seconds: int | None) -> None:
    """Move the sandbox's clock ahead by `seconds`, or back to the true time with None.

    What waits for a time (a hold, a token, a period, background work) sees it pass. Raises NotAllowed outside a
    sandbox, Invalid for a move backwards or too far.
    """
    if not by.sandbox:
        raise NotAllowed("Only a sandbox's clock can be moved.")
    ahead = 0 if seconds is None else by.clock_offset_s + seconds
    if seconds is not None and seconds <= 0:
        raise Invalid.field("seconds", "The clock moves forward; it comes back to the true time by a reset.")
    if ahead > LONGEST_MOVE_S:
        raise Invalid.field("seconds", "The clock can be at most a year ahead.")
    with atomic(by) as session:
        # Work is moved by what the row changes, whatever `by` knew of it: else it would drift from the clock.
        mine = select(Tenant.clock_offset_s).where(Tenant.id == by.tenant_id).with_for_update()
        before = session.scalars(mine).one()
        session.execute(update(Tenant).where(Tenant.id == by.tenant_id).values(clock_offset_s=ahead))
        jobs.clock_moved(by, ahead - before)
        events.record(by, "tenant.clock_moved", f"tenant:{by.tenant_id}", {"ahead_s": [by.clock_offset_s, ahead]})
