"""A row of a file made into a device, or refused with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from dashboard.catalog.normalise import (
    NormalizedSpecs,
    Precision,
    Problem,
    SpecError,
    clean_gtin,
    clean_model_numbers,
    clean_text,
    is_absent,
    make_name,
    normalise_specs,
    parse_release_date,
    search_text,
    split_make,
    split_unit,
    tidy_name,
    with_unit,
    words,
)
from dashboard.catalog.sources.mapping import FIELDS, Defaults
from dashboard.catalog.sources.prices import is_currency, parse_price
from dashboard.catalog.sources.records import SourceRow

NAME_LENGTH = 200
SPEC_LENGTH = 1000
URL_LENGTH = 2000
OTHER = "Other"

_CATEGORIES = {
    "phone": "Smartphones",
    "smartphone": "Smartphones",
    "mobile": "Smartphones",
    "mobilephone": "Smartphones",
    "tablet": "Tablets",
    "wearable": "Smartwatches",
    "watch": "Smartwatches",
    "smartwatch": "Smartwatches",
    "tv": "Smart TVs",
    "television": "Smart TVs",
    "smarttv": "Smart TVs",
    "car": "Car Displays",
    "automotive": "Car Displays",
    "androidautomotive": "Car Displays",
    "chromebook": "Laptops",
    "laptop": "Laptops",
    "notebook": "Laptops",
    "pc": "Desktops",
    "desktop": "Desktops",
    "googleplaygamesonpc": "Desktops",
    "cpu": "Processors",
    "processor": "Processors",
    "videocard": "Graphics Cards",
    "gpu": "Graphics Cards",
    "graphicscard": "Graphics Cards",
}
# Words of a name that tell what a file of phones leaves unsaid.
_TABLET_WORDS = frozenset(("tab", "pad", "ipad", "tablet", "mediapad", "matepad"))
_WATCH_WORDS = frozenset(("watch", "band", "gear", "smartwatch"))


@dataclass(frozen=True, slots=True)
class MappedDevice:
    """A device as one row states it.

    `specs` are display specs by label, as given; `normalized` the typed ones read from them; `release_date`
    is the first day of what `release_precision` says is known; `price` is in minor units of `currency`,
    both absent or both there. `problems` are the values that were left out.
    """

    make: str
    name: str
    category: str
    release_date: date | None
    release_precision: Precision | None
    model_numbers: list[str]
    gtin: str | None
    image_url: str
    specs: dict[str, str]
    normalized: NormalizedSpecs
    price: int | None
    currency: str
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is no device, in words that follow on "row 12"."""

    reason: str


class _Refused(ValueError):
    """Ends the mapping of a row."""


def check_mapping(mapping: Mapping[str, str]) -> list[str]:
    """What is wrong with a mapping, in words; empty if it can be used (a make may still come from the
    defaults).
    """
    wrong: list[str] = []
    for column, target in mapping.items():
        kind, _, label = target.partition(":")
        good = target in FIELDS or not target or (kind in ("spec", "name_suffix") and label.strip())
        if not good and not (kind == "price" and is_currency(label)):
            wrong.append(f'"{target}" is nothing that the column "{column}" can be.')
    targets = [target.partition(":")[0] for target in mapping.values()]
    wrong.extend(f"Only one column can be the {field}." for field in FIELDS if targets.count(field) > 1)
    labels = [split_unit(target.partition(":")[2])[0].casefold() for target in mapping.values() if ":" in target]
    wrong.extend(f'Two columns are mapped to "{label}".' for label in sorted(set(labels)) if labels.count(label) > 1)
    if "name" not in targets:
        wrong.append("One column must be the name.")
    return wrong


def map_row(row: SourceRow, mapping: Mapping[str, str], defaults: Defaults) -> MappedDevice | Refusal:
    """The device that `row` states under `mapping` (column to target, see FIELDS), or why it states none.

    Values that cannot be used are left out and listed as problems; only without name or make a row is
    refused.
    """
    try:
        return _Mapped(row, mapping, defaults).device()
    except _Refused as refused:
        return Refusal(str(refused))


