"""Reading the fleet: vehicles, and what is due on them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.inventory.models import Location
from dashboard.workforce.local_time import day_of
from dashboard.workforce.models import Technician, Vehicle, VehiclePaper, VehicleService
from dashboard.workforce.vin import check_digit_fits

SOON_DAYS = 30
SOON_MILES = 500
MILES_A_DAY = 50
"""By which miles and days are put into one order."""

MOST_VEHICLES = 2_000
_WORDS = re.compile(r"([^0-9]*)([0-9]*)")


def _is_overdue(days_left: int | None, miles_left: int | None = None) -> bool:
    return any(left is not None and left < 0 for left in (days_left, miles_left))


def _is_soon(days_left: int | None, miles_left: int | None = None) -> bool:
    return (days_left is not None and days_left <= SOON_DAYS) or (miles_left is not None and miles_left <= SOON_MILES)


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper of a vehicle; None in `days_left` for one that does not end, below 0 for one that has ended."""

    id: int
    kind: str
    reference: str
    expires_on: date | None
    days_left: int | None

    @property
    def is_overdue(self) -> bool:
        """Whether it has ended."""
        return _is_overdue(self.days_left)

    @property
    def is_soon(self) -> bool:
        """Whether it is told: it ends soon, or has ended."""
        return _is_soon(self.days_left)


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """Work that comes again, when it was done and when it is due: below 0 is overdue, None does not count."""

    id: int
    name: str
    every_miles: int | None
    every_days: int | None
    done_at_mileage: int
    done_on: date
    due_at_mileage: int | None
    due_on: date | None
    miles_left: int | None
    days_left: int | None

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been done."""
        return _is_overdue(self.days_left, self.miles_left)

    @property
    def is_soon(self) -> bool:
        """Whether it is told: it is due soon, or overdue."""
        return _is_soon(self.days_left, self.miles_left)


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """A vehicle with who drives it and the stock that it carries, both by number and name."""

    id: int
    number: int
    name: str
    plate: str
    vin: str | None
    make: str
    model: str
    year: int | None
    mileage: int
    active: bool
    version: int
    technician: int | None
    technician_name: str | None
    location: int | None
    location_name: str | None
    papers: Sequence[PaperRow]
    services: Sequence[ServiceRow]

    @property
    def warnings(self) -> list[str]:
        """What looks wrong and may yet be right."""
        if self.vin is None or check_digit_fits(self.vin):
            return []
        return ["The check digit of the VIN does not fit the others. Compare it with the vehicle."]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something due on a vehicle: a paper (`kind` paper) or work (`service`)."""

    vehicle: int
    vehicle_name: str
    plate: str
    kind: str
    what: str
    due_on: date | None
    due_at_mileage: int | None
    days_left: int | None
    miles_left: int | None

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been done."""
        return _is_overdue(self.days_left, self.miles_left)

    @property
    def order(self) -> tuple[bool, float, str, int]:
        """Overdue first, then what comes soonest."""
        by_miles = None if self.miles_left is None else self.miles_left / MILES_A_DAY
        soonest = min(left for left in (self.days_left, by_miles) if left is not None)
        return not self.is_overdue, soonest, self.vehicle_name, self.vehicle


_COLUMNS = ("id", "number", "name", "plate", "vin", "make", "model", "year", "mileage", "active", "version")


def vehicle_page(by: Principal, page: PageRequest, *, active: bool | None = None, typed: str = "") -> Page[VehicleRow]:
    """A numbered page of vehicles, by number: four statements."""
    conditions = _conditions(active=active, typed=typed)
    ordered = _select().where(*conditions).order_by(Vehicle.number)
    found = reads(by).execute(ordered.limit(page.size).offset(page.offset)).all()
    total = reads(by).scalar(select(func.count(Vehicle.id)).where(*conditions)) or 0
    return Page(_rows(by, found), page, total)


def list_vehicles(by: Principal, *, active: bool | None = None, typed: str = "") -> list[VehicleRow]:
    """Vehicles by name, Van 2 before Van 10."""
    ordered = _select().where(*_conditions(active=active, typed=typed)).order_by(Vehicle.number)
    found = _rows(by, reads(by).execute(ordered.limit(MOST_VEHICLES)).all())
    return sorted(found, key=lambda vehicle: _counted(vehicle.name))


def _counted(name: str) -> list[tuple[str, int]]:
    """A name for sorting: its words, and the numbers between them as numbers."""
    return [(text.lower(), int(digits or 0)) for text, digits in _WORDS.findall(name)]


def show_vehicle(by: Principal, number: int) -> VehicleRow:
    """The vehicle with this number. Raises NotFound."""
    found = reads(by).execute(_select().where(Vehicle.number == number)).all()
    if not found:
        raise NotFound(f"There is no vehicle {number}.")
    return _rows(by, found)[0]


def fleet_alerts(by: Principal, vehicles: Sequence[VehicleRow] | None = None) -> list[Alert]:
    """What is due within 30 days or 500 miles on vehicles in use, overdue first: papers that end, work to be done."""
    found = list_vehicles(by, active=True) if vehicles is None else vehicles
    return sorted((alert for each in found for alert in alerts_of(each)), key=lambda alert: alert.order)


def alert_page(by: Principal, page: PageRequest) -> Page[Alert]:
    """A numbered page of what is due."""
    found = fleet_alerts(by)
    return Page(found[page.offset : page.offset + page.size], page, len(found))


def alerts_of(vehicle: VehicleRow) -> list[Alert]:
    """What is due on one vehicle."""
    if not vehicle.active:
        return []
    papers = [
        _alert(vehicle, "paper", each.kind, due_on=each.expires_on, days_left=each.days_left)
        for each in vehicle.papers
        if each.is_soon
    ]
    services = [
        _alert(
            vehicle,
            "service",
            each.name,
            due_on=each.due_on,
            due_at_mileage=each.due_at_mileage,
            days_left=each.days_left,
            miles_left=each.miles_left,
        )
        for each in vehicle.services
        if each.is_soon
    ]
    return sorted([*papers, *services], key=lambda alert: alert.order)


def _alert(vehicle: VehicleRow, kind: str, what: str, **due: Any) -> Alert:
    names = ("due_on", "due_at_mileage", "days_left", "miles_left")
    return Alert(vehicle.number, vehicle.name, vehicle.plate, kind, what, *(due.get(name) for name in names))


def _select() -> AnySelect:
    return (
        select(Vehicle, Technician.number, Technician.name, Location.number, Location.name)
        .outerjoin(Technician, Technician.id == Vehicle.technician_id)
        .outerjoin(Location, Location.id == Vehicle.location_id)
    )


def _conditions(*, active: bool | None, typed: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if active is not None:
        found.append(Vehicle.active.is_(active))
    if text := " ".join(typed.lower().split()):
        bare = "".join(filter(str.isalnum, text)).upper()
        fits = [func.lower(Vehicle.name).contains(text, autoescape=True)]
        if bare:
            fits += [Vehicle.plate_key.contains(bare, autoescape=True), Vehicle.vin.contains(bare, autoescape=True)]
        found.append(or_(*fits))
    return found


def _rows(by: Principal, found: Sequence[Row[*tuple[Any, ...]]]) -> list[VehicleRow]:
    today = day_of(clock.now(), by.time_zone)
    vehicles: dict[int, Vehicle] = {row[0].id: row[0] for row in found}
    papers = _papers(by, vehicles, today)
    services = _services(by, vehicles, today)
    return [
        VehicleRow(
            **{column: getattr(vehicle, column) for column in _COLUMNS},
            technician=driver,
            technician_name=driver_name,
            location=place,
            location_name=place_name,
            papers=papers.get(vehicle.id, ()),
            services=services.get(vehicle.id, ()),
        )
        for vehicle, driver, driver_name, place, place_name in found
    ]


def _papers(by: Principal, vehicles: Collection[int], today: date) -> Mapping[int, Sequence[PaperRow]]:
    found: dict[int, list[PaperRow]] = {}
    statement = select(VehiclePaper).where(VehiclePaper.vehicle_id.in_(vehicles))
    for each in reads(by).scalars(statement.order_by(VehiclePaper.kind, VehiclePaper.id)):
        left = None if each.expires_on is None else (each.expires_on - today).days
        row = PaperRow(each.id, each.kind, each.reference, each.expires_on, left)
        found.setdefault(each.vehicle_id, []).append(row)
    return found


def _services(by: Principal, vehicles: Mapping[int, Vehicle], today: date) -> Mapping[int, Sequence[ServiceRow]]:
    found: dict[int, list[ServiceRow]] = {}
    statement = select(VehicleService).where(VehicleService.vehicle_id.in_(vehicles))
    for each in reads(by).scalars(statement.order_by(VehicleService.name, VehicleService.id)):
        due_at = None if each.every_miles is None else each.done_at_mileage + each.every_miles
        due_on = None if each.every_days is None else each.done_on + timedelta(days=each.every_days)
        row = ServiceRow(
            id=each.id,
            name=each.name,
            every_miles=each.every_miles,
            every_days=each.every_days,
            done_at_mileage=each.done_at_mileage,
            done_on=each.done_on,
            due_at_mileage=due_at,
            due_on=due_on,
            miles_left=None if due_at is None else due_at - vehicles[each.vehicle_id].mileage,
            days_left=None if due_on is None else (due_on - today).days,
        )
        found.setdefault(each.vehicle_id, []).append(row)
    return found
