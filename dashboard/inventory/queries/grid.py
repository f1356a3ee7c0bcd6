"""The grid of units: rows by keyset, who holds them, and counts that cost the same at any size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads, table_of
from dashboard.core.paging import CursorValue, Slice, decode_cursor, encode_cursor
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Grade, InventoryView, Location
from dashboard.inventory.queries.unit_filters import (
    UnitFilter,
    claims,
    here,
    live_claim,
    tenant,
    units,
)
from dashboard.inventory.queries.units import JOINED, LINE, UnitLine, state_counts

COUNTED_TO = 1_000
"""How far units are counted where the tallies cannot tell."""

DENSE = 2_000
"""From so many units of a model on, a page of the newest is found by walking rather than by the model's index."""

PAGE = 50
SORTS: dict[str, tuple[str, bool]] = {
    "newest": ("id", True),
    "oldest": ("id", False),
    "price": ("price", False),
    "-price": ("price", True),
    "model": ("model_key", False),
    "grade": ("grade", False),
}
"""The column of a sort, and whether the largest come first; among equals the newest."""

_KINDS: dict[str, type] = {"id": int, "price": int, "model_key": str, "grade": str}


@dataclass(slots=True)
class GridRow(UnitLine):
    """A unit of the grid; `holder` and what follows are those of the live claim on it."""

    activation_lock: str
    blacklist: str
    notes: str
    version: int
    holder: str | None
    holder_id: int | None
    held_until: datetime | None

    @property
    def available(self) -> bool:
        return self.state == "in_stock" and self.holder is None

    @property
    def here(self) -> bool:
        """Whether it has not left: in stock, or on its way between two places."""
        return self.state in ("in_stock", "in_transit")


_COLUMNS = (
    *LINE, units.c.activation_lock, units.c.blacklist, units.c.notes, units.c.version, claims.c.holder,
    claims.c.holder_id, claims.c.expires_at,
)  # fmt: skip
_JOINED = JOINED.outerjoin(claims, live_claim)


def grid_page(
    by: Principal, where: UnitFilter, *, sort: str = "newest", after: str | None = None, size: int = PAGE
) -> Slice[GridRow]:
    """Units that fit, in one statement. Raises Invalid for a position that does not exist."""
    column, _ = SORTS[sort]
    values = where.values(by) | {"size": size + 1}
    if after:
        last, last_id = decode_cursor(after, (_KINDS[column], int))
        values |= {"last": last, "last_id": last_id}
    statement = _grid_statement(where.shape, sort, further=bool(after))
    found = [GridRow(*row) for row in reads(by).execute(statement, values, execution_options=OWN_TENANT)]
    shown = found[:size]
    return Slice(shown, _cursor(shown[-1], column) if len(found) > size else None)


def _cursor(row: GridRow, column: str) -> str:
    key: dict[str, CursorValue] = {
        "id": row.id, "price": row.price, "model_key": row.model.lower(), "grade": row.grade
    }  # fmt: skip
    return encode_cursor([key[column], row.id])


@lru_cache(maxsize=512)
def _grid_statement(shape: tuple[str, ...], sort: str, *, further: bool) -> Select[*tuple[Any, ...]]:
    name, falling = SORTS[sort]
    column = units.c[name]
    wanted = here(shape)
    if further:
        last: Any = bindparam("last", type_=String if _KINDS[name] is str else BigInteger)
        last_id: Any = bindparam("last_id", type_=BigInteger)
        place, start = tuple_(column, units.c.id), tuple_(last, last_id)
        wanted.append(place < start if falling else place > start)
    order = (column.desc(), units.c.id.desc()) if falling else (column, units.c.id)
    ids = select(units.c.id).where(*wanted).order_by(*order).limit(bindparam("size", type_=BigInteger))
    return (
        select(*_COLUMNS)
        .select_from(_JOINED)
        .where(units.c.tenant_id == tenant, units.c.id.in_(ids.correlate(None)))
        .order_by(*order)
    )


@dataclass(frozen=True, slots=True)
class GridCounts:
    """How many units fit; None of the states where only counting would tell. `more` says that there are still more."""

    total: int
    more: bool = False
    available: int | None = None
    held: int | None = None
    quarantined: int | None = None
    in_transit: int | None = None


def grid_counts(by: Principal, where: UnitFilter) -> GridCounts:
    """One statement. Exact where the tallies can tell; else counted up to COUNTED_TO."""
    if where.by_kind:
        available, held, quarantined, in_transit = state_counts(by, where)
        every = {"available": available, "held": held, "quarantined": quarantined, "in_transit": in_transit}
        total = sum(every.values()) if where.status is None else every[where.status]
        return GridCounts(total, available=available, held=held, quarantined=quarantined, in_transit=in_transit)
    statement = _limited_count(where.shape)
    counted = reads(by).execute(statement, where.values(by), execution_options=OWN_TENANT).scalar_one()
    return GridCounts(min(counted, COUNTED_TO), more=counted > COUNTED_TO)


