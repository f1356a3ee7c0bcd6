"""Manifests: what a delivery should hold, scanned against what it does, and then received.

A number is matched (expected and scanned), missing (expected) or unexpected (scanned); what was not expected comes in
only after somebody has decided on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard.core import clock, events, jobs
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, DomainError, Invalid, NotFound
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.imei import fold_serial, tac
from dashboard.inventory.models import DECISIONS, Location, Manifest, ManifestLine, Product, Unit
from dashboard.inventory.service.products import fold_sku
from dashboard.inventory.service.quarantine import quarantine_units
from dashboard.inventory.service.unit_files import Row, read_money, read_number
from dashboard.inventory.service.units import UnitFacts, receive_some

JOB = "inventory.receive-manifest"
BATCH = 500
AT_ONCE = 500
"""Units that are received while the person waits; more become background work."""

REASON_LENGTH = 200
lines = table_of(ManifestLine)
Kind = Literal["matched", "again", "unexpected"]


def _add_lines(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    keys = [lines.c.tenant_id, lines.c.manifest_id, lines.c.number]
    added = insert(lines)
    return added.on_conflict_do_update(
        index_elements=keys,
        set_={"expected": True, "product_id": func.coalesce(lines.c.product_id, added.excluded.product_id)},
        where=and_(lines.c.expected.is_(False), lines.c.decision.is_(None)),
    ).returning(lines.c.number)


def _add_scan(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    return insert(lines).on_conflict_do_nothing().returning(lines.c.id)


_ADD_LINES = {"sqlite": _add_lines(sqlite.Insert), "postgresql": _add_lines(postgresql.Insert)}
_ADD_SCAN = {"sqlite": _add_scan(sqlite.Insert), "postgresql": _add_scan(postgresql.Insert)}

ready = and_(
    ManifestLine.scanned_at.is_not(None),
    ManifestLine.unit_id.is_(None),
    ManifestLine.problem.is_(None),
    ManifestLine.product_id.is_not(None),
    or_(
        and_(ManifestLine.expected, ManifestLine.decision.is_(None)),
        ManifestLine.decision.in_(("accept", "quarantine")),
    ),
)
"""Lines that receiving takes in: what was scanned and is matched, or has been decided on."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan meant, and of which model the manifest says it is."""

    kind: Kind
    line_id: int
    number: str


def open_manifest(by: Principal, name: str, location_code: str) -> Manifest:
    """Begin a manifest. Raises Invalid."""
    by.require("inventory:write")
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise Invalid.field("name", "Give the delivery a name of 1 to 120 characters, such as its number.")
    with atomic(by) as session:
        place = session.scalar(select(Location.id).where(Location.code == location_code))
        if place is None:
            raise Invalid.field("location_code", "Choose the place where the units will lie.")
        manifest = Manifest(name=name, location_id=place, actor=by.label, created_at=clock.now())
        session.add(manifest)
        session.flush()
        events.record(by, "manifest.opened", f"manifest:{manifest.id}", {"name": name})
    return manifest


def expect(by: Principal, manifest_id: int, rows: Sequence[Row]) -> list[tuple[int, str, str]]:
    """Add expected numbers; row, value and reason of those that were refused. What is good of them is kept."""
    by.require("inventory:write")
    refused: list[tuple[int, str, str]] = []
    good: dict[str, tuple[int, dict[str, Any]]] = {}
    with atomic(by) as session:
        _open(session, manifest_id)
        products = _products(session, rows)
        for row in rows:
            values: dict[str, str] = row["values"]
            typed = values.get("number") or values.get("serial") or ""
            try:
                line = _expected_line(by, manifest_id, values, typed, products)
            except DomainError as error:
                refused.append((row["row"], typed, error.message))
                continue
            if line["number"] in good:
                refused.append((row["row"], typed, f"It stands in row {good[line['number']][0]:,} already."))
            else:
                good[line["number"]] = (row["row"], line)
        added = _add_all(session, [line for _, line in good.values()])
        refused += [
            (row, line["typed"], "It is on this manifest already.")
            for number, (row, line) in good.items()
            if number not in added
        ]
    return refused


def _add_all(session: CommandSession, rows: Sequence[dict[str, Any]]) -> set[str]:
    if not rows:
        return set()
    statement = _ADD_LINES[session.get_bind().dialect.name]
    return set(session.execute(statement, list(rows), execution_options=OWN_TENANT).scalars())


