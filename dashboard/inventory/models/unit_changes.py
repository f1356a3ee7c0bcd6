"""What is done to units that are here: quarantine, changes of many at once; and the lists that people keep."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, tenant_link

SET_ASIDE = ("quarantine", "repair")
"""Holders that keep stock away to be looked at or mended: it is promised to nobody."""

QUARANTINE_REASONS = {
    "inspection": "To be inspected",
    "repair": "To be repaired",
    "activation_lock": "Activation lock is on",
    "blacklisted": "Reported lost or stolen",
    "damaged": "Damaged",
    "erasure": "Data not erased yet",
    "wrong_item": "Not what was ordered",
    "missing": "Missing at a stocktake",
    "other": "Other",
}


class Quarantine(TenantOwned, Base):
    """A unit set aside. Its claim, holder `quarantine` with this id, keeps everybody else away until it is released."""

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        tenant_link("unit_id", "unit"),
        Index("ix_quarantine_unit", "tenant_id", "unit_id", "id"),
    )

    id: Mapped[IntPK]
    unit_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(200), default="")
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(40))


class BulkChange(TenantOwned, Base):
    """One change of many units, which can be taken back. `changed` says what, in the words of the form.

    `found_by` is the filter of the list that it changes, up to the unit `up_to`; None where the units were picked.
    Then `report` and `undo_report` say how far it is: `{"done", "changed", "problems"}`.
    """

    __tablename__ = "bulk_change"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), Index("ix_bulk_change_actor", "tenant_id", "actor", "id"))

    id: Mapped[IntPK]
    changed: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    found_by: Mapped[dict[str, Any] | None]
    up_to: Mapped[int | None]
    total: Mapped[int] = mapped_column(default=0)  # units that the list had when it was asked for
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undo_report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    work_id: Mapped[int | None]
    undo_work_id: Mapped[int | None]


class BulkChangeRow(TenantOwned, Base):
    """A unit as it was before, and its version right after: a higher one says that somebody has changed it since."""

    __tablename__ = "bulk_change_row"
    __table_args__ = (
        UniqueConstraint("tenant_id", "bulk_id", "unit_id"),
        tenant_link("bulk_id", "bulk_change", ondelete="CASCADE"),
        tenant_link("unit_id", "unit"),
    )

    id: Mapped[IntPK]
    bulk_id: Mapped[int]
    unit_id: Mapped[int]
    before: Mapped[dict[str, Any]]
    version: Mapped[int]


class InventoryView(TenantOwned, Base):
    """A list of units that somebody keeps under a name: the query of its address."""

    __tablename__ = "inventory_view"
    __table_args__ = (
        UniqueConstraint("tenant_id", "actor", "name"),
        CheckConstraint("name <> ''", name="has_a_name"),
    )

    id: Mapped[IntPK]
    actor: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
