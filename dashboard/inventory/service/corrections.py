"""Correcting units that are here: one, or many in one command under the same rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import SET_ASIDE, Claim, Location, Product, Unit
from dashboard.inventory.service import tallies
from dashboard.inventory.service.ledger import Move, write_moves
from dashboard.inventory.service.products import MAX_MONEY
from dashboard.inventory.service.units import TEXT_LENGTH

NOTES_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What to correct of a unit; None leaves it as it is, an empty text takes it away. `price` in minor units."""

    grade: str | None = None
    price: int | None = None
    battery_health: int | None = None
    location_code: str | None = None
    color: str | None = None
    carrier: str | None = None
    carrier_locked: bool | None = None
    notes: str | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) is not None for each in fields(self))


class Promised(Conflict):
    """Somebody holds the unit, so neither its grade nor its place can change under them."""

    code = "unit_held"


class ChangedMeanwhile(Conflict):
    """Somebody else changed the same field first; `details` has `theirs`."""

    code = "changed_meanwhile"


def change_unit(by: Principal, public_id: str, change: UnitChange, *, seen: Mapping[str, Any] | None = None) -> Unit:
    """Correct a unit that is here. Another grade moves it to the product of the same model and storage with that grade.

    `seen` are present values that the change rests on. Raises NotFound; Conflict for a unit that has left, one that is
    promised to somebody, or another value than was seen; Invalid for a grade, a place or a value that cannot be.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        unit_id = session.scalar(select(Unit.id).where(Unit.public_id == public_id))
        if unit_id is None:
            raise NotFound(f"There is no unit '{public_id}'.")
        correction = Correction(by, session, [unit_id])
        unit = correction.units[unit_id]
        for name, value in (seen or {}).items():
            if getattr(unit, name) != value:
                raise ChangedMeanwhile(
                    "Somebody else changed this while you were editing.",
                    details={"theirs": {name: getattr(unit, name)}},
                )
        correction.change(unit, change)
        correction.settle()
    return unit


class Correction:
    """Units that are being corrected in the present command: locked, and read again under the lock."""

    def __init__(self, by: Principal, session: CommandSession, unit_ids: Iterable[int]) -> None:
        self._by = by
        self._session = session
        self.claims = lock_live_claims(session, unit_ids)
        self.units = lock_units(session, unit_ids)
        self._moves: list[Move] = []
        self._counts: list[tallies.Change] = []
        self._places: dict[str, Location | None] = {}
        self._codes: dict[int, str] = {}
        self._products: dict[tuple[str, str | None, str], Product | None] = {}

    def change(self, unit: Unit, change: UnitChange) -> dict[str, list[Any]]:
        """Correct one of the units; what it was and is, by name. Raises Conflict or Invalid, having changed nothing."""
        if unit.gone_at is not None:
            raise Conflict(f"The unit is {unit.state}, so it cannot be changed.")
        check_values(change)
        product = self._product_of(unit, change.grade)
        place = self._place(change.location_code)
        self._refuse_if_promised(unit, product, place)
        before = (unit.product_id, unit.location_id, unit.carrier_locked)
        told = _set_plain(unit, change)
        if product is not None:
            told["grade"] = [unit.grade, change.grade]
            unit.product_id, unit.grade = product.id, product.grade or ""
        if place is not None and place.id != unit.location_id:
            told["warehouse_id"] = [self._code_of(unit.location_id), place.code]
            out = Move(unit.product_id, unit.location_id, -1, "transfer_out", unit_id=unit.id)
            self._moves += [out, Move(unit.product_id, place.id, 1, "transfer_in", unit_id=unit.id)]
            unit.location_id = place.id
        if told:
            self._follow(unit, before)
            unit.version += 1
            unit.updated_at = clock.now()
            told_of = {"unit": unit.public_id, "changed": told}
            events.record(self._by, "inventory.changed", f"unit:{unit.id}", told_of)
        return told

    def settle(self) -> None:
        """Write the ledger and the tallies of all that was changed: once, after the last unit."""
        self._session.flush()
        if self._moves:
            write_moves(self._by, self._session, self._moves)
        tallies.add(self._by, self._session, self._counts)
        self._moves, self._counts = [], []

    def _product_of(self, unit: Unit, grade: str | None) -> Product | None:
        """The product that the unit moves to with another grade."""
        if grade is None or grade == unit.grade:
            return None
        key = (unit.model_key, unit.storage, grade)
        if key not in self._products:
            self._products[key] = find_product(self._session, *key)
        if self._products[key] is None:
            name = " ".join(filter(None, (unit.model, unit.storage)))
            raise Invalid.field("grade", f"There is no product '{name}' of grade {grade} yet. Add the product first.")
        return self._products[key]

    def _place(self, code: str | None) -> Location | None:
        if code is None:
            return None
        if code not in self._places:
            self._places[code] = self._session.scalar(select(Location).where(Location.code == code))
        if self._places[code] is None:
            raise Invalid.field("warehouse_id", f"There is no place with the code '{code}'.")
        return self._places[code]

    def _code_of(self, location_id: int) -> str:
        if location_id not in self._codes:
            self._codes[location_id] = self._session.get_one(Location, location_id).code
        return self._codes[location_id]

    def _refuse_if_promised(self, unit: Unit, product: Product | None, place: Location | None) -> None:
        moves = product is not None or (place is not None and place.id != unit.location_id)
        claim = self.claims.get(unit.id)
        if moves and claim is not None and claim.holder not in SET_ASIDE and is_live(claim, clock.now()):
            raise Promised("The unit is held, so its grade and place stay as they are until it is free again.")

    def _follow(self, unit: Unit, before: tuple[int, int, bool]) -> None:
        """What repeats the unit's product and place elsewhere: the tallies, and the claim of what is set aside."""
        after = (unit.product_id, unit.location_id, unit.carrier_locked)
        if before == after:
            return
        if unit.state == "in_stock":
            self._counts += [(*before, -1, 0), (*after, 1, 0)]
        elif unit.state == "in_transit":
            self._counts += [(*before, 0, -1), (*after, 0, 1)]
        claim = self.claims.get(unit.id)
        if claim is not None:
            claim.product_id, claim.location_id = unit.product_id, unit.location_id


