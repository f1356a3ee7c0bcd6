"""What is there: units with their serial numbers, levels of counted stock, the ledger behind both, and claims."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

UNIT_STATES = ("in_stock", "in_transit", "sold", "scrapped")

IN_TRANSIT = text("state = 'in_transit'")

LIVE = "ended_at IS NULL"
LIVE_UNIT = text(f"{LIVE} AND unit_id IS NOT NULL")
LIVE_HOLD = text(f"{LIVE} AND expires_at IS NOT NULL")


def _here(name: str, *columns: str) -> Index:
    """An index of what has not left: it stays as small as the stock, however much was sold."""
    here = text("gone_at IS NULL")
    return Index(name, "tenant_id", *columns, "id", sqlite_where=here, postgresql_where=here)


class Unit(TenantOwned, Base):
    """One device with a serial number of its own. Its model, storage and grade are those of its product, repeated here.

    `state` says where it is in its life; whether it can be sold now is decided by claims alone. `price` and `cost` are
    minor units, `battery_health` percent. `erasure` is how its data were wiped: `{"standard", "certificate",
    "at"}`.
    """

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "imei"),
        UniqueConstraint("tenant_id", "serial_key"),
        tenant_link("product_id", "product"),
        tenant_link("location_id", "location"),
        _here("ix_unit_newest"),
        _here("ix_unit_grade", "grade"),
        _here("ix_unit_model", "model_key"),
        _here("ix_unit_location", "location_id"),
        _here("ix_unit_price", "price"),
        Index("ix_unit_transit", "tenant_id", "id", sqlite_where=IN_TRANSIT, postgresql_where=IN_TRANSIT),
        Index("ix_unit_product", "tenant_id", "product_id", "state", "id"),
        CheckConstraint("state IN ('in_stock', 'in_transit', 'sold', 'scrapped')", name="state_known"),
        CheckConstraint("imei IS NOT NULL OR serial_key IS NOT NULL", name="has_a_number"),
        CheckConstraint("price >= 0 AND cost >= 0", name="money_not_negative"),
        CheckConstraint("battery_health IS NULL OR battery_health BETWEEN 0 AND 100", name="battery_in_percent"),
    )

    id: Mapped[IntPK]
    public_id: Mapped[str] = mapped_column(sortable(40))
    product_id: Mapped[int]
    location_id: Mapped[int]
    state: Mapped[str] = mapped_column(sortable(12), default="in_stock")
    imei: Mapped[str | None] = mapped_column(sortable(15))
    serial: Mapped[str | None] = mapped_column(String(40))
    serial_key: Mapped[str | None] = mapped_column(sortable(40))
    model: Mapped[str] = mapped_column(String(120))
    model_key: Mapped[str] = mapped_column(sortable(120))
    storage: Mapped[str | None] = mapped_column(String(20))
    color: Mapped[str | None] = mapped_column(String(40))
    grade: Mapped[str] = mapped_column(sortable(12))
    battery_health: Mapped[int | None]
    carrier: Mapped[str | None] = mapped_column(String(40))
    carrier_locked: Mapped[bool] = mapped_column(default=False)
    price: Mapped[int]
    cost: Mapped[int] = mapped_column(default=0)
    gone_at: Mapped[datetime | None]  # sold or scrapped; None while it is here or on its way
    activation_lock: Mapped[str] = mapped_column(String(8), default="unknown")  # off, on, unknown
    blacklist: Mapped[str] = mapped_column(String(8), default="unknown")  # clean, blocked, unknown
    erasure: Mapped[dict[str, Any] | None]
    notes: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class UnitTally(TenantOwned, Base):
    """How many units of a product are in stock at a place, and how many on their way there, kept in the transaction of
    every change: exact totals without counting rows. `flask audit` compares.
    """

    __tablename__ = "unit_tally"
    __table_args__ = (
        tenant_link("product_id", "product"),
        tenant_link("location_id", "location"),
        Index("ix_unit_tally_place", "tenant_id", "location_id", "product_id"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    location_id: Mapped[int] = mapped_column(primary_key=True)
    carrier_locked: Mapped[bool] = mapped_column(primary_key=True)
    in_stock: Mapped[int] = mapped_column(default=0)
    in_transit: Mapped[int] = mapped_column(default=0)


class StockLevel(TenantOwned, Base):
    """Pieces of a counted product on hand at a place: the sum of its moves."""

    __tablename__ = "stock_level"
    __table_args__ = (
        UniqueConstraint("tenant_id", "product_id", "location_id"),
        tenant_link("product_id", "product"),
        tenant_link("location_id", "location"),
        Index("ix_stock_level_place", "tenant_id", "location_id", "product_id"),
        CheckConstraint("on_hand >= 0", name="not_negative"),
    )

    id: Mapped[IntPK]
    product_id: Mapped[int]
    location_id: Mapped[int]
    on_hand: Mapped[int] = mapped_column(default=0)


class StockMove(TenantOwned, Base):
    """One line of the ledger; never changed. `quantity` is signed, `unit_cost` minor units.

    `kind`: receive, adjust, transfer_out, transfer_in, sell, return, count, scrap. `source` names what it was for
    (`order:17`). A unit's moves carry its id and a quantity of one.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        tenant_link("product_id", "product"),
        tenant_link("location_id", "location"),
        tenant_link("unit_id", "unit"),
        Index("ix_stock_move_product", "tenant_id", "product_id", "location_id", "id"),
        Index("ix_stock_move_unit", "tenant_id", "unit_id", "id"),
        CheckConstraint("quantity <> 0", name="moves_something"),
    )

    id: Mapped[IntPK]
    product_id: Mapped[int]
    location_id: Mapped[int]
    unit_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(14))
    quantity: Mapped[int]
    unit_cost: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class Claim(TenantOwned, Base):
    """Somebody's hold on stock: of one unit, or of pieces of a counted product at a place.

    `holder` is the kind of who holds (order, quarantine, transfer, count, job …) and `holder_id` its id. A claim with
    `expires_at` is a hold, free from that instant on whoever has swept; one without is committed. It is live while
    `ended_at` is None. A unit has at most one live claim: the index refuses a second, whatever a command believed.
    """

    __tablename__ = "claim"
    __table_args__ = (
        tenant_link("product_id", "product"),
        tenant_link("location_id", "location"),
        tenant_link("unit_id", "unit"),
        Index("ix_claim_unit", "tenant_id", "unit_id", unique=True, sqlite_where=LIVE_UNIT, postgresql_where=LIVE_UNIT),
        Index(
            "ix_claim_stock",
            "tenant_id",
            "product_id",
            "location_id",
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        Index("ix_claim_holder", "tenant_id", "holder", "holder_id"),
        Index("ix_claim_expiry", "expires_at", sqlite_where=LIVE_HOLD, postgresql_where=LIVE_HOLD),
        CheckConstraint("quantity > 0", name="claims_something"),
        CheckConstraint("unit_id IS NULL OR quantity = 1", name="one_unit"),
    )

    id: Mapped[IntPK]
    product_id: Mapped[int]
    location_id: Mapped[int]
    unit_id: Mapped[int | None]
    quantity: Mapped[int]
    holder: Mapped[str] = mapped_column(String(12))
    holder_id: Mapped[int]
    expires_at: Mapped[datetime | None]
    displaced: Mapped[int | None]  # holder_id of the expired hold of an order that this claim took over
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(12))  # released, expired, used
