"""What an import file may be, and how it is refused."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


class SourceError(ValueError):
    """A file that cannot be imported as a whole. Its text says why, for the person who chose the file."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on a file: bytes as stored and as unpacked, how often over it may unpack, columns, the
    characters of one line or object, how many empty lines may follow each other, and how deep
    objects may nest.
    """

    max_bytes: int = 200 * MEGABYTE
    max_ratio: int = 200
    ratio_from_bytes: int = 10 * MEGABYTE
    max_columns: int = 500
    max_record: int = MEGABYTE
    max_blank_lines: int = 100_000
    max_depth: int = 4


DEFAULT_LIMITS = ReadLimits()
