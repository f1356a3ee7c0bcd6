"""What to complete next: devices that lack fields, the most valuable first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, select, tuple_

from dashboard.catalog.models import Category, Device, Make
from dashboard.catalog.normalise import FIELD_BY_KEY
from dashboard.catalog.service.quality import CORE_SPECS, EXPECTED_SPECS, FIELD_WEIGHTS, assess, expected_specs
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads, table_of
from dashboard.core.errors import Invalid
from dashboard.core.paging import Slice, decode_cursor, encode_cursor

_devices = table_of(Device)
_makes = table_of(Make)
_categories = table_of(Category)

GAP_FIELDS = (*FIELD_WEIGHTS, *FIELD_BY_KEY)
"""Fields that a device can lack, under the names that `Quality.missing` gives them."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A device worth completing. `columns` are those of the device table that can be missing; money in cents of USD."""

    slug: str
    name: str
    make: str
    category: str
    category_slug: str
    price_avg: int | None
    quality_score: int
    columns: Mapping[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are missing, the most valuable first."""
        return assess(self.columns, self.category_slug).missing

    @property
    def missing(self) -> int:
        """How many fields are missing."""
        return len(self.fields)

    def expects(self, field: str) -> bool:
        """Whether a device of this category is expected to have `field`."""
        return field not in FIELD_BY_KEY or field in expected_specs(self.category_slug)


@dataclass(frozen=True, slots=True)
class GapFilter:
    """What the queue is narrowed to: one make, one category, devices that lack one field."""

    make_id: int | None = None
    category_id: int | None = None
    missing: str | None = None


_SHOWN = tuple(
    _devices.c[name]
    for name in ("id", "slug", "name", "price_avg", "quality_score", "gap_value", "image_url", "model_numbers", "gtin",
                 "release_date", "release_precision", *FIELD_BY_KEY)
)  # fmt: skip
_NAMES = (_makes.c.name.label("make"), _categories.c.name.label("category"), _categories.c.slug.label("category_slug"))


def gap_page(by: Principal, where: GapFilter | None = None, *, after: str | None = None, size: int = 50) -> Slice[Gap]:
    """Devices that lack fields, by missing fields × market price; those without a price come last.

    The cost does not depend on how far down the list one is. Raises Invalid for a field that cannot be missing.
    """
    statement = (
        select(
            *_SHOWN,
            _makes.c.name.label("make"),
            _categories.c.name.label("category"),
            _categories.c.slug.label("category_slug"),
        )
        .join(_makes, _makes.c.id == _devices.c.make_id)
        .join(_categories, _categories.c.id == _devices.c.category_id)
        .where(_devices.c.missing_fields > 0)
        .order_by(_devices.c.gap_value.desc(), _devices.c.id.desc())
        .limit(size + 1)
    )
    statement = _narrowed(statement, where or GapFilter())
    if after is not None:
        position = tuple_(_devices.c.gap_value, _devices.c.id)
        statement = statement.where(position < tuple_(*decode_cursor(after, (int, int))))
    rows = reads(by).execute(statement).mappings().all()
    last = rows[size - 1] if len(rows) > size else None
    cursor = None if last is None else encode_cursor([last["gap_value"], last["id"]])
    return Slice([_gap(row) for row in rows[:size]], cursor)


def gaps(by: Principal, *, size: int = 50) -> Sequence[Gap]:
    """The first rows of the queue."""
    return gap_page(by, size=size).items


def _gap(row: Mapping[Any, Any]) -> Gap:
    return Gap(
        row["slug"], row["name"], row["make"], row["category"], row["category_slug"], row["price_avg"],
        row["quality_score"], dict(row),
    )  # fmt: skip


def _narrowed(statement: AnySelect, where: GapFilter) -> AnySelect:
    if where.make_id is not None:
        statement = statement.where(_devices.c.make_id == where.make_id)
    if where.category_id is not None:
        statement = statement.where(_devices.c.category_id == where.category_id)
    if where.missing is not None:
        statement = statement.where(_lacks(where.missing))
    return statement


def _lacks(field: str) -> ColumnElement[bool]:
    if field not in GAP_FIELDS:
        raise Invalid.field("missing", f"missing must be one of {', '.join(GAP_FIELDS)}.")
    if field == "model_numbers":
        return _devices.c.has_model_numbers.is_(False)
    if field in FIELD_BY_KEY:
        return and_(_devices.c[field].is_(None), _expects(field))
    return _devices.c["price_avg" if field == "pricing" else field].is_(None)


def _expects(field: str) -> ColumnElement[bool]:
    """Whether the device's category is expected to have the spec `field`."""
    named = [slug for slug, expected in EXPECTED_SPECS.items() if (field in expected) != (field in CORE_SPECS)]
    if field in CORE_SPECS:
        return _categories.c.slug.not_in(named)
    return _categories.c.slug.in_(named) if named else false()
