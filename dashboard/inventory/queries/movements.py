"""Reading transfers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import Location, Product, Transfer, TransferLine, Unit


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
    arrived: int
    lost: int

    @property
    def state(self) -> str:
        """Its status, or `partial` while some of it has come, or `lost` where nothing came of all."""
        if self.status == "in_transit" and self.arrived + self.lost:
            return "partial"
        return "lost" if self.status == "arrived" and not self.arrived else self.status


@dataclass(frozen=True, slots=True)
class TransferredLine:
    """A line of a transfer; `unit` is the unit's public id, `serial` its IMEI or serial number."""

    id: int
    product: int
    sku: str
    barcode: str | None
    name: str
    quantity: int
    arrived: int
    lost: int
    unit: str | None
    serial: str | None

    @property
    def left(self) -> int:
        """Pieces that neither came nor were given up: on their way, or taken back where it was cancelled."""
        return self.quantity - self.arrived - self.lost


def _transfers() -> AnySelect:
    origin, target = aliased(Location), aliased(Location)
    own = (TransferLine.tenant_id == Transfer.tenant_id, TransferLine.transfer_id == Transfer.id)
    sums = [
        select(func.coalesce(func.sum(column), 0)).where(*own).scalar_subquery()
        for column in (TransferLine.quantity, TransferLine.arrived, TransferLine.lost)
    ]
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
            *sums,
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
            TransferLine.id,
            Product.number,
            Product.sku,
            Product.barcode,
            Product.name,
            TransferLine.quantity,
            TransferLine.arrived,
            TransferLine.lost,
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
