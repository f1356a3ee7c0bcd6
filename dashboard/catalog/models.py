"""The device catalogue: global reference data, shared by all tenants and written by the operator alone."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.core.db import Base, BigInt, IntPK, TenantOwned, sortable


class Make(Base):
    """A manufacturer."""

    __tablename__ = "make"

    id: Mapped[IntPK]
    public_id: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    search_name: Mapped[str] = mapped_column(sortable(80), unique=True)  # folded: two spellings are one make
    website_url: Mapped[str | None] = mapped_column(String(300))


class Category(Base):
    """A kind of device."""

    __tablename__ = "category"

    id: Mapped[IntPK]
    name: Mapped[str] = mapped_column(String(60), unique=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    search_name: Mapped[str] = mapped_column(sortable(60), unique=True)


class Device(Base):
    """A model that exists in the world, whoever sells it.

    The columns from `display_size_in` to `thickness_mm` are the normalised specs. `price_*` are derived from the
    price observations, `quality_score` from all of it; both are written in the transaction that changes their source.
    """

    __tablename__ = "device"
    __table_args__ = (
        # Browsing newest first, over all, one make, one category. `released` is 0 where unknown.
        Index("ix_device_newest", "released", "id"),
        Index("ix_device_make_newest", "make_id", "released", "id"),
        Index("ix_device_category_newest", "category_id", "released", "id"),
        Index("ix_device_name", "search_name", "id"),
        Index("ix_device_quality", "quality_score", "id"),
        Index("ix_device_price", "price_avg", "id"),
        Index("ix_device_gap_value", "gap_value", "id"),  # the fill-gaps queue
        Index(
            "ix_device_gtin", "gtin", sqlite_where=text("gtin IS NOT NULL"), postgresql_where=text("gtin IS NOT NULL")
        ),
        # Spec ranges.
        Index(None, "display_size_in"),
        Index(None, "ram_gb"),
        Index(None, "storage_gb"),
        Index(None, "battery_mah"),
        CheckConstraint("quality_score BETWEEN 0 AND 100", name="score_in_percent"),
    )

    id: Mapped[IntPK]
    slug: Mapped[str] = mapped_column(String(160), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    search_name: Mapped[str] = mapped_column(sortable(160))
    merge_key: Mapped[str] = mapped_column(sortable(240), unique=True)  # make and folded name: one device, one row
    make_id: Mapped[int] = mapped_column(ForeignKey("make.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    image_url: Mapped[str | None] = mapped_column(String(500))
    release_date: Mapped[date | None] = mapped_column(Date)
    release_precision: Mapped[str | None] = mapped_column(String(7))  # day, month, quarter or year
    released: Mapped[int] = mapped_column(default=0)  # yyyymmdd, for sorting
    model_numbers: Mapped[list[str]]
    gtin: Mapped[str | None] = mapped_column(String(14))
    specs: Mapped[dict[str, Any]]  # display specs as given: label to text
    provenance: Mapped[dict[str, Any]]  # field to id of the source that said it

    display_size_in: Mapped[float | None] = mapped_column(Float)
    ram_gb: Mapped[float | None] = mapped_column(Float)
    storage_gb: Mapped[float | None] = mapped_column(Float)
    battery_mah: Mapped[int | None]
    chipset: Mapped[str | None] = mapped_column(String(120))
    weight_g: Mapped[float | None] = mapped_column(Float)
    os: Mapped[str | None] = mapped_column(String(120))
    has_5g: Mapped[bool | None]
    display_px_w: Mapped[int | None]
    display_px_h: Mapped[int | None]
    cpu_cores: Mapped[int | None]
    main_camera_mp: Mapped[float | None] = mapped_column(Float)
    thickness_mm: Mapped[float | None] = mapped_column(Float)

    price_avg: Mapped[int | None]
    price_min: Mapped[int | None]
    price_max: Mapped[int | None]
    price_sources: Mapped[int | None]
    price_observed_at: Mapped[datetime | None]

    has_specs: Mapped[bool]
    has_model_numbers: Mapped[bool]
    quality_score: Mapped[int] = mapped_column(SmallInteger)
    missing_fields: Mapped[int] = mapped_column(SmallInteger)
    gap_value: Mapped[int]  # missing fields × average price in minor units: what to complete first
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class DeviceModelNumber(Base):
    """A model number of a device, folded: how an import finds the device that a row speaks of."""

    __tablename__ = "device_model_number"

    number: Mapped[str] = mapped_column(sortable(40), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True, index=True)


class PriceObservation(Base):
    """What a device cost on a market at a moment. Rows are never changed."""

    __tablename__ = "price_observation"
    __table_args__ = (
        Index(None, "device_id", "observed_at"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    id: Mapped[IntPK]
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(60))
    condition: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int]  # minor units of USD, in which F states market prices
    observed_at: Mapped[datetime]


class CatalogSource(Base):
    """Something that told us facts: an import, the operator, an accepted proposal."""

    __tablename__ = "catalog_source"

    id: Mapped[IntPK]
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))  # import, operator, proposal, shipped
    licence: Mapped[str | None] = mapped_column(String(60))
    added_by: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime]


class SearchKey(Base):
    """Where a search may begin inside a device's names: every word start, and its model numbers, folded.

    A query is a range of `text`; see `docs/decisions/0003-flat-search.md`.
    """

    __tablename__ = "search_key"
    __table_args__ = (
        Index("ix_search_key_make", "make_id", "category_id", "text"),
        Index("ix_search_key_category", "category_id", "text"),
        Index("ix_search_key_device", "device_id"),
        {"sqlite_with_rowid": False},
    )

    text: Mapped[str] = mapped_column(sortable(48), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger)  # 0 the name's start, 1 a later word, 2 a model number
    released: Mapped[int]
    make_id: Mapped[int]
    category_id: Mapped[int]


class SearchHead(Base):
    """The best devices of a beginning that too many share: what a range of `search_key` would cost too much to sort.

    `make_id` and `category_id` are 0 for "any".
    """

    __tablename__ = "search_head"
    __table_args__ = (Index("ix_search_head_device", "device_id"), {"sqlite_with_rowid": False})

    text: Mapped[str] = mapped_column(sortable(48), primary_key=True)
    make_id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    category_id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    newest_first: Mapped[int] = mapped_column(BigInt, primary_key=True)  # -released
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True)


class DeviceCount(Base):
    """How many devices there are of a make, category and year, and how many of them have each field.

    Changed in the transaction that changes a device, so that counts, facets and coverage cost the same at any size.
    `year` is 0 where unknown.
    """

    __tablename__ = "device_count"

    make_id: Mapped[int] = mapped_column(ForeignKey("make.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    devices: Mapped[int]
    with_specs: Mapped[int]
    with_image: Mapped[int]
    with_model_numbers: Mapped[int]
    with_gtin: Mapped[int]
    with_price: Mapped[int]
    score_sum: Mapped[int]


class DeviceProposal(TenantOwned, Base):
    """A correction that a tenant's staff suggest; the operator accepts or declines it."""

    __tablename__ = "device_proposal"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        Index(None, "tenant_id", "device_id"),
        Index(
            "ix_device_proposal_open",
            "id",
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        CheckConstraint("outcome IS NULL OR outcome IN ('accepted', 'declined')", name="outcome_known"),
    )

    id: Mapped[IntPK]
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(500))
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposer: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(10))
    answer: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]


