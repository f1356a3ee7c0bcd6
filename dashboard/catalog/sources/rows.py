"""Opening an import file: what it is, what its columns are, and its rows one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from dashboard.catalog.sources.csv_rows import csv_delimiter, csv_header, csv_rows
from dashboard.catalog.sources.json_rows import json_line_rows, json_rows
from dashboard.catalog.sources.limits import DEFAULT_LIMITS, ReadLimits, SourceError
from dashboard.catalog.sources.records import RowProblem, SourceRow
from dashboard.catalog.sources.streams import inspect_text, open_text

Format = Literal["csv", "json", "json-lines"]


@dataclass(frozen=True, slots=True)
class RowSource:
    """A checked import file. Iterating reads it from its beginning, each time, in constant memory.

    `row_count` counts rows and row problems alike; `size` is in bytes, unpacked; `packing` is "", "gzip" or
    "zip"; `encoding_note` says in words which encoding was taken and why.
    """

    path: Path
    format: Format
    columns: list[str]
    encoding: str
    encoding_note: str
    delimiter: str
    packing: str
    size: int
    row_count: int
    limits: ReadLimits

    def __iter__(self) -> Iterator[SourceRow | RowProblem]:
        with open_text(self.path, self.encoding, self.limits) as text:
            yield from _rows(text, self.format, self.delimiter, self.columns, self.limits)


def open_rows(path: Path, *, limits: ReadLimits = DEFAULT_LIMITS) -> RowSource:
    """The rows of a CSV or JSON file (an array of objects, or one a line), also as .gz or a .zip of one
    such file.

    The whole file is read once here, so that one that breaks in the middle is refused before its first row
    is used. Raises SourceError with the reason; FileNotFoundError and other OSError as they come.
    """
    facts = inspect_text(path, limits)
    kind = _format(path, facts.encoding, limits)
    delimiter, columns = "", list[str]()
    if kind == "csv":
        with open_text(path, facts.encoding, limits) as text:
            delimiter = csv_delimiter(text, limits)
        with open_text(path, facts.encoding, limits) as text:
            columns = csv_header(text, delimiter, limits)
    with open_text(path, facts.encoding, limits) as text:
        count, keys = _survey(_rows(text, kind, delimiter, columns, limits), limits)
    if kind != "csv":
        columns = keys
    if not count:
        raise SourceError("The file holds no rows.")
    return RowSource(
        path=path,
        format=kind,
        columns=columns,
        encoding=facts.encoding,
        encoding_note=facts.note,
        delimiter=delimiter,
        packing=facts.packing,
        size=facts.size,
        row_count=count,
        limits=limits,
    )


def _format(path: Path, encoding: str, limits: ReadLimits) -> Format:
    """By the first character, unless the name says that it is a table."""
    if {".csv", ".tsv"} & {suffix.lower() for suffix in path.suffixes}:
        return "csv"
    with open_text(path, encoding, limits) as text:
        while chunk := text.read(4096):
            if start := chunk.lstrip()[:1]:
                return "json" if start == "[" else "json-lines" if start == "{" else "csv"
    raise SourceError("The file is empty.")


def _rows(
    text: TextIO, kind: Format, delimiter: str, columns: list[str], limits: ReadLimits
) -> Iterator[SourceRow | RowProblem]:
    if kind == "csv":
        return csv_rows(text, delimiter, columns, limits)
    return json_rows(text, limits) if kind == "json" else json_line_rows(text, limits)


def _survey(rows: Iterator[SourceRow | RowProblem], limits: ReadLimits) -> tuple[int, list[str]]:
    """How many rows there are, and every column that any of them has, in the order of their first
    appearance.
    """
    columns: dict[str, None] = {}
    count = 0
    for row in rows:
        count += 1
        if isinstance(row, SourceRow) and not columns.keys() >= row.values.keys():
            columns.update(dict.fromkeys(row.values))
            if len(columns) > limits.max_columns:
                raise SourceError(f"The file has more than {limits.max_columns} columns.")
    return count, list(columns)
