"""Tables of technicians, their hours and their vehicles."""

from dashboard.workforce.models.fleet import Vehicle, VehiclePaper, VehicleService
from dashboard.workforce.models.hours import TimeBreak, TimeCorrection, TimeEntry, WorkWeek
from dashboard.workforce.models.technicians import (
    PAY_TYPES,
    START_PLACES,
    ServiceZone,
    Skill,
    Technician,
    TechnicianAbsence,
    TechnicianShift,
    TechnicianSkill,
    ZoneTechnician,
)

__all__ = [
    "PAY_TYPES",
    "START_PLACES",
    "ServiceZone",
    "Skill",
    "Technician",
    "TechnicianAbsence",
    "TechnicianShift",
    "TechnicianSkill",
    "TimeBreak",
    "TimeCorrection",
    "TimeEntry",
    "Vehicle",
    "VehiclePaper",
    "VehicleService",
    "WorkWeek",
    "ZoneTechnician",
]
