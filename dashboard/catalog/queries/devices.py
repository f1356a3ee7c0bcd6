"""Reads of devices: lists, one, and several side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, String, Uuid, bindparam, func, literal_column, or_, select, tuple_

from dashboard.catalog.models import CatalogSource, Category, Device, Make, PriceObservation
from dashboard.catalog.normalise import SPEC_FIELDS, SpecField, SpecValue, search_text
from dashboard.catalog.queries.coverage import kept_total
from dashboard.catalog.queries.filters import DeviceFilter, Shape, narrowed, shape_of, values_of
from dashboard.catalog.service.quality import Quality, assess
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, BigInt, reads, table_of
from dashboard.core.errors import Invalid, NotFound
from dashboard.core.paging import CursorValue, Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.core.tenancy import read_shared

_devices = table_of(Device)
_makes = table_of(Make)
_categories = table_of(Category)
_observations = table_of(PriceObservation)
_sources = table_of(CatalogSource)

COUNT_LIMIT = 10_000
"""Devices counted at most where spec ranges are asked for; all other totals come from kept counts."""


class DeviceRow(NamedTuple):
    """A device in a list; money in cents of USD. A tuple, since fifty are made for a page."""

    id: int
    slug: str
    name: str
    make: str
    category: str
    image_url: str | None
    release_date: date | None
    release_precision: str | None
    model_numbers: Sequence[str]
    gtin: str | None
    display_size_in: float | None
    ram_gb: float | None
    storage_gb: float | None
    battery_mah: int | None
    chipset: str | None
    os: str | None
    price_avg: int | None
    quality_score: int
    version: int


@dataclass(frozen=True, slots=True)
class DeviceDetail:
    """All that is known of one device. `columns` are those of the device table; money in cents of USD."""

    columns: Mapping[str, Any]
    make: str
    category: str
    category_slug: str

    @property
    def quality(self) -> Quality:
        return assess(self.columns, self.category_slug)

    @property
    def normalized(self) -> dict[str, SpecValue]:
        """Known normalised specs under the names of the API."""
        return {spec.api_key: self.columns[spec.key] for spec in SPEC_FIELDS if self.columns[spec.key] is not None}


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a list: its column, what a cursor holds of it, and which end comes first."""

    column: str
    kind: type
    descending: bool = True

    def of(self, statement: AnySelect) -> AnySelect:
        """`statement` in this order; the id decides between equals."""
        columns = (_devices.c[self.column], _devices.c.id)
        return statement.order_by(*(each.desc() for each in columns) if self.descending else columns)


SORTS = {
    "newest": Order("released", int),
    "name": Order("search_name", str, descending=False),
    "price": Order("price_avg", int),
    "quality": Order("quality_score", int),
}
"""What a list can be sorted by. By price it holds only devices that have one."""

_LISTED = (
    _devices.c.id, _devices.c.slug, _devices.c.name, _makes.c.name, _categories.c.name, _devices.c.image_url,
    _devices.c.release_date, _devices.c.release_precision, _devices.c.model_numbers, _devices.c.gtin,
    _devices.c.display_size_in, _devices.c.ram_gb, _devices.c.storage_gb, _devices.c.battery_mah, _devices.c.chipset,
    _devices.c.os, _devices.c.price_avg, _devices.c.quality_score, _devices.c.version,
)  # fmt: skip


def browse(
    by: Principal, where: DeviceFilter, *, sort: str = "newest", after: str | None = None, size: int = 50
) -> Slice[DeviceRow]:
    """Devices after a cursor. The cost does not depend on how far down the list one is. Raises Invalid for `sort`."""
    order, where = _sorted(sort, where)
    values = values_of(where)
    if after is not None:
        values |= dict(zip(("after_value", "after_id"), decode_cursor(after, (order.kind, int)), strict=True))
    rows = _rows(by, _Listing(shape_of(where), order, size + 1, after=after is not None), values)
    more = len(rows) > size
    rows = rows[:size]
    return Slice(rows, _cursor(rows[-1], order.column) if more else None)


