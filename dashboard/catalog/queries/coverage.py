"""How complete the catalogue is, from counts that every change keeps true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import FromClause, String, Table, cast, func, literal, select, union_all

from dashboard.catalog.models import Category, Device, DeviceCount, Make
from dashboard.catalog.queries.filters import (
    CATEGORIES,
    MAKES,
    YEARS,
    DeviceFilter,
    Shape,
    shape_of,
    values_of,
)
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, BigInt, reads, table_of
from dashboard.core.tenancy import read_shared

_counts = table_of(DeviceCount)
_makes = table_of(Make)
_categories = table_of(Category)
_devices = table_of(Device)


@dataclass(frozen=True, slots=True)
class MakeRow:
    """A make with the number of its devices."""

    id: int
    public_id: str
    name: str
    slug: str
    website_url: str | None
    devices: int


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Counts of devices, over all or of one make or category; coverage in percent with one decimal."""

    name: str
    slug: str
    devices: int
    with_specs: int
    with_image: int
    with_model_numbers: int
    with_gtin: int
    with_price: int
    score_sum: int

    def percent(self, count: int) -> float:
        """`count` as a share of the devices, rounded down to a tenth, so that 100.0 means all."""
        return (count * 1000 // self.devices) / 10 if self.devices else 0.0

    @property
    def average_score(self) -> int:
        return self.score_sum // self.devices if self.devices else 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Coverage of the whole catalogue, by category and by make, the largest first."""

    overall: CoverageRow
    by_category: Sequence[CoverageRow]
    by_make: Sequence[CoverageRow]
    last_updated: datetime | None


@dataclass(frozen=True, slots=True)
class Facet:
    """A value that a list can be narrowed to, and how many devices that leaves."""

    id: int
    name: str
    slug: str
    devices: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Makes, categories and years within a filter; each counted without its own choice, so that others can be added."""

    makes: Sequence[Facet]
    categories: Sequence[Facet]
    years: Sequence[Facet]


_sums = tuple(
    func.coalesce(func.sum(_counts.c[name]), 0)
    for name in ("devices", "with_specs", "with_image", "with_model_numbers", "with_gtin", "with_price", "score_sum")
)


def makes(by: Principal) -> list[MakeRow]:
    """All makes by name, with their numbers of devices."""
    devices = func.coalesce(func.sum(_counts.c.devices), 0)
    statement = (
        select(_makes.c.id, _makes.c.public_id, _makes.c.name, _makes.c.slug, _makes.c.website_url, devices)
        .outerjoin(_counts, _counts.c.make_id == _makes.c.id)
        .group_by(_makes.c.id)
        .order_by(_makes.c.search_name)
    )
    return [MakeRow(row[0], str(row[1]), *row[2:5], int(row[5])) for row in reads(by).execute(statement)]


def stats(by: Principal) -> Stats:
    """Coverage over all, by category and by make."""
    session = reads(by)
    overall = session.execute(select(*_sums)).one()
    by_category = session.execute(_grouped(_categories, _counts.c.category_id))
    by_make = session.execute(_grouped(_makes, _counts.c.make_id))
    return Stats(
        CoverageRow("All devices", "", *map(int, overall)),
        [CoverageRow(row[0], row[1], *map(int, row[2:])) for row in by_category],
        [CoverageRow(row[0], row[1], *map(int, row[2:])) for row in by_make],
        session.scalar(select(func.max(_devices.c.updated_at))),
    )


def _grouped(named: Table, key: Any) -> AnySelect:
    return (
        select(named.c.name, named.c.slug, *_sums)
        .join(_counts, key == named.c.id)
        .group_by(named.c.id)
        .having(_sums[0] > 0)
        .order_by(_sums[0].desc(), named.c.name)
    )


def count_devices(by: Principal, where: DeviceFilter) -> int:
    """How many devices fit a filter of makes, categories, years and at most one coverage flag."""
    return read_shared(by, kept_total(shape_of(where)), values_of(where))[0][0]


@lru_cache(maxsize=256)
def kept_total(shape: Shape) -> AnySelect:
    """A statement for the number of devices that fit a filter of `shape`; its values are `values_of(where)`."""
    statement = select(cast(func.coalesce(func.sum(_counted(shape)), 0), BigInt))
    if shape.makes:
        statement = statement.where(_counts.c.make_id.in_(MAKES))
    if shape.categories:
        statement = statement.where(_counts.c.category_id.in_(CATEGORIES))
    if shape.years:
        statement = statement.where(_counts.c.year.in_(YEARS))
    return statement


def _counted(shape: Shape) -> Any:
    """The kept count that a filter's coverage flag asks for; all devices without one, or with several."""
    if len(shape.flags) != 1:
        return _counts.c.devices
    name, wanted = shape.flags[0]
    column = _counts.c[f"with_{name}"]
    return column if wanted else _counts.c.devices - column


_MAKE, _CATEGORY, _YEAR = range(3)


def facets(by: Principal, where: DeviceFilter) -> Facets:
    """What a list narrowed to `where` can be narrowed to further, in one statement; empty values are left out.

    Counts know one coverage flag, not several, and no ranges: see `DeviceFilter.counted`.
    """
    devices = func.sum(_counted(shape_of(where)))

    def part(kind: int, source: FromClause, named: tuple[Any, Any, Any], skip: str) -> AnySelect:
        columns = [column.label(name) for column, name in zip(named, ("id", "name", "slug"), strict=True)]
        statement = select(literal(kind).label("kind"), *columns, devices).select_from(source)
        return _within(statement.group_by(*named).having(devices > 0), where, skip)

    of_make = _counts.join(_makes, _makes.c.id == _counts.c.make_id)
    of_category = _counts.join(_categories, _categories.c.id == _counts.c.category_id)
    year = cast(_counts.c.year, String)
    either = union_all(
        part(_MAKE, of_make, (_makes.c.id, _makes.c.name, _makes.c.slug), "make_ids"),
        part(_CATEGORY, of_category, (_categories.c.id, _categories.c.name, _categories.c.slug), "category_ids"),
        part(_YEAR, _counts, (_counts.c.year, year, year), "years").where(_counts.c.year > 0),
    )
    found: dict[int, list[Facet]] = {_MAKE: [], _CATEGORY: [], _YEAR: []}
    for kind, number, name, slug, count in reads(by).execute(either):
        found[kind].append(Facet(number, name, slug, int(count)))
    for kind in (_MAKE, _CATEGORY):
        found[kind].sort(key=lambda facet: (-facet.devices, facet.name))
    found[_YEAR].sort(key=lambda facet: -facet.id)
    return Facets(found[_MAKE], found[_CATEGORY], found[_YEAR])


def _within(statement: AnySelect, where: DeviceFilter, skip: str = "") -> AnySelect:
    chosen: Mapping[str, tuple[Any, tuple[int, ...]]] = {
        "make_ids": (_counts.c.make_id, where.make_ids),
        "category_ids": (_counts.c.category_id, where.category_ids),
        "years": (_counts.c.year, where.years),
    }
    for name, (column, values) in chosen.items():
        if values and name != skip:
            statement = statement.where(column.in_(values))
    return statement
