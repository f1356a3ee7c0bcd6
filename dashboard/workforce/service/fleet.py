"""The fleet: vehicles of the business, their papers and the work that they need again and again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from dashboard.core import clock, events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.customers.service import Stale
from dashboard.inventory.models import Location
from dashboard.workforce.local_time import day_of
from dashboard.workforce.models import Technician, Vehicle, VehiclePaper, VehicleService
from dashboard.workforce.vin import vin_fault

WRITE = "fleet:write"
MAX_MILEAGE = 5_000_000
MOST_LINES = 50
FIRST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of a vehicle; `expires_on` is the last day that it is good for, None for one that does not end."""

    kind: str
    reference: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Work every so many miles, every so many days, whichever comes first; and when it was last done."""

    name: str
    every_miles: int | None = None
    every_days: int | None = None
    done_at_mileage: int | None = None
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What is known of a vehicle. `mileage` is what the odometer shows, in miles; `technician` and `location` are the
    numbers of who drives it and of the place of stock that it carries.
    """

    name: str
    plate: str
    vin: str | None = None
    make: str = ""
    model: str = ""
    year: int | None = None
    mileage: int = 0
    technician: int | None = None
    location: int | None = None
    active: bool = True


PLAIN = ("name", "plate", "vin", "make", "model", "year", "mileage", "active")
FACTS = (*PLAIN, "technician", "location")
_LENGTHS = {"name": 80, "plate": 20, "make": 60, "model": 60}


def create_vehicle(
    by: Principal, facts: VehicleFacts, *, papers: Sequence[Paper] = (), services: Sequence[Maintenance] = ()
) -> Vehicle:
    """Add a vehicle. Raises Invalid naming each field, Conflict where another has the plate or carries the place."""
    by.require(WRITE)
    facts = _tidy(facts)
    with atomic(by) as session:
        _check(facts)
        links = _links(session, facts)
        _refuse_taken(session, facts, links["location_id"])
        vehicle = Vehicle(
            number=numbers.take(by, "vehicle"), plate_key=plate_key(facts.plate), **_plain(facts), **links
        )
        session.add(vehicle)
        _flush(session, facts.plate)
        _hand_over(session, None, vehicle)
        _write_papers(session, vehicle, papers)
        _write_services(by, session, vehicle, services)
        events.record(by, "vehicle.created", f"vehicle:{vehicle.id}", {"name": vehicle.name, "number": vehicle.number})
    return vehicle


def change_vehicle(
    by: Principal,
    number: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
    papers: Sequence[Paper] | None = None,
    services: Sequence[Maintenance] | None = None,
) -> Vehicle:
    """Change facts by name (`FACTS`); the others stay. `papers` and `services`, where given, take the place of all.

    Raises NotFound, Stale where the version is another, Invalid naming each field, Conflict as `create_vehicle`.
    """
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        before = _facts_of(session, vehicle)
        after = _tidy(replace(before, **{name: value for name, value in changes.items() if name in FACTS}))
        old, new = asdict(before), asdict(after)
        if version is not None and vehicle.version != version:
            theirs = {name: old[name] for name in FACTS if name in changes and old[name] != new[name]}
            raise Stale(theirs, vehicle.version)
        _check(after, vehicle)
        links = _links(session, after)
        _refuse_taken(session, after, links["location_id"], but=vehicle.id)
        driver = vehicle.technician_id, vehicle.location_id
        for name, value in {**_plain(after), **links, "plate_key": plate_key(after.plate)}.items():
            setattr(vehicle, name, value)
        _flush(session, after.plate)
        _hand_over(session, driver, vehicle)
        if papers is not None:
            session.execute(delete(VehiclePaper).where(VehiclePaper.vehicle_id == vehicle.id))
            _write_papers(session, vehicle, papers)
        if services is not None:
            session.execute(delete(VehicleService).where(VehicleService.vehicle_id == vehicle.id))
            _write_services(by, session, vehicle, services)
        vehicle.version += 1
        changed = {name: [old[name], new[name]] for name in FACTS if old[name] != new[name]}
        events.record(by, "vehicle.changed", f"vehicle:{vehicle.id}", changed)
    return vehicle


def remove_vehicle(by: Principal, number: int) -> None:
    """Take a vehicle and its papers out of the fleet; the place of stock that it carried stays. Raises NotFound."""
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        driver, subject = (vehicle.technician_id, vehicle.location_id), f"vehicle:{vehicle.id}"
        vehicle.technician_id = None
        _hand_over(session, driver, vehicle)
        told = {"name": vehicle.name, "plate": vehicle.plate, "number": number}
        session.delete(vehicle)
        session.flush()
        events.record(by, "vehicle.removed", subject, told)


def record_mileage(by: Principal, number: int, mileage: int) -> Vehicle:
    """What the odometer shows now. Raises Invalid where it would run backwards."""
    return change_vehicle(by, number, {"mileage": mileage})


