"""Taking units in one by one, with a scanner that never leaves the hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select

from dashboard.catalog.models import Device, DeviceModelNumber, Make
from dashboard.catalog.normalise import search_text
from dashboard.catalog.service.merging import fold_number
from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.events import Event
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.imei import clean_imei, fold_serial, luhn_holds, tac
from dashboard.inventory.models import Location, Product, StockMove, Unit
from dashboard.inventory.service import tallies
from dashboard.inventory.service.corrections import find_product, is_live, lock_live_claims, lock_units
from dashboard.inventory.service.ledger import Move, write_moves
from dashboard.inventory.service.products import ProductFacts, create_product, fold_sku
from dashboard.inventory.service.sku import propose_sku
from dashboard.inventory.service.units import UnitFacts, receive_unit

SHOWN = 20
LOOKED_THROUGH = 1_000
"""Events that are looked through for what somebody took in last."""

UNDO_WITHIN = timedelta(days=1)
MISTAKE = "Taken in by mistake"


@dataclass(frozen=True, slots=True)
class Setup:
    """What the units of one pile share. Money in minor units; `price` None takes the product's."""

    model: str = ""
    storage: str = ""
    grade: str = ""
    color: str = ""
    carrier: str = ""
    carrier_locked: bool = False
    battery_health: int | None = None
    price: int | None = None
    cost: int = 0
    location_code: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan was: the number of a unit, or a SKU, a place or a model number, which set up the pile."""

    kind: Literal["unit", "setup"]
    text: str
    setup: Setup


class NoProductYet(Conflict):
    """There is no SKU of this model, storage and grade; `details` has the `sku` that is proposed for it."""

    code = "no_product"


def read_scan(by: Principal, text: str, setup: Setup) -> Scanned:
    """What `text` is. A unit's model is filled in by others of its TAC where the pile has none.

    Raises Invalid for what is neither a number nor anything that is known.
    """
    typed = " ".join(text.split())
    imei = clean_imei(typed)
    if imei is not None:
        if not luhn_holds(imei):
            raise Invalid.field("scan", f"The check digit of {imei} is wrong. Scan it again.")
        return Scanned("unit", imei, _with_model(by, setup, imei))
    found = _product(by, typed, setup) or _place(by, typed, setup) or _model(by, typed, setup)
    if found is not None:
        return Scanned("setup", typed, found)
    serial = fold_serial(typed)
    if not 5 <= len(serial) <= 40 or not any(sign.isdigit() for sign in serial) or not serial.isalnum():
        raise Invalid.field("scan", f"'{typed[:40]}' is no IMEI, serial number, SKU, model number or place.")
    if serial.isdigit() and 12 < len(serial) < 18:
        raise Invalid.field("scan", f"{serial} has {len(serial)} digits, an IMEI has 15. Scan it again.")
    return Scanned("unit", typed, setup)


def _with_model(by: Principal, setup: Setup, imei: str) -> Setup:
    if setup.model:
        return setup
    known = model_by_tac(by, imei)
    return setup if known is None else replace(setup, model=known[0], storage=setup.storage or known[1] or "")


def model_by_tac(by: Principal, imei: str) -> tuple[str, str | None] | None:
    """Model and storage of another unit with the same type allocation code, or None where none is known."""
    first = tac(imei)
    statement = (
        select(Unit.model, Unit.storage)
        .where(Unit.imei >= first, Unit.imei < f"{first}:", Unit.imei.is_not(None))  # ':' comes after the digits
        .order_by(Unit.imei.desc())
        .limit(1)
    )
    row = reads(by).execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def _product(by: Principal, typed: str, setup: Setup) -> Setup | None:
    statement = select(Product.model, Product.storage, Product.grade).where(
        Product.sku_key == fold_sku(typed), Product.kind == "serialised", Product.archived_at.is_(None)
    )
    row = reads(by).execute(statement).one_or_none()
    return None if row is None else replace(setup, model=row[0] or "", storage=row[1] or "", grade=row[2] or "")


def _place(by: Principal, typed: str, setup: Setup) -> Setup | None:
    code = reads(by).scalar(select(Location.code).where(Location.code == typed.lower(), Location.archived_at.is_(None)))
    return None if code is None else replace(setup, location_code=code)


def _model(by: Principal, typed: str, setup: Setup) -> Setup | None:
    number = fold_number(typed)
    if len(number) < 4:
        return None
    statement = (
        select(Device.name)
        .join(DeviceModelNumber, DeviceModelNumber.device_id == Device.id)
        .where(DeviceModelNumber.number == number)
        .order_by(Device.id)
        .limit(1)
    )
    name = reads(by).scalar(statement)
    return None if name is None else replace(setup, model=name, storage="")


def take_in(by: Principal, number: str, setup: Setup) -> str:
    """Take in the unit with this IMEI or serial number; its public id.

    Raises Invalid where something of the pile is missing, NoProductYet, and as `receive_unit`.
    """
    by.require("inventory:write")
    missing = {
        "model": "Say which model it is: no unit with this number's beginning is known yet.",
        "grade": "Choose a grade.",
    }
    for name, advice in missing.items():
        if not getattr(setup, name).strip():
            raise Invalid.field(name, advice)
    imei = clean_imei(number)
    with atomic(by) as session:
        product = _find(session, setup)
        if product is None:
            sku = proposed_sku(by, setup)
            named = " ".join(filter(None, (setup.model, setup.storage, setup.grade)))
            raise NoProductYet(f"There is no SKU of {named} yet.", details={"sku": sku})
        facts = UnitFacts(
            product.id,
            _location(session, setup.location_code),
            imei=imei,
            serial=None if imei else number,
            color=setup.color.strip() or None,
            battery_health=setup.battery_health,
            carrier=setup.carrier.strip() or None,
            carrier_locked=setup.carrier_locked,
            price=setup.price,
            cost=setup.cost,
        )
        return receive_unit(by, facts)


def _find(session: CommandSession, setup: Setup) -> Product | None:
    return find_product(session, setup.model.strip().lower(), setup.storage.strip() or None, setup.grade)


def _location(session: CommandSession, code: str) -> int:
    wanted = Location.code == code if code else Location.is_default
    found = session.scalar(select(Location.id).where(wanted))
    if found is None:
        raise Invalid.field("location_code", "Choose the place where the units lie.")
    return found


def proposed_sku(by: Principal, setup: Setup) -> str:
    """A SKU that is free, by the tenant's template."""
    facts = {"make": _make(by, setup.model), "model": setup.model, "storage": setup.storage, "grade": setup.grade}
    return propose_sku(by, {**facts, "name": setup.model, "category": None})


