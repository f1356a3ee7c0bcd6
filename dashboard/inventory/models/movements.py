"""Stock on its way between two places, stock that is being counted, and how SKUs are made."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

COUNTING = text("status = 'counting'")
SCANNED = text("scanned_at IS NOT NULL")


class Transfer(TenantOwned, Base):
    """Stock that was sent from one place to another. `code` is `TR-2026-00007`.

    From the day it leaves it belongs to the place it goes to: pieces stand there, under a claim of holder `transfer`
    until they arrive; units are `in_transit` there. So what the tenant owns is the same before, during and after.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "code"),
        tenant_link("from_id", "location"),
        tenant_link("to_id", "location"),
        Index("ix_transfer_status", "tenant_id", "status", "id"),
        CheckConstraint("status IN ('in_transit', 'arrived', 'cancelled')", name="status_known"),
        CheckConstraint("from_id <> to_id", name="goes_somewhere"),
    )

    id: Mapped[IntPK]
    code: Mapped[str] = mapped_column(sortable(20))
    from_id: Mapped[int]
    to_id: Mapped[int]
    status: Mapped[str] = mapped_column(String(12), default="in_transit")
    notes: Mapped[str] = mapped_column(String(500), default="")
    sent_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TransferLine(TenantOwned, Base):
    """Pieces of a product, or one unit, in a transfer. They arrive in any number of parts (`arrived`) or are given up
    (`lost`); the rest is on its way for as long as the transfer is.
    """

    __tablename__ = "transfer_line"
    __table_args__ = (
        tenant_link("transfer_id", "transfer", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        tenant_link("unit_id", "unit"),
        Index("ix_transfer_line_transfer", "tenant_id", "transfer_id", "id"),
        CheckConstraint("quantity > 0", name="moves_something"),
        CheckConstraint("unit_id IS NULL OR quantity = 1", name="one_unit"),
        CheckConstraint("arrived >= 0 AND lost >= 0 AND arrived + lost <= quantity", name="parts_sound"),
    )

    id: Mapped[IntPK]
    transfer_id: Mapped[int]
    product_id: Mapped[int]
    unit_id: Mapped[int | None]
    quantity: Mapped[int]
    arrived: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)


class Stocktake(TenantOwned, Base):
    """A count of the pieces and units at one place. A place has at most one that is being counted.

    `units_expected`, `units_found` (of those) and `units_extra` (scanned beside them) are kept with every scan, so that
    a scan costs the same however many units lie there.
    """

    __tablename__ = "stocktake"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("location_id", "location"),
        tenant_link("manifest_id", "manifest"),
        Index("ix_stocktake_newest", "tenant_id", "id"),
        Index(
            "ix_stocktake_place",
            "tenant_id",
            "location_id",
            unique=True,
            sqlite_where=COUNTING,
            postgresql_where=COUNTING,
        ),
        CheckConstraint("status IN ('counting', 'posted', 'cancelled')", name="status_known"),
    )

    id: Mapped[IntPK]
    location_id: Mapped[int]
    status: Mapped[str] = mapped_column(String(12), default="counting")
    started_by: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    units_expected: Mapped[int] = mapped_column(default=0)
    units_found: Mapped[int] = mapped_column(default=0)
    units_extra: Mapped[int] = mapped_column(default=0)
    manifest_id: Mapped[int | None]


class StocktakeLine(TenantOwned, Base):
    """What the books said of a product when the count began (`expected`), and what was counted since.

    `counted` is None until somebody has counted it. `book` is what the books said at the moment of the last count:
    whatever was sold or received before it is in there, and what moves afterwards moves both sides. The difference
    that is posted is `counted - book`, kept in `posted`. `moved` says that the books changed between two counts of it:
    whether what moved had been counted by then, nobody can tell but who counts it again.
    """

    __tablename__ = "stocktake_line"
    __table_args__ = (
        UniqueConstraint("tenant_id", "stocktake_id", "product_id"),
        tenant_link("stocktake_id", "stocktake", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        CheckConstraint("counted IS NULL OR counted >= 0", name="count_not_negative"),
    )

    id: Mapped[IntPK]
    stocktake_id: Mapped[int]
    product_id: Mapped[int]
    expected: Mapped[int]
    counted: Mapped[int | None]
    book: Mapped[int | None]
    moved: Mapped[bool] = mapped_column(default=False)
    posted: Mapped[int | None]


class StocktakeScan(TenantOwned, Base):
    """One scan of a count: who counted what, when. Never changed; a mistake is counted back."""

    __tablename__ = "stocktake_scan"
    __table_args__ = (
        tenant_link("stocktake_id", "stocktake", ondelete="CASCADE"),
        tenant_link("product_id", "product"),
        Index("ix_stocktake_scan_newest", "tenant_id", "stocktake_id", "id"),
    )

    id: Mapped[IntPK]
    stocktake_id: Mapped[int]
    product_id: Mapped[int]
    quantity: Mapped[int]
    who: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class StocktakeUnit(TenantOwned, Base):
    """One unit of a count: expected when it began, scanned since, or both. `number` is an IMEI's digits or a folded
    serial number, `unit_id` None where the books know none of that number.

    What an open count says of it follows from where the unit is now; `outcome` is what it was when it was posted.
    """

    __tablename__ = "stocktake_unit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "stocktake_id", "number"),
        tenant_link("stocktake_id", "stocktake", ondelete="CASCADE"),
        tenant_link("unit_id", "unit"),
        Index("ix_stocktake_unit_line", "tenant_id", "stocktake_id", "id"),
        Index(
            "ix_stocktake_unit_scanned",
            "tenant_id",
            "stocktake_id",
            "scanned_at",
            sqlite_where=SCANNED,
            postgresql_where=SCANNED,
        ),
        CheckConstraint("expected OR scanned_at IS NOT NULL", name="is_something"),
    )

    id: Mapped[IntPK]
    stocktake_id: Mapped[int]
    unit_id: Mapped[int | None]
    number: Mapped[str] = mapped_column(sortable(40))
    expected: Mapped[bool]
    scanned_at: Mapped[datetime | None]
    scanned_by: Mapped[str | None] = mapped_column(String(120))
    outcome: Mapped[str | None] = mapped_column(String(12))


class StockSettings(TenantOwned, Base):
    """How a tenant's SKUs are made. No row means the usual way."""

    __tablename__ = "stock_settings"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    sku_template: Mapped[str] = mapped_column(String(120))
