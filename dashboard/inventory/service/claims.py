"""Claims: the one mechanism by which anything takes stock, so that nothing is ever taken twice.

Units are taken by one upsert that takes over an expired hold in place; counted stock by locking its levels in id order
and then one conditional statement. Nothing is checked first and written later: how many rows came back decides, and a
unique index on the live claim stands behind it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    String,
    Update,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, UTCDateTime, atomic, table_of
from dashboard.core.errors import Conflict
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Claim, StockLevel, Unit

claims = table_of(Claim)
units = table_of(Unit)
levels = table_of(StockLevel)

_tenant = bindparam("tenant", type_=BigInteger)
_now = bindparam("now", type_=UTCDateTime)
_holder = bindparam("who", type_=String)
_holder_id = bindparam("who_id", type_=BigInteger)
_until = bindparam("until", type_=UTCDateTime)
_products = bindparam("products", expanding=True, type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who takes stock: a kind (`order`, `quarantine`, `transfer` …) and the id of its row."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """A number of pieces of a counted product, at one place or (None) wherever they lie."""

    product_id: int
    quantity: int
    location_id: int | None = None


class OutOfStock(Conflict):
    """Somebody else has it, or there is too little. `units` and `products` name what could not be taken; of a product,
    how many pieces can still be had.
    """

    code = "insufficient_stock"

    def __init__(self, message: str, *, units: Iterable[int] = (), products: Mapping[int, int] | None = None) -> None:
        super().__init__(message)
        self.units = tuple(units)
        self.products = dict(products or {})


class HoldExpired(Conflict):
    """The hold had lapsed, so the stock may be somebody else's."""

    code = "hold_expired"


is_live = and_(claims.c.ended_at.is_(None), or_(claims.c.expires_at.is_(None), claims.c.expires_at > _now))
"""The condition that a claim counts at `:now`: not ended, and its hold has not lapsed."""

_COLUMNS = (
    "tenant_id", "product_id", "location_id", "unit_id", "quantity", "holder", "holder_id", "expires_at", "created_at",
)  # fmt: skip


