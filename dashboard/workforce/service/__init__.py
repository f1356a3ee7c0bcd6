"""Commands on technicians, their skills and zones."""

from dashboard.workforce.service.corrections import Correction, add_entry, correct_entry, take_proposal
from dashboard.workforce.service.fleet import (
    Maintenance,
    Paper,
    VehicleFacts,
    change_vehicle,
    create_vehicle,
    record_mileage,
    remove_vehicle,
)
from dashboard.workforce.service.hours import Spot, clock_in, clock_out, end_break, on_lock, start_break
from dashboard.workforce.service.skills import (
    Grant,
    create_skill,
    grant_skill,
    remove_skill,
    rename_skill,
    revoke_skill,
)
from dashboard.workforce.service.technicians import (
    TechnicianFacts,
    create_technician,
    report_location,
    update_technician,
)
from dashboard.workforce.service.timetable import Absence, Shift, add_absence, remove_absence
from dashboard.workforce.service.weeks import approve_weeks, hand_back, submit_week
from dashboard.workforce.service.zones import ZoneFacts, change_zone, create_zone, remove_zone

__all__ = [
    "Absence",
    "Correction",
    "Grant",
    "Maintenance",
    "Paper",
    "Shift",
    "Spot",
    "TechnicianFacts",
    "VehicleFacts",
    "ZoneFacts",
    "add_absence",
    "add_entry",
    "approve_weeks",
    "change_vehicle",
    "change_zone",
    "clock_in",
    "clock_out",
    "correct_entry",
    "create_skill",
    "create_technician",
    "create_vehicle",
    "create_zone",
    "end_break",
    "grant_skill",
    "hand_back",
    "on_lock",
    "record_mileage",
    "remove_absence",
    "remove_skill",
    "remove_vehicle",
    "remove_zone",
    "rename_skill",
    "report_location",
    "revoke_skill",
    "start_break",
    "submit_week",
    "take_proposal",
    "update_technician",
]
