"""The fleet through K (K564): vehicles, their papers and maintenance alerts."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.web.answers import Empty, Many, One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect
from dashboard.workforce.queries import fleet as queries
from dashboard.workforce.queries.fleet import Alert, VehicleRow
from dashboard.workforce.schemas_fleet import (
    AlertJson,
    NewVehicleBody,
    PaperBody,
    PaperJson,
    ServiceBody,
    ServiceJson,
    VehicleChangeBody,
    VehicleJson,
    VehicleListQuery,
)
from dashboard.workforce.service import fleet
from dashboard.workforce.service.fleet import Maintenance, Paper, VehicleFacts
from dashboard.workforce.words import due_words

fleet_api = ApiBlueprint(
    "fleet_api", __name__, url_prefix="/api/v1/admin/vehicles", speaks="tradekitt", area="field"
)  # fmt: skip

READ, WRITE = "fleet:read", "fleet:write"
_NEVER_EMPTY = ("name", "plate", "make", "model", "mileage", "active", "papers", "services")


@fleet_api.operation("GET", "", needs=READ, answer=VehicleJson, shape="many", query=VehicleListQuery)
def vehicle_list(by: Principal, page: PageRequest, query: VehicleListQuery) -> Many[VehicleRow]:
    """List vehicles"""
    return Many(queries.vehicle_page(by, page, active=query.active, typed=query.search), _vehicle)


@fleet_api.operation("POST", "", needs=WRITE, answer=VehicleJson, status=201, body=NewVehicleBody)
def vehicle_create(by: Principal, body: NewVehicleBody) -> One[VehicleRow]:
    """Create a vehicle"""
    sent = _facts(body.model_dump(exclude={"papers", "services"}))
    made = fleet.create_vehicle(
        by, VehicleFacts(**sent), papers=_papers(body.papers), services=_services(body.services)
    )
    return One(queries.show_vehicle(by, made.number), _vehicle)


@fleet_api.operation("GET", "/alerts", needs=READ, answer=AlertJson, shape="many")
def vehicle_alerts(by: Principal, page: PageRequest) -> Many[Alert]:
    """List maintenance alerts"""
    return Many(queries.alert_page(by, page), _alert)


@fleet_api.operation("GET", "/<int:vehicle_id>", needs=READ, answer=VehicleJson)
def vehicle_show(by: Principal, vehicle_id: int) -> One[VehicleRow]:
    """Get a vehicle"""
    return One(queries.show_vehicle(by, vehicle_id), _vehicle)


@fleet_api.operation("PATCH", "/<int:vehicle_id>", needs=WRITE, answer=VehicleJson, body=VehicleChangeBody)
def vehicle_change(by: Principal, vehicle_id: int, body: VehicleChangeBody) -> One[VehicleRow]:
    """Change a vehicle"""
    for name in _NEVER_EMPTY:
        if name in body.model_fields_set and getattr(body, name) is None:
            raise Invalid.field(name, f"Field '{name}' cannot be null")
    sent = body.model_dump(exclude_unset=True, exclude={"papers", "services", "version"})
    fleet.change_vehicle(
        by,
        vehicle_id,
        _facts(sent),
        version=body.version,
        papers=None if body.papers is None else _papers(body.papers),
        services=None if body.services is None else _services(body.services),
    )
    return One(queries.show_vehicle(by, vehicle_id), _vehicle)


@fleet_api.operation("DELETE", "/<int:vehicle_id>", needs=WRITE, answer=None, shape="empty", status=204)
def vehicle_remove(by: Principal, vehicle_id: int) -> Empty:
    """Remove a vehicle"""
    fleet.remove_vehicle(by, vehicle_id)
    return Empty()


def _facts(sent: dict[str, Any]) -> dict[str, Any]:
    """By the service's words: links go by other names there."""
    return {name.removesuffix("_id"): value for name, value in sent.items()}


def _papers(bodies: list[PaperBody]) -> list[Paper]:
    return [Paper(**each.model_dump()) for each in bodies]


def _services(bodies: list[ServiceBody]) -> list[Maintenance]:
    return [Maintenance(**each.model_dump()) for each in bodies]


def _vehicle(row: VehicleRow, _: Dialect) -> Mapping[str, Any]:
    renamed = {"id": "number", "technician_id": "technician", "location_id": "location", "location": "location_name"}
    shown = {name: getattr(row, renamed.get(name, name)) for name in VehicleJson.model_fields}
    shown["papers"] = [_columns(each, PaperJson) for each in row.papers]
    shown["services"] = [_columns(each, ServiceJson) for each in row.services]
    return shown


def _columns(row: object, shape: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields}


def _alert(row: Alert, _: Dialect) -> Mapping[str, Any]:
    return {
        "vehicle_id": row.vehicle,
        "vehicle": row.vehicle_name,
        "plate": row.plate,
        "kind": row.kind,
        "what": row.what,
        "overdue": row.is_overdue,
        "due_on": row.due_on,
        "due_at_mileage": row.due_at_mileage,
        "days_left": row.days_left,
        "miles_left": row.miles_left,
        "message": due_words(row.kind, row.days_left, row.miles_left),
    }
