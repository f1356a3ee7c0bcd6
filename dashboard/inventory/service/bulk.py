"""Changing many units at once: first a preview, then one transaction, and a way back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads, table_of
from dashboard.core.errors import Conflict, DomainError, Invalid
from dashboard.core.money import divide
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import BulkChange, BulkChangeRow, Location, Unit
from dashboard.inventory.service.corrections import Correction, UnitChange

MOST = 2_000
"""Units of one change: they stay locked until all of them are done."""

FIELDS = {"price": "Price", "grade": "Grade", "warehouse_id": "Place", "notes": "Notes"}
_rows = table_of(BulkChangeRow)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to change; None leaves it as it is. `price` minor units, or `percent` up or down."""

    price: int | None = None
    percent: int | None = None
    grade: str | None = None
    location_code: str | None = None
    notes: str | None = None

    def of(self, unit: Unit) -> UnitChange:
        """The change of one unit."""
        price = self.price if self.percent is None else divide(unit.price * (100 + self.percent), 100)
        return UnitChange(grade=self.grade, price=price, location_code=self.location_code, notes=self.notes)

    def as_json(self) -> dict[str, Any]:
        names = ("price", "percent", "grade", "location_code", "notes")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One unit of the report: what was and is by field (money in minor units), or why it stays as it is."""

    public_id: str
    number: str
    model: str
    changed: dict[str, list[Any]]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a change did, unit by unit. `bulk_id` is None where nothing changed."""

    rows: Sequence[Outcome]
    bulk_id: int | None = None

    @property
    def changed(self) -> int:
        return sum(bool(row.changed) for row in self.rows)

    @property
    def refused(self) -> int:
        return sum(bool(row.problem) for row in self.rows)


class _OnlyLooking(Exception):
    """Ends a preview: nothing of it is kept."""


def preview_bulk(by: Principal, public_ids: Iterable[str], wanted: Wanted) -> Report:
    """What `apply_bulk` would do now. Raises Invalid."""
    return preview_units(by, lambda session: _ids(session, public_ids), wanted)


def preview_units(by: Principal, find: Callable[[CommandSession], Sequence[int]], wanted: Wanted) -> Report:
    """What a change of the units that `find` finds would do now: it is done and rolled back, so that the rules are the
    same. Raises Invalid.
    """
    by.require("inventory:write")
    rows: list[Outcome] = []
    try:
        with atomic(by) as session:
            rows = _change_all(by, session, find(session), wanted)[0]
            raise _OnlyLooking
    except _OnlyLooking:
        return Report(rows)


def apply_bulk(by: Principal, public_ids: Iterable[str], wanted: Wanted) -> Report:
    """Change all units that can be changed, in one command; the report says of the others why not. Raises Invalid."""
    by.require("inventory:write")
    with atomic(by) as session:
        rows, before = _change_all(by, session, _ids(session, public_ids), wanted)
        if not before:
            return Report(rows)
        bulk = BulkChange(changed=wanted.as_json(), actor=by.label, at=clock.now())
        session.add(bulk)
        session.flush()
        keep_before(by, session, bulk.id, before)
        told = {"units": len(before), "changed": wanted.as_json()}
        events.record(by, "inventory.bulk-changed", f"bulk:{bulk.id}", told)
    return Report(rows, bulk.id)


def keep_before(by: Principal, session: CommandSession, bulk_id: int, before: Sequence["Before"]) -> None:
    """Write down what units were before a change, for the way back."""
    rows = [
        {"tenant_id": by.tenant_id, "bulk_id": bulk_id, "unit_id": unit.id, "before": was, "version": unit.version}
        for unit, was in before
    ]
    if rows:
        session.execute(insert(_rows), rows, execution_options=OWN_TENANT)


def last_bulk(by: Principal) -> BulkChange | None:
    """The last change of this actor that was not taken back."""
    statement = select(BulkChange).where(BulkChange.actor == by.label).order_by(BulkChange.id.desc()).limit(1)
    found = reads(by).scalar(statement)
    return found if found is not None and found.undone_at is None else None


