"""What belongs to a technician: hours of the week, absences, skills, zones."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.workforce.models import (
    ServiceZone,
    TechnicianAbsence,
    TechnicianShift,
    TechnicianSkill,
    ZoneTechnician,
)
from dashboard.workforce.queries.skills import GrantRow, grants_of
from dashboard.workforce.queries.technicians import Named


@dataclass(frozen=True, slots=True)
class Details:
    """Shifts by weekday, absences the earliest first, skills by name, zones by name."""

    shifts: list[TechnicianShift] = field(default_factory=list[TechnicianShift])
    absences: list[TechnicianAbsence] = field(default_factory=list[TechnicianAbsence])
    skills: list[GrantRow] = field(default_factory=list[GrantRow])
    zones: list[Named] = field(default_factory=list[Named])


def details_of(by: Principal, ids: Collection[int]) -> Mapping[int, Details]:
    """The details of these technicians by id: four statements however many they are."""
    found = {each: Details() for each in ids}
    if not found:
        return found
    shifts = select(TechnicianShift).where(TechnicianShift.technician_id.in_(ids)).order_by(TechnicianShift.weekday)
    for shift in reads(by).scalars(shifts):
        found[shift.technician_id].shifts.append(shift)
    absences = select(TechnicianAbsence).where(TechnicianAbsence.technician_id.in_(ids))
    for absence in reads(by).scalars(absences.order_by(TechnicianAbsence.starts_at, TechnicianAbsence.id)):
        found[absence.technician_id].absences.append(absence)
    for grant in grants_of(by, TechnicianSkill.technician_id.in_(ids)):
        found[grant.technician_id].skills.append(grant)
    zones = (
        select(ZoneTechnician.technician_id, ServiceZone.number, ServiceZone.name)
        .join(ServiceZone, ServiceZone.id == ZoneTechnician.zone_id)
        .where(ZoneTechnician.technician_id.in_(ids))
        .order_by(ServiceZone.name_key)
    )
    for technician_id, number, name in reads(by).execute(zones):
        found[technician_id].zones.append(Named(number, name))
    return found
