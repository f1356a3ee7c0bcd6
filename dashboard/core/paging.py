"""Two ways through a long list: numbered pages where a reference documents them, keysets everywhere else."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from dashboard.core.errors import Invalid

T = TypeVar("T")

CursorValue: TypeAlias = str | int | float | None

_VALUES: TypeAdapter[list[CursorValue]] = TypeAdapter(list[CursorValue])


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A numbered page: `number` from 1, `size` already clamped to the dialect's maximum."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of one numbered page and the number of rows in all."""

    items: Sequence[T]
    request: PageRequest
    total: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.request.size)


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The rows after a cursor. `after` is the cursor of the next rows, or None at the end."""

    items: Sequence[T]
    after: str | None


def encode_cursor(values: Sequence[CursorValue]) -> str:
    """The sort values of a row, as text that fits a URL."""
    packed = json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(packed.encode()).rstrip(b"=").decode()


def decode_cursor(text: str, kinds: Sequence[type]) -> list[CursorValue]:
    """The values that `encode_cursor` was given; raises Invalid where the text is not such a cursor.

    `kinds` are the expected types in order; each value may also be None.
    """
    lost = Invalid.field("after", "This position in the list is unknown. Start again from the first row.")
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        values = _VALUES.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True), strict=True)
    except (binascii.Error, ValidationError) as error:
        raise lost from error
    if len(values) != len(kinds):
        raise lost
    for value, kind in zip(values, kinds, strict=True):
        if value is not None and not isinstance(value, kind):
            raise lost
        if isinstance(value, str) and "\0" in value:  # PostgreSQL takes no NUL
            raise lost
        if isinstance(value, int) and abs(value) > 2**53:
            raise lost
    return values
