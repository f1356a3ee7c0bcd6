"""Customers: one record for whoever buys, has an account, or is only somebody to call."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, IntPK, TenantOwned, sortable, tenant_link

ONE_LIVE_EMAIL = text("email_key IS NOT NULL AND merged_into_id IS NULL")


class Customer(TenantOwned, Base):
    """A person or business that a tenant deals with.

    `number` is what K shows, `public_id` (`buy_…`) what F shows, `code` (`CUST-…`) what P shows. `email_key` is the
    address in lower case, `phone_digits` the number without signs: what is compared and searched. `terms_days` is when
    an invoice is due, 0 at once; `credit_limit` is minor units, None without a limit. A merged record stays, names the
    one it was merged into, and is in no list.
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "code"),
        Index("ix_customer_name", "tenant_id", "search_name", "id"),
        Index(
            "ix_customer_email",
            "tenant_id",
            "email_key",
            unique=True,
            sqlite_where=ONE_LIVE_EMAIL,
            postgresql_where=ONE_LIVE_EMAIL,
        ),
        Index("ix_customer_phone", "tenant_id", "phone_digits"),
        tenant_link("merged_into_id", "customer"),
        CheckConstraint("terms_days BETWEEN 0 AND 365", name="terms_in_range"),
        CheckConstraint("credit_limit IS NULL OR credit_limit >= 0", name="credit_not_negative"),
    )

    id: Mapped[IntPK]
    number: Mapped[int]
    public_id: Mapped[str] = mapped_column(sortable(40))
    code: Mapped[str] = mapped_column(sortable(40))
    name: Mapped[str] = mapped_column(String(160))
    search_name: Mapped[str] = mapped_column(sortable(160))
    company: Mapped[str | None] = mapped_column(String(160))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(sortable(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    phone_digits: Mapped[str | None] = mapped_column(sortable(20))
    terms_days: Mapped[int] = mapped_column(default=0)
    credit_limit: Mapped[int | None]
    tax_exempt: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[str] = mapped_column(Text, default="")
    merged_into_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CustomerAddress(TenantOwned, Base):
    """A place of a customer. At most one each is where parcels and where bills go unless something else is said."""

    __tablename__ = "customer_address"
    __table_args__ = (
        tenant_link("customer_id", "customer", ondelete="CASCADE"),
        Index("ix_customer_address_customer", "tenant_id", "customer_id", "id"),
    )

    id: Mapped[IntPK]
    customer_id: Mapped[int]
    label: Mapped[str] = mapped_column(String(60), default="")
    street: Mapped[str] = mapped_column(String(160))
    street2: Mapped[str] = mapped_column(String(160), default="")
    city: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(40), default="")
    zip: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))
    ships: Mapped[bool] = mapped_column(default=False)
    bills: Mapped[bool] = mapped_column(default=False)
