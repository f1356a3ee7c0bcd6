"""Places where stock lies."""

import re

from sqlalchemy import select

from dashboard.core import events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, FieldError, Invalid
from dashboard.inventory.models import Location

KINDS = ("warehouse", "shop", "van")
_CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


def create_location(by: Principal, name: str, *, code: str = "", kind: str = "warehouse") -> Location:
    """Add a place. `code` (`wh_toronto_01`) is made of the name where none is given; the first place is the default.

    Raises Invalid, or Conflict where the code is taken.
    """
    by.require("inventory:write")
    name = " ".join(name.split())
    code = code.strip().lower() or re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
    wrong: list[FieldError] = []
    if not name or len(name) > 80:
        wrong.append(FieldError("name", "Give the place a name of up to 80 characters."))
    elif not _CODE.fullmatch(code) or len(code) > 40:
        wrong.append(FieldError("code", "A code is small letters and digits with '_' between, such as wh_toronto_01."))
    if kind not in KINDS:
        wrong.append(FieldError("kind", f"A place is one of {', '.join(KINDS)}."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    with atomic(by) as session:
        if session.scalar(select(Location.id).where(Location.code == code)) is not None:
            raise Conflict(f"There is a place with the code '{code}' already.")
        number = numbers.take(by, "location")
        first = session.scalar(select(Location.id).where(Location.is_default)) is None
        location = Location(number=number, code=code, name=name, kind=kind, is_default=first)
        session.add(location)
        session.flush()
        events.record(by, "location.created", f"location:{location.id}", {"code": code, "name": name, "kind": kind})
    return location


def location_id(by: Principal, code: str | None, *, field: str = "location") -> int:
    """The id of the place with this code; of the default place for None. Raises Invalid."""
    if not code:
        return default_location(by).id
    found = reads(by).scalar(select(Location.id).where(Location.code == code.strip().lower()))
    if found is None:
        raise Invalid.field(field, f"There is no place with the code '{code}'.")
    return found


def default_location(by: Principal) -> Location:
    """The place that is meant where none is named; made ("Main stock") where there is none yet."""
    with atomic(by) as session:
        found = session.scalar(select(Location).where(Location.is_default))
        return found or create_location(by, "Main stock", code="main")
