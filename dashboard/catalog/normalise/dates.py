"""Release dates as catalogues write them."""

import re
from datetime import date
from typing import Literal

from dashboard.catalog.normalise.folding import clean_text
from dashboard.catalog.normalise.spec_table import SpecError, is_absent

Precision = Literal["day", "month", "quarter", "year"]

EARLIEST_YEAR = 1970
YEARS_AHEAD = 2

# fmt: off
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)
# fmt: on
_LEAD = re.compile(r"^(?:released|announced|launched|coming soon|exp\.? release)[:.,\s]*", re.IGNORECASE)
_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_YEAR = r"(?P<year>[0-9]{4})"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"{_YEAR}(?:\.0+)?",
        rf"{_YEAR}-(?P<month>[0-9]{{1,2}})(?:-(?P<day>[0-9]{{1,2}})(?:[T ][0-9:.,+Zz -]*)?)?",
        rf"{_YEAR}[/.](?P<month>[0-9]{{1,2}})[/.](?P<day>[0-9]{{1,2}})",
        rf"(?P<day>[0-9]{{1,2}})\.(?P<month>[0-9]{{1,2}})\.{_YEAR}",
        rf"{_MONTH},? {_YEAR}",
        rf"{_YEAR},? {_MONTH}(?: {_DAY})?",
        rf"{_MONTH} {_DAY},? {_YEAR}",
        rf"{_DAY} {_MONTH},? {_YEAR}",
        rf"{_YEAR},? ?[Qq](?P<quarter>[1-4])",
        rf"[Qq](?P<quarter>[1-4]),? {_YEAR}",
    )
)
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def parse_release_date(text: str, today: date) -> tuple[date | None, Precision | None]:
    """The first day of the time `text` names, and how exactly it names it; (None, None) where it says
    nothing.

    Raises SpecError for what is no date, for an order of day and month that cannot be told, and for years
    before 1970 or more than two after `today`.
    """
    text = _LEAD.sub("", clean_text(text))
    if is_absent(text):
        return None, None
    parts = _parts(text)
    if parts is None:
        raise SpecError("is not a date; write 2024-09-20, Sep 2024, 2024 Q3 or 2024")
    year, month, day, precision = parts
    if not EARLIEST_YEAR <= year <= today.year + YEARS_AHEAD:
        raise SpecError(f"is outside the years {EARLIEST_YEAR} to {today.year + YEARS_AHEAD}")
    try:
        return date(year, month, day), precision
    except ValueError as error:
        raise SpecError("is a day that the calendar does not have") from error


def _parts(text: str) -> tuple[int, int, int, Precision] | None:
    slashed = _SLASHED.fullmatch(text)
    if slashed:
        return _slashed(*map(int, slashed.groups()))
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match is None:
            continue
        found = match.groupdict()
        if found.get("quarter"):
            return int(found["year"]), int(found["quarter"]) * 3 - 2, 1, "quarter"
        month = _month(found)
        if month is None:
            return None
        if not month:
            return int(found["year"]), 1, 1, "year"
        if not found.get("day"):
            return int(found["year"]), month, 1, "month"
        return int(found["year"]), month, int(found["day"]), "day"
    return None


def _month(found: dict[str, str | None]) -> int | None:
    """The month's number, 0 where the date names none, None for a word that is no month."""
    number, name = found.get("month"), found.get("name")
    if number:
        return int(number) or None
    if not name:
        return 0
    folded = name.casefold()
    return next((number for number, month in enumerate(_MONTHS, 1) if month.startswith(folded)), None)


def _slashed(first: int, second: int, year: int) -> tuple[int, int, int, Precision]:
    if first <= 12 and second <= 12 and first != second:
        raise SpecError("can be read with the day or the month first; write it as 2024-09-20")
    return (year, first, second, "day") if first <= 12 else (year, second, first, "day")