def device_rows(by: Principal, ids: Sequence[int]) -> list[DeviceRow]:
    """Devices by id, in the order of `ids`; one that has gone meanwhile is left out."""
    if not ids:
        return []
    found = {row[0]: DeviceRow._make(row) for row in read_shared(by, _listed_by_id, {"ids": ids})}
    return [found[device_id] for device_id in ids if device_id in found]


_listed_by_id = (
    select(*_LISTED)
    .join(_makes, _makes.c.id == _devices.c.make_id)
    .join(_categories, _categories.c.id == _devices.c.category_id)
    .where(_devices.c.id.in_(bindparam("ids", expanding=True)))
)


def device_page(by: Principal, where: DeviceFilter, page: PageRequest, *, sort: str = "newest") -> Page[DeviceRow]:
    """A numbered page of devices, for the API. Only ids are skipped; rows are read for the page alone."""
    order, where = _sorted(sort, where)
    shape, values = shape_of(where), values_of(where)
    if page.offset:
        total = _total(by, where)
        if page.offset >= total:
            return Page([], page, total)
        listing = _Listing(shape, order, page.size, skips=True)
        return Page(_rows(by, listing, {**values, "offset": page.offset}), page, total)
    found = read_shared(by, _first_page_statement(_Listing(shape, order, page.size), counted=where.counted), values)
    return Page([DeviceRow._make(row[:-1]) for row in found], page, found[0][-1] if found else _total(by, where))


def _sorted(sort: str, where: DeviceFilter) -> tuple[Order, DeviceFilter]:
    if sort not in SORTS:
        raise Invalid.field("sort", f"sort must be one of {', '.join(SORTS)}.")
    return SORTS[sort], replace(where, has_price=True) if sort == "price" else where


class _Listing(NamedTuple):
    """All that a list's statement depends on besides values.

    The size stands in it as a number: PostgreSQL takes an unknown one for a tenth of the table.
    """

    shape: Shape
    order: Order
    size: int
    after: bool = False  # starts at a cursor
    skips: bool = False  # starts at an offset


def _rows(by: Principal, listing: _Listing, values: Mapping[str, Any]) -> list[DeviceRow]:
    return [DeviceRow._make(row) for row in read_shared(by, _list_statement(listing), values)]


@lru_cache(maxsize=512)
def _list_statement(listing: _Listing) -> AnySelect:
    order = listing.order
    ids = order.of(narrowed(select(_devices.c.id), listing.shape)).limit(literal_column(str(listing.size)))
    if listing.skips:
        ids = ids.offset(bindparam("offset"))
    if listing.after:
        column = _devices.c[order.column]
        here = tuple_(column, _devices.c.id)
        there = tuple_(bindparam("after_value", type_=column.type), bindparam("after_id", type_=BigInt))
        ids = ids.where(here < there if order.descending else here > there)
    chosen = ids.subquery("chosen")
    statement = (
        select(*_LISTED)
        .select_from(chosen)
        .join(_devices, _devices.c.id == chosen.c.id)
        .join(_makes, _makes.c.id == _devices.c.make_id)
        .join(_categories, _categories.c.id == _devices.c.category_id)
    )
    return order.of(statement)


def _cursor(row: DeviceRow, column: str) -> str:
    if column == "search_name":
        value: CursorValue = search_text(row.name)[:160]
    elif column == "released":
        day = row.release_date
        value = 0 if day is None else day.year * 10_000 + day.month * 100 + day.day
    else:
        value = getattr(row, column)
    return encode_cursor([value, row.id])


@lru_cache(maxsize=512)
def _first_page_statement(listing: _Listing, *, counted: bool) -> AnySelect:
    """The list with the number of all that fit beside each row: the page that is asked most takes one round trip."""
    return _list_statement(listing).add_columns(_total_statement(listing.shape, counted=counted).scalar_subquery())


