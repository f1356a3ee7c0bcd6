"""Photos of units."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, tenant_link


class UnitPhoto(TenantOwned, Base):
    """A picture of a unit, free of what a camera writes beside it. `alt` says what is seen to whoever does not see it.

    Photos of a unit stand in the order of `position`; `width` and `height` are pixels. `small` is what lists show.
    Contents stand last: SQLite goes through all of a row up to what is asked for.
    """

    __tablename__ = "unit_photo"
    __table_args__ = (
        tenant_link("unit_id", "unit"),
        Index("ix_unit_photo_unit", "tenant_id", "unit_id", "position", "id"),
        CheckConstraint("width > 0 AND height > 0", name="has_a_size"),
    )

    id: Mapped[IntPK]
    unit_id: Mapped[int]
    position: Mapped[int]
    alt: Mapped[str] = mapped_column(String(200), default="")
    media_type: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(12))
    width: Mapped[int]
    height: Mapped[int]
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    small: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
