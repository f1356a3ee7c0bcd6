"""Service zones: which there are, and which a place lies in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.workforce.models import ServiceZone, Technician, ZoneTechnician
from dashboard.workforce.queries.technicians import Named
from dashboard.workforce.shapes import Point, is_inside

FIVE = 5


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A service zone: ZIP codes, an outline, or both, and who serves it."""

    id: int
    number: int
    name: str
    zips: tuple[str, ...]
    polygon: tuple[Point, ...]
    version: int
    technicians: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneMap:
    """All zones of a tenant, for asking about many places at the cost of one statement."""

    zones: tuple[ZoneRow, ...]

    def at(self, zip_code: str, point: Point | None) -> frozenset[int]:
        """The ids of the zones that a place lies in: those that list its ZIP code, or whose outline holds it."""
        short = zip_code.strip()[:FIVE]
        return frozenset(
            zone.id
            for zone in self.zones
            if (short and short in zone.zips)
            or (point is not None and bool(zone.polygon) and is_inside(point, zone.polygon))
        )


def zone_map(by: Principal) -> ZoneMap:
    """All zones of the tenant, by name."""
    found = reads(by).scalars(select(ServiceZone).order_by(ServiceZone.name_key, ServiceZone.id))
    return ZoneMap(tuple(_row(each) for each in found))


def zones_at(by: Principal, zip_code: str, point: Point | None) -> frozenset[int]:
    """The ids of the zones that a place lies in, by its ZIP code or its coordinates."""
    return zone_map(by).at(zip_code, point)


def zone_page(by: Principal, page: PageRequest) -> Page[ZoneRow]:
    """A numbered page of zones, by number, with those who serve them."""
    statement = select(ServiceZone).order_by(ServiceZone.number).limit(page.size).offset(page.offset)
    found = reads(by).scalars(statement).all()
    total = reads(by).scalar(select(func.count(ServiceZone.id))) or 0
    return Page(_with_technicians(by, found), page, total)


def list_zones(by: Principal) -> list[ZoneRow]:
    """All zones by name, with those who serve them."""
    found = reads(by).scalars(select(ServiceZone).order_by(ServiceZone.name_key, ServiceZone.id)).all()
    return _with_technicians(by, found)


def show_zone(by: Principal, number: int) -> ZoneRow:
    """The zone with this number. Raises NotFound."""
    found = reads(by).scalar(select(ServiceZone).where(ServiceZone.number == number))
    if found is None:
        raise NotFound(f"There is no zone {number}.")
    return _with_technicians(by, [found])[0]


def _with_technicians(by: Principal, zones: Sequence[ServiceZone]) -> list[ZoneRow]:
    serving: dict[int, list[Named]] = {}
    statement = (
        select(ZoneTechnician.zone_id, Technician.number, Technician.name)
        .join(Technician, Technician.id == ZoneTechnician.technician_id)
        .where(ZoneTechnician.zone_id.in_([zone.id for zone in zones]))
        .order_by(Technician.search_name, Technician.id)
    )
    for zone_id, number, name in reads(by).execute(statement):
        serving.setdefault(zone_id, []).append(Named(number, name))
    return [_row(zone, tuple(serving.get(zone.id, ()))) for zone in zones]


def _row(zone: ServiceZone, technicians: tuple[Named, ...] = ()) -> ZoneRow:
    corners = tuple((float(corner["latitude"]), float(corner["longitude"])) for corner in zone.polygon)
    return ZoneRow(zone.id, zone.number, zone.name, tuple(zone.zips), corners, zone.version, technicians)
