"""What a running job holds in its hands: its arguments, and how it reports, saves and stops."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import update

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, after_commit, atomic, db
from dashboard.core.jobs.models import LABEL_LENGTH, Work, holds
from dashboard.core.tenancy import OWN_TENANT

PROGRESS_EVERY_S = 0.5

stopping = threading.Event()
"""Set when this worker process is asked to end: running jobs give their work back at the next checkpoint."""


class Cancelled(Exception):
    """Someone asked for this work to be cancelled."""


class Released(Exception):
    """The worker is stopping, so the run gives its work back for another worker to go on with."""


class LeaseLost(Exception):
    """Another worker has taken this work over: what this run was about to write must not be kept."""


class Task:
    """One attempt at a piece of work, as the job function sees it.

    `by` is the system itself, confined to the tenant of the work where it has one; the job of a sandbox sees its
    clock as it stood when this attempt began. `asked_by` is the label of the actor who asked for it; `attempt`
    counts from 1, `attempts_left` says how many may follow this one.
    """

    def __init__(
        self,
        work_id: int,
        args: Mapping[str, Any],
        *,
        by: Principal,
        asked_by: str,
        attempt: int,
        attempts_left: int,
        lease: timedelta,
        saved: Mapping[str, Any],
    ) -> None:
        self.work_id = work_id
        self.args = args
        self.by = by
        self.asked_by = asked_by
        self.attempt = attempt
        self.attempts_left = attempts_left
        self._lease = lease
        self._saved = dict(saved)
        self._next_progress = 0.0

    @property
    def saved(self) -> dict[str, Any]:
        """What the last committed `save` of this work holds; empty at first. A copy."""
        return dict(self._saved)

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep `state`, small plain JSON values, as where the next attempt goes on. Renews the lease.

        Inside the job's own atomic() it commits, or not, with the batch. Raises LeaseLost, which rolls that
        batch back, where another worker has taken over: so each batch counts exactly once.
        """
        kept = dict(state)
        by = self._by()
        with atomic(by):
            self._write(saved=kept)
            after_commit(by, partial(setattr, self, "_saved", kept))

    def progress(self, done: int, total: int | None = None, text: str | None = None) -> None:
        """Show how far it is: `done` of `total` steps and a short sentence. Renews the lease.

        Written at most twice a second, and always when `done` reaches `total`. Outside a command it is a
        small transaction of its own, which ends a read in progress. Raises LeaseLost.
        """
        moment = time.monotonic()
        if moment < self._next_progress and done != total:
            return
        self._next_progress = moment + PROGRESS_EVERY_S
        shown = None if text is None else plain(text, LABEL_LENGTH)
        self._write(progress_done=done, progress_total=total, progress_text=shown)

    def checkpoint(self) -> None:
        """Stop here if asked to; call it between batches, outside a command. Renews the lease.

        Raises Cancelled or LeaseLost, or Released where the worker is stopping; the job lets them pass.
        """
        if self._write() is not None:
            raise Cancelled
        if stopping.is_set():
            raise Released

    def _by(self) -> Principal:
        """The principal of the command that the job is in, which bookkeeping joins; its own outside one."""
        current = command_in_progress()
        return self.by if current is None else current

    def _write(self, **values: object) -> datetime | None:
        """Write `values` while this attempt holds the row; returns when a cancel was asked for, or None."""
        statement = (
            update(Work)
            .where(holds(self.work_id, self.attempt))
            .values(lease_until=clock.true_now() + self._lease, **values)
            .returning(Work.cancel_requested_at)
            .execution_options(synchronize_session=False, **OWN_TENANT)
        )
        with atomic(self._by()) as session:
            row = session.execute(statement).one_or_none()
            if row is None:
                raise LeaseLost(f"Work {self.work_id} is no longer held by attempt {self.attempt}.")
            return row[0]


def command_in_progress() -> Principal | None:
    """Who acts in the command that this thread is in, or None outside one."""
    session = db.session()
    assert isinstance(session, CommandSession)
    state = session.transaction()
    return state.by if state.depth > 0 else None


def plain(text: str, length: int) -> str:
    """`text` as any database stores it: no NUL, no half surrogate pair, at most `length` characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]