def _total(by: Principal, where: DeviceFilter) -> int:
    return read_shared(by, _total_statement(shape_of(where), counted=where.counted), values_of(where))[0][0]


def _total_statement(shape: Shape, *, counted: bool) -> AnySelect:
    """Of kept counts where they know, else counted up to a limit."""
    return kept_total(shape) if counted else _bounded_count(shape)


@lru_cache(maxsize=256)
def _bounded_count(shape: Shape) -> AnySelect:
    inner = narrowed(select(_devices.c.id), shape).limit(literal_column(str(COUNT_LIMIT))).subquery()
    return select(func.count()).select_from(inner)


_INTERNAL = {
    "id", "search_name", "merge_key", "make_id", "category_id", "released", "provenance", "has_specs",
    "has_model_numbers", "missing_fields", "gap_value", "version", "created_at", "updated_at",
}  # fmt: skip
"""Columns that the catalogue keeps for itself, or for its own pages."""

_whole = tuple(_devices.c.keys())
_shown = tuple(name for name in _whole if name not in _INTERNAL)


def _one_device(columns: Sequence[str]) -> AnySelect:
    return (
        select(*(_devices.c[name] for name in columns), _makes.c.name, _categories.c.name, _categories.c.slug)
        .join(_makes, _makes.c.id == _devices.c.make_id)
        .join(_categories, _categories.c.id == _devices.c.category_id)
    )


_BY_SLUG = _devices.c.slug == bindparam("slug")
_whole_by_slug = _one_device(_whole).where(_BY_SLUG)
_shown_by_slug = _one_device(_shown).where(_BY_SLUG)
_shown_by_slugs = _one_device(_shown).where(_devices.c.slug.in_(bindparam("slugs", expanding=True)))


def get_device(by: Principal, slug: str) -> DeviceDetail:
    """One device by its slug, in any case, with everything that is kept of it. Raises NotFound."""
    return _only(slug, _details(read_shared(by, _whole_by_slug, {"slug": slug.lower()}), _whole))


def show_device(by: Principal, slug: str) -> DeviceDetail:
    """The same with the columns that integrations are shown alone: a third less to fetch. Raises NotFound."""
    return _only(slug, _details(read_shared(by, _shown_by_slug, {"slug": slug.lower()}), _shown))


def _only(slug: str, found: Sequence[DeviceDetail]) -> DeviceDetail:
    if not found:
        raise NotFound(f"Device '{slug[:100]}' does not exist.")
    return found[0]


def _details(rows: Sequence[Row[*tuple[Any, ...]]], columns: Sequence[str]) -> list[DeviceDetail]:
    return [
        DeviceDetail(dict(zip(columns, values, strict=True)), make, category, category_slug)
        for *values, make, category, category_slug in rows
    ]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One spec across the compared devices, in their order. `best` are the positions of the winning values."""

    spec: SpecField
    values: tuple[SpecValue | None, ...]
    differs: bool
    best: frozenset[int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two to four devices side by side."""

    devices: tuple[DeviceDetail, ...]
    rows: tuple[ComparisonRow, ...]


def compare(by: Principal, slugs: Sequence[str]) -> Comparison:
    """Two to four different devices, in the order asked. Raises Invalid for their number or a repetition, NotFound."""
    wanted = [slug.strip().lower() for slug in slugs if slug.strip()]
    if not 2 <= len(wanted) <= 4:
        raise Invalid.field("slugs", "Name two to four devices, separated by commas.")
    if repeated := sorted({slug for slug in wanted if wanted.count(slug) > 1}):
        raise Invalid.field("slugs", f"'{repeated[0][:100]}' is named twice.")
    found = {
        detail.columns["slug"]: detail
        for detail in _details(read_shared(by, _shown_by_slugs, {"slugs": wanted}), _shown)
    }
    if missing := [slug for slug in wanted if slug not in found]:
        raise NotFound(f"Device '{missing[0][:100]}' does not exist.", details={"slug": missing[0][:100]})
    devices = tuple(found[slug] for slug in wanted)
    rows = (_comparison_row(spec, devices) for spec in SPEC_FIELDS)
    return Comparison(devices, tuple(row for row in rows if any(value is not None for value in row.values)))


