"""Reading transfers and stocktakes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import (
    Location,
    Product,
    Stocktake,
    StocktakeLine,
    StocktakeScan,
    Transfer,
    TransferLine,
    Unit,
)


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A transfer as it is shown; `pieces` counts units too."""

    id: int
    code: str
    status: str
    from_name: str
    to_name: str
    notes: str
    sent_at: datetime
    ended_at: datetime | None
    pieces: int


@dataclass(frozen=True, slots=True)
class TransferredLine:
    """A line of a transfer; `unit` is the unit's public id, `serial` its IMEI or serial number."""

    product: int
    sku: str
    name: str
    quantity: int
    unit: str | None
    serial: str | None


def _transfers() -> AnySelect:
    origin, target = aliased(Location), aliased(Location)
    pieces = (
        select(func.coalesce(func.sum(TransferLine.quantity), 0))
        .where(TransferLine.tenant_id == Transfer.tenant_id, TransferLine.transfer_id == Transfer.id)
        .scalar_subquery()
    )
    return (
        select(
            Transfer.id,
            Transfer.code,
            Transfer.status,
            origin.name,
            target.name,
            Transfer.notes,
            Transfer.sent_at,
            Transfer.ended_at,
            pieces,
        )
        .join(origin, origin.id == Transfer.from_id)
        .join(target, target.id == Transfer.to_id)
    )


def transfer_slice(by: Principal, *, status: str = "", after: str | None = None, size: int = 50) -> Slice[TransferRow]:
    """The latest transfers first, from a position on."""
    statement = _transfers()
    if status:
        statement = statement.where(Transfer.status == status)
    if after is not None:
        statement = statement.where(Transfer.id < decode_cursor(after, (int,))[0])
    rows = [TransferRow(*row) for row in reads(by).execute(statement.order_by(Transfer.id.desc()).limit(size + 1))]
    shown = rows[:size]
    return Slice(shown, encode_cursor([shown[-1].id]) if len(rows) > size else None)


def show_transfer(by: Principal, transfer_id: int) -> tuple[TransferRow, list[TransferredLine]]:
    """A transfer and its lines. Raises NotFound."""
    row = reads(by).execute(_transfers().where(Transfer.id == transfer_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such transfer.")
    lines = (
        select(
            Product.number,
            Product.sku,
            Product.name,
            TransferLine.quantity,
            Unit.public_id,
            func.coalesce(Unit.imei, Unit.serial),
        )
        .select_from(TransferLine)
        .join(Product, Product.id == TransferLine.product_id)
        .outerjoin(Unit, Unit.id == TransferLine.unit_id)
        .where(TransferLine.transfer_id == transfer_id)
        .order_by(TransferLine.id)
    )
    return TransferRow(*row), [TransferredLine(*line) for line in reads(by).execute(lines)]


@dataclass(frozen=True, slots=True)
class StocktakeRow:
    """A stocktake as it is listed: how many products it has, how many were counted, how many differ."""

    id: int
    status: str
    place: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
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
    """One scan: what, how many, who and when."""

    sku: str
    name: str
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
    statement = (
        select(Product.sku, Product.name, StocktakeScan.quantity, StocktakeScan.who, StocktakeScan.at)
        .select_from(StocktakeScan)
        .join(Product, Product.id == StocktakeScan.product_id)
        .where(StocktakeScan.stocktake_id == stocktake_id)
        .order_by(StocktakeScan.id.desc())
        .limit(size)
    )
    return [ScanRow(*row) for row in reads(by).execute(statement)]
