"""Reading what people type: points, outlines, ZIP codes, skills, hours."""

import re
from collections.abc import Sequence
from datetime import date, time

from dashboard.core.errors import FieldError, Invalid
from dashboard.workforce.service import Grant
from dashboard.workforce.shapes import Point

_POINT = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,12})?)\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d{1,12})?)\s*", re.ASCII)
_LEVEL = re.compile(r"(\d)(?:\s*(?:,|·|until|through|ended)?\s*(\d{4}-\d{2}-\d{2}))?", re.ASCII)


def read_point(text: str | None, field: str) -> Point | None:
    """Latitude and longitude as they are copied from a map; None where nothing was typed. Raises Invalid."""
    if not (text or "").strip():
        return None
    match = _POINT.fullmatch(text or "")
    if match is None:
        raise Invalid.field(field, "Write the latitude and the longitude: 27.9506, -82.4572.")
    return float(match[1]), float(match[2])


def point_text(latitude: float | None, longitude: float | None) -> str:
    """A point as it is typed."""
    return "" if latitude is None or longitude is None else f"{latitude:.6g}, {longitude:.6g}"


def read_outline(text: str | None, field: str = "polygon") -> tuple[Point, ...]:
    """Corners, one a line. Raises Invalid that names each line which cannot be read."""
    corners: list[Point] = []
    wrong: list[FieldError] = []
    for number, line in enumerate((text or "").splitlines(), 1):
        try:
            corner = read_point(line, field)
        except Invalid:
            wrong.append(FieldError(field, f"Line {number} reads “{line.strip()[:40]}”. Write 27.9506, -82.4572."))
            continue
        if corner is not None:
            corners.append(corner)
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return tuple(corners)


def outline_text(corners: Sequence[Point]) -> str:
    """An outline as it is typed."""
    return "\n".join(f"{latitude:.9g}, {longitude:.9g}" for latitude, longitude in corners)


def read_codes(text: str | None) -> tuple[str, ...]:
    """ZIP codes and ranges between commas, spaces or line ends; a range may have spaces round its dash."""
    joined = re.sub(r"\s*[-\u2013]\s*", "-", text or "")
    return tuple(part for part in re.split(r"[\s,;]+", joined) if part)


def codes_text(codes: Sequence[str]) -> str:
    """ZIP codes as they are typed, those in a row as a range."""
    runs: list[list[str]] = []
    for code in codes:
        if runs and int(code) == int(runs[-1][-1]) + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def read_level(text: str | None, skill: str) -> Grant | None:
    """A cell of the matrix: `4`, or `4 2027-01-31` with the last day that it counts; None for empty. Raises Invalid."""
    typed = (text or "").strip()
    if not typed:
        return None
    match = _LEVEL.fullmatch(typed)
    if match is None:
        raise Invalid.field("value", "Write a level from 1 to 5, and a last day if there is one: 4 2027-01-31.")
    try:
        ends = date.fromisoformat(match[2]) if match[2] else None
    except ValueError as error:
        raise Invalid.field("value", f"There is no day {match[2]}.") from error
    return Grant(skill, int(match[1]), ends)


def level_text(level: int, expires_on: date | None) -> str:
    """A cell of the matrix as it is typed."""
    return str(level) if expires_on is None else f"{level} {expires_on.isoformat()}"


def minutes_of(moment: time | None, *, at_end: bool = False) -> int | None:
    """Minutes since midnight; midnight as an end is that of the day's end."""
    if moment is None:
        return None
    return (moment.hour * 60 + moment.minute) or (24 * 60 if at_end else 0)


def time_of(minutes: int | None) -> time | None:
    """What the clock shows so many minutes after midnight."""
    return None if minutes is None else time(minutes // 60 % 24, minutes % 60)