def _make(by: Principal, model: str) -> str | None:
    """Who makes a model, where the catalogue knows it by this very name."""
    statement = (
        select(Make.name)
        .join(Device, Device.make_id == Make.id)
        .where(Device.search_name == search_text(model))
        .limit(1)
    )
    return reads(by).scalar(statement)


def make_product(by: Principal, setup: Setup, price: int) -> str:
    """Make the product of the pile's model, storage and grade; its SKU. Raises Invalid, NotAllowed."""
    by.require("products:write")
    with atomic(by) as session:
        present = _find(session, setup)
        if present is not None:
            return present.sku
        model, storage = " ".join(setup.model.split()), setup.storage.strip()
        facts = ProductFacts(
            proposed_sku(by, setup),
            " ".join(filter(None, (model, storage, setup.grade))),
            "serialised",
            price,
            model=model,
            storage=storage or None,
            grade=setup.grade,
            manufacturer=_make(by, model),
        )
        return create_product(by, facts).sku


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A unit that was taken in just now. `price` minor units."""

    public_id: str
    number: str
    model: str
    storage: str | None
    grade: str
    price: int
    place: str
    at: datetime


def recently_taken_in(by: Principal) -> list[TakenIn]:
    """What this actor took in last, one by one, newest first; what was undone is left out."""
    newest = (
        select(Event.id, Event.name, Event.actor, Event.data, Event.at)
        .where(Event.tenant_id == by.tenant_id)
        .order_by(Event.id.desc())
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    statement = (
        select(newest.c.data, newest.c.at)
        .where(newest.c.name == "inventory.received", newest.c.actor == by.label)
        .order_by(newest.c.id.desc())
        .limit(SHOWN)
    )
    received = reads(by).execute(statement, execution_options=OWN_TENANT).all()
    when = {data["units"][0]: at for data, at in received if data["count"] == 1}
    return _described(by, when)


def _described(by: Principal, when: dict[str, datetime]) -> list[TakenIn]:
    statement = (
        select(
            Unit.public_id, func.coalesce(Unit.imei, Unit.serial), Unit.model, Unit.storage, Unit.grade, Unit.price,
            Location.name,
        )
        .join(Location, Location.id == Unit.location_id)
        .where(Unit.public_id.in_(list(when)), Unit.gone_at.is_(None))
    )  # fmt: skip
    found = [TakenIn(*row, at=when[row[0]]) for row in reads(by).execute(statement)]
    return sorted(found, key=lambda taken: taken.at, reverse=True)


def undo_receipt(by: Principal, public_id: str) -> str:
    """Take back a receipt of today that was a mistake; the unit's number. The ledger keeps both lines.

    Raises NotFound, or Conflict where something else has happened to the unit since, or somebody else took it in.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        unit_id = session.scalar(select(Unit.id).where(Unit.public_id == public_id))
        if unit_id is None:
            raise NotFound(f"There is no unit '{public_id}'.")
        claim = lock_live_claims(session, [unit_id]).get(unit_id)
        unit = lock_units(session, [unit_id])[unit_id]
        last = session.scalar(
            select(StockMove).where(StockMove.unit_id == unit_id).order_by(StockMove.id.desc()).limit(1)
        )
        now = clock.now()
        if claim is not None and is_live(claim, now):
            raise Conflict("The unit is held by now, so its receipt stays.")
        fresh = last is not None and last.kind == "receive" and last.actor == by.label and now - last.at < UNDO_WITHIN
        if unit.state != "in_stock" or not fresh:
            raise Conflict("Only what you took in today, and nothing has happened to since, can be taken back.")
        unit.state, unit.gone_at, unit.updated_at = "scrapped", now, now
        unit.version += 1
        session.flush()
        write_moves(by, session, [Move(unit.product_id, unit.location_id, -1, "adjust", unit.id, reason=MISTAKE)])
        tallies.add(by, session, [(unit.product_id, unit.location_id, unit.carrier_locked, -1, 0)])
        events.record(by, "inventory.receipt-undone", f"unit:{unit.id}", {"unit": public_id})
    return unit.imei or unit.serial or ""


def models_known(by: Principal, limit: int = 200) -> Sequence[str]:
    """Models of which there are products, for the list that a field offers."""
    statement = (
        select(Product.model)
        .where(Product.kind == "serialised", Product.archived_at.is_(None), Product.model.is_not(None))
        .group_by(Product.model)
        .order_by(Product.model)
        .limit(limit)
    )
    return [model for model in reads(by).scalars(statement) if model]
