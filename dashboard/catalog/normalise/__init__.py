"""Pure functions that bring names, codes, specs and dates of any source into one form."""

from dashboard.catalog.normalise.dates import Precision, parse_release_date
from dashboard.catalog.normalise.folding import clean_text, search_text, slugify, words
from dashboard.catalog.normalise.gtin import clean_gtin, gtin_is_valid
from dashboard.catalog.normalise.names import (
    clean_model_numbers,
    make_name,
    merge_key,
    split_make,
    tidy_name,
)
from dashboard.catalog.normalise.spec_table import (
    FIELD_BY_KEY,
    SPEC_FIELDS,
    Kind,
    NormalizedSpecs,
    Problem,
    SpecError,
    SpecField,
    SpecValue,
    is_absent,
)
from dashboard.catalog.normalise.spec_values import parse_resolution, parse_spec
from dashboard.catalog.normalise.specs import format_spec, normalise_specs, split_unit, with_unit

__all__ = [
    "FIELD_BY_KEY",
    "SPEC_FIELDS",
    "Kind",
    "NormalizedSpecs",
    "Precision",
    "Problem",
    "SpecError",
    "SpecField",
    "SpecValue",
    "clean_gtin",
    "clean_model_numbers",
    "clean_text",
    "format_spec",
    "gtin_is_valid",
    "is_absent",
    "make_name",
    "merge_key",
    "normalise_specs",
    "parse_release_date",
    "parse_resolution",
    "parse_spec",
    "search_text",
    "slugify",
    "split_make",
    "split_unit",
    "tidy_name",
    "with_unit",
    "words",
]
