"""Units: devices with a number of their own, taken in one by one or many at once.

A number that is known comes in again only where its unit has left: then the same row comes back, its history with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from dashboard.core import clock, events, ids
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, FieldError, Invalid
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.imei import clean_imei, fold_serial, luhn_holds
from dashboard.inventory.models import Product, Unit
from dashboard.inventory.service import tallies
from dashboard.inventory.service.ledger import Move, write_moves
from dashboard.inventory.service.products import MAX_MONEY

units = table_of(Unit)
_insert_units = insert(units).returning(units.c.id, sort_by_parameter_order=True)
CHUNK = 400
SERIAL_LENGTH = 40
TEXT_LENGTH = 40
"""Of a colour or a carrier's name."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What is known of a unit that comes in. `price` and `cost` in minor units; None takes the product's price."""

    product_id: int
    location_id: int
    imei: str | None = None
    serial: str | None = None
    color: str | None = None
    battery_health: int | None = None
    carrier: str | None = None
    carrier_locked: bool = False
    price: int | None = None
    cost: int = 0
    activation_lock: str = "unknown"
    blacklist: str = "unknown"
    erasure: dict[str, Any] | None = None
    notes: str = ""
    public_id: str | None = None


class DuplicateUnit(Conflict):
    """A unit with this IMEI or serial number is known already."""

    code = "duplicate_unit"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a batch, by place in it: ids of units, and why the others were refused."""

    units: Mapping[int, int]
    refused: Mapping[int, FieldError]


def receive_units(by: Principal, batch: Sequence[UnitFacts], *, source: str | None = None) -> list[int]:
    """Take units in; their ids in the order given. `source` names what they came with (`manifest:7`).

    All or nothing: raises Invalid for an IMEI that cannot be one, DuplicateUnit for one that is here already.
    """
    with atomic(by):
        done = receive_some(by, batch, source=source)
        if done.refused:
            wrong = tuple(done.refused.values())
            known = any(isinstance(each, _Known) for each in wrong)
            raise (DuplicateUnit if known else Invalid)(wrong[0].message, fields=wrong)
    return [done.units[place] for place in range(len(batch))]


def receive_some(by: Principal, batch: Sequence[UnitFacts], *, source: str | None = None) -> Received:
    """Take in those units of the batch that can be, and say of the others why not. Raises Invalid for a product that
    is not sold unit by unit.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        products = _products(session, batch)
        rows: dict[int, dict[str, Any]] = {}
        refused: dict[int, FieldError] = {}
        for place, facts in enumerate(batch):
            try:
                rows[place] = _row(by, facts, products)
            except Invalid as error:
                refused[place] = error.fields[0]
        back = _sort_out_known(session, rows, refused)
        for place in refused:
            rows.pop(place, None)
        made = _insert(session, {place: row for place, row in rows.items() if place not in back})
        made |= _bring_back(by, session, rows, back)
        _book(by, session, rows, made, source)
    return Received(made, refused)


def _book(
    by: Principal, session: CommandSession, rows: dict[int, dict[str, Any]], made: dict[int, int], source: str | None
) -> None:
    if not made:
        return
    taken = [(made[place], row) for place, row in sorted(rows.items())]
    write_moves(
        by,
        session,
        [
            Move(row["product_id"], row["location_id"], 1, "receive", unit, row["cost"], source=source)
            for unit, row in taken
        ],
    )
    tallies.add(by, session, [(r["product_id"], r["location_id"], r["carrier_locked"], 1, 0) for _, r in taken])
    told = {"units": [row["public_id"] for _, row in taken[:20]], "count": len(taken)}
    events.record(by, "inventory.received", source or f"unit:{taken[0][0]}", told)


def _insert(session: CommandSession, rows: dict[int, dict[str, Any]]) -> dict[int, int]:
    made: dict[int, int] = {}
    places = sorted(rows)
    try:
        for start in range(0, len(places), CHUNK):
            chunk = places[start : start + CHUNK]
            found = session.execute(_insert_units, [rows[place] for place in chunk], execution_options=OWN_TENANT)
            made |= dict(zip(chunk, found.scalars(), strict=True))
    except IntegrityError as error:  # somebody scanned the same number at the same moment
        raise DuplicateUnit("One of these numbers was taken in by somebody else just now. Try again.") from error
    return made


_bring_back_one = (
    update(units)
    .where(
        units.c.tenant_id == bindparam("tenant", type_=BigInteger),
        units.c.id == bindparam("unit", type_=BigInteger),
        units.c.gone_at.is_not(None),
    )
    .values(gone_at=None, version=units.c.version + 1)
    .returning(units.c.public_id)
)
_KEPT = frozenset({"tenant_id", "public_id", "version", "created_at"})


def _bring_back(
    by: Principal, session: CommandSession, rows: dict[int, dict[str, Any]], back: dict[int, int]
) -> dict[int, int]:
    """Known units that come back: what is known of them now takes the place of what was; notes are added to."""
    for place, unit in sorted(back.items(), key=lambda item: item[1]):
        row = rows[place]
        values = {
            name: value
            for name, value in row.items()
            if name not in _KEPT and not (name in ("imei", "serial", "serial_key", "color") and value is None)
        }
        if not row["notes"]:
            values.pop("notes")
        statement = _bring_back_one.values(**values)
        named = {"tenant": by.tenant_id, "unit": unit}
        public_id = session.execute(statement, named, execution_options=OWN_TENANT).scalar_one_or_none()
        if public_id is None:
            raise DuplicateUnit("One of these numbers was taken in by somebody else just now. Try again.")
        row["public_id"] = public_id
    return back


def _products(session: CommandSession, batch: Sequence[UnitFacts]) -> dict[int, Product]:
    wanted = sorted({facts.product_id for facts in batch})
    found = {product.id: product for product in session.scalars(select(Product).where(Product.id.in_(wanted)))}
    wrong = [each for each in wanted if each not in found or found[each].kind != "serialised"]
    if wrong:
        raise Invalid.field("product_id", "Units belong to a product that is sold unit by unit.")
    return found


def _row(by: Principal, facts: UnitFacts, products: dict[int, Product]) -> dict[str, Any]:
    product = products[facts.product_id]
    imei, serial = checked_numbers(facts.imei, facts.serial)
    if facts.battery_health is not None and not 0 <= facts.battery_health <= 100:
        raise Invalid.field("battery_health", "Battery health is 0 to 100 percent.")
    for name in ("color", "carrier"):
        if len(getattr(facts, name) or "") > TEXT_LENGTH:
            raise Invalid.field(name, f"Use at most {TEXT_LENGTH} characters.")
    if not 0 <= facts.cost <= MAX_MONEY or not 0 <= (facts.price or 0) <= MAX_MONEY:
        raise Invalid.field("price", "Prices and costs are 0 or more.")
    now = clock.now()
    same = ("location_id", "color", "battery_health", "carrier", "carrier_locked", "cost", "activation_lock")
    same += ("blacklist", "erasure", "notes")
    return {name: getattr(facts, name) for name in same} | {
        "tenant_id": by.tenant_id,
        "public_id": facts.public_id or ids.public_id("inv"),
        "product_id": product.id,
        "state": "in_stock",
        "imei": imei,
        "serial": facts.serial,
        "serial_key": serial,
        "model": product.model,
        "model_key": product.model_key,
        "storage": product.storage,
        "grade": product.grade,
        "price": product.price if facts.price is None else facts.price,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def checked_numbers(imei: str | None, serial: str | None) -> tuple[str | None, str | None]:
    """The IMEI's digits and the folded serial number. Raises Invalid where one is wrong, or both are missing."""
    digits = None
    if imei:
        digits = clean_imei(imei)
        if digits is None:
            raise Invalid.field(
                "imei", f"'{imei[:40]}' is no IMEI: it has 15 digits. Scan it again, or use the serial."
            )
        if not luhn_holds(digits):
            raise Invalid.field("imei", f"The check digit of {digits} is wrong. Scan it again.")
    folded = fold_serial(serial) if serial else None
    if serial and len(serial) > SERIAL_LENGTH:
        raise Invalid.field("serial", f"A serial number has at most {SERIAL_LENGTH} characters.")
    if not digits and not folded:
        raise Invalid.field("imei", "Give an IMEI or a serial number.")
    return digits, folded or None


