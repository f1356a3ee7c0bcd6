"""Service zones through K (K564)."""

from collections.abc import Sequence
from typing import Any

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.web.answers import Empty, Many, One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect
from dashboard.workforce import service
from dashboard.workforce.api.shapes import zone_json
from dashboard.workforce.queries import zones
from dashboard.workforce.queries.zones import ZoneRow
from dashboard.workforce.schemas import CornerBody, NewZoneBody, ZoneChangeBody, ZoneJson
from dashboard.workforce.service import ZoneFacts
from dashboard.workforce.shapes import Point

zones_api = ApiBlueprint(
    "service_zones_api", __name__, url_prefix="/api/v1/admin/service-zones", speaks="tradekitt", area="field"
)

READ, WRITE = "dispatch:read", "dispatch:write"


@zones_api.operation("GET", "", needs=READ, answer=ZoneJson, shape="many")
def zone_list(by: Principal, page: PageRequest) -> Many[ZoneRow]:
    """List service zones"""
    return Many(zones.zone_page(by, page), _shown)


@zones_api.operation("POST", "", needs=WRITE, answer=ZoneJson, status=201, body=NewZoneBody)
def zone_create(by: Principal, body: NewZoneBody) -> One[ZoneRow]:
    """Create a service zone"""
    facts = ZoneFacts(body.name, tuple(body.zips), _points(body.polygon), tuple(body.technicians))
    return One(zones.show_zone(by, service.create_zone(by, facts).number), _shown)


@zones_api.operation("GET", "/<int:zone_id>", needs=READ, answer=ZoneJson)
def zone_show(by: Principal, zone_id: int) -> One[ZoneRow]:
    """Get a service zone"""
    return One(zones.show_zone(by, zone_id), _shown)


@zones_api.operation("PATCH", "/<int:zone_id>", needs=WRITE, answer=ZoneJson, body=ZoneChangeBody)
def zone_change(by: Principal, zone_id: int, body: ZoneChangeBody) -> One[ZoneRow]:
    """Change a service zone"""
    changes: dict[str, Any] = {}
    for name in body.model_fields_set - {"version"}:
        value = getattr(body, name)
        if value is None:
            raise Invalid.field(name, f"Field '{name}' cannot be null")
        changes[name] = _points(value) if name == "polygon" else tuple(value) if name != "name" else value
    service.change_zone(by, zone_id, changes, version=body.version)
    return One(zones.show_zone(by, zone_id), _shown)


@zones_api.operation("DELETE", "/<int:zone_id>", needs=WRITE, answer=None, shape="empty", status=204)
def zone_remove(by: Principal, zone_id: int) -> Empty:
    """Remove a service zone"""
    service.remove_zone(by, zone_id)
    return Empty()


def _points(corners: Sequence[CornerBody]) -> tuple[Point, ...]:
    return tuple((corner.latitude, corner.longitude) for corner in corners)


def _shown(row: ZoneRow, _: Dialect) -> Any:
    return zone_json(row)