def add_paper(by: Principal, number: int, paper: Paper) -> None:
    """Add a paper to a vehicle. Raises NotFound, Invalid."""
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        _write_papers(session, vehicle, [paper])
        events.record(by, "vehicle.paper_added", f"vehicle:{vehicle.id}", {"kind": paper.kind})


def remove_paper(by: Principal, number: int, paper_id: int) -> None:
    """Take a paper away. Raises NotFound."""
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        paper = session.get(VehiclePaper, paper_id)
        if paper is None or paper.vehicle_id != vehicle.id:
            raise NotFound("There is no such paper.")
        session.delete(paper)
        events.record(by, "vehicle.paper_removed", f"vehicle:{vehicle.id}", {"kind": paper.kind})


def add_service(by: Principal, number: int, service: Maintenance) -> None:
    """Add work that a vehicle needs again and again. Raises NotFound, Invalid."""
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        _write_services(by, session, vehicle, [service])
        events.record(by, "vehicle.service_added", f"vehicle:{vehicle.id}", {"name": service.name})


def service_done(by: Principal, number: int, service_id: int, *, mileage: int | None = None) -> None:
    """The work was done today, at `mileage` where the odometer was read. Raises NotFound, Invalid."""
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        if mileage is not None and mileage != vehicle.mileage:
            vehicle = change_vehicle(by, number, {"mileage": mileage})
        service = _service(session, vehicle, service_id)
        service.done_at_mileage, service.done_on = vehicle.mileage, day_of(clock.now(), by.time_zone)
        told = {"name": service.name, "mileage": vehicle.mileage}
        events.record(by, "vehicle.service_done", f"vehicle:{vehicle.id}", told)


def remove_service(by: Principal, number: int, service_id: int) -> None:
    """Work that the vehicle needs no more. Raises NotFound."""
    by.require(WRITE)
    with atomic(by) as session:
        vehicle = _locked(session, number)
        service = _service(session, vehicle, service_id)
        session.delete(service)
        events.record(by, "vehicle.service_removed", f"vehicle:{vehicle.id}", {"name": service.name})


def plate_key(plate: str) -> str:
    """A plate as plates are compared: letters and digits alone."""
    return re.sub(r"[\W_]", "", plate.upper())


