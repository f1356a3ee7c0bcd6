"""The units of a stocktake: those expected when it began, those scanned since, and what becomes of the difference.

What a line says is derived from where its unit is now, so that what is sold, moved or received while people count is
neither missing nor too much.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, func, literal, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, table_of
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.imei import clean_imei, fold_serial, luhn_holds
from dashboard.inventory.models import (
    QUARANTINE_REASONS,
    Claim,
    Location,
    Quarantine,
    Stocktake,
    StocktakeUnit,
    TransferLine,
    Unit,
)
from dashboard.inventory.service import claims, manifests, transfers
from dashboard.inventory.service.claims import Holder
from dashboard.inventory.service.corrections import Correction, Promised, UnitChange, lock_live_claims
from dashboard.inventory.service.quarantine import KIND as QUARANTINE
from dashboard.inventory.service.quarantine import quarantine_units
from dashboard.inventory.service.unit_files import read_number

OPEN_KINDS = ("missing", "elsewhere", "on_its_way", "sold", "unknown", "came", "left", "matched")
"""What a line of an open count can be, what needs people first:

missing: expected, and nobody scanned it; elsewhere: the books have it at another place; on_its_way: in a transfer;
sold: the books say that it left; unknown: no such unit; came: taken in or moved here since; left: sold, promised to
somebody or moved away since; matched.
"""

lines, units = table_of(StocktakeUnit), table_of(Unit)
CHUNK = 500


def _freeze(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    tenant, take = bindparam("tenant", type_=BigInteger), bindparam("take", type_=BigInteger)
    there = select(tenant, take, units.c.id, func.coalesce(units.c.imei, units.c.serial_key), true()).where(
        units.c.tenant_id == tenant,
        units.c.location_id == bindparam("place", type_=BigInteger),
        units.c.gone_at.is_(None),
        units.c.state == "in_stock",
    )
    columns = ("tenant_id", "stocktake_id", "unit_id", "number", "expected")
    return insert(lines).from_select(columns, there).on_conflict_do_nothing()


_FREEZE = {"sqlite": _freeze(sqlite.Insert), "postgresql": _freeze(postgresql.Insert)}


@dataclass(frozen=True, slots=True)
class UnitScan:
    """What a scan of a unit meant: a kind of OPEN_KINDS, `again` where it was scanned before, `back` where a scan was
    taken back.
    """

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class UnitsPosted:
    """How many units were set aside as missing, moved here, arrived by their transfer, and put on a list to take in."""

    missing: int = 0
    moved: int = 0
    arrived: int = 0
    listed: int = 0


def freeze(by: Principal, session: CommandSession, take: Stocktake) -> int:
    """Write down which units the books have at the place, in one statement; how many they are."""
    statement = _FREEZE[session.get_bind().dialect.name]
    values = {"tenant": by.tenant_id, "take": take.id, "place": take.location_id}
    session.execute(statement, values, execution_options=OWN_TENANT)
    counted = select(func.count(StocktakeUnit.id)).where(StocktakeUnit.stocktake_id == take.id)
    return session.scalar(counted) or 0


def find_number(session: CommandSession, text: str, *, any_serial: bool = False) -> tuple[str, Unit | None] | None:
    """The number of a unit that was scanned, and the unit if there is one; None for what is no unit's number. A serial
    number that the books do not know may be a slip: it is taken with `any_serial` alone.
    """
    imei = clean_imei(text)
    if imei is not None and luhn_holds(imei):
        return imei, session.scalar(select(Unit).where(Unit.imei == imei))
    serial = fold_serial(text)
    found = session.scalar(select(Unit).where(Unit.serial_key == serial)) if 0 < len(serial) <= 40 else None
    if found is not None:
        return found.imei or serial, found
    return (fold_serial(read_number(text)[1] or ""), None) if any_serial else None


def scan_unit(
    by: Principal, session: CommandSession, take: Stocktake, found: tuple[str, Unit | None], quantity: int
) -> UnitScan:
    """Tick off a unit (1), or take its scan back (-1). The caller has locked the stocktake. Raises Invalid."""
    number, unit = found
    if quantity not in (1, -1):
        raise Invalid.field("quantity", "A unit is one piece: scan each of them.")
    line = session.scalar(
        select(StocktakeUnit).where(StocktakeUnit.stocktake_id == take.id, StocktakeUnit.number == number)
    )
    if quantity < 0:
        return _take_back(session, take, number, line)
    if line is not None and line.scanned_at is not None:
        return UnitScan("again", number)
    if line is None:
        line = StocktakeUnit(stocktake_id=take.id, number=number, unit_id=unit.id if unit else None, expected=False)
        session.add(line)
        take.units_extra += 1
    else:
        take.units_found += 1
    line.scanned_at, line.scanned_by = clock.now(), by.name
    session.flush()
    kind = session.scalar(joined(select(kind_of())).where(StocktakeUnit.id == line.id))
    return UnitScan(kind or "unknown", number)


def _take_back(session: CommandSession, take: Stocktake, number: str, line: StocktakeUnit | None) -> UnitScan:
    if line is None or line.scanned_at is None:
        raise Invalid.field("scanned", f"{number} was not scanned, so there is nothing to take back.")
    if line.expected:
        line.scanned_at, line.scanned_by = None, None
        take.units_found -= 1
    else:
        session.delete(line)
        take.units_extra -= 1
    session.flush()
    return UnitScan("back", number)


def joined(statement: Any) -> Any:
    """`statement` on lines beside their stocktake, their unit and the live claim on that."""
    live = and_(
        Claim.unit_id == Unit.id,
        Claim.ended_at.is_(None),
        or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now()),
    )
    return (
        statement.select_from(StocktakeUnit)
        .join(Stocktake, Stocktake.id == StocktakeUnit.stocktake_id)
        .outerjoin(Unit, Unit.id == StocktakeUnit.unit_id)
        .outerjoin(Claim, live)
    )


def kind_of() -> ColumnElement[str]:
    """Which of OPEN_KINDS a line is now; what it was, once it has been posted."""
    scanned: ColumnElement[bool] = StocktakeUnit.scanned_at.is_not(None)
    outcome: InstrumentedAttribute[str | None] = StocktakeUnit.outcome
    promised = and_(Claim.holder != QUARANTINE, Claim.created_at > Stocktake.started_at)
    return case(
        (outcome.is_not(None), outcome),
        (and_(StocktakeUnit.expected, scanned), literal("matched")),
        (Unit.id.is_(None), literal("unknown")),
        (and_(scanned, Unit.gone_at.is_not(None)), literal("sold")),
        (and_(scanned, Unit.state == "in_transit"), literal("on_its_way")),
        (and_(scanned, Unit.location_id == Stocktake.location_id), literal("came")),
        (scanned, literal("elsewhere")),
        (or_(Unit.state != "in_stock", Unit.location_id != Stocktake.location_id, promised), literal("left")),
        else_=literal("missing"),
    )


@dataclass(frozen=True, slots=True)
class _Line:
    id: int
    number: str
    unit_id: int | None
    kind: str
    location_id: int | None
    holder: str | None
    holder_id: int | None


def post_units(by: Principal, session: CommandSession, take: Stocktake, *, aside: bool) -> UnitsPosted:
    """Let the books follow: what is missing is set aside (`aside`; else it stays as it is), what lies here by mistake
    is moved here, arrives by its transfer, or is put on a manifest to be taken in.

    Raises Conflict, naming them, where units are missing that somebody held before the count began.
    """
    found = _differing(session, take, ("missing",) if aside else ())
    lock_live_claims(session, [line.unit_id for line in found if line.unit_id is not None])
    transfer_ids = {line.holder_id for line in found if line.holder == "transfer" and line.holder_id is not None}
    for transfer_id in sorted(transfer_ids):
        claims.lock(by, Holder("transfer", transfer_id))
    groups: dict[str, list[_Line]] = defaultdict(list)
    for line in _differing(session, take, ("missing",) if aside else ()):
        groups[line.kind].append(line)
    _refuse_held(groups["missing"])
    _set_aside(by, session, groups["missing"])
    here, elsewhere = _sort_travelling(take, groups["on_its_way"])
    arrived = _arrive(by, session, here)
    moved = _move_here(by, session, take, groups["elsewhere"])
    listed = _list_for_intake(by, session, take, groups["sold"] + groups["unknown"])
    for outcome, some in (
        ("missing", groups["missing"]),
        ("arrived", arrived),
        ("moved", moved),
        ("intake", listed),
        ("came", groups["came"]),
        ("left", groups["left"]),
        ("left_alone", elsewhere),
    ):
        _settle(session, (line.id for line in some), outcome)
    _settle_rest(session, take)
    return UnitsPosted(len(groups["missing"]), len(moved), len(arrived), len(listed))


def _differing(session: CommandSession, take: Stocktake, also: Sequence[str]) -> list[_Line]:
    """All lines but those that matched; those that nobody scanned where `also` says so."""
    kind = kind_of()
    columns = (StocktakeUnit.id, StocktakeUnit.number, StocktakeUnit.unit_id, kind, Unit.location_id)
    wanted = [each for each in OPEN_KINDS if each not in ("matched", "missing")] + list(also)
    statement = joined(select(*columns, Claim.holder, Claim.holder_id)).where(
        StocktakeUnit.stocktake_id == take.id, kind.in_(wanted)
    )
    return [_Line(*row) for row in session.execute(statement.order_by(StocktakeUnit.unit_id, StocktakeUnit.id))]


def _refuse_held(missing: Iterable[_Line]) -> None:
    held = [line.number for line in missing if line.holder not in (None, QUARANTINE)]
    if held:
        raise Conflict(
            f"Nobody scanned {', '.join(held[:5])}{' and more' if len(held) > 5 else ''}, though somebody holds "
            f"{'it' if len(held) == 1 else 'them'}. Release those orders, or look again.",
            code="stock_held",
            details={"numbers": held},
        )


def _set_aside(by: Principal, session: CommandSession, missing: Sequence[_Line]) -> None:
    """What was in quarantine already is so now because it is missing; why it was stands in the note."""
    plain = [line.unit_id for line in missing if line.unit_id is not None and line.holder is None]
    if plain:
        quarantine_units(by, plain, "missing")
    for line in missing:
        if line.holder == QUARANTINE and line.holder_id is not None and line.unit_id is not None:
            before = session.get_one(Quarantine, line.holder_id)
            if before.reason == "missing":
                continue
            claims.end(by, Holder(QUARANTINE, before.id), "released")
            before.released_at, before.released_by = clock.now(), by.label
            quarantine_units(by, [line.unit_id], "missing", f"Before: {QUARANTINE_REASONS[before.reason]}")


def _sort_travelling(take: Stocktake, travelling: Iterable[_Line]) -> tuple[list[_Line], list[_Line]]:
    """Those on their way to this place, and those on their way to another."""
    here = [line for line in travelling if line.location_id == take.location_id and line.holder == "transfer"]
    return here, [line for line in travelling if line not in here]


def _arrive(by: Principal, session: CommandSession, travelling: Sequence[_Line]) -> list[_Line]:
    by_transfer: dict[int, list[int]] = defaultdict(list)
    for line in travelling:
        if line.holder_id is not None and line.unit_id is not None:
            by_transfer[line.holder_id].append(line.unit_id)
    for transfer_id, unit_ids in sorted(by_transfer.items()):
        parts = session.scalars(
            select(TransferLine.id).where(TransferLine.transfer_id == transfer_id, TransferLine.unit_id.in_(unit_ids))
        )
        transfers.arrive(by, transfer_id, dict.fromkeys(parts, 1))
    return list(travelling)


def _move_here(by: Principal, session: CommandSession, take: Stocktake, strays: Sequence[_Line]) -> list[_Line]:
    """Move units here that the books have elsewhere; those that somebody holds stay in the books where they are."""
    code = session.scalars(select(Location.code).where(Location.id == take.location_id)).one()
    correction = Correction(by, session, [line.unit_id for line in strays if line.unit_id is not None])
    moved: list[_Line] = []
    held: list[int] = []
    for line in strays:
        try:
            correction.change(correction.units[line.unit_id or 0], UnitChange(location_code=code))
        except Promised:
            held.append(line.id)
        else:
            moved.append(line)
    correction.settle()
    _settle(session, held, "held")
    return moved


def _list_for_intake(by: Principal, session: CommandSession, take: Stocktake, found: Sequence[_Line]) -> list[_Line]:
    """A manifest of what the books do not have: there people say of each what it is and whether it comes in."""
    if not found:
        return []
    place = session.get_one(Location, take.location_id)
    manifest = manifests.open_manifest(by, f"Found at a stocktake of {place.name}"[:120], place.code)
    take.manifest_id = manifest.id
    listed: list[_Line] = []
    for line in found:
        try:
            manifests.scan(by, manifest.id, line.number)
        except Invalid:  # a number of old that a manifest takes no more
            _settle(session, [line.id], "left_alone")
        else:
            listed.append(line)
    return listed


def _settle(session: CommandSession, line_ids: Iterable[int], outcome: str) -> None:
    wanted = list(line_ids)
    for start in range(0, len(wanted), CHUNK):
        session.execute(
            update(StocktakeUnit)
            .where(StocktakeUnit.id.in_(wanted[start : start + CHUNK]))
            .values(outcome=outcome)
            .execution_options(synchronize_session=False)
        )


def _settle_rest(session: CommandSession, take: Stocktake) -> None:
    scanned = StocktakeUnit.scanned_at.is_not(None)
    session.execute(
        update(StocktakeUnit)
        .where(StocktakeUnit.stocktake_id == take.id, StocktakeUnit.outcome.is_(None))
        .values(outcome=case((scanned, literal("matched")), else_=literal("unscanned")))
        .execution_options(synchronize_session=False)
    )
