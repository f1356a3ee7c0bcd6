"""Rows of a JSON array of objects, or of one object a line, without holding the whole file."""

import json
import re
from collections.abc import Callable, Iterator
from typing import TextIO, cast

from dashboard.catalog.sources.limits import ReadLimits, SourceError
from dashboard.catalog.sources.lines import bounded_lines
from dashboard.catalog.sources.records import RowProblem, SourceRow

_CHUNK = 64 * 1024
_SPACE = " \t\r\n"
_BLANKS = re.compile(r"[ \t\r\n]+")


class _RepeatedKey(ValueError):
    """An object names one key twice; which of both is meant cannot be told."""


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKey(next(key for key in keys if keys.count(key) > 1))
    return made


def _constant(_name: str) -> None:
    """NaN and Infinity state nothing."""


# Numbers stay as written: no digit of an article number is lost, and none is too long to parse.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_int=cast("Callable[[str], int]", str),
    parse_float=cast("Callable[[str], float]", str),
    parse_constant=_constant,
)


def json_rows(text: TextIO, limits: ReadLimits) -> Iterator[SourceRow | RowProblem]:
    """The objects of a JSON array, numbered from 1. Raises SourceError, with its place, where the JSON
    breaks.
    """
    for number, item in enumerate(_Array(text, limits).items(), 1):
        yield _row(number, item, limits)


def json_line_rows(text: TextIO, limits: ReadLimits) -> Iterator[SourceRow | RowProblem]:
    """The objects of a file with one on each line, numbered by line. Raises SourceError where the JSON
    breaks.
    """
    for number, line in enumerate(bounded_lines(text, limits), 1):
        if line.isspace():
            continue
        try:
            item, end = _DECODER.raw_decode(line, len(line) - len(line.lstrip(_SPACE)))
        except json.JSONDecodeError as error:
            raise _broken(number, error.pos + 1, error.msg, "Expected an array of objects, or one a line.") from error
        except _RepeatedKey as error:
            yield RowProblem(number, f'has the key "{error}" twice')
            continue
        except RecursionError as error:
            raise _too_deep(limits) from error
        if line[end:].strip(_SPACE):
            raise _broken(number, end + 1, "more after the object")
        yield _row(number, item, limits)


class _Array:
    """Reads the items of one array through a buffer that is refilled as they are used up."""

    def __init__(self, text: TextIO, limits: ReadLimits) -> None:
        self._text = text
        self._limits = limits
        self._buffer = ""
        self._position = 0
        self._line = 1
        self._column = 1
        self._ended = False

    def items(self) -> Iterator[object]:
        self._expect("[", "an array of objects")
        if self._peek() == "]":
            self._advance(1)
        else:
            yield self._value()
            while self._peek() == ",":
                self._advance(1)
                yield self._value()
            self._expect("]", "a comma or the array's end")
        if self._peek():
            raise self._broken_at(self._position, "more after the array")

    def _value(self) -> object:
        self._peek()
        while True:
            try:
                item, end = _DECODER.raw_decode(self._buffer, self._position)
            except json.JSONDecodeError as error:
                waiting = len(self._buffer) - self._position
                if self._ended or waiting >= self._limits.max_record:
                    raise self._broken_at(error.pos, error.msg) from error
            except _RepeatedKey as error:
                # Where the object ends is not known without reading it again, so this one cannot be passed
                # over.
                raise self._broken_at(self._position, f'an object has the key "{error}" twice') from error
            except RecursionError as error:
                raise _too_deep(self._limits) from error
            else:
                if end < len(self._buffer) or self._ended:
                    self._advance(end - self._position)
                    return item
            self._fill()

    def _peek(self) -> str:
        """The next character that is no white space, "" at the end."""
        while True:
            match = _BLANKS.match(self._buffer, self._position)
            if match:
                self._advance(match.end() - self._position)
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if self._ended:
                return ""
            self._fill()

    def _expect(self, character: str, what: str) -> None:
        if self._peek() != character:
            raise self._broken_at(self._position, f"expected {what}")
        self._advance(1)

    def _advance(self, count: int) -> None:
        passed = self._buffer[self._position : self._position + count]
        self._line, self._column = _moved(self._line, self._column, passed)
        self._position += count

    def _fill(self) -> None:
        chunk = self._text.read(_CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self._position :] + chunk
        self._position = 0

    def _broken_at(self, position: int, what: str) -> SourceError:
        line, column = _moved(self._line, self._column, self._buffer[self._position : position])
        return _broken(line, column, what)


def _moved(line: int, column: int, passed: str) -> tuple[int, int]:
    breaks = passed.count("\n")
    if not breaks:
        return line, column + len(passed)
    return line + breaks, len(passed) - passed.rindex("\n")


def _broken(line: int, column: int, what: str, advice: str = "") -> SourceError:
    message = f"The JSON is broken at line {line:,}, column {column:,}: {what[:1].lower()}{what[1:]}."
    return SourceError(f"{message} {advice}".strip())


def _too_deep(limits: ReadLimits) -> SourceError:
    return SourceError(f"The JSON is nested deeper than {limits.max_depth} levels.")


def _row(number: int, item: object, limits: ReadLimits) -> SourceRow | RowProblem:
    if not isinstance(item, dict):
        return RowProblem(number, "is not an object")
    values: dict[str, str] = {}
    try:
        _flatten(cast("dict[str, object]", item), "", 1, limits, values)
    except _NotFlat as error:
        return RowProblem(number, str(error))
    return SourceRow(number, values)


class _NotFlat(ValueError):
    """A value that has no place in a table."""


def _flatten(item: dict[str, object], prefix: str, depth: int, limits: ReadLimits, into: dict[str, str]) -> None:
    """Cells of an object: objects within by dotted names, lists of plain values joined by commas."""
    if depth > limits.max_depth:
        raise _too_deep(limits)
    for key, value in item.items():
        name = " ".join(f"{prefix}{key}".split())
        if isinstance(value, dict):
            _flatten(cast("dict[str, object]", value), f"{name}.", depth + 1, limits, into)
        elif isinstance(value, list):
            parts = cast("list[object]", value)
            if any(isinstance(part, dict | list) for part in parts):
                raise _NotFlat(f'has a list of lists or objects under "{name}"')
            into[name] = ", ".join(filter(None, map(_cell, parts)))
        else:
            into[name] = _cell(value)
        if len(into) > limits.max_columns:
            raise _NotFlat(f"has more than {limits.max_columns} values")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
