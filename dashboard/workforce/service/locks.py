"""Rows that a command changes, locked until it ends."""

from sqlalchemy import select

from dashboard.core.db import CommandSession
from dashboard.core.errors import NotFound
from dashboard.workforce.models import ServiceZone, Technician


def locked(session: CommandSession, number: int) -> Technician:
    """The technician with this number, locked. Raises NotFound."""
    statement = select(Technician).where(Technician.number == number).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no technician {number}.")
    return found


def locked_zone(session: CommandSession, number: int) -> ServiceZone:
    """The zone with this number, locked. Raises NotFound."""
    statement = select(ServiceZone).where(ServiceZone.number == number).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no zone {number}.")
    return found