def _take_units(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    one = literal(1, BigInteger)
    wanted = (
        select(_tenant, units.c.product_id, units.c.location_id, units.c.id, one, _holder, _holder_id, _until, _now)
        .where(
            units.c.tenant_id == _tenant,
            units.c.id.in_(bindparam("units", expanding=True, type_=BigInteger)),
            units.c.state == "in_stock",
        )
        .order_by(units.c.id)
    )
    taken = insert(claims).from_select(_COLUMNS, wanted)
    return taken.on_conflict_do_update(
        index_elements=[claims.c.tenant_id, claims.c.unit_id],
        index_where=and_(claims.c.ended_at.is_(None), claims.c.unit_id.is_not(None)),
        set_={
            **{name: taken.excluded[name] for name in _COLUMNS if name not in ("tenant_id", "unit_id")},
            "displaced": case((claims.c.holder == "order", claims.c.holder_id), else_=null()),
        },
        where=claims.c.expires_at <= _now,
    ).returning(claims.c.unit_id, claims.c.displaced)


_held = (
    select(cast(func.coalesce(func.sum(claims.c.quantity), 0), BigInteger))
    .where(
        claims.c.tenant_id == levels.c.tenant_id,
        claims.c.product_id == levels.c.product_id,
        claims.c.location_id == levels.c.location_id,
        is_live,
    )
    .scalar_subquery()
)


def _take_pieces(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    sent = bindparam("wanted", type_=String)
    text = cast(sent, postgresql.JSON) if insert is postgresql.Insert else sent
    wanted = func.json_each(text).table_valued("key", "value").alias("wanted")
    level = cast(wanted.c.key, BigInteger)
    quantity = cast(cast(wanted.c.value, String), BigInteger)
    unit = cast(null(), BigInteger)
    enough = (
        select(_tenant, levels.c.product_id, levels.c.location_id, unit, quantity, _holder, _holder_id, _until, _now)
        .select_from(levels.join(wanted, levels.c.id == level))
        .where(levels.c.tenant_id == _tenant, levels.c.on_hand - _held >= quantity)
    )
    return insert(claims).from_select(_COLUMNS, enough).returning(claims.c.product_id)


_DIALECTS: tuple[tuple[str, type[sqlite.Insert] | type[postgresql.Insert]], ...] = (
    ("sqlite", sqlite.Insert),
    ("postgresql", postgresql.Insert),
)
_TAKE_UNITS = {name: _take_units(insert) for name, insert in _DIALECTS}
_TAKE_PIECES = {name: _take_pieces(insert) for name, insert in _DIALECTS}

_free_units = (
    select(units.c.id)
    .where(
        units.c.tenant_id == _tenant,
        units.c.product_id == bindparam("product", type_=BigInteger),
        units.c.state == "in_stock",
        ~exists().where(claims.c.tenant_id == units.c.tenant_id, claims.c.unit_id == units.c.id, is_live),
    )
    .order_by(units.c.location_id != bindparam("prefer", type_=BigInteger), units.c.id)
    .limit(bindparam("most", type_=BigInteger))
)
_of_products = and_(levels.c.tenant_id == _tenant, levels.c.product_id.in_(_products))
_lock_levels = select(levels.c.id).where(_of_products).order_by(levels.c.id).with_for_update()
_free_levels = (
    select(
        levels.c.id,
        levels.c.product_id,
        levels.c.location_id,
        levels.c.on_hand,
        (levels.c.on_hand - _held).label("free"),
    )
    .where(_of_products)
    .order_by(levels.c.id)
)

_of_holder = and_(
    claims.c.tenant_id == _tenant,
    claims.c.holder == _holder,
    claims.c.holder_id == _holder_id,
    claims.c.ended_at.is_(None),
)
_lock_holder = select(claims.c.id).where(_of_holder).order_by(claims.c.unit_id, claims.c.id).with_for_update()


def _in_order(change: Update) -> dict[str, Update]:
    """On PostgreSQL `change` locks all live claims of the holder first, in the order in which `take` takes them.

    The list is made before the first row is changed, and each row is then judged by its newest version.
    """
    locked = func.array(_lock_holder.scalar_subquery())
    return {"sqlite": change, "postgresql": change.where(claims.c.id == any_(locked))}


_ending = update(claims).where(_of_holder).values(ended_at=_now, end_reason=bindparam("why", type_=String))
_COMMIT = _in_order(update(claims).where(_of_holder, claims.c.expires_at > _now).values(expires_at=None))
_EXTEND = _in_order(update(claims).where(_of_holder, claims.c.expires_at > _now).values(expires_at=_until))
_END = _in_order(_ending)
_END_PRODUCT = _in_order(_ending.where(claims.c.product_id == bindparam("line_product", type_=BigInteger)))
_END_LAPSED = _in_order(_ending.where(claims.c.expires_at <= _now))
_END_UNIT = _in_order(_ending.where(claims.c.unit_id == bindparam("line_unit", type_=BigInteger)))


def _run(session: CommandSession, statement: Any, by: Principal, **values: Any) -> Any:
    named = {"tenant": by.tenant_id, "now": clock.now(), **values}
    return session.execute(statement, named, execution_options=OWN_TENANT)


def lock_levels(by: Principal, product_ids: Iterable[int]) -> list["FreeLevel"]:
    """Lock the levels of these products, in id order, until the command ends, and say what is free on each.

    Two statements: what is read by the one that waits for the lock may be older than the lock.
    """
    wanted = sorted(set(product_ids))
    if not wanted:
        return []
    with atomic(by) as session:
        if session.get_bind().dialect.name == "postgresql":  # a command on SQLite is alone anyway
            _run(session, _lock_levels, by, products=wanted)
        rows = _run(session, _free_levels, by, products=wanted)
        return [FreeLevel(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class FreeLevel:
    """A locked stock level: pieces on hand, and those of them that nobody holds."""

    id: int
    product_id: int
    location_id: int
    on_hand: int
    free: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken: from which places how many pieces, and which units were picked of which product."""

    pieces: list[Pieces]
    picked: dict[int, list[int]]


def take(
    by: Principal,
    holder: Holder,
    *,
    units: Iterable[int] = (),
    picks: Mapping[int, int] | None = None,
    pieces: Iterable[Pieces] = (),
    until: datetime | None,
    prefer: int | None = None,
) -> Taken:
    """Take all of it for `holder`, or nothing: as a hold that lapses at `until`, or for good where that is None.

    `picks` are numbers of units by product, whichever are free, the oldest first. Pieces of a product that are asked
    for twice are added up. What lies at the preferred location is taken first. Raises OutOfStock.
    """
    unit_ids = sorted(set(units))
    with atomic(by) as session:
        picked = _candidates(by, session, picks or {}, prefer, set(unit_ids))
        if unit_ids or picked:
            everything = sorted({*unit_ids, *(unit for found in picked.values() for unit in found)})
            _take_all_units(by, session, holder, everything, until)
        placed = _place(by, pieces, prefer) if (pieces := list(pieces)) else {}
        if placed:
            values = {"who": holder.kind, "who_id": holder.id, "until": until}
            wanted = orjson.dumps({str(level.id): n for level, n in placed.items()}).decode()
            statement = _TAKE_PIECES[session.get_bind().dialect.name]
            taken = _run(session, statement, by, wanted=wanted, **values).all()
            if len(taken) < len(placed):
                raise OutOfStock("Somebody else took the last pieces just now. Try again.")
    return Taken([Pieces(level.product_id, n, level.location_id) for level, n in placed.items()], picked)


def _candidates(
    by: Principal, session: CommandSession, picks: Mapping[int, int], prefer: int | None, but: set[int]
) -> dict[int, list[int]]:
    """Free units of each product, as many as are wanted. Raises OutOfStock where there are fewer."""
    found: dict[int, list[int]] = {}
    short: dict[int, int] = {}
    for product, quantity in picks.items():
        rows = _run(session, _free_units, by, product=product, prefer=prefer, most=quantity + len(but)).scalars()
        free = [unit for unit in rows if unit not in but]
        if len(free) < quantity:
            short[product] = len(free)
        found[product] = free[:quantity]
    if short:
        raise OutOfStock("There are not enough units.", products=short)
    return found


def _take_all_units(
    by: Principal, session: CommandSession, holder: Holder, unit_ids: list[int], until: datetime | None
) -> None:
    statement = _TAKE_UNITS[session.get_bind().dialect.name]
    values = {"units": unit_ids, "who": holder.kind, "who_id": holder.id, "until": until}
    taken = _run(session, statement, by, **values).all()
    if len(taken) < len(unit_ids):
        missing = set(unit_ids) - {row.unit_id for row in taken}
        raise OutOfStock("Not available any more.", units=sorted(missing))
    for order_id in sorted({row.displaced for row in taken if row.displaced is not None}):
        if Holder("order", order_id) != holder:
            events.record(by, "hold.expired", f"order:{order_id}", {"order_id": order_id})


def _place(by: Principal, pieces: Iterable[Pieces], prefer: int | None) -> dict[FreeLevel, int]:
    """Where each piece is taken from: as few places as will do, the preferred one first. Raises OutOfStock."""
    wanted: dict[tuple[int, int | None], int] = {}
    for each in pieces:
        key = (each.product_id, each.location_id)
        wanted[key] = wanted.get(key, 0) + each.quantity
    locked = lock_levels(by, (product for product, _ in wanted))
    placed: dict[FreeLevel, int] = {}
    short: dict[int, int] = {}
    for (product, location), quantity in sorted(wanted.items(), key=lambda item: item[0][1] is None):
        fitting = [
            (level, level.free - placed.get(level, 0))
            for level in locked
            if level.product_id == product and location in (None, level.location_id)
        ]
        fitting.sort(key=lambda item: (item[0].location_id != prefer, item[1] < quantity, -item[1], item[0].id))
        if (free := sum(max(n, 0) for _, n in fitting)) < quantity:
            short[product] = free
            continue
        left = quantity
        for level, n in fitting:
            if (some := min(n, left)) > 0:
                placed[level] = placed.get(level, 0) + some
                left -= some
    if short:
        raise OutOfStock("There are not enough pieces.", products=short)
    return placed


def commit(by: Principal, holder: Holder) -> int:
    """Turn the holds of `holder` that have not lapsed into claims for good; how many there were.

    Claims are locked before whatever holds them, here as in `take`, so that no two commands wait for each other.
    """
    return _change(by, _COMMIT, holder)


def extend(by: Principal, holder: Holder, until: datetime) -> int:
    """Let the holds of `holder` that have not lapsed last until then; how many there were."""
    return _change(by, _EXTEND, holder, until=until)


def end(by: Principal, holder: Holder, why: str) -> int:
    """End all live claims of `holder` (`released`, `expired`, `used`); how many there were."""
    return _change(by, _END, holder, why=why)


def lock(by: Principal, holder: Holder) -> None:
    """Lock the live claims of `holder` until the command ends: before its own row, its units and its levels."""
    with atomic(by) as session:
        if session.get_bind().dialect.name == "postgresql":
            _run(session, _lock_holder, by, who=holder.kind, who_id=holder.id)


def end_lapsed(by: Principal, holder: Holder) -> int:
    """Write down that holds of `holder` have lapsed; how many there were."""
    return _change(by, _END_LAPSED, holder, why="expired")


def end_some(by: Principal, holder: Holder, why: str, *, product_id: int, unit_id: int | None = None) -> int:
    """End what `holder` has of one product, or of it one unit; how many claims there were."""
    lines = {"why": why, "line_product": product_id, "line_unit": unit_id}
    return _change(by, _END_UNIT if unit_id is not None else _END_PRODUCT, holder, **lines)


def _change(by: Principal, change: Mapping[str, Update], holder: Holder, **values: Any) -> int:
    named = {"who": holder.kind, "who_id": holder.id, **values}
    with atomic(by) as session:
        return _run(session, change[session.get_bind().dialect.name], by, **named).rowcount
