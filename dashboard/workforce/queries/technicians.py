"""Technicians: lists, a single one, the one who acts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import aliased

from dashboard.accounts.models import User
from dashboard.catalog.normalise import search_text
from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import Location
from dashboard.workforce.models import ServiceZone, Skill, Technician, TechnicianSkill, ZoneTechnician
from dashboard.workforce.shapes import Point


@dataclass(frozen=True, slots=True)
class TechnicianRow:
    """A technician as they are read. `user_number`, `location_number` and `van_number` are what the API shows of
    whom and what they are linked to. `base_pay` is minor units, an hour or a year as `pay_type` says.
    """

    id: int
    number: int
    name: str
    email: str | None
    phone: str | None
    pay_type: str
    base_pay: int
    active: bool
    user_id: int | None
    user_number: int | None
    user_name: str | None
    start_from: str
    home_address: str
    home_zip: str
    home_latitude: float | None
    home_longitude: float | None
    location_id: int | None
    location_number: int | None
    location_name: str | None
    start_zip: str
    start_latitude: float | None
    start_longitude: float | None
    van_id: int | None
    van_number: int | None
    van_name: str | None
    seen_latitude: float | None
    seen_longitude: float | None
    seen_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def start(self) -> Point | None:
        """Where they set out, as far as its coordinates are known."""
        at_home = self.start_from == "home"
        latitude, longitude = (
            (self.home_latitude, self.home_longitude) if at_home else (self.start_latitude, self.start_longitude)
        )
        return None if latitude is None or longitude is None else (latitude, longitude)

    @property
    def zip_of_start(self) -> str:
        """The postal code of where they set out."""
        return self.home_zip if self.start_from == "home" else self.start_zip


class Named(NamedTuple):
    """What a card shows of a technician."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class TechnicianFilter:
    """Which technicians: by what was typed, whether they get work, by the id of a skill, by the number of a zone."""

    typed: str = ""
    active: bool | None = None
    skill: int | None = None
    zone: int | None = None


_Place, _Van = aliased(Location), aliased(Location)
_COLUMNS = (
    "id", "number", "name", "email", "phone", "pay_type", "base_pay", "active", "user_id", "start_from", "home_address",
    "home_zip", "home_latitude", "home_longitude", "location_id", "start_zip", "start_latitude", "start_longitude",
    "van_id", "seen_latitude", "seen_longitude", "seen_at", "version", "created_at", "updated_at",
)  # fmt: skip


def _select(by: Principal) -> AnySelect:
    return (
        select(Technician, User.number, User.name, _Place.number, _Place.name, _Van.number, _Van.name)
        .outerjoin(User, and_(User.id == Technician.user_id, User.tenant_id == by.tenant_id))
        .outerjoin(_Place, _Place.id == Technician.location_id)
        .outerjoin(_Van, _Van.id == Technician.van_id)
    )


def _row(found: Row[*tuple[Any, ...]]) -> TechnicianRow:
    technician, user_number, user_name, location_number, location_name, van_number, van_name = found
    return TechnicianRow(
        **{name: getattr(technician, name) for name in _COLUMNS},
        user_number=user_number,
        user_name=user_name,
        location_number=location_number,
        location_name=location_name,
        van_number=van_number,
        van_name=van_name,
    )


def _conditions(where: TechnicianFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.typed:
        text = where.typed.strip().lower()
        fits = [func.lower(Technician.email).startswith(text, autoescape=True)]
        if name := search_text(where.typed):
            fits.append(Technician.search_name.contains(name, autoescape=True))
        found.append(or_(*fits))
    if where.active is not None:
        found.append(Technician.active.is_(where.active))
    if where.skill is not None:
        holders = select(TechnicianSkill.technician_id).join(Skill, Skill.id == TechnicianSkill.skill_id)
        found.append(Technician.id.in_(holders.where(Skill.id == where.skill)))
    if where.zone is not None:
        serving = select(ZoneTechnician.technician_id).join(ServiceZone, ServiceZone.id == ZoneTechnician.zone_id)
        found.append(Technician.id.in_(serving.where(ServiceZone.number == where.zone)))
    return found


def technician_page(by: Principal, where: TechnicianFilter, page: PageRequest) -> Page[TechnicianRow]:
    """A numbered page of technicians, by number."""
    conditions = _conditions(where)
    ordered = _select(by).where(*conditions).order_by(Technician.number)
    rows = reads(by).execute(ordered.limit(page.size).offset(page.offset)).all()
    total = reads(by).scalar(select(func.count(Technician.id)).where(*conditions)) or 0
    return Page([_row(row) for row in rows], page, total)


def browse_technicians(
    by: Principal, where: TechnicianFilter, *, after: str | None = None, size: int = 50
) -> Slice[TechnicianRow]:
    """Technicians by name. Raises Invalid for a position that does not exist."""
    statement = _select(by).where(*_conditions(where))
    if after is not None:
        name, last = decode_cursor(after, (str, int))
        beyond = and_(Technician.search_name == (name or ""), Technician.id > (last or 0))
        statement = statement.where(or_(Technician.search_name > (name or ""), beyond))
    found = reads(by).execute(statement.order_by(Technician.search_name, Technician.id).limit(size + 1)).all()
    shown = [_row(row) for row in found[:size]]
    more = encode_cursor([search_text(shown[-1].name)[:160], shown[-1].id]) if len(found) > size else None
    return Slice(shown, more)


def show_technician(by: Principal, number: int) -> TechnicianRow:
    """The technician with this number. Raises NotFound."""
    found = reads(by).execute(_select(by).where(Technician.number == number)).first()
    if found is None:
        raise NotFound(f"There is no technician {number}.")
    return _row(found)


def my_technician(by: Principal) -> TechnicianRow | None:
    """The technician who is linked to the person who acts, `active` or not; None for everybody else."""
    if by.kind is not ActorKind.USER or by.actor_id is None or by.tenant_id is None:
        return None
    found = reads(by).execute(_select(by).where(Technician.user_id == by.actor_id)).first()
    return None if found is None else _row(found)


def named_technicians(by: Principal, ids: Collection[int]) -> Mapping[int, Named]:
    """Number and name by id, of those that exist."""
    if not ids:
        return {}
    statement = select(Technician.id, Technician.number, Technician.name).where(Technician.id.in_(ids))
    return {row.id: Named(row.number, row.name) for row in reads(by).execute(statement)}


def technician_choices(by: Principal) -> Sequence[Named]:
    """Who may be given work, by name."""
    statement = select(Technician.number, Technician.name).where(Technician.active)
    return [Named(*row) for row in reads(by).execute(statement.order_by(Technician.search_name, Technician.id))]


def user_choices(by: Principal, present: TechnicianRow | None = None) -> list[tuple[int, str]]:
    """Numbers and names of people who sign in and are no technician yet, and of the one who is `present`."""
    others = select(Technician.user_id).where(Technician.user_id.is_not(None))
    if present is not None:
        others = others.where(Technician.id != present.id)
    statement = select(User.number, User.name).where(
        User.tenant_id == by.tenant_id, User.active, User.id.not_in(others)
    )
    return [(row.number, row.name) for row in reads(by).execute(statement.order_by(User.name, User.id))]
