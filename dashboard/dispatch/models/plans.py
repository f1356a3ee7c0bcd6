"""Plans of routes, how fast the roads are, and what changed on the board."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link


class RoutePlan(TenantOwned, Base):
    """An answer to: who goes where in which order on `day` (tenant's time zone)? `public_id` is `plan_…`.

    `asked` is what it was made of (versions of the jobs too), `answer` its stops, minutes saved and what is left over
    with the reason, `before` what applying it replaced, so that it can be taken back.
    """

    __tablename__ = "route_plan"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "public_id"),
        Index("ix_route_plan_day", "tenant_id", "day", "id"),
        CheckConstraint(
            "status IN ('planning', 'ready', 'applied', 'reverted', 'failed')",
            name="status_known",
        ),
    )

    id: Mapped[IntPK]
    public_id: Mapped[str] = mapped_column(sortable(40))
    day: Mapped[date]
    status: Mapped[str] = mapped_column(String(10))
    apply: Mapped[bool] = mapped_column(default=False)
    asked: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    before: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None] = mapped_column(String(240))
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(120))


class RoadSettings(TenantOwned, Base):
    """How long a road is against the straight line, and how fast it goes in each hour of the day, in miles an hour.

    `speeds` has 24 numbers. Another service for road times, coordinates and map tiles is asked where its URL is set.
    """

    __tablename__ = "road_settings"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    id: Mapped[IntPK]
    factor_percent: Mapped[int]
    speeds: Mapped[list[str]]
    travel_url: Mapped[str | None] = mapped_column(String(300))
    geocoder_url: Mapped[str | None] = mapped_column(String(300))
    tiles_url: Mapped[str | None] = mapped_column(String(300))


class BoardChange(TenantOwned, Base):
    """One change that boards show, in the order in which they were committed: `number` counts them for the tenant.

    `data` is what a listening program is sent; it names the job or technician, and what is new.
    """

    __tablename__ = "board_change"
    __table_args__ = (
        tenant_link("job_id", "job", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "number"),
        Index("ix_board_change_age", "tenant_id", "at"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    job_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class StreamTicket(TenantOwned, Base):
    """A key for one opening of the stream within 30 seconds. Only its digest is kept.

    `session_id` is the sign-in of the person who took it, None for a program; with the sign-in the stream ends.
    """

    __tablename__ = "stream_ticket"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[IntPK]
    digest: Mapped[str] = mapped_column(sortable(64))
    session_id: Mapped[int | None]
    expires_at: Mapped[datetime]
