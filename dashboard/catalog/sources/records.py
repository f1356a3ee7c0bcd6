"""What a source gives: rows, and rows that could not be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its number in the file, and its cells by column, as written. A missing cell is missing or
    empty.
    """

    number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was not read, and why, in words that follow on "row 12"."""

    number: int
    message: str
