"""Which jobs there are. A domain's `jobs.py` registers its own by being imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from dashboard.core.jobs.task import Task

Run = Callable[[Task], Mapping[str, object] | None]

DEFAULT_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Job:
    """What may be enqueued as `kind`, and how it is run.

    `lease` is how long a run may stay silent (no progress, checkpoint or save) before another worker takes it
    over. `every` is set for periodic jobs. Work of an `installation` job belongs to no tenant; only the
    operator asks for it.
    """

    kind: str
    run: Run
    max_attempts: int
    lease: timedelta
    installation: bool
    every: timedelta | None = None


registered: dict[str, Job] = {}


def job(
    kind: str, *, max_attempts: int = 5, lease: timedelta = DEFAULT_LEASE, installation: bool = False
) -> Callable[[Run], Run]:
    """Register the decorated function as the job `kind` (`area.verb`). It must bear being run twice.

    Its return value, plain JSON values, becomes the result of the work. Raises ValueError for a kind that is
    taken.
    """

    def register(run: Run) -> Run:
        _add(Job(kind, run, max_attempts, lease, installation))
        return run

    return register


def periodic(
    kind: str, *, every: timedelta, max_attempts: int = 3, lease: timedelta = DEFAULT_LEASE
) -> Callable[[Run], Run]:
    """Register the decorated function as a job of the installation that runs `every` so often.

    One row is live at a time, whatever the number of workers; runs that were missed are not made up for.
    Raises ValueError for a kind that is taken.
    """

    def register(run: Run) -> Run:
        _add(Job(kind, run, max_attempts, lease, installation=True, every=every))
        return run

    return register


def _add(job: Job) -> None:
    if job.kind in registered:
        raise ValueError(f"The job kind {job.kind!r} is registered twice.")
    registered[job.kind] = job
