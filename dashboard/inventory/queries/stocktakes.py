"""Reading stocktakes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, literal, select

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import (
    Claim,
    Location,
    Product,
    Stocktake,
    StocktakeLine,
    StocktakeScan,
    StocktakeUnit,
    Unit,
)
from dashboard.inventory.service.stocktake_units import joined, kind_of


@dataclass(frozen=True, slots=True)
class StocktakeRow:
    """A stocktake as it is listed: how many products it has, how many were counted, how many differ; the same of units.
    `manifest` lists what it found that the books did not have.
    """

    id: int
    status: str
    place: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    units: int
    found: int
    extra: int
    manifest: int | None
    products: int
    counted: int
    differing: int


@dataclass(frozen=True, slots=True)
class CountedLine:
    """A product in a stocktake. `moved_since` is what the books say moved between its start and its last count."""

    product_id: int
    sku: str
    name: str
    expected: int
    counted: int | None
    book: int | None
    moved: bool
    posted: int | None

    @property
    def difference(self) -> int | None:
        """Counted less what the books said at the last count; None where nobody counted."""
        return None if self.counted is None else self.counted - (self.book or 0)

    @property
    def moved_since(self) -> int:
        return 0 if self.book is None else self.book - self.expected


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan: a SKU or the number of a unit, how many, who and when."""

    code: str
    quantity: int
    who: str
    at: datetime


def _stocktakes() -> AnySelect:
    own = (StocktakeLine.tenant_id == Stocktake.tenant_id, StocktakeLine.stocktake_id == Stocktake.id)
    differs = StocktakeLine.counted.is_not(None) & (StocktakeLine.counted != StocktakeLine.book)
    columns = [
        select(func.count(StocktakeLine.id)).where(*own).scalar_subquery(),
        select(func.count(StocktakeLine.counted)).where(*own).scalar_subquery(),
        select(func.coalesce(func.sum(case((differs, 1), else_=0)), 0)).where(*own).scalar_subquery(),
    ]
    return select(
        Stocktake.id,
        Stocktake.status,
        Location.name,
        Stocktake.started_by,
        Stocktake.started_at,
        Stocktake.ended_at,
        Stocktake.units_expected,
        Stocktake.units_found,
        Stocktake.units_extra,
        Stocktake.manifest_id,
        *columns,
    ).join(Location, Location.id == Stocktake.location_id)


def stocktake_slice(by: Principal, *, after: str | None = None, size: int = 30) -> Slice[StocktakeRow]:
    """The latest stocktakes first, from a position on."""
    statement = _stocktakes()
    if after is not None:
        statement = statement.where(Stocktake.id < decode_cursor(after, (int,))[0])
    rows = [StocktakeRow(*row) for row in reads(by).execute(statement.order_by(Stocktake.id.desc()).limit(size + 1))]
    shown = rows[:size]
    return Slice(shown, encode_cursor([shown[-1].id]) if len(rows) > size else None)


def show_stocktake(by: Principal, stocktake_id: int) -> StocktakeRow:
    """A stocktake. Raises NotFound."""
    row = reads(by).execute(_stocktakes().where(Stocktake.id == stocktake_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such stocktake.")
    return StocktakeRow(*row)


def counted_lines(by: Principal, stocktake_id: int) -> list[CountedLine]:
    """What a stocktake looks at, by SKU."""
    statement = (
        select(
            StocktakeLine.product_id,
            Product.sku,
            Product.name,
            StocktakeLine.expected,
            StocktakeLine.counted,
            StocktakeLine.book,
            StocktakeLine.moved,
            StocktakeLine.posted,
        )
        .join(Product, Product.id == StocktakeLine.product_id)
        .where(StocktakeLine.stocktake_id == stocktake_id)
        .order_by(Product.sku_key)
    )
    return [CountedLine(*row) for row in reads(by).execute(statement)]


def last_scans(by: Principal, stocktake_id: int, size: int = 12) -> list[ScanRow]:
    """The latest scans of a stocktake, whoever made them."""
    pieces = (
        select(Product.sku, StocktakeScan.quantity, StocktakeScan.who, StocktakeScan.at)
        .select_from(StocktakeScan)
        .join(Product, Product.id == StocktakeScan.product_id)
        .where(StocktakeScan.stocktake_id == stocktake_id)
        .order_by(StocktakeScan.id.desc())
        .limit(size)
    )
    one = literal(1)
    units = (
        select(StocktakeUnit.number, one, StocktakeUnit.scanned_by, StocktakeUnit.scanned_at)
        .where(StocktakeUnit.stocktake_id == stocktake_id, StocktakeUnit.scanned_at.is_not(None))
        .order_by(StocktakeUnit.scanned_at.desc(), StocktakeUnit.id.desc())
        .limit(size)
    )
    found = [ScanRow(*row) for statement in (pieces, units) for row in reads(by).execute(statement)]
    return sorted(found, key=lambda scan: scan.at, reverse=True)[:size]


@dataclass(frozen=True, slots=True)
class CountedUnit:
    """A unit in a stocktake; `place` is where the books have it, `holder` who holds it, all None where unknown."""

    id: int
    number: str
    kind: str
    unit: str | None
    model: str | None
    place: str | None
    holder: str | None
    who: str | None


def unit_kinds(by: Principal, stocktake_id: int) -> dict[str, int]:
    """How many units of a stocktake are of each kind; of a posted one, what became of them."""
    kind = kind_of().label("kind")
    each = joined(select(kind)).where(StocktakeUnit.stocktake_id == stocktake_id).subquery()
    rows = reads(by).execute(select(each.c.kind, func.count()).group_by(each.c.kind))
    return {name: int(number) for name, number in rows}


def counted_units(
    by: Principal, stocktake_id: int, kind: str, *, after: str | None = None, size: int = 50
) -> Slice[CountedUnit]:
    """Units of a stocktake of one kind, from a position on."""
    columns = (
        StocktakeUnit.id,
        StocktakeUnit.number,
        kind_of().label("kind"),
        Unit.public_id,
        Unit.model,
        Location.name,
        Claim.holder,
        StocktakeUnit.scanned_by,
    )
    statement: AnySelect = joined(select(*columns)).outerjoin(Location, Location.id == Unit.location_id)
    statement = statement.where(StocktakeUnit.stocktake_id == stocktake_id, kind_of() == kind)
    if after is not None:
        statement = statement.where(StocktakeUnit.id > decode_cursor(after, (int,))[0])
    rows = [CountedUnit(*row) for row in reads(by).execute(statement.order_by(StocktakeUnit.id).limit(size + 1))]
    shown = rows[:size]
    return Slice(shown, encode_cursor([shown[-1].id]) if len(rows) > size else None)
