"""What a list of devices can be narrowed to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_

from dashboard.catalog.models import Device
from dashboard.catalog.normalise import SPEC_FIELDS
from dashboard.core.db import AnySelect, BigInt, table_of

_devices = table_of(Device)

MAKES = bindparam("makes", type_=BigInt, expanding=True)
CATEGORIES = bindparam("categories", type_=BigInt, expanding=True)
YEARS = bindparam("years", type_=BigInt, expanding=True)

RANGES = tuple(spec for spec in SPEC_FIELDS if spec.kind in ("number", "integer"))
"""Specs that a list may be narrowed to a range of."""


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """What a list of devices is narrowed to. Several makes or categories are alternatives."""

    make_ids: tuple[int, ...] = ()
    category_ids: tuple[int, ...] = ()
    years: tuple[int, ...] = ()
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict[str, Any])
    has_gtin: bool | None = None
    has_image: bool | None = None
    has_model_numbers: bool | None = None
    has_price: bool | None = None
    has_specs: bool | None = None

    @property
    def counted(self) -> bool:
        """Whether kept counts know how many devices this is."""
        flags = (self.has_gtin, self.has_image, self.has_model_numbers, self.has_price, self.has_specs)
        return not self.ranges and sum(flag is not None for flag in flags) <= 1


class Shape(NamedTuple):
    """Which conditions a filter makes, whatever their values: all of one shape share a statement, built once."""

    makes: bool
    categories: bool
    years: int
    ranges: tuple[tuple[str, bool, bool], ...]  # the column, and whether it has a lower and an upper end
    flags: tuple[tuple[str, bool], ...]


_FLAGS = {
    "gtin": _devices.c.gtin.is_not(None),
    "image": _devices.c.image_url.is_not(None),
    "price": _devices.c.price_avg.is_not(None),
    "model_numbers": _devices.c.has_model_numbers.is_(True),
    "specs": _devices.c.has_specs.is_(True),
}


def shape_of(where: DeviceFilter) -> Shape:
    """Which conditions `where` makes."""
    flags = ((name, getattr(where, f"has_{name}")) for name in _FLAGS)
    return Shape(
        makes=bool(where.make_ids),
        categories=bool(where.category_ids),
        years=len(where.years),
        ranges=tuple((name, low is not None, high is not None) for name, (low, high) in where.ranges.items()),
        flags=tuple((name, wanted) for name, wanted in flags if wanted is not None),
    )


def values_of(where: DeviceFilter) -> dict[str, Any]:
    """Values of the parameters that `narrowed` and `kept_total` make, and perhaps of some that they do not."""
    values: dict[str, Any] = {
        "makes": list(where.make_ids),
        "categories": list(where.category_ids),
        "years": list(where.years),
    }
    for at, year in enumerate(where.years):
        values |= {f"from_{at}": year * 10_000, f"to_{at}": year * 10_000 + 9_999}
    for name, (low, high) in where.ranges.items():
        values |= {f"low_{name}": low, f"high_{name}": high}
    return values


def narrowed(statement: AnySelect, shape: Shape) -> AnySelect:
    """A statement on devices with the conditions of `shape`; their values are `values_of(where)`."""
    if shape.makes:
        statement = statement.where(_devices.c.make_id.in_(MAKES))
    if shape.categories:
        statement = statement.where(_devices.c.category_id.in_(CATEGORIES))
    if shape.years:
        spans = [
            _devices.c.released.between(bindparam(f"from_{at}"), bindparam(f"to_{at}")) for at in range(shape.years)
        ]
        statement = statement.where(or_(*spans))
    for name, has_low, has_high in shape.ranges:
        if has_low:
            statement = statement.where(_devices.c[name] >= bindparam(f"low_{name}"))
        if has_high:
            statement = statement.where(_devices.c[name] <= bindparam(f"high_{name}"))
    return statement.where(*(_FLAGS[name] if wanted else ~_FLAGS[name] for name, wanted in shape.flags))
