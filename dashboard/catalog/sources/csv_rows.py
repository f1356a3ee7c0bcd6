"""Rows of a CSV text, checked as they come."""

import csv
import re
from collections.abc import Iterator
from typing import TextIO

from dashboard.catalog.sources.limits import ReadLimits, SourceError
from dashboard.catalog.sources.lines import bounded_lines
from dashboard.catalog.sources.records import RowProblem, SourceRow

DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


def csv_delimiter(text: TextIO, limits: ReadLimits) -> str:
    """The delimiter that the header line holds most often outside quotes; comma for a single column."""
    for line in bounded_lines(text, limits):
        hint = _HINT.fullmatch(line)
        if hint:
            return hint[1]
        if line.strip():
            bare = _QUOTED.sub("", line)
            return max(DELIMITERS, key=bare.count)
    raise SourceError("The file is empty.")


def csv_header(text: TextIO, delimiter: str, limits: ReadLimits) -> list[str]:
    """The columns' names. A nameless column becomes "Column 3".

    Raises SourceError where the first line holds no names, the same name twice or too many.
    """
    _, cells = next(_records(text, delimiter, limits), (0, list[str]()))
    names = [" ".join(cell.split()) for cell in cells]
    if not any(any(c.isalpha() for c in name) for name in names):
        raise SourceError("The first line holds no column names; add a header line.")
    if len(names) > limits.max_columns:
        raise SourceError(f"The file has {len(names)} columns; at most {limits.max_columns} are read.")
    seen: set[str] = set()
    for name in filter(None, names):
        if name.casefold() in seen:
            raise SourceError(f'The column "{name}" appears twice in the header; rename one of them.')
        seen.add(name.casefold())
    return [name or f"Column {number}" for number, name in enumerate(names, 1)]


def csv_rows(text: TextIO, delimiter: str, columns: list[str], limits: ReadLimits) -> Iterator[SourceRow | RowProblem]:
    """The rows below the header, numbered as a spreadsheet does: the header is row 1. Empty rows are passed
    over.
    """
    records = _records(text, delimiter, limits)
    _, header = next(records, (0, list[str]()))
    width = len(columns)
    for number, cells in records:
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
        if len(cells) > width:
            yield RowProblem(number, f"has {len(cells)} cells, but the header has only {width}")
        elif cells == header:
            yield RowProblem(number, "is the header once more and was skipped")
        else:
            cells.extend([""] * (width - len(cells)))
            yield SourceRow(number, dict(zip(columns, cells, strict=True)))


def _records(text: TextIO, delimiter: str, limits: ReadLimits) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(bounded_lines(text, limits), delimiter=delimiter)
    number = 0
    try:
        for cells in reader:
            number += 1
            if number == 1 and delimiter and _HINT.fullmatch(delimiter.join(cells)):
                number = 0
            elif any(cell and not cell.isspace() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise SourceError(
            f"Line {reader.line_num:,} cannot be read ({error}); perhaps a quotation mark is never closed."
        ) from error
