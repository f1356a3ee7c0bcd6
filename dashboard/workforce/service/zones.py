"""Service zones: ZIP codes and outlines, and who serves them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from dashboard.catalog.normalise import clean_text, search_text
from dashboard.core import events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid
from dashboard.customers.service import Stale
from dashboard.workforce.models import ServiceZone, Technician, ZoneTechnician
from dashboard.workforce.service.locks import locked_zone
from dashboard.workforce.shapes import Point, polygon_fault

MAX_ZIPS = 2000
MAX_NAME = 80
WRITE = "dispatch:write"
_ZIP = re.compile(r"(\d{5})(?:\s*-\s*(\d{5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """A region that is served. `zips` are five digits or ranges of them (`33601-33619`), `polygon` the corners of an
    outline in order, `technicians` the numbers of those who serve it.
    """

    name: str
    zips: tuple[str, ...] = ()
    polygon: tuple[Point, ...] = ()
    technicians: tuple[int, ...] = ()


FACTS = ("name", "zips", "polygon", "technicians")


def create_zone(by: Principal, facts: ZoneFacts) -> ServiceZone:
    """Add a zone. Raises Invalid for a field that is wrong, Conflict where there is a zone of that name."""
    by.require(WRITE)
    name, zips = _checked(facts)
    with atomic(by) as session:
        serving = _technician_ids(session, facts.technicians)
        made = ServiceZone(
            number=numbers.take(by, "service_zone"),
            name=name,
            name_key=search_text(name)[:MAX_NAME],
            zips=zips,
            polygon=_corners(facts.polygon),
        )
        session.add(made)
        _flush(session, name)
        session.add_all(ZoneTechnician(zone_id=made.id, technician_id=each) for each in serving)
        events.record(by, "zone.created", f"zone:{made.id}", {"name": name})
    return made


def change_zone(by: Principal, number: int, changes: Mapping[str, Any], *, version: int | None = None) -> ServiceZone:
    """Change facts by name (`FACTS`); the others stay. With `version` only if the zone still has that one.

    Raises NotFound, Stale, Invalid, Conflict where another zone has the name.
    """
    by.require(WRITE)
    with atomic(by) as session:
        zone = locked_zone(session, number)
        before = facts_of(session, zone)
        facts = ZoneFacts(**before | {name: value for name, value in changes.items() if name in FACTS})
        name, zips = _checked(facts)
        after = {"name": name, "zips": tuple(zips), "polygon": facts.polygon, "technicians": facts.technicians}
        if version is not None and version != zone.version:
            raise Stale({key: before[key] for key in changes if before.get(key) != after.get(key)}, zone.version)
        zone.name, zone.name_key, zone.zips = name, search_text(name)[:MAX_NAME], zips
        zone.polygon = _corners(facts.polygon)
        zone.version += 1
        _flush(session, name)
        if "technicians" in changes:
            _serve(session, zone, _technician_ids(session, facts.technicians))
        changed = [key for key in FACTS if before[key] != after[key]]
        events.record(by, "zone.changed", f"zone:{zone.id}", {"name": name, "fields": changed})
    return zone


def remove_zone(by: Principal, number: int) -> None:
    """Forget a zone. Whoever served no other goes anywhere from then on. Raises NotFound."""
    by.require(WRITE)
    with atomic(by) as session:
        zone = locked_zone(session, number)
        session.delete(zone)
        events.record(by, "zone.removed", f"zone:{zone.id}", {"name": zone.name})


def facts_of(session: CommandSession, zone: ServiceZone) -> dict[str, Any]:
    """What a zone is now, as `ZoneFacts` has it."""
    serving = (
        select(Technician.number)
        .join(ZoneTechnician, ZoneTechnician.technician_id == Technician.id)
        .where(ZoneTechnician.zone_id == zone.id)
        .order_by(Technician.number)
    )
    return {
        "name": zone.name,
        "zips": tuple(zone.zips),
        "polygon": tuple((corner["latitude"], corner["longitude"]) for corner in zone.polygon),
        "technicians": tuple(session.scalars(serving)),
    }


def read_zips(texts: Iterable[str]) -> list[str]:
    """ZIP codes of five digits, sorted, each once; a range stands for all codes in it. Raises Invalid for `zips`."""
    found: set[str] = set()
    for text in texts:
        match = _ZIP.fullmatch(text.strip())
        if match is None:
            shown = text.strip()[:20]
            raise Invalid.field("zips", f"“{shown}” is no ZIP code. Write five digits, or a range: 33601-33619.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise Invalid.field("zips", f"The range {text.strip()} ends before it begins. Turn it round.")
        if last - first >= MAX_ZIPS or len(found) + last - first >= MAX_ZIPS:
            raise Invalid.field("zips", f"A zone has at most {MAX_ZIPS:,} ZIP codes. Draw an outline instead.")
        found |= {f"{each:05}" for each in range(first, last + 1)}
    return sorted(found)


def write_zones_of(session: CommandSession, technician: Technician, numbers_of_zones: Sequence[int]) -> None:
    """Let a technician serve these zones and no others. Raises Invalid for `zones`."""
    rows = session.execute(
        select(ServiceZone.number, ServiceZone.id).where(ServiceZone.number.in_(numbers_of_zones))
    ).all()
    found: dict[int, int] = {row.number: row.id for row in rows}
    for number in numbers_of_zones:
        if number not in found:
            raise Invalid.field("zones", f"There is no zone {number}.")
    session.execute(delete(ZoneTechnician).where(ZoneTechnician.technician_id == technician.id))
    session.add_all(ZoneTechnician(zone_id=each, technician_id=technician.id) for each in sorted(found.values()))


def _checked(facts: ZoneFacts) -> tuple[str, list[str]]:
    """Name and ZIP codes as they are kept. Raises Invalid that names each wrong field."""
    wrong: list[FieldError] = []
    name, zips = clean_text(facts.name), list[str]()
    if not search_text(name) or len(name) > MAX_NAME:
        wrong.append(FieldError("name", f"Give the zone a name of up to {MAX_NAME} characters."))
    try:
        zips = read_zips(facts.zips)
    except Invalid as error:
        wrong += error.fields
    if fault := polygon_fault(facts.polygon):
        wrong.append(FieldError("polygon", fault))
    if not wrong and not zips and not facts.polygon:
        wrong.append(FieldError("zips", "Say where the zone is: list ZIP codes, or draw an outline."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return name, zips


def _corners(polygon: Sequence[Point]) -> list[dict[str, Any]]:
    return [{"latitude": latitude, "longitude": longitude} for latitude, longitude in polygon]


def _technician_ids(session: CommandSession, wanted: Sequence[int]) -> list[int]:
    rows = session.execute(select(Technician.number, Technician.id).where(Technician.number.in_(wanted))).all()
    found: dict[int, int] = {row.number: row.id for row in rows}
    for number in wanted:
        if number not in found:
            raise Invalid.field("technicians", f"There is no technician {number}.")
    return sorted(found.values())


def _serve(session: CommandSession, zone: ServiceZone, technician_ids: Sequence[int]) -> None:
    session.execute(delete(ZoneTechnician).where(ZoneTechnician.zone_id == zone.id))
    session.add_all(ZoneTechnician(zone_id=zone.id, technician_id=each) for each in technician_ids)


def _flush(session: CommandSession, name: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"There is a zone {name} already.", code="zone_exists") from error
