"""The one table of normalised specs: pages, forms, comparison and API documentation are made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypedDict

Kind = Literal["number", "integer", "text", "flag"]
SpecValue = float | int | str | bool

TEXT_LENGTH = 120


class SpecError(ValueError):
    """A value that cannot be taken. Its text says why, in words that follow on the value."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that was left out of a device, and why, in words for the merchant who reads the import's
    report.
    """

    field: str
    value: str
    reason: str


class NormalizedSpecs(TypedDict, total=False):
    """Specs as numbers in one unit each; a key is absent where the value is not known."""

    display_size_in: float
    display_px_w: int
    display_px_h: int
    chipset: str
    cpu_cores: int
    ram_gb: float
    storage_gb: float
    main_camera_mp: float
    battery_mah: int
    weight_g: float
    thickness_mm: float
    os: str
    has_5g: bool


@dataclass(frozen=True, slots=True)
class SpecField:
    """One normalised spec.

    `minimum` and `maximum` are the sanity bounds in `unit`, wide enough for every category from a ring to a
    television: outside them a value is a slip of the pen or the source, never a device. For texts `maximum`
    is the number of characters. `better` says which end wins a comparison, `step` and `digits` how finely
    it is kept, `units` the factor from each accepted unit to `unit`.
    """

    key: str
    label: str
    unit: str
    kind: Kind
    group: str
    minimum: float | None = None
    maximum: float | None = None
    better: Literal["higher", "lower"] | None = None
    step: float | None = None
    digits: int = 0
    example: str = ""
    api_key: str = ""
    units: Mapping[str, float] = field(default_factory=lambda: MappingProxyType[str, float]({}))

    def __post_init__(self) -> None:
        if not self.api_key:
            object.__setattr__(self, "api_key", self.key)


_GIGABYTES = {
    "gb": 1.0,
    "gib": 1.0,
    "mb": 1 / 1024,
    "mib": 1 / 1024,
    "kb": 1 / 1024**2,
    "kib": 1 / 1024**2,
    "tb": 1024.0,
    "tib": 1024.0,
}
_INCHES = {"in": 1.0, "inch": 1.0, "inches": 1.0, '"': 1.0, "''": 1.0, "mm": 1 / 25.4, "cm": 1 / 2.54}
_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "in": 25.4, "inch": 25.4, "inches": 25.4, '"': 25.4}
_POUND = 453.59237
_GRAMS = {
    "g": 1.0,
    "gr": 1.0,
    "gram": 1.0,
    "grams": 1.0,
    "kg": 1000.0,
    "oz": _POUND / 16,
    "lb": _POUND,
    "lbs": _POUND,
}
_PIXELS = {"px": 1.0, "pixel": 1.0, "pixels": 1.0}
_MEGAPIXELS = {"mp": 1.0, "mpx": 1.0, "mpix": 1.0, "megapixel": 1.0, "megapixels": 1.0}

SPEC_FIELDS: tuple[SpecField, ...] = (
    SpecField(
        key="display_size_in",
        label="Display size",
        unit="in",
        kind="number",
        group="Display",
        minimum=0.5,
        maximum=130.0,
        step=0.01,
        digits=2,
        example="6.9 inches",
        units=_INCHES,
    ),
    SpecField(
        key="display_px_w",
        label="Display width",
        unit="px",
        kind="integer",
        group="Display",
        minimum=32,
        maximum=16384,
        better="higher",
        step=1,
        example="1320",
        units=_PIXELS,
    ),
    SpecField(
        key="display_px_h",
        label="Display height",
        unit="px",
        kind="integer",
        group="Display",
        minimum=32,
        maximum=16384,
        better="higher",
        step=1,
        example="2868",
        units=_PIXELS,
    ),
    SpecField(
        key="chipset",
        label="Chipset",
        unit="",
        kind="text",
        group="Performance",
        minimum=1,
        maximum=TEXT_LENGTH,
        example="Apple A18 Pro",
    ),
    SpecField(
        key="cpu_cores",
        label="Processor cores",
        unit="",
        kind="integer",
        group="Performance",
        minimum=1,
        maximum=256,
        better="higher",
        step=1,
        example="8",
        units={"core": 1.0, "cores": 1.0},
    ),
    SpecField(
        key="ram_gb",
        label="RAM",
        unit="GB",
        kind="number",
        group="Performance",
        minimum=0.001,
        maximum=128.0,
        better="higher",
        step=0.0001,
        digits=4,
        example="8 GB",
        units=_GIGABYTES,
    ),
    SpecField(
        key="storage_gb",
        label="Storage",
        unit="GB",
        kind="number",
        group="Performance",
        minimum=0.001,
        maximum=16384.0,
        better="higher",
        step=0.0001,
        digits=4,
        example="256 GB",
        units=_GIGABYTES,
    ),
    SpecField(
        key="main_camera_mp",
        label="Main camera",
        unit="MP",
        kind="number",
        group="Camera",
        minimum=0.1,
        maximum=400.0,
        better="higher",
        step=0.1,
        digits=1,
        example="48 MP",
        units=_MEGAPIXELS,
    ),
    SpecField(
        key="battery_mah",
        label="Battery",
        unit="mAh",
        kind="integer",
        group="Battery",
        minimum=10,
        maximum=60000,
        better="higher",
        step=1,
        example="5,000 mAh",
        units={"mah": 1.0, "ah": 1000.0},
    ),
    SpecField(
        key="weight_g",
        label="Weight",
        unit="g",
        kind="number",
        group="Body",
        minimum=1.0,
        maximum=100000.0,
        better="lower",
        step=0.1,
        digits=1,
        example="227 g",
        units=_GRAMS,
    ),
    SpecField(
        key="thickness_mm",
        label="Thickness",
        unit="mm",
        kind="number",
        group="Body",
        minimum=1.0,
        maximum=500.0,
        better="lower",
        step=0.01,
        digits=2,
        example="8.25 mm",
        units=_MILLIMETRES,
    ),
    SpecField(
        key="os",
        label="Operating system",
        unit="",
        kind="text",
        group="Software",
        minimum=1,
        maximum=TEXT_LENGTH,
        example="iOS 18",
    ),
    SpecField(
        key="has_5g",
        label="5G",
        unit="",
        kind="flag",
        group="Network",
        better="higher",
        example="Yes",
        api_key="5g",
    ),
)

FIELD_BY_KEY: Mapping[str, SpecField] = MappingProxyType({f.key: f for f in SPEC_FIELDS})

# fmt: off
_ABSENT = frozenset((
    "", "-", "--", "---", "\u2013", "\u2014", "?", "??", "n/a", "na", "n.a.", "nan", "none", "null", "nil",
    "unknown", "undefined", "not available", "not known", "tbd", "tba", "tbc", "to be announced",
))
# fmt: on
_LONGEST_ABSENT = 24  # with some white space around it


def is_absent(text: str) -> bool:
    """Whether a cell says nothing: empty, a dash, "N/A", "unknown" and the like."""
    return len(text) <= _LONGEST_ABSENT and text.strip().casefold() in _ABSENT