@lru_cache(maxsize=512)
def _limited_count(shape: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    some = select(units.c.id).where(*here(shape)).limit(COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(some)


@dataclass(frozen=True, slots=True)
class GridChoices:
    """What the chips offer: grades and places as code and label, and the actor's saved views as name and query."""

    grades: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]
    views: Sequence[tuple[int, str, str]]


_grades, _places, _views = table_of(Grade), table_of(Location), table_of(InventoryView)
_CHOICES = union_all(
    select(
        literal("grade").label("kind"), _grades.c.id, _grades.c.code, _grades.c.label, _grades.c.position.label("at")
    ).where(_grades.c.tenant_id == tenant),
    select(literal("place"), _places.c.id, _places.c.code, _places.c.name, _places.c.id).where(
        _places.c.tenant_id == tenant, _places.c.archived_at.is_(None)
    ),
    select(literal("view"), _views.c.id, _views.c.query, _views.c.name, _views.c.id).where(
        _views.c.tenant_id == tenant, _views.c.actor == bindparam("actor", type_=String)
    ),
).order_by("kind", "at")


def grid_choices(by: Principal, default_grades: Sequence[tuple[str, str]]) -> GridChoices:
    """One statement for all of them."""
    values = {"tenant": by.tenant_id, "actor": by.label}
    rows = reads(by).execute(_CHOICES, values, execution_options=OWN_TENANT).all()
    grades = [(row[2], row[3]) for row in rows if row[0] == "grade"]
    return GridChoices(
        grades or default_grades,
        [(row[2], row[3]) for row in rows if row[0] == "place"],
        [(row[1], row[3], row[2]) for row in rows if row[0] == "view"],
    )


def export_rows(by: Principal, where: UnitFilter, sort: str = "newest", size: int = 1_000) -> Iterator[GridRow]:
    """All units that fit, some at a time: however many there are, this needs no more memory than one stretch."""
    after: str | None = None
    while True:
        found = grid_page(by, where, sort=sort, after=after, size=size)
        yield from found.items
        reads(by).expunge_all()
        after = found.after
        if after is None:
            return


_NUMBERS: tuple[ColumnElement[bool], ...] = (
    units.c.public_id == bindparam("typed", type_=String),
    units.c.imei == bindparam("imei", type_=String),
    units.c.serial_key == bindparam("serial", type_=String),
)
_FOUND = tuple(
    select(
        units.c.public_id, units.c.imei, units.c.serial, units.c.model, units.c.storage, units.c.grade, units.c.state
    )
    .where(units.c.tenant_id == tenant, condition)
    .limit(1)
    for condition in _NUMBERS
)
_BY_END = (
    select(
        units.c.public_id, units.c.imei, units.c.serial, units.c.model, units.c.storage, units.c.grade, units.c.state
    )
    .where(
        units.c.tenant_id == tenant,
        units.c.imei >= bindparam("start", type_=String),
        units.c.imei < bindparam("end", type_=String),
    )
    .order_by(units.c.imei)
    .limit(bindparam("most", type_=BigInteger))
)


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """A unit as the search box lists it."""

    public_id: str
    imei: str | None
    serial: str | None
    model: str
    storage: str | None
    grade: str
    state: str


def find_units(by: Principal, *, typed: str, imei: str, serial: str, limit: int) -> list[FoundUnit]:
    """The unit with exactly this id, IMEI or serial number; else units whose IMEI begins with the digits typed."""
    values = {"tenant": by.tenant_id, "typed": typed, "imei": imei, "serial": serial}
    for statement, asked in zip(_FOUND, (typed.startswith("inv_"), len(imei) == 15, len(serial) >= 5), strict=True):
        if not asked:
            continue
        rows = reads(by).execute(statement, values, execution_options=OWN_TENANT).all()
        if rows:
            return [FoundUnit(*row) for row in rows]
    if not 4 <= len(imei) < 15:
        return []
    values = {"tenant": by.tenant_id, "start": imei, "end": f"{imei}:", "most": limit}
    return [FoundUnit(*row) for row in reads(by).execute(_BY_END, values, execution_options=OWN_TENANT)]


_ONE = (
    select(*_COLUMNS)
    .select_from(_JOINED)
    .where(units.c.tenant_id == tenant, units.c.public_id.in_(bindparam("refs", expanding=True, type_=String)))
)


def units_by_id(by: Principal, public_ids: Sequence[str]) -> list[GridRow]:
    """These units, in the order given; unknown ones are left out, those that have left are among them."""
    values: dict[str, Any] = {"tenant": by.tenant_id, "now": clock.now(), "refs": list(public_ids)}
    found = {row.public_id: GridRow(*row) for row in reads(by).execute(_ONE, values, execution_options=OWN_TENANT)}
    return [found[each] for each in public_ids if each in found]