class _Known(FieldError):
    """A number that is in the books, or twice in the batch."""


def _sort_out_known(
    session: CommandSession, rows: dict[int, dict[str, Any]], refused: dict[int, FieldError]
) -> dict[int, int]:
    """Units that were known and come back, by place. Refuses what is here, and what stands in the batch twice."""
    known = _known_numbers(session, list(rows.values()))
    seen: set[tuple[str, str]] = set()
    back: dict[int, int] = {}
    for place, row in rows.items():
        numbers = [(name, row[name]) for name in ("imei", "serial_key") if row[name] is not None]
        field_name, number = numbers[0][0].removesuffix("_key"), numbers[0][1]
        found = {known[each] for each in numbers if each in known}
        if any(each in seen for each in numbers):
            refused[place] = _Known(field_name, f"{number} stands here twice.")
        elif len(found) > 1:
            refused[place] = _Known(field_name, f"{number} and its serial number are two different units in the books.")
        elif found:
            unit, gone = found.pop()
            if gone:
                back[place] = unit
            else:
                refused[place] = _Known(field_name, f"{number} is in stock's books already.")
        seen.update(numbers)
    return back


def _known_numbers(session: CommandSession, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], tuple[int, bool]]:
    """The unit of each number that is known, and whether it has left."""
    known: dict[tuple[str, str], tuple[int, bool]] = {}
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        imeis = [row["imei"] for row in chunk if row["imei"]]
        serials = [row["serial_key"] for row in chunk if row["serial_key"]]
        wanted = [column.in_(given) for column, given in ((Unit.imei, imeis), (Unit.serial_key, serials)) if given]
        statement = select(Unit.id, Unit.imei, Unit.serial_key, Unit.gone_at).where(or_(*wanted))
        for unit, imei, serial, gone_at in session.execute(statement):
            for name, number in (("imei", imei), ("serial_key", serial)):
                if number:
                    known[name, number] = (unit, gone_at is not None)
    return known


def receive_unit(by: Principal, facts: UnitFacts) -> str:
    """Take one unit in; its public id (`inv_…`), which is the old one of a unit that comes back. Raises as
    `receive_units`.
    """
    with atomic(by) as session:
        (unit_id,) = receive_units(by, [facts])
        return session.scalars(select(Unit.public_id).where(Unit.id == unit_id)).one()
