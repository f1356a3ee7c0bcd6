"""What a list of devices can be narrowed to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.catalog.normalise import SPEC_FIELDS

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