def _flush(session: CommandSession, plate: str) -> None:
    """Raises Conflict where another command has just taken the plate."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"Another vehicle has the plate {plate} already.", code="plate_taken") from error


def _locked(session: CommandSession, number: int) -> Vehicle:
    statement = select(Vehicle).where(Vehicle.number == number).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no vehicle {number}.")
    return found


def _service(session: CommandSession, vehicle: Vehicle, service_id: int) -> VehicleService:
    found = session.get(VehicleService, service_id)
    if found is None or found.vehicle_id != vehicle.id:
        raise NotFound("There is no such work.")
    return found


def _facts_of(session: CommandSession, vehicle: Vehicle) -> VehicleFacts:
    driver = session.scalar(select(Technician.number).where(Technician.id == vehicle.technician_id))
    place = session.scalar(select(Location.number).where(Location.id == vehicle.location_id))
    return VehicleFacts(**{name: getattr(vehicle, name) for name in PLAIN}, technician=driver, location=place)


def _plain(facts: VehicleFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in PLAIN}


def _tidy(facts: VehicleFacts) -> VehicleFacts:
    texts = {name: _words(getattr(facts, name)) for name in _LENGTHS}
    vin = re.sub(r"[\s-]", "", facts.vin or "").upper() or None
    return replace(facts, **texts, vin=vin)


def _words(text: str) -> str:
    return " ".join(text.split())


def _check(facts: VehicleFacts, present: Vehicle | None = None) -> None:
    wrong: list[FieldError] = []
    if not facts.name:
        wrong.append(FieldError("name", "Give the vehicle a name, such as Van 3."))
    if not plate_key(facts.plate):
        wrong.append(FieldError("plate", "Enter the plate, such as ABC 1234."))
    wrong += [
        FieldError(name, f"Use at most {length} characters.")
        for name, length in _LENGTHS.items()
        if len(getattr(facts, name)) > length
    ]
    if facts.vin is not None and (fault := vin_fault(facts.vin)):
        wrong.append(FieldError("vin", fault))
    latest = clock.now().year + 2
    if facts.year is not None and not FIRST_YEAR <= facts.year <= latest:
        wrong.append(FieldError("year", f"A year lies between {FIRST_YEAR} and {latest}."))
    if not 0 <= facts.mileage <= MAX_MILEAGE:
        wrong.append(FieldError("mileage", f"A mileage lies between 0 and {MAX_MILEAGE:,}."))
    elif present is not None and facts.mileage < present.mileage:
        message = f"The odometer showed {present.mileage:,} miles last; it does not run backwards. Enter that or more."
        wrong.append(FieldError("mileage", message))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _links(session: CommandSession, facts: VehicleFacts) -> dict[str, int | None]:
    driver = session.scalar(select(Technician.id).where(Technician.number == facts.technician))
    place = session.scalar(select(Location.id).where(Location.number == facts.location))
    if facts.technician is not None and driver is None:
        raise Invalid.field("technician_id", f"There is no technician {facts.technician}.")
    if facts.location is not None and place is None:
        raise Invalid.field("location_id", f"There is no location {facts.location}.")
    return {"technician_id": driver, "location_id": place}


def _refuse_taken(session: CommandSession, facts: VehicleFacts, place: int | None, *, but: int = 0) -> None:
    key = plate_key(facts.plate)
    other = session.scalar(select(Vehicle).where(Vehicle.plate_key == key, Vehicle.id != but))
    if other is not None:
        raise Conflict(
            f"{other.name} (vehicle {other.number}) has the plate {other.plate} already.", code="plate_taken"
        )
    carrier = session.scalar(select(Vehicle).where(Vehicle.location_id == place, Vehicle.id != but).limit(1))
    if place is not None and carrier is not None:
        raise Conflict(f"{carrier.name} (vehicle {carrier.number}) carries this stock already.", code="place_taken")


def _hand_over(session: CommandSession, before: tuple[int | None, int | None] | None, vehicle: Vehicle) -> None:
    """The stock of a van goes with whoever drives it: they, and nobody who drove it before, have it at hand."""
    driver, place = before or (None, None)
    after = (vehicle.technician_id, vehicle.location_id)
    if (driver, place) == after:
        return
    if driver is not None and place is not None:
        leaves = update(Technician).where(Technician.id == driver, Technician.van_id == place)
        session.execute(leaves.values(van_id=None, version=Technician.version + 1))
    if after[0] is not None and after[1] is not None:
        takes = update(Technician).where(Technician.id == after[0], Technician.van_id.is_distinct_from(after[1]))
        session.execute(takes.values(van_id=after[1], version=Technician.version + 1))


def _write_papers(session: CommandSession, vehicle: Vehicle, papers: Sequence[Paper]) -> None:
    tidy = [replace(each, kind=_words(each.kind), reference=_words(each.reference)) for each in papers]
    wrong: list[FieldError] = []
    if any(not 0 < len(each.kind) <= 40 for each in tidy):
        wrong.append(FieldError("kind", "Say what paper it is, in up to 40 characters, such as Insurance."))
    if any(len(each.reference) > 80 for each in tidy):
        wrong.append(FieldError("reference", "A reference has at most 80 characters."))
    if len(papers) > MOST_LINES:
        wrong.append(FieldError("papers", f"A vehicle has at most {MOST_LINES} papers."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    session.add_all(VehiclePaper(vehicle_id=vehicle.id, **asdict(each)) for each in tidy)
    session.flush()


def _write_services(by: Principal, session: CommandSession, vehicle: Vehicle, services: Sequence[Maintenance]) -> None:
    today = day_of(clock.now(), by.time_zone)
    wrong = [fault for each in services for fault in _service_faults(each, vehicle, today)]
    if len(services) > MOST_LINES:
        wrong.append(FieldError("services", f"A vehicle has at most {MOST_LINES} kinds of work."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    for each in services:
        row = VehicleService(vehicle_id=vehicle.id, name=_words(each.name))
        row.every_miles, row.every_days = each.every_miles, each.every_days
        row.done_at_mileage = vehicle.mileage if each.done_at_mileage is None else each.done_at_mileage
        row.done_on = each.done_on or today
        session.add(row)
    session.flush()


def _service_faults(service: Maintenance, vehicle: Vehicle, today: date) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not service.name.strip() or len(service.name) > 80:
        wrong.append(FieldError("name", "Say what is done, in up to 80 characters, such as Oil change."))
    if service.every_miles is None and service.every_days is None:
        wrong.append(FieldError("every_miles", "Say after how many miles or days it comes again."))
    if service.every_miles is not None and not 1 <= service.every_miles <= 500_000:
        wrong.append(FieldError("every_miles", "It comes again after 1 to 500,000 miles."))
    if service.every_days is not None and not 1 <= service.every_days <= 3_650:
        wrong.append(FieldError("every_days", "It comes again after 1 to 3,650 days."))
    if service.done_at_mileage is not None and not 0 <= service.done_at_mileage <= vehicle.mileage:
        message = f"It was last done at {vehicle.mileage:,} miles, which the odometer shows now, or before."
        wrong.append(FieldError("done_at_mileage", message))
    if service.done_on is not None and service.done_on > today:
        wrong.append(FieldError("done_on", "It was last done today or before."))
    return wrong