class _Mapped:
    """One row, its cells sorted by what they are."""

    def __init__(self, row: SourceRow, mapping: Mapping[str, str], defaults: Defaults) -> None:
        self.defaults = defaults
        self.fields: dict[str, str] = {}
        self.specs: dict[str, str] = {}
        self.suffixes: list[str] = []
        self.currency = ""
        self.problems: list[Problem] = []
        for column, target in mapping.items():
            cell = clean_text(row.values.get(column, "")) if target != "model_numbers" else row.values.get(column, "")
            if not target or is_absent(cell):
                continue
            kind, _, label = target.partition(":")
            if kind in ("spec", "name_suffix"):
                shown = self._add_spec(label, cell)
                if kind == "name_suffix":
                    self.suffixes.append(shown)
            else:
                self.fields[kind] = cell
                if kind == "price":
                    self.currency = label

    def device(self) -> MappedDevice:
        name, make = self._name_and_make()
        normalized, problems = normalise_specs(self.specs)
        self.problems.extend(problems)
        category = self._category(name)
        # Only a name that says 5G is evidence; one that does not says nothing.
        if "has_5g" not in normalized and category in ("Smartphones", "Tablets") and "5g" in words(name):
            normalized["has_5g"] = True
        released, precision = self._release()
        price, currency = self._price()
        return MappedDevice(
            make=make,
            name=name,
            category=category,
            release_date=released,
            release_precision=precision,
            model_numbers=clean_model_numbers(self.fields.get("model_numbers", "")),
            gtin=self._gtin(),
            image_url=self._image_url(),
            specs=self.specs,
            normalized=normalized,
            price=price,
            currency=currency,
            problems=self.problems,
        )

    def _add_spec(self, label: str, cell: str) -> str:
        name, unit = split_unit(label)
        shown = with_unit(cell, unit) if unit else _YES_NO.get(cell, cell)
        if len(shown) > SPEC_LENGTH:
            self.problems.append(Problem(f"spec:{name}", f"{shown[:40]}…", f"is longer than {SPEC_LENGTH} characters"))
        else:
            self.specs[name] = shown
        return shown

    def _name_and_make(self) -> tuple[str, str]:
        given = self.fields.get("name", "")
        if not search_text(given):
            raise _Refused("has no name")
        make = self.fields.get("make") or self.defaults.make
        if not make and self.defaults.make_from_name:
            make = split_make(given)
        make = make_name(make, given)
        if not search_text(make):
            raise _Refused("has no make")
        name = _suffixed(tidy_name(given), self.suffixes)
        if max(len(name), len(make)) > NAME_LENGTH:
            raise _Refused(f"has a name or make longer than {NAME_LENGTH} characters")
        return name, make

    def _category(self, name: str) -> str:
        given = self.fields.get("category", "")
        if given:
            return _CATEGORIES.get(search_text(given), given)
        if self.defaults.category == "Smartphones":
            found = set(words(name))
            if found & _TABLET_WORDS:
                return "Tablets"
            if found & _WATCH_WORDS:
                return "Smartwatches"
        if not self.defaults.category:
            self.problems.append(Problem("category", "", f"is not stated; filed under {OTHER}"))
        return self.defaults.category or OTHER

    def _release(self) -> tuple[date | None, Precision | None]:
        text = self.fields.get("release_date", "")
        try:
            return parse_release_date(text, self.defaults.today)
        except SpecError as error:
            self.problems.append(Problem("release_date", text, str(error)))
            return None, None

    def _price(self) -> tuple[int | None, str]:
        text = self.fields.get("price", "")
        try:
            price = parse_price(text, self.currency)
        except SpecError as error:
            self.problems.append(Problem("price", text, str(error)))
            return None, ""
        return price or (None, "")

    def _gtin(self) -> str | None:
        text = self.fields.get("gtin")
        if not text:
            return None
        gtin = clean_gtin(text)
        if gtin is None:
            shortened = "e+" in text.lower()
            reason = "was shortened by a spreadsheet" if shortened else "has a wrong length or check digit"
            self.problems.append(Problem("gtin", text, reason))
        return gtin

    def _image_url(self) -> str:
        text = self.fields.get("image_url", "")
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and parts.hostname and " " not in text
        except ValueError:
            good = False
        if good and len(text) <= URL_LENGTH:
            return text
        self.problems.append(Problem("image_url", text[:100], "is not an address that starts with https://"))
        return ""


_YES_NO = {"True": "Yes", "true": "Yes", "False": "No", "false": "No"}


def _suffixed(name: str, suffixes: list[str]) -> str:
    """The name with what sets it apart in brackets, unless it says so itself."""
    said = search_text(name)
    added: list[str] = []
    for suffix in suffixes:
        folded = search_text(suffix)
        if folded and folded not in said:
            added.append(suffix)
            said += folded
    return f"{name} ({', '.join(added)})" if added else name
