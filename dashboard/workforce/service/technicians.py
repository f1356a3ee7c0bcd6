"""Adding and changing technicians, and hearing where they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import IntegrityError

from dashboard.accounts.models import User
from dashboard.catalog.normalise import clean_text, search_text
from dashboard.core import clock, events, numbers
from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound
from dashboard.customers.service import Stale
from dashboard.inventory.models import Location
from dashboard.workforce.models import PAY_TYPES, START_PLACES, Technician
from dashboard.workforce.service.locks import locked
from dashboard.workforce.service.skills import Grant, grant_faults, write_grants
from dashboard.workforce.service.timetable import (
    Absence,
    Shift,
    absence_faults,
    shift_faults,
    write_absences,
    write_shifts,
)
from dashboard.workforce.service.zones import write_zones_of
from dashboard.workforce.shapes import point_fault

WRITE = "technicians:write"
MAX_PAY = 10**10

_LENGTHS = {"name": 160, "email": 254, "phone": 40, "home_address": 240, "home_zip": 20, "start_zip": 20}


@dataclass(frozen=True, slots=True)
class TechnicianFacts:
    """What is known of a technician. `base_pay` is minor units, an hour or a year as `pay_type` says.

    `user`, `location` and `van` are the numbers of a person who signs in, of the place of stock that they set out from,
    and of the one that goes with them. `zones` are numbers of zones; none is everywhere.
    """

    name: str
    pay_type: str = "hourly"
    base_pay: int = 0
    email: str | None = None
    phone: str | None = None
    active: bool = True
    user: int | None = None
    start_from: str = "home"
    home_address: str = ""
    home_zip: str = ""
    home_latitude: float | None = None
    home_longitude: float | None = None
    location: int | None = None
    start_zip: str = ""
    start_latitude: float | None = None
    start_longitude: float | None = None
    van: int | None = None
    shifts: tuple[Shift, ...] = ()
    absences: tuple[Absence, ...] = ()
    skills: tuple[Grant, ...] = ()
    zones: tuple[int, ...] = ()


PLAIN = (
    "name", "pay_type", "base_pay", "email", "phone", "active", "start_from", "home_address", "home_zip",
    "home_latitude", "home_longitude", "start_zip", "start_latitude", "start_longitude",
)  # fmt: skip
LINKS = {"user": "user_id", "location": "location_id", "van": "van_id"}
LISTS = ("shifts", "absences", "skills", "zones")
FACTS = (*PLAIN, *LINKS, *LISTS)


def create_technician(by: Principal, facts: TechnicianFacts) -> Technician:
    """Add a technician. Raises Invalid for a field that is wrong, Conflict where the person is another technician."""
    by.require(WRITE)
    values = _tidy({name: getattr(facts, name) for name in FACTS})
    with atomic(by) as session:
        _check(values)
        links = _links(by, session, values)
        now = clock.now()
        technician = Technician(
            number=numbers.take(by, "technician"), search_name=_key(values["name"]), created_at=now, updated_at=now
        )
        _write(technician, values, links)
        session.add(technician)
        _flush(session)
        _write_lists(by, session, technician, values, LISTS)
        told = {"number": technician.number, "name": technician.name}
        events.record(by, "technician.created", f"technician:{technician.id}", told)
    return technician


def update_technician(
    by: Principal, number: int, changes: Mapping[str, Any], *, version: int | None = None
) -> Technician:
    """Change facts by name (`FACTS`); the others stay, and a list that is given takes the place of the present one.

    With `version` only if the record still has that one. Raises NotFound, Stale where the version is another, Invalid
    naming each field, Conflict where the person is another technician.
    """
    by.require(WRITE)
    given = {name: value for name, value in changes.items() if name in FACTS}
    with atomic(by) as session:
        technician = locked(session, number)
        before = _plain_facts(session, technician)
        values = _tidy({**before, **dict.fromkeys(LISTS, ()), **given})
        changed = [name for name in (*PLAIN, *LINKS) if values[name] != before[name]]
        if version is not None and version != technician.version:
            raise Stale({name: before[name] for name in changed}, technician.version)
        _check(values)
        lists = tuple(name for name in LISTS if name in given)
        if not changed and not lists:
            return technician
        _write(technician, values, _links(by, session, {name: values[name] for name in changed}))
        technician.search_name = _key(technician.name)
        technician.version, technician.updated_at = technician.version + 1, clock.now()
        _flush(session)
        _write_lists(by, session, technician, values, lists)
        told = {"number": number, "name": technician.name, "fields": [*changed, *lists]}
        events.record(by, "technician.changed", f"technician:{technician.id}", told)
    return technician


def report_location(by: Principal, technician_id: int, latitude: float, longitude: float, at: datetime) -> bool:
    """Note where a technician is. Answers whether it is newer than what was known; what came late changes nothing.

    Technicians report for themselves alone. A moment ahead of ours counts as now, else a phone whose clock is wrong
    would hide all that follows. Raises Invalid, NotFound for another's.
    """
    if not by.may("dispatch:write"):
        by.require("tech")
    if fault := point_fault(latitude, longitude):
        raise Invalid.field("latitude" if "latitude" in fault else "longitude", fault)
    moment = min(at, clock.now())
    with atomic(by) as session:
        mine = and_(Technician.id == technician_id, _is_theirs(by))
        later = or_(Technician.seen_at.is_(None), Technician.seen_at < moment)
        statement = (
            update(Technician)
            .where(mine, later)
            .values(seen_latitude=latitude, seen_longitude=longitude, seen_at=moment)
            .returning(Technician.id)
        )
        moved = session.scalar(statement.execution_options(synchronize_session=False)) is not None
        if not moved and session.scalar(select(Technician.id).where(mine)) is None:
            raise NotFound("There is no such technician.")
    return moved


def _is_theirs(by: Principal) -> Any:
    if by.may("dispatch:write"):
        return Technician.id > 0
    if by.kind is not ActorKind.USER:
        raise NotAllowed("Only a person who is a technician reports where they are.")
    return Technician.user_id == by.actor_id


def _tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with spaces trimmed; what is empty is not known."""
    found = dict(values)
    for name in ("email", "phone"):
        found[name] = clean_text(found[name] or "") or None
    for name in ("name", "home_address", "home_zip", "start_zip"):
        found[name] = clean_text(found[name] or "")
    return found


