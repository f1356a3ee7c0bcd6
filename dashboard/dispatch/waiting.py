"""Waiting a moment for a plan that a worker makes. No transaction is open while one waits."""

from time import monotonic, sleep

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.dispatch.queries.plans import PlanRow, find_plan

LOOK_EVERY_S = 0.1


def wait_for(by: Principal, public_id: str, *, seconds: float) -> PlanRow:
    """The plan as soon as it is worked out, or as it is after so many seconds. Raises NotFound."""
    until = monotonic() + seconds
    while True:
        found = find_plan(by, public_id)
        reads(by).close()
        if not found.is_waiting or monotonic() >= until:
            return found
        sleep(LOOK_EVERY_S)
