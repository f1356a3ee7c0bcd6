"""The fleet: vans and cars of the business itself (never customers' vehicles)."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link


class Vehicle(TenantOwned, Base):
    """A vehicle, its odometer in miles, who drives it, and the place of stock (`location_id`) that it carries."""

    __tablename__ = "vehicle"
    __table_args__ = (
        tenant_link("technician_id", "technician"),
        tenant_link("location_id", "location"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "plate_key"),
        CheckConstraint("mileage >= 0", name="mileage_not_negative"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    plate: Mapped[str] = mapped_column(String(20))
    plate_key: Mapped[str] = mapped_column(sortable(20))
    vin: Mapped[str | None] = mapped_column(String(17))
    make: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(60), default="")
    year: Mapped[int | None]
    mileage: Mapped[int] = mapped_column(default=0)
    technician_id: Mapped[int | None]
    location_id: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class VehiclePaper(TenantOwned, Base):
    """A paper of a vehicle (insurance, registration, inspection) and the last day it is good for."""

    __tablename__ = "vehicle_paper"
    __table_args__ = (
        tenant_link("vehicle_id", "vehicle", ondelete="CASCADE"),
        Index("ix_vehicle_paper_end", "tenant_id", "expires_on"),
    )

    id: Mapped[IntPK]
    vehicle_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(80), default="")
    expires_on: Mapped[date | None]


class VehicleService(TenantOwned, Base):
    """Work that a vehicle needs again and again: every so many miles, every so many days, whichever comes first."""

    __tablename__ = "vehicle_service"
    __table_args__ = (
        tenant_link("vehicle_id", "vehicle", ondelete="CASCADE"),
        Index("ix_vehicle_service_vehicle", "tenant_id", "vehicle_id", "id"),
        CheckConstraint("every_miles IS NOT NULL OR every_days IS NOT NULL", name="comes_again"),
    )

    id: Mapped[IntPK]
    vehicle_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    every_miles: Mapped[int | None]
    every_days: Mapped[int | None]
    done_at_mileage: Mapped[int]
    done_on: Mapped[date]