def _key(name: str) -> str:
    return search_text(name)[:160]


def _check(values: Mapping[str, Any]) -> None:
    wrong = [
        *_who_faults(values),
        *_place_faults(values),
        *shift_faults(values["shifts"]),
        *absence_faults(values["absences"]),
        *grant_faults(values["skills"]),
    ]
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _who_faults(values: Mapping[str, Any]) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not _key(values["name"]):
        wrong.append(FieldError("name", "Say what the technician is called."))
    for name, length in _LENGTHS.items():
        if len(values[name] or "") > length:
            wrong.append(FieldError(name, f"At most {length} characters fit here."))
    email = values["email"]
    if email and not (email.count("@") == 1 and email.strip("@") == email and " " not in email):
        wrong.append(FieldError("email", "Enter an e-mail address, such as mike@example.com."))
    if values["pay_type"] not in PAY_TYPES:
        wrong.append(FieldError("pay_type", f"A pay type is one of {', '.join(PAY_TYPES)}."))
    if not 0 <= values["base_pay"] <= MAX_PAY:
        wrong.append(FieldError("base_pay_cents", "Base pay is 0 or more."))
    return wrong


def _place_faults(values: Mapping[str, Any]) -> list[FieldError]:
    wrong: list[FieldError] = []
    if values["start_from"] not in START_PLACES:
        wrong.append(FieldError("start_from", f"They set out from one of {', '.join(START_PLACES)}."))
    elif values["start_from"] == "location" and values["location"] is None:
        wrong.append(FieldError("location_id", "Choose the place that they set out from."))
    for place in ("home", "start"):
        if fault := point_fault(values[f"{place}_latitude"], values[f"{place}_longitude"]):
            side = "longitude" if fault.startswith("A longitude") else "latitude"
            wrong.append(FieldError(f"{place}_{side}", fault))
    return wrong


def _links(by: Principal, session: CommandSession, values: Mapping[str, Any]) -> dict[str, int | None]:
    """The ids behind the numbers of those links that are among `values`. Raises Invalid."""
    found: dict[str, int | None] = {}
    for name, column in LINKS.items():
        if name not in values:
            continue
        number: int | None = values[name]
        if number is None:
            found[column] = None
        elif name == "user":
            found[column] = _user_id(by, session, number)
        else:
            found[column] = _place_id(session, number, column, van=name == "van")
    return found


def _user_id(by: Principal, session: CommandSession, number: int) -> int:
    statement = select(User.id).where(User.tenant_id == by.tenant_id, User.number == number)
    found = session.scalar(statement)
    if found is None:
        raise Invalid.field("user_id", f"There is no user {number}.")
    return found


def _place_id(session: CommandSession, number: int, field: str, *, van: bool) -> int:
    found = session.scalar(select(Location).where(Location.number == number))
    if found is None:
        raise Invalid.field(field, f"There is no location {number}.")
    if van and found.kind != "van":
        raise Invalid.field(field, f"{found.name} is a {found.kind}. Choose a place that is a van.")
    return found.id


def _write(technician: Technician, values: Mapping[str, Any], links: Mapping[str, int | None]) -> None:
    for name in PLAIN:
        setattr(technician, name, values[name])
    for column, value in links.items():
        setattr(technician, column, value)


def _write_lists(
    by: Principal, session: CommandSession, technician: Technician, values: Mapping[str, Any], lists: tuple[str, ...]
) -> None:
    if "shifts" in lists:
        write_shifts(session, technician, values["shifts"])
    if "absences" in lists:
        write_absences(session, technician, values["absences"])
    if "skills" in lists:
        write_grants(by, session, technician, values["skills"])
    if "zones" in lists:
        write_zones_of(session, technician, values["zones"])


def _plain_facts(session: CommandSession, technician: Technician) -> dict[str, Any]:
    """What is known now, without the lists; links as their numbers."""
    found = {name: getattr(technician, name) for name in PLAIN}
    places = select(Location.id, Location.number).where(Location.id.in_((technician.location_id, technician.van_id)))
    by_id: dict[int | None, int] = {row.id: row.number for row in session.execute(places)}
    user = select(User.number).where(User.id == technician.user_id, User.tenant_id == technician.tenant_id)
    found["user"] = session.scalar(user) if technician.user_id is not None else None
    found["location"], found["van"] = by_id.get(technician.location_id), by_id.get(technician.van_id)
    return found


def _flush(session: CommandSession) -> None:
    try:
        session.flush()
    except IntegrityError as error:  # the index on the person: also of two commands at one moment
        message = "This person is linked to another technician. Choose another, or unlink them there first."
        fields = (FieldError("user_id", message),)
        raise Conflict(message, code="user_linked", fields=fields) from error
