"""How technicians, skills and zones look on the wire."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dashboard.workforce.models import TechnicianShift
from dashboard.workforce.queries.details import Details
from dashboard.workforce.queries.skills import GrantRow
from dashboard.workforce.queries.technicians import TechnicianRow
from dashboard.workforce.queries.zones import ZoneRow
from dashboard.workforce.service.timetable import WEEKDAYS, clock_text

_PLAIN = (
    "name", "pay_type", "email", "phone", "active", "start_from", "home_address", "home_zip", "home_latitude",
    "home_longitude", "start_zip", "start_latitude", "start_longitude", "version", "created_at", "updated_at",
)  # fmt: skip


def technician_json(row: TechnicianRow, details: Details, today: date, *, with_pay: bool) -> Mapping[str, Any]:
    """A technician with hours, absences, skills and zones."""
    return {
        "id": row.number,
        "base_pay_cents": row.base_pay if with_pay else None,
        "user_id": row.user_number,
        "location_id": row.location_number,
        "van_id": row.van_number,
        **{name: getattr(row, name) for name in _PLAIN},
        "shifts": [_shift(each) for each in details.shifts],
        "absences": [
            {"starts_at": each.starts_at, "ends_at": each.ends_at, "reason": each.reason} for each in details.absences
        ],
        "skills": [_skill(each, today) for each in details.skills],
        "zones": [{"id": each.number, "name": each.name} for each in details.zones],
        "seen": None
        if row.seen_at is None
        else {"latitude": row.seen_latitude, "longitude": row.seen_longitude, "at": row.seen_at},
    }


def grant_json(row: GrantRow, today: date) -> Mapping[str, Any]:
    """That a technician has a skill."""
    return {**_skill(row, today), "technician_id": row.technician.number, "technician_name": row.technician.name}


def zone_json(row: ZoneRow) -> Mapping[str, Any]:
    """A zone with those who serve it."""
    return {
        "id": row.number,
        "name": row.name,
        "zips": list(row.zips),
        "polygon": [{"latitude": latitude, "longitude": longitude} for latitude, longitude in row.polygon],
        "technicians": [{"id": each.number, "name": each.name} for each in row.technicians],
        "version": row.version,
    }


def _skill(row: GrantRow, today: date) -> dict[str, Any]:
    return {
        "id": row.number,
        "skill": row.skill,
        "level": row.level,
        "expires_on": row.expires_on,
        "expired": row.has_expired(today),
    }


def _shift(shift: TechnicianShift) -> Mapping[str, Any]:
    return {
        "weekday": WEEKDAYS[shift.weekday].lower(),
        "start": clock_text(shift.starts),
        "end": clock_text(shift.ends),
        "break_start": clock_text(shift.break_from),
        "break_end": clock_text(shift.break_until),
    }