def undo_bulk(by: Principal, bulk_id: int) -> Report:
    """Take back the actor's last change: what nobody has changed since becomes what it was; of the others, why not.

    Raises Conflict where it is not the last one, or was taken back already.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        last = last_bulk(by)
        if last is None or last.id != bulk_id:
            raise Conflict("Only your last change can be taken back, and only once.", code="not_undoable")
        statement = select(BulkChangeRow).where(BulkChangeRow.bulk_id == bulk_id)
        rows = undo_rows(by, session, session.scalars(statement).all())
        if session.get_one(BulkChange, bulk_id, with_for_update=True, populate_existing=True).undone_at is not None:
            raise Conflict("This change was taken back already.", code="not_undoable")
        last.undone_at = clock.now()
        told = {"units": sum(bool(row.changed) for row in rows)}
        events.record(by, "inventory.bulk-undone", f"bulk:{bulk_id}", told)
    return Report(rows)


def undo_rows(by: Principal, session: CommandSession, rows: Sequence[BulkChangeRow]) -> list[Outcome]:
    """Let units be what they were before a change, as far as nobody has changed them since."""
    kept = {row.unit_id: row for row in rows}
    correction = Correction(by, session, kept)
    done = [_undo_one(correction, unit, kept[unit.id]) for unit in correction.units.values()]
    correction.settle()
    return done


def _undo_one(correction: Correction, unit: Unit, kept: BulkChangeRow) -> Outcome:
    if unit.version != kept.version:
        return _outcome(unit, {}, "Somebody has changed or sold it since, so it stays as it is.")
    was = kept.before
    change = UnitChange(
        price=was.get("price"), grade=was.get("grade"), location_code=was.get("warehouse_id"), notes=was.get("notes")
    )
    return _try(correction, unit, change)


Before = tuple[Unit, dict[str, Any]]
"""A unit that was changed, and what it was before."""


def _change_all(
    by: Principal, session: CommandSession, unit_ids: Sequence[int], wanted: Wanted
) -> tuple[list[Outcome], list[Before]]:
    check_wanted(session, wanted)
    return change_units(by, session, unit_ids, wanted)


def change_units(
    by: Principal, session: CommandSession, unit_ids: Sequence[int], wanted: Wanted
) -> tuple[list[Outcome], list[Before]]:
    """Change those of the units that can be; what became of each, and what the changed ones were."""
    correction = Correction(by, session, unit_ids)
    rows: list[Outcome] = []
    before: list[Before] = []
    for unit in correction.units.values():
        outcome = _try(correction, unit, wanted.of(unit))
        rows.append(outcome)
        if outcome.changed:
            before.append((unit, {name: was for name, (was, _) in outcome.changed.items()}))
    correction.settle()
    return rows, before


def _try(correction: Correction, unit: Unit, change: UnitChange) -> Outcome:
    try:
        return _outcome(unit, correction.change(unit, change))
    except DomainError as error:
        return _outcome(unit, {}, error.message)


def _outcome(unit: Unit, changed: dict[str, list[Any]], problem: str = "") -> Outcome:
    return Outcome(unit.public_id, unit.imei or unit.serial or "", unit.model, changed, problem)


def _ids(session: CommandSession, public_ids: Iterable[str]) -> list[int]:
    wanted = list(dict.fromkeys(public_ids))
    if not wanted:
        raise Invalid.field("units", "Select at least one unit.")
    if len(wanted) > MOST:
        raise Invalid.field("units", f"At most {MOST:,} units are changed at once.")
    found: list[int] = []
    for start in range(0, len(wanted), 500):
        found += session.scalars(select(Unit.id).where(Unit.public_id.in_(wanted[start : start + 500])))
    return found


def check_wanted(session: CommandSession, wanted: Wanted) -> None:
    """Raises Invalid for a change that cannot be meant."""
    if not wanted.as_json():
        raise Invalid.field("price", "Say what is to change.")
    if wanted.price is not None and wanted.percent is not None:
        raise Invalid.field("percent", "Give a price or a percentage, not both.")
    if wanted.percent is not None and not -100 <= wanted.percent <= 1000:
        raise Invalid.field("percent", "A percentage is between -100 and 1,000.")
    if wanted.location_code is not None and (
        session.scalar(select(Location.id).where(Location.code == wanted.location_code)) is None
    ):
        raise Invalid.field("location_code", f"There is no place with the code '{wanted.location_code}'.")
