"""Whose jobs and policies are whose when records of a customer are merged."""

from sqlalchemy import update

from dashboard.core.db import atomic
from dashboard.core.events import Happened
from dashboard.dispatch.models import Job, SlaPolicy


def move_to_successor(happened: Happened) -> None:
    """Two records became one: its jobs and policies move along. Due times stay as they were set."""
    into, gone = int(happened.data["into"]), int(happened.data["gone"])
    with atomic(happened.by) as session:
        for model in (Job, SlaPolicy):
            session.execute(update(model).where(model.customer_id == gone).values(customer_id=into))
