"""Technicians through K (K172 to K196)."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.web.answers import Many, One, Show
from dashboard.web.api import ApiBlueprint
from dashboard.web.moments import lower, upper
from dashboard.workforce import service
from dashboard.workforce.api.shapes import technician_json
from dashboard.workforce.local_time import day_of
from dashboard.workforce.queries import technicians
from dashboard.workforce.queries.details import details_of
from dashboard.workforce.queries.technicians import TechnicianFilter, TechnicianRow
from dashboard.workforce.schemas import (
    AbsenceBody,
    NewTechnicianBody,
    ShiftBody,
    TechnicianChangeBody,
    TechnicianJson,
    TechnicianListQuery,
    TechnicianSkillBody,
)
from dashboard.workforce.service import Absence, Grant, Shift, TechnicianFacts
from dashboard.workforce.service.timetable import WEEKDAYS

technicians_api = ApiBlueprint(
    "technicians_api", __name__, url_prefix="/api/v1/admin/technicians", speaks="tradekitt", area="field"
)

READ, WRITE = "technicians:read", "technicians:write"
_RENAMED = {"base_pay_cents": "base_pay", "user_id": "user", "location_id": "location", "van_id": "van"}
_MAY_BE_NULL = frozenset(
    {
        "email", "phone", "user_id", "home_latitude", "home_longitude", "location_id", "start_latitude",
        "start_longitude", "van_id", "version",
    }
)  # fmt: skip


@technicians_api.operation("GET", "", needs=READ, answer=TechnicianJson, shape="many", query=TechnicianListQuery)
def technician_list(by: Principal, page: PageRequest, query: TechnicianListQuery) -> Many[TechnicianRow]:
    """List technicians"""
    where = TechnicianFilter(query.search.strip(), query.active, zone=query.zone_id)
    found = technicians.technician_page(by, where, page)
    return Many(found, _shown(by, found.items))


@technicians_api.operation("POST", "", needs=WRITE, answer=TechnicianJson, status=201, body=NewTechnicianBody)
def technician_create(by: Principal, body: NewTechnicianBody) -> One[TechnicianRow]:
    """Create a technician"""
    made = service.create_technician(by, TechnicianFacts(**_facts(by, body, set(type(body).model_fields))))
    return _one(by, made.number)


@technicians_api.operation("GET", "/<int:technician_id>", needs=READ, answer=TechnicianJson)
def technician_show(by: Principal, technician_id: int) -> One[TechnicianRow]:
    """Get a technician"""
    return _one(by, technician_id)


@technicians_api.operation(
    "PATCH", "/<int:technician_id>", needs=WRITE, answer=TechnicianJson, body=TechnicianChangeBody
)
def technician_change(by: Principal, technician_id: int, body: TechnicianChangeBody) -> One[TechnicianRow]:
    """Update a technician"""
    sent = body.model_fields_set
    for name in sent - _MAY_BE_NULL:
        if getattr(body, name) is None:
            raise Invalid.field(name, f"Field '{name}' cannot be null")
    facts = _facts(by, body, sent - {"version"})
    service.update_technician(by, technician_id, facts, version=body.version)
    return _one(by, technician_id)


def _one(by: Principal, number: int) -> One[TechnicianRow]:
    found = technicians.show_technician(by, number)
    return One(found, _shown(by, [found]))


def _shown(by: Principal, rows: Sequence[TechnicianRow]) -> Show[TechnicianRow]:
    details = details_of(by, [row.id for row in rows])
    today = day_of(clock.now(), by.time_zone)
    with_pay = by.may(WRITE) or by.may("costs:read")
    return lambda row, _: technician_json(row, details[row.id], today, with_pay=with_pay)


def _facts(by: Principal, body: NewTechnicianBody | TechnicianChangeBody, sent: set[str]) -> Mapping[str, Any]:
    """What was sent, by the service's words."""
    lists = {
        "shifts": lambda: tuple(_shift(each) for each in body.shifts or ()),
        "absences": lambda: tuple(_absence(by, each) for each in body.absences or ()),
        "skills": lambda: tuple(grant(each) for each in body.skills or ()),
        "zones": lambda: tuple(body.zones or ()),
    }
    return {_RENAMED.get(name, name): lists[name]() if name in lists else getattr(body, name) for name in sent}


def grant(body: TechnicianSkillBody) -> Grant:
    """A skill that was sent, by the service's words."""
    return Grant(body.skill, body.level, body.expires_on)


def _shift(body: ShiftBody) -> Shift:
    return Shift(
        [day.lower() for day in WEEKDAYS].index(body.weekday),
        _minutes(body.start),
        _minutes(body.end),
        None if body.break_start is None else _minutes(body.break_start),
        None if body.break_end is None else _minutes(body.break_end),
    )


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _absence(by: Principal, body: AbsenceBody) -> Absence:
    starts, ends = lower(body.starts_at, by.time_zone), upper(body.ends_at, by.time_zone)
    assert starts is not None
    assert ends is not None
    return Absence(starts, ends, body.reason)
