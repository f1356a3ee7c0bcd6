"""The fields of a device that a person may write: how each is called, typed and shown."""

from collections.abc import Callable, Mapping
from hashlib import blake2s
from typing import Any
from urllib.parse import urlsplit

from dashboard.catalog.normalise import (
    FIELD_BY_KEY,
    SpecError,
    SpecValue,
    clean_gtin,
    clean_model_numbers,
    clean_text,
    format_spec,
    is_absent,
    normalise_specs,
    parse_release_date,
    parse_spec,
    search_text,
)
from dashboard.catalog.service.facts import MAX_MODEL_NUMBERS, released
from dashboard.core import clock
from dashboard.core.errors import Invalid

PLAIN_FIELDS = {
    "name": "Name",
    "model_numbers": "Model numbers",
    "gtin": "GTIN",
    "image_url": "Image address",
    "release_date": "Release date",
}
EDITABLE = {**PLAIN_FIELDS, **{key: spec.label for key, spec in FIELD_BY_KEY.items()}}
"""Fields that a person may edit, and how they are called."""

MAX_TEXT = 2000
"""Characters that a field takes at most, before it is read."""

Columns = Mapping[str, Any]


def field_text(device: Columns, field: str) -> str:
    """A field as a person would type it, "8 GB" or "A3089, A3290"; empty where nothing is known.

    What `read_field` makes of it is what `device` (columns of the device table) holds.
    """
    value = device[field]
    if value is None:
        return ""
    if field in FIELD_BY_KEY:
        return format_spec(field, value)
    if field == "model_numbers":
        return ", ".join(value)
    if field == "release_date":
        return value.isoformat()[: {"year": 4, "month": 7}.get(device["release_precision"], 10)]
    return value


def fingerprint(text: str) -> str:
    """A short digest of a field's text: how an editor says which text was seen."""
    return blake2s(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def read_field(field: str, text: str) -> dict[str, Any]:
    """The columns that `text`, typed into `field`, stands for; an empty text clears it.

    Raises Invalid, with the field's name, saying what to do.
    """
    if field not in EDITABLE:
        raise Invalid.field("field", f"“{clean_text(field)[:40]}” is not a field of a device.")
    text = clean_text(text[: MAX_TEXT + 1])
    try:
        if len(text) > MAX_TEXT:
            raise SpecError(f"is longer than {MAX_TEXT:,} characters")
        if field in FIELD_BY_KEY:
            return {field: None if is_absent(text) else parse_spec(field, text)}
        return _READERS[field](text)
    except SpecError as error:
        shown = text if len(text) <= 40 else f"{text[:39]}…"
        raise Invalid.field(field, f"“{shown}” {error}." if text else "A device needs a name.") from error


def shown_specs(specs: Mapping[str, str], field: str, value: SpecValue | None) -> dict[str, str]:
    """Display specs (label to text) that agree with the normalised spec `field`, now `value`.

    A label that says this field alone and says it differently is put right, or left out where nothing is known;
    where no label speaks of it one is added. Labels that say more than this field stay as their source gave them.
    """
    result: dict[str, str] = {}
    told = False
    for label, text in specs.items():
        said = dict(normalise_specs({label: text})[0])
        told = told or field in said
        if set(said) != {field} or said[field] == value:
            result[label] = text
        elif value is not None:
            result[label] = format_spec(field, value)
    if not told and value is not None:
        result[FIELD_BY_KEY[field].label] = format_spec(field, value)
    return result


def _read_name(text: str) -> dict[str, Any]:
    if not search_text(text) or len(text) > 160:
        raise SpecError("is not a name of 1 to 160 characters with at least one letter or digit")
    return {"name": text, "search_name": search_text(text)[:160]}


def _read_model_numbers(text: str) -> dict[str, Any]:
    numbers = [] if is_absent(text) else clean_model_numbers(text)
    if not numbers and not is_absent(text):
        raise SpecError("holds no model number; write letters and digits, at most 64 each, separated by commas")
    if len(numbers) > MAX_MODEL_NUMBERS:
        raise SpecError(f"names {len(numbers)} model numbers; a device has at most {MAX_MODEL_NUMBERS}")
    return {"model_numbers": numbers}


def _read_gtin(text: str) -> dict[str, Any]:
    if is_absent(text):
        return {"gtin": None}
    gtin = clean_gtin(text)
    if gtin is None:
        digits = sum(character.isdigit() for character in text)
        if digits in (8, 12, 13, 14):
            raise SpecError("is no GTIN, for its last digit does not fit the others; compare it with the barcode")
        raise SpecError("is no GTIN; the digits under a barcode are 8, 12, 13 or 14")
    return {"gtin": gtin}


def _read_image_url(text: str) -> dict[str, Any]:
    if is_absent(text):
        return {"image_url": None}
    try:
        address = urlsplit(text)
        complete = address.scheme == "https" and bool(address.hostname)
    except ValueError:
        complete = False
    if not complete or len(text) > 500 or " " in text:
        raise SpecError("is no address of an image; it begins with https:// and has at most 500 characters, no spaces")
    return {"image_url": text}


def _read_release_date(text: str) -> dict[str, Any]:
    day, precision = parse_release_date(text, clock.now().date())
    if precision == "quarter":
        raise SpecError("is a quarter; write a day such as 2024-09-20, a month such as Sep 2024, or a year")
    return {"release_date": day, "release_precision": precision, "released": released(day)}


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "name": _read_name,
    "model_numbers": _read_model_numbers,
    "gtin": _read_gtin,
    "image_url": _read_image_url,
    "release_date": _read_release_date,
}
