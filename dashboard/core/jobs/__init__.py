"""Background work: a row is the promise, a queue library only carries its id to a worker.

A domain's `jobs.py` registers functions with `@job` or `@periodic`; its service calls `enqueue` inside a
command. What was promised survives the death of any process; what is run twice must do no harm, for which
`Task.save` commits the place to go on from together with each batch.
"""

from dashboard.core.jobs.hand import connect, disconnect
from dashboard.core.jobs.models import Work, WorkState
from dashboard.core.jobs.prune import prune
from dashboard.core.jobs.queries import Health, find, health, recent
from dashboard.core.jobs.registry import job, periodic
from dashboard.core.jobs.run import run_due, run_one, sweep
from dashboard.core.jobs.service import clock_moved, enqueue, request_cancel, retry, system_of
from dashboard.core.jobs.task import Cancelled, LeaseLost, Task
from dashboard.core.jobs.worker import serve_worker

__all__ = [
    "Cancelled",
    "Health",
    "LeaseLost",
    "Task",
    "Work",
    "WorkState",
    "clock_moved",
    "connect",
    "disconnect",
    "enqueue",
    "find",
    "health",
    "job",
    "periodic",
    "prune",
    "recent",
    "request_cancel",
    "retry",
    "run_due",
    "run_one",
    "serve_worker",
    "sweep",
    "system_of",
]
