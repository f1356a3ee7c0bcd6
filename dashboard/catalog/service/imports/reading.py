"""Rows of an import file, understood under its plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.catalog.models import CatalogImport
from dashboard.catalog.normalise import clean_text, search_text
from dashboard.catalog.service.facts import DeviceFacts
from dashboard.catalog.service.prices import CURRENCY
from dashboard.catalog.sources import Defaults, MappedDevice, Refusal, RowProblem, SourceRow, map_row


@dataclass(slots=True)
class ReadRows:
    """Rows of a batch as they were understood: devices with their row numbers and prices (cents), and problems."""

    count: int = 0
    refused: int = 0
    facts: list[DeviceFacts] = field(default_factory=list[DeviceFacts])
    prices: list[int | None] = field(default_factory=list[int | None])
    problems: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def read_rows(run: CatalogImport, rows: Iterable[SourceRow | RowProblem]) -> ReadRows:
    """Understand rows under the plan of `run`; needs no database."""
    assert run.started_at is not None
    shared = run.defaults
    defaults = Defaults(run.started_at.date(), shared["make"], shared["category"], shared["make_from_name"])
    mapping: dict[str, str] = run.mapping
    read = ReadRows()
    for row in rows:
        read.count += 1
        mapped = Refusal(row.message) if isinstance(row, RowProblem) else map_row(row, mapping, defaults)
        reason = mapped.reason if isinstance(mapped, Refusal) else _unstorable(mapped)
        if reason or isinstance(mapped, Refusal):
            read.refused += 1
            given = "" if isinstance(row, RowProblem) else _name_in(row, mapping)
            _note(read, row.number, [("", given, reason)], refused=True)
            continue
        problems = [(each.field, each.value, each.reason) for each in mapped.problems]
        read.facts.append(_facts(mapped, problems))
        read.prices.append(_price(mapped, problems))
        _note(read, row.number, problems)
    return read


def _name_in(row: SourceRow, mapping: Mapping[str, str]) -> str:
    return next((row.values.get(column, "") for column, target in mapping.items() if target == "name"), "")


def _note(read: ReadRows, number: int, problems: Sequence[tuple[str, str, str]], *, refused: bool = False) -> None:
    for position, (name, value, reason) in enumerate(problems):
        read.problems.append(
            {
                "row": number,
                "position": position,
                "refused": refused,
                "field": short(name, 60) or None,
                "value": short(value, 200),
                "reason": short(reason, 300),
            }
        )


def _unstorable(mapped: MappedDevice) -> str:
    facts = DeviceFacts(mapped.make, mapped.name, mapped.category)
    if len(mapped.name) > 160 or len(mapped.make) > 80:
        return "has a name longer than 160 characters or a make longer than 80"
    if len(facts.merge_key) > 240:
        return "has a name that is too long once it is written out in plain letters"
    return ""


def _facts(mapped: MappedDevice, problems: list[tuple[str, str, str]]) -> DeviceFacts:
    """The facts of a row that fit the catalogue's columns; what does not is added to `problems`."""
    category, image_url = mapped.category, mapped.image_url
    if len(category) > 60 or not search_text(category):
        problems.append(("category", category, "is no name of a category; filed under Other"))
        category = "Other"
    if len(image_url) > 500:
        problems.append(("image_url", image_url, "is longer than 500 characters"))
        image_url = ""
    return DeviceFacts(
        make=mapped.make,
        name=mapped.name,
        category=category,
        image_url=image_url or None,
        release_date=mapped.release_date,
        release_precision=mapped.release_precision,
        model_numbers=mapped.model_numbers,
        gtin=mapped.gtin,
        specs=mapped.specs,
        normalized=dict(mapped.normalized),
    )


def _price(mapped: MappedDevice, problems: list[tuple[str, str, str]]) -> int | None:
    if mapped.price is None or mapped.currency == CURRENCY:
        return mapped.price
    shown = f"{mapped.currency} {mapped.price}"
    problems.append(("price", shown, f"is not in {CURRENCY}, in which market prices are kept"))
    return None


def short(text: str, length: int) -> str:
    """`text` on one line, cut to `length` characters."""
    text = clean_text(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
