"""When technicians work: shifts of the week, and absences."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import overload

from sqlalchemy import delete, select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import FieldError, Invalid, NotFound
from dashboard.workforce.models import Technician, TechnicianAbsence, TechnicianShift
from dashboard.workforce.service.locks import locked

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES_OF_A_DAY = 24 * 60
MAX_ABSENCES = 200


@dataclass(frozen=True, slots=True)
class Shift:
    """The hours of a weekday (0 is Monday) in minutes since midnight, with a break that is kept free of jobs."""

    weekday: int
    starts: int
    ends: int
    break_from: int | None = None
    break_until: int | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """From `starts_at` until before `ends_at` there is no work."""

    starts_at: datetime
    ends_at: datetime
    reason: str = ""


@overload
def clock_text(minutes: int) -> str: ...
@overload
def clock_text(minutes: None) -> None: ...
def clock_text(minutes: int | None) -> str | None:
    """Minutes since midnight as the wall shows them: `08:30`."""
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def shift_faults(shifts: Sequence[Shift]) -> list[FieldError]:
    """What is wrong with the shifts of a week; a fault names `shifts[n]`."""
    wrong: list[FieldError] = []
    seen: set[int] = set()
    for place, each in enumerate(shifts):
        field = f"shifts[{place}]"
        if not 0 <= each.weekday <= 6:
            wrong.append(FieldError(field, "A weekday is 0 (Monday) to 6 (Sunday)."))
            continue
        if each.weekday in seen:
            wrong.append(FieldError(field, f"{WEEKDAYS[each.weekday]} comes twice. Give each weekday one shift."))
        seen.add(each.weekday)
        if fault := _hours_fault(each):
            wrong.append(FieldError(field, f"{WEEKDAYS[each.weekday]}: {fault}"))
    return wrong


def _hours_fault(shift: Shift) -> str:
    if not 0 <= shift.starts < shift.ends <= MINUTES_OF_A_DAY:
        return "a shift ends after it starts, on the same day."
    if (shift.break_from is None) != (shift.break_until is None):
        return "give both the beginning and the end of the break, or neither."
    if shift.break_from is not None and shift.break_until is not None:
        if shift.break_from >= shift.break_until:
            return "the break ends after it starts."
        if not shift.starts <= shift.break_from < shift.break_until <= shift.ends:
            return "the break lies within the shift."
    return ""


def absence_faults(absences: Sequence[Absence]) -> list[FieldError]:
    """What is wrong with absences; a fault names `absences[n]`."""
    wrong: list[FieldError] = []
    if len(absences) > MAX_ABSENCES:
        wrong.append(FieldError("absences", f"At most {MAX_ABSENCES} absences fit. Leave out the oldest."))
    for place, each in enumerate(absences):
        if fault := _absence_fault(each):
            wrong.append(FieldError(f"absences[{place}]", fault))
    return wrong


def _absence_fault(absence: Absence) -> str:
    if absence.starts_at.tzinfo is None or absence.ends_at.tzinfo is None:
        return "Say in which time zone an absence is meant."
    if absence.starts_at >= absence.ends_at:
        return "An absence ends after it starts."
    return "A reason has at most 120 characters." if len(absence.reason) > 120 else ""


def write_shifts(session: CommandSession, technician: Technician, shifts: Sequence[Shift]) -> None:
    """Put these shifts in place of the present ones. They must be sound."""
    session.execute(delete(TechnicianShift).where(TechnicianShift.technician_id == technician.id))
    session.add_all(TechnicianShift(technician_id=technician.id, **asdict(each)) for each in shifts)


def write_absences(session: CommandSession, technician: Technician, absences: Sequence[Absence]) -> None:
    """Put these absences in place of the present ones. They must be sound."""
    session.execute(delete(TechnicianAbsence).where(TechnicianAbsence.technician_id == technician.id))
    session.add_all(TechnicianAbsence(technician_id=technician.id, **asdict(each)) for each in absences)


def add_absence(by: Principal, number: int, absence: Absence) -> TechnicianAbsence:
    """Say when a technician is away. Raises NotFound, Invalid."""
    by.require("technicians:write")
    if fault := _absence_fault(absence):
        raise Invalid.field("ends_at", fault)
    with atomic(by) as session:
        technician = locked(session, number)
        ids = select(TechnicianAbsence.id).where(TechnicianAbsence.technician_id == technician.id)
        if len(session.scalars(ids.limit(MAX_ABSENCES)).all()) == MAX_ABSENCES:
            raise Invalid(f"At most {MAX_ABSENCES} absences fit. Remove the oldest.")
        made = TechnicianAbsence(technician_id=technician.id, **asdict(absence))
        session.add(made)
        session.flush()
        told = {"starts_at": absence.starts_at.isoformat(), "ends_at": absence.ends_at.isoformat()}
        events.record(by, "technician.absence_added", f"technician:{technician.id}", told)
    return made


def remove_absence(by: Principal, number: int, absence_id: int) -> None:
    """Take an absence back. Raises NotFound."""
    by.require("technicians:write")
    with atomic(by) as session:
        technician = locked(session, number)
        found = session.scalar(
            select(TechnicianAbsence).where(
                TechnicianAbsence.id == absence_id, TechnicianAbsence.technician_id == technician.id
            )
        )
        if found is None:
            raise NotFound("There is no such absence.")
        session.delete(found)
        events.record(by, "technician.absence_removed", f"technician:{technician.id}")