def _expected_line(
    by: Principal, manifest_id: int, values: dict[str, str], typed: str, products: dict[str, int]
) -> dict[str, Any]:
    if not typed:
        raise Invalid.field("number", "There is no IMEI or serial number in this row.")
    imei, serial = read_number(typed)
    sku = values.get("sku", "")
    if sku and fold_sku(sku) not in products:
        raise Invalid.field("sku", f"There is no SKU '{sku[:60]}' of units.")
    return {
        "tenant_id": by.tenant_id,
        "manifest_id": manifest_id,
        "number": imei or fold_serial(serial or ""),
        "typed": (imei or serial or "")[:60],
        "product_id": products.get(fold_sku(sku)),
        "cost": read_money(values["cost"], by.currency, "cost") if values.get("cost") else 0,
        "expected": True,
    }


def _products(session: CommandSession, rows: Sequence[Row]) -> dict[str, int]:
    keys = {fold_sku(row["values"]["sku"]) for row in rows if row["values"].get("sku")}
    statement = select(Product.sku_key, Product.id).where(Product.sku_key.in_(keys), Product.kind == "serialised")
    return {key: product for key, product in session.execute(statement)}  # noqa: C416


def scan(by: Principal, manifest_id: int, text: str) -> ScanResult:
    """Tick off one number. Raises Invalid for what is no number, NotFound, or Conflict for a closed manifest."""
    by.require("inventory:write")
    imei, serial = read_number(text)
    number = imei or fold_serial(serial or "")
    with atomic(by) as session:
        _open(session, manifest_id)
        row = session.execute(
            update(ManifestLine)
            .where(
                ManifestLine.manifest_id == manifest_id,
                ManifestLine.number == number,
                ManifestLine.scanned_at.is_(None),
            )
            .values(scanned_at=clock.now())
            .returning(ManifestLine.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is not None:
            return ScanResult("matched", row[0], number)
        values = {
            "tenant_id": by.tenant_id, "manifest_id": manifest_id, "number": number,
            "typed": (imei or serial or "")[:60],
            "product_id": _like(session, imei), "cost": 0, "expected": False, "scanned_at": clock.now(),
        }  # fmt: skip
        statement = _ADD_SCAN[session.get_bind().dialect.name]
        added = session.execute(statement, values, execution_options=OWN_TENANT).scalar_one_or_none()
        if added is not None:
            return ScanResult("unexpected", added, number)
        there = select(ManifestLine.id).where(ManifestLine.manifest_id == manifest_id, ManifestLine.number == number)
        return ScanResult("again", session.scalars(there).one(), number)


def _like(session: CommandSession, imei: str | None) -> int | None:
    """The product of another unit with the same type allocation code: what the decision begins with."""
    if imei is None:
        return None
    first = tac(imei)
    statement = select(Unit.product_id).where(Unit.imei >= first, Unit.imei < f"{first}:").order_by(Unit.imei.desc())
    return session.scalar(statement.limit(1))


def take_scan_back(by: Principal, manifest_id: int, line_id: int) -> None:
    """Undo a scan: an expected number is missing again, another leaves the list. Raises NotFound, Conflict."""
    by.require("inventory:write")
    with atomic(by) as session:
        _open(session, manifest_id)
        line = _line(session, manifest_id, line_id)
        if line.unit_id is not None:
            raise Conflict("This unit has been received already.")
        if line.expected:
            line.scanned_at, line.decision, line.problem = None, None, None
        else:
            session.delete(line)


def decide(by: Principal, manifest_id: int, line_id: int, decision: str, *, sku: str = "", reason: str = "") -> None:
    """Say what becomes of a scanned number: taken in, set aside, or not taken in. A SKU where none is known.

    Raises Invalid, NotFound, or Conflict where it was received already or was not scanned.
    """
    by.require("inventory:write")
    reason = " ".join(reason.split())
    if decision not in DECISIONS:
        raise Invalid.field("decision", f"A decision is one of {', '.join(DECISIONS)}.")
    if len(reason) > REASON_LENGTH:
        raise Invalid.field("reason", f"A reason has at most {REASON_LENGTH} characters.")
    if decision != "accept" and not reason:
        raise Invalid.field("reason", "Say why.")
    with atomic(by) as session:
        _open(session, manifest_id)
        line = _line(session, manifest_id, line_id)
        if line.unit_id is not None or line.scanned_at is None:
            raise Conflict("Only what was scanned and not yet received can be decided on.")
        if sku:
            found = _products(session, [{"values": {"sku": sku}}])
            if not found:
                raise Invalid.field("sku", f"There is no SKU '{sku[:60]}' of units.")
            line.product_id = found[fold_sku(sku)]
        if decision != "refuse" and line.product_id is None:
            raise Invalid.field("sku", "Give the SKU under which it comes in.")
        line.decision, line.reason, line.problem = decision, reason or None, None


def start_receiving(by: Principal, manifest_id: int) -> int | None:
    """Receive what is ready: at once where it is little (then None), else in the background: the id of that work.

    Raises NotFound, or Conflict for a closed manifest or one with nothing to receive.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        manifest = _open(session, manifest_id)
        waiting = count_ready(session, manifest_id)
        if not waiting:
            raise Conflict("There is nothing to receive yet: scan units, and decide on what was not expected.")
        if waiting > AT_ONCE:
            work = jobs.enqueue(by, JOB, {"manifest_id": manifest_id}, unique_key=f"manifest:{manifest_id}")
            manifest.work_id = work.id
            return work.id
        while receive_batch(by, manifest_id):
            pass
    return None


def count_ready(session: CommandSession, manifest_id: int) -> int:
    """How many lines receiving would take in now."""
    statement = select(func.count()).select_from(ManifestLine).where(ManifestLine.manifest_id == manifest_id, ready)
    return session.scalar(statement) or 0


def receive_batch(by: Principal, manifest_id: int) -> int:
    """Receive the next lines that are ready, in one command; how many, 0 at the end. What cannot be says why."""
    with atomic(by) as session:
        manifest = _open(session, manifest_id)
        statement = select(ManifestLine).where(ManifestLine.manifest_id == manifest_id, ready)
        batch = list(session.scalars(statement.order_by(ManifestLine.id).limit(BATCH)))
        if not batch:
            return 0
        facts = [_facts(line, manifest.location_id) for line in batch]
        done = receive_some(by, facts, source=f"manifest:{manifest_id}")
        for place, line in enumerate(batch):
            if place in done.units:
                line.unit_id = done.units[place]
            else:
                line.problem = done.refused[place].message[:200]
        session.flush()
        for line in batch:
            if line.unit_id is not None and line.decision == "quarantine":
                quarantine_units(by, [line.unit_id], "inspection", line.reason or "")
        told = {"name": manifest.name, "received": len(done.units), "refused": len(done.refused)}
        events.record(by, "manifest.received", f"manifest:{manifest_id}", told)
    return len(batch)


def _facts(line: ManifestLine, location_id: int) -> UnitFacts:
    imei, serial = read_number(line.typed)
    assert line.product_id is not None
    return UnitFacts(line.product_id, location_id, imei=imei, serial=serial, cost=line.cost)


def close_manifest(by: Principal, manifest_id: int) -> None:
    """No more scans: what is missing stays missing. Raises Conflict while scanned units wait."""
    by.require("inventory:write")
    with atomic(by) as session:
        manifest = _open(session, manifest_id)
        undecided = session.scalar(
            select(func.count())
            .select_from(ManifestLine)
            .where(ManifestLine.manifest_id == manifest_id, undecided_line())
        )
        if undecided:
            raise Conflict(f"{undecided:,} scanned units still wait: decide on them first.")
        if count_ready(session, manifest_id):
            raise Conflict("Some units are scanned but not received. Receive them first.")
        manifest.status, manifest.closed_at = "closed", clock.now()
        events.record(by, "manifest.closed", f"manifest:{manifest_id}", {"name": manifest.name})


def undecided_line() -> ColumnElement[bool]:
    """Scanned, and somebody must say what becomes of it: unexpected, without a SKU, or refused by the books."""
    return and_(
        ManifestLine.scanned_at.is_not(None),
        ManifestLine.unit_id.is_(None),
        or_(
            and_(ManifestLine.expected.is_(False), ManifestLine.decision.is_(None)),
            and_(ManifestLine.product_id.is_(None), func.coalesce(ManifestLine.decision, "") != "refuse"),
            and_(ManifestLine.problem.is_not(None), func.coalesce(ManifestLine.decision, "") != "refuse"),
        ),
    )


def _open(session: CommandSession, manifest_id: int) -> Manifest:
    manifest = session.scalar(
        select(Manifest).where(Manifest.id == manifest_id).with_for_update().execution_options(populate_existing=True)
    )
    if manifest is None:
        raise NotFound("There is no such manifest.")
    if manifest.status != "open":
        raise Conflict("This manifest is closed.")
    return manifest


def _line(session: CommandSession, manifest_id: int, line_id: int) -> ManifestLine:
    statement = select(ManifestLine).where(ManifestLine.manifest_id == manifest_id, ManifestLine.id == line_id)
    line = session.scalar(statement)
    if line is None:
        raise NotFound("There is no such line on this manifest.")
    return line
