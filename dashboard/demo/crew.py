"""The crew of the demo's merchant: a dozen technicians round Tampa with their hours, skills, zones and vans."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.jobs import system_of
from dashboard.inventory.models import Location
from dashboard.inventory.service import ProductFacts, create_location, create_product
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.workforce.models import Technician
from dashboard.workforce.service import (
    Absence,
    Grant,
    Shift,
    TechnicianFacts,
    ZoneFacts,
    create_technician,
    create_zone,
    report_location,
)
from dashboard.workforce.shapes import Point

ZONES = (
    ZoneFacts(
        "South Tampa",
        ("33601", "33602", "33605", "33606", "33609", "33611", "33616", "33629"),
        ((27.862, -82.535), (27.955, -82.535), (27.968, -82.425), (27.93, -82.425), (27.862, -82.478)),
    ),
    ZoneFacts("North Tampa", ("33603", "33604", "33612", "33613", "33614", "33617", "33618", "33624", "33647")),
    ZoneFacts("Brandon and Riverview", ("33510", "33511", "33569", "33578", "33584", "33594", "33619")),
    ZoneFacts("Westchase and the airport", ("33607", "33615", "33625", "33626", "33634", "33635")),
)
SOUTH, NORTH, EAST, WEST = 0, 1, 2, 3

DAY, EARLY, LATE = (8 * 60, 17 * 60), (7 * 60, 15 * 60 + 30), (10 * 60, 19 * 60)
WEEK, NO_MONDAYS = tuple(range(7)), tuple(range(1, 7))
"""The demo's busy day is the day it is loaded on, and the documented job is on a Saturday."""

VAN_PARTS: tuple[tuple[str, str, int, int], ...] = (
    ("CON-2P-40A", "Contactor, 2 poles, 40 A", 3_800, 1_450),
    ("TST-PRG-7D", "Thermostat, seven days", 8_900, 4_200),
    ("MOT-FAN-12HP", "Condenser fan motor, 1/2 HP", 16_500, 8_800),
)
"""SKU, name, price and cost of what every van carries, in cents."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the crew. Skills by name with their level; `pay` in cents, an hour or a year."""

    name: str
    pay: int
    home_zip: str
    home: Point
    skills: dict[str, int]
    zones: tuple[int, ...] = ()
    hours: tuple[int, int] = DAY
    weekdays: tuple[int, ...] = WEEK
    pay_type: str = "hourly"
    user: str = ""


CREW = (
    Member("Mike Johnson", 2_500, "33602", (27.9510, -82.4571), {"HVAC": 5, "Electrical": 3}, (SOUTH, NORTH)),
    Member("Dana Reyes", 2_900, "33609", (27.9425, -82.5057), {"Electrical": 5, "HVAC": 2}, (SOUTH, WEST)),
    Member("Tess Technician", 2_700, "33606", (27.9358, -82.4650), {"HVAC": 4, "Refrigeration": 3}, user="technician"),
    Member("Luis Ortega", 2_400, "33614", (28.0091, -82.5034), {"Plumbing": 4}, (NORTH, WEST), EARLY),
    Member("Grace Kim", 2_600, "33618", (28.0763, -82.4852), {"HVAC": 3, "Plumbing": 3}, (NORTH,)),
    Member("Andre Brooks", 2_300, "33619", (27.9382, -82.3756), {"Plumbing": 5, "Electrical": 1}, (EAST,)),
    Member("Hannah Weiss", 6_400_000, "33629", (27.9208, -82.5079), {"Refrigeration": 5, "HVAC": 5}, pay_type="salary"),
    Member("Omar Haddad", 2_550, "33510", (27.9551, -82.2966), {"HVAC": 4, "Electrical": 2}, (EAST, NORTH)),
    Member("Priya Nair", 2_800, "33647", (28.1147, -82.3678), {"Electrical": 4}, (NORTH,), DAY, NO_MONDAYS),
    Member("Cole Bennett", 2_100, "33615", (28.0081, -82.5805), {"HVAC": 2, "Plumbing": 2}, (WEST,), LATE),
    Member("Maria Santos", 2_650, "33603", (27.9845, -82.4630), {"Refrigeration": 4, "Plumbing": 3}, (SOUTH, NORTH)),
    Member("Viktor Lind", 2_450, "33511", (27.9056, -82.2881), {"HVAC": 3, "Refrigeration": 2}, (EAST, SOUTH), EARLY),
)
LINKED = next(number for number, each in enumerate(CREW, 1) if each.user)
"""The number of the technician whom the samples act as."""