def lock_live_claims(session: CommandSession, unit_ids: Iterable[int]) -> dict[int, Claim]:
    """Lock the claims of units that have not ended, lapsed holds among them; by unit. Before the units themselves."""
    found: dict[int, Claim] = {}
    for chunk in _chunks(unit_ids):
        statement = (
            select(Claim)
            .where(Claim.unit_id.in_(chunk), Claim.ended_at.is_(None))
            .order_by(Claim.unit_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found |= {claim.unit_id: claim for claim in session.scalars(statement) if claim.unit_id is not None}
    return found


def lock_units(session: CommandSession, unit_ids: Iterable[int]) -> dict[int, Unit]:
    """Lock units in the order of their ids, and read them as they are under the lock."""
    found: dict[int, Unit] = {}
    for chunk in _chunks(unit_ids):
        statement = (
            select(Unit)
            .where(Unit.id.in_(chunk))
            .order_by(Unit.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found |= {unit.id: unit for unit in session.scalars(statement)}
    return found


def _chunks(unit_ids: Iterable[int], size: int = 500) -> Iterable[Sequence[int]]:
    wanted = sorted(set(unit_ids))
    return (wanted[start : start + size] for start in range(0, len(wanted), size))


def is_live(claim: Claim, now: datetime) -> bool:
    """Whether a claim counts: not ended, its hold not lapsed."""
    return claim.ended_at is None and (claim.expires_at is None or claim.expires_at > now)


def find_product(session: CommandSession, model_key: str, storage: str | None, grade: str) -> Product | None:
    """The product of units of this model (in lower case), storage and grade."""
    return session.scalar(
        select(Product)
        .where(
            Product.kind == "serialised",
            Product.model_key == model_key,
            Product.storage.is_(None) if storage is None else Product.storage == storage,
            Product.grade == grade,
            Product.archived_at.is_(None),
        )
        .order_by(Product.id)
        .limit(1)
    )


def check_values(change: UnitChange) -> None:
    """Raises Invalid for a value that no unit can have."""
    if change.price is not None and not 0 <= change.price <= MAX_MONEY:
        raise Invalid.field("price", "A price is 0 or more.")
    if change.battery_health is not None and not 0 <= change.battery_health <= 100:
        raise Invalid.field("battery_health", "Battery health is 0 to 100 percent.")
    for name in ("color", "carrier"):
        if len(getattr(change, name) or "") > TEXT_LENGTH:
            raise Invalid.field(name, f"Use at most {TEXT_LENGTH} characters.")
    if len(change.notes or "") > NOTES_LENGTH:
        raise Invalid.field("notes", f"Notes have at most {NOTES_LENGTH:,} characters.")


def _set_plain(unit: Unit, change: UnitChange) -> dict[str, list[Any]]:
    told: dict[str, list[Any]] = {}
    for name in ("price", "battery_health", "color", "carrier", "carrier_locked", "notes"):
        value = getattr(change, name)
        if name in ("color", "carrier") and value is not None:
            value = value.strip() or None
            if value is None and getattr(unit, name) is None:
                continue
        elif value is None:
            continue
        if value != getattr(unit, name):
            told[name] = [getattr(unit, name), value]
            setattr(unit, name, value)
    return told
