"""What clients send and get for the fleet."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, StrictInt

from dashboard.web.schemas import BodyModel, QueryModel
from dashboard.workforce.schemas_hours import Day

Number = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Miles = Annotated[StrictInt, Field(ge=0, le=5_000_000)]
Text60 = Annotated[str, Field(max_length=60)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Plate = Annotated[str, Field(min_length=1, max_length=20)]
Year = Annotated[StrictInt, Field(ge=1900, le=2200)]
Vin = Annotated[str, Field(max_length=40)]


class VehicleListQuery(QueryModel):
    """`search` looks at name, plate and VIN; `active` narrows to those in use, or out of it."""

    search: Annotated[str, Field(max_length=100)] = ""
    active: bool | None = None


class PaperBody(BodyModel):
    """A paper; `expires_on` is the last day that it is good for."""

    kind: Annotated[str, Field(min_length=1, max_length=40)]
    reference: Annotated[str, Field(max_length=80)] = ""
    expires_on: Day | None = None


class ServiceBody(BodyModel):
    """Work that comes again after so many miles, so many days, or whichever is first."""

    name: Name
    every_miles: Annotated[StrictInt, Field(ge=1, le=500_000)] | None = None
    every_days: Annotated[StrictInt, Field(ge=1, le=3_650)] | None = None
    done_at_mileage: Miles | None = None
    done_on: Day | None = None


class NewVehicleBody(BodyModel):
    """A vehicle to add."""

    name: Name
    plate: Plate
    vin: Vin | None = None
    make: Text60 = ""
    model: Text60 = ""
    year: Year | None = None
    mileage: Miles = 0
    technician_id: Number | None = None
    location_id: Number | None = None
    active: bool = True
    papers: list[PaperBody] = Field(default_factory=list[PaperBody], max_length=50)
    services: list[ServiceBody] = Field(default_factory=list[ServiceBody], max_length=50)


class VehicleChangeBody(BodyModel):
    """What is to change; what is not sent stays. `papers` and `services` take the place of all that there were."""

    name: Name | None = None
    plate: Plate | None = None
    vin: Vin | None = None
    make: Text60 | None = None
    model: Text60 | None = None
    year: Year | None = None
    mileage: Miles | None = None
    technician_id: Number | None = None
    location_id: Number | None = None
    active: bool | None = None
    papers: Annotated[list[PaperBody], Field(max_length=50)] | None = None
    services: Annotated[list[ServiceBody], Field(max_length=50)] | None = None
    version: Annotated[StrictInt, Field(ge=1)] | None = None


class PaperJson(BaseModel):
    """A paper, and how many days it is good for yet: below 0 it has ended."""

    kind: str
    reference: str
    expires_on: date | None
    days_left: int | None


class ServiceJson(BaseModel):
    """Work that comes again, and when it is due: below 0 left it is overdue."""

    name: str
    every_miles: int | None
    every_days: int | None
    done_at_mileage: int
    done_on: date
    due_at_mileage: int | None
    due_on: date | None
    miles_left: int | None
    days_left: int | None


class VehicleJson(BaseModel):
    """A vehicle; mileage in miles. `warnings` are what looks wrong and may yet be right."""

    id: int
    name: str
    plate: str
    vin: str | None
    make: str
    model: str
    year: int | None
    mileage: int
    technician_id: int | None
    technician_name: str | None
    location_id: int | None
    location: str | None
    active: bool
    papers: list[PaperJson]
    services: list[ServiceJson]
    warnings: list[str]
    version: int


class AlertJson(BaseModel):
    """Something due on a vehicle: `kind` is paper or service."""

    vehicle_id: int
    vehicle: str
    plate: str
    kind: str
    what: str
    overdue: bool
    due_on: date | None
    due_at_mileage: int | None
    days_left: int | None
    miles_left: int | None
    message: str