def load(report: Callable[[str, int, int], None]) -> None:
    """Hire the crew of the first merchant, unless it has one."""
    tenant = accounts.find_tenant("MYCOMPANY")
    assert tenant is not None
    by = system_of(tenant.id)
    if reads(by).scalar(select(Technician.id).limit(1)) is not None:
        return
    report("the crew", 0, 1)
    fill(by)
    report("the crew", 1, 1)


def fill(by: Principal) -> None:
    """Write a merchant's crew as one command. Whoever has the demo's sign-in is linked where the person is there."""
    today = clock.now().date()
    with atomic(by):
        zones = [create_zone(by, each).number for each in ZONES]
        vans = [create_location(by, f"Van {number}", kind="van") for number in range(1, len(CREW) + 1)]
        _load_vans(by, vans)
        for member, van in zip(CREW, vans, strict=True):
            _hire(by, member, van, zones, today)
        _see(by)


def _hire(by: Principal, member: Member, van: Location, zones: list[int], today: date) -> None:
    first, _, last = member.name.lower().partition(" ")
    starts, ends = member.hours
    create_technician(
        by,
        TechnicianFacts(
            member.name,
            member.pay_type,
            member.pay,
            email=f"{first}.{last}@mycompany.example",
            phone=f"(813) 555-01{van.number:02}",
            user=_user_number(by, member.user),
            home_zip=member.home_zip,
            home_latitude=member.home[0],
            home_longitude=member.home[1],
            van=van.number,
            shifts=tuple(Shift(day, starts, ends, starts + 240, starts + 270) for day in member.weekdays),
            absences=_absences(member, today),
            skills=tuple(Grant(skill, level, _expiry(member, skill, today)) for skill, level in member.skills.items()),
            zones=tuple(zones[each] for each in member.zones),
        ),
    )


def _user_number(by: Principal, username: str) -> int | None:
    statement = select(User.number).where(User.tenant_id == by.tenant_id, User.username == username)
    return reads(by).scalar(statement) if username else None


def _absences(member: Member, today: date) -> tuple[Absence, ...]:
    """One of them is on holiday next week."""
    if member.name != "Maria Santos":
        return ()
    start = clock.now().replace(hour=4, minute=0, second=0, microsecond=0)
    monday = start + timedelta(days=7 - today.weekday())
    return (Absence(monday, monday + timedelta(days=5), "Holiday"),)


def _expiry(member: Member, skill: str, today: date) -> date | None:
    """Certificates for refrigerants end some day: one did last month, one does soon."""
    if skill != "Refrigeration":
        return None
    return today + timedelta(days={"Viktor Lind": -30, "Tess Technician": 21}.get(member.name, 400))


def _load_vans(by: Principal, vans: list[Location]) -> None:
    for number, (sku, name, price, cost) in enumerate(VAN_PARTS):
        product = create_product(by, ProductFacts(sku, name, "counted", price, cost=cost, min_stock=4))
        pieces = [(van, 1 + (place + number) % 3) for place, van in enumerate(vans) if (place + number) % 4]
        post_pieces(
            by, [Move(product.id, van.id, n, "receive", unit_cost=cost, reason="Opening stock") for van, n in pieces]
        )


def _see(by: Principal) -> None:
    """Some of them reported a moment ago where they are."""
    now = clock.now()
    for place, technician in enumerate(reads(by).scalars(select(Technician).order_by(Technician.number))):
        if place % 3 == 0 and technician.home_latitude is not None and technician.home_longitude is not None:
            report_location(by, technician.id, technician.home_latitude + 0.011, technician.home_longitude - 0.008, now)
