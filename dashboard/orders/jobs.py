"""Background work of orders."""

from datetime import timedelta

from dashboard.core import jobs
from dashboard.orders.service import sweeping


@jobs.periodic("orders.sweep_holds", every=timedelta(minutes=1))
def sweep_holds(task: jobs.Task) -> dict[str, object]:
    """Cancel the orders whose holds have lapsed."""
    return {"cancelled": sweeping.sweep_holds(task.by)}


@jobs.periodic("orders.sweep_drafts", every=timedelta(hours=1))
def sweep_drafts(task: jobs.Task) -> dict[str, object]:
    """Let go of what forgotten drafts held."""
    return {"drafts": sweeping.sweep_drafts(task.by)}