def _comparison_row(spec: SpecField, devices: Sequence[DeviceDetail]) -> ComparisonRow:
    values = tuple(device.columns[spec.key] for device in devices)
    known = [value for value in values if value is not None]
    differs = len(set(values)) > 1
    best: frozenset[int] = frozenset()
    if differs and spec.better is not None and len(known) > 1:
        top = max(known) if spec.better == "higher" else min(known)
        best = frozenset(at for at, value in enumerate(values) if value == top)
    return ComparisonRow(spec, values, differs, best)


_NAMED = bindparam("named", type_=String(), expanding=True)
_makes_named = select(_makes.c.id, _makes.c.search_name, _makes.c.slug, _makes.c.public_id).where(
    or_(_makes.c.search_name.in_(_NAMED), _makes.c.slug.in_(_NAMED))
)
_make_of_id = select(_makes.c.id).where(_makes.c.public_id == bindparam("public_id", type_=Uuid()))
_categories_named = select(_categories.c.id, _categories.c.search_name, _categories.c.slug).where(
    or_(_categories.c.search_name.in_(_NAMED), _categories.c.slug.in_(_NAMED))
)


def find_makes(by: Principal, wanted: Sequence[str]) -> dict[str, int]:
    """Ids of makes by what names them: a name, slug or public id, in any case. Unknown ones are left out."""
    found = _found(wanted, read_shared(by, _makes_named, {"named": _spellings(wanted)}))
    for text in wanted:
        if text not in found and (public_id := _uuid(text)) is not None:
            for (make_id,) in read_shared(by, _make_of_id, {"public_id": public_id}):
                found[text] = make_id
    return found


def find_categories(by: Principal, wanted: Sequence[str]) -> dict[str, int]:
    """Ids of categories by name or slug, in any case. Unknown ones are left out."""
    return _found(wanted, read_shared(by, _categories_named, {"named": _spellings(wanted)}))


def _spellings(wanted: Sequence[str]) -> list[str]:
    return [spelling for text in wanted for spelling in (search_text(text)[:80], text.strip().lower()[:80])]


def _found(wanted: Sequence[str], rows: Sequence[Any]) -> dict[str, int]:
    ids = {name: row[0] for row in rows for name in (row[2], row[1])}
    named = ((text, ids.get(search_text(text)) or ids.get(text.strip().lower())) for text in wanted)
    return {text: number for text, number in named if number is not None}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def list_categories(by: Principal) -> list[tuple[int, str, str]]:
    """Id, name and slug of all categories, by name."""
    rows = reads(by).execute(select(_categories.c.id, _categories.c.name, _categories.c.slug).order_by("name"))
    return [(category_id, name, slug) for category_id, name, slug in rows]


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One observation; `amount` in cents of USD."""

    source: str
    condition: str
    amount: int
    observed_at: datetime


def price_history(by: Principal, device_id: int, *, limit: int = 400) -> list[PricePoint]:
    """What the device cost, oldest first; of a longer history the latest `limit` observations."""
    statement = (
        select(_observations.c.source, _observations.c.condition, _observations.c.amount, _observations.c.observed_at)
        .where(_observations.c.device_id == device_id)
        .order_by(_observations.c.observed_at.desc(), _observations.c.id.desc())
        .limit(limit)
    )
    return [PricePoint(*row) for row in reversed(reads(by).execute(statement).all())]


def source_names(by: Principal, source_ids: Sequence[int]) -> dict[int, tuple[str, datetime]]:
    """Name and time of the sources that a device's provenance speaks of."""
    statement = select(_sources.c.id, _sources.c.name, _sources.c.added_at).where(_sources.c.id.in_(set(source_ids)))
    return {source_id: (name, added_at) for source_id, name, added_at in reads(by).execute(statement)}