class CatalogImport(Base):
    """An import of devices: its file, what was asked for, and the report that is left when it has run.

    It is a draft until `work_id` names the work that runs it. `counts` holds rows: read, added, changed, unchanged,
    refused; and problems, reasons (a reason to its number of problems), makes and categories (names that are new).
    """

    __tablename__ = "catalog_import"

    id: Mapped[IntPK]
    filename: Mapped[str] = mapped_column(String(200))  # as the person calls it
    path: Mapped[str] = mapped_column(String(80))  # inside the folder of import files
    size: Mapped[int]  # bytes, unpacked
    encoding_note: Mapped[str] = mapped_column(String(200))
    row_count: Mapped[int]
    columns: Mapped[list[str]]
    samples: Mapped[dict[str, Any]]  # column to a few of its values
    mapping: Mapped[dict[str, Any]]  # column to field
    defaults: Mapped[dict[str, Any]]  # what all rows share
    source_name: Mapped[str] = mapped_column(String(120))
    licence: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("catalog_source.id"))
    dry_run: Mapped[bool]
    overwrite: Mapped[bool]  # replace what another source said, instead of filling gaps only
    work_id: Mapped[int | None] = mapped_column(BigInt)
    counts: Mapped[dict[str, Any]]
    requested_by: Mapped[str] = mapped_column(String(40))
    requester: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportProblem(Base):
    """A row, or a value in it, that an import could not take, and why."""

    __tablename__ = "import_problem"

    import_id: Mapped[int] = mapped_column(ForeignKey("catalog_import.id", ondelete="CASCADE"), primary_key=True)
    row: Mapped[int] = mapped_column(BigInt, primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)  # several problems of one row
    refused: Mapped[bool]  # the whole row, not only a value
    field: Mapped[str | None] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(300))
