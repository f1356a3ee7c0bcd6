"""Readers of import files: rows out of CSV and JSON of any origin, and devices out of rows."""

from dashboard.catalog.sources.devices import MappedDevice, Refusal, check_mapping, map_row
from dashboard.catalog.sources.limits import DEFAULT_LIMITS, ReadLimits, SourceError
from dashboard.catalog.sources.mapping import (
    FIELDS,
    PRESETS,
    Defaults,
    Preset,
    find_preset,
    suggest_mapping,
)
from dashboard.catalog.sources.prices import parse_price
from dashboard.catalog.sources.records import RowProblem, SourceRow
from dashboard.catalog.sources.rows import RowSource, open_rows

__all__ = [
    "DEFAULT_LIMITS",
    "FIELDS",
    "PRESETS",
    "Defaults",
    "MappedDevice",
    "Preset",
    "ReadLimits",
    "Refusal",
    "RowProblem",
    "RowSource",
    "SourceError",
    "SourceRow",
    "check_mapping",
    "find_preset",
    "map_row",
    "open_rows",
    "parse_price",
    "suggest_mapping",
]
