"""Lines of a text whose size nobody vouches for."""

from collections.abc import Iterator
from typing import TextIO

from dashboard.catalog.sources.limits import ReadLimits, SourceError


def bounded_lines(text: TextIO, limits: ReadLimits) -> Iterator[str]:
    """The lines of a text; raises SourceError instead of drawing a file without line ends into memory, or
    passing millions of empty lines.
    """
    blank = 0
    while line := text.readline(limits.max_record):
        blank = 0 if line.strip() else blank + 1
        if blank > limits.max_blank_lines:
            raise SourceError(f"More than {limits.max_blank_lines:,} empty lines follow each other.")
        if len(line) == limits.max_record and not line.endswith(("\n", "\r")):
            raise SourceError(f"A line is longer than {limits.max_record:,} characters; so it is no table.")
        yield line
