"""Weeks from Monday to Sunday, as they are named and as they lie in the tenant's time zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboard.core.errors import Invalid
from dashboard.workforce.local_time import day_bounds

_NAME = re.compile(r"(2\d{3})-W(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week; `starts_on` is its Monday."""

    starts_on: date

    @classmethod
    def of(cls, day: date) -> "Week":
        """The week that `day` is in."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def named(cls, text: str, field: str = "week") -> "Week":
        """The week that is called `2026-W13` (ISO 8601). Raises Invalid for `field`."""
        found = _NAME.fullmatch(text)
        try:
            if found is None:
                raise ValueError(text)
            return cls(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError as error:
            raise Invalid.field(field, "Name a week by its year and number, such as 2026-W13.") from error

    @property
    def name(self) -> str:
        """`2026-W13`."""
        year, number, _ = self.starts_on.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def number(self) -> int:
        """13."""
        return self.starts_on.isocalendar().week

    @property
    def days(self) -> tuple[date, ...]:
        """Monday to Sunday."""
        return tuple(self.starts_on + timedelta(days=number) for number in range(7))

    def moved(self, weeks: int) -> "Week":
        """The week so many weeks later."""
        return Week(self.starts_on + timedelta(weeks=weeks))

    def span(self, time_zone: str) -> tuple[datetime, datetime]:
        """Its first instant, and the first that belongs to it no more."""
        first, _ = day_bounds(self.starts_on, time_zone)
        after, _ = day_bounds(self.moved(1).starts_on, time_zone)
        return first, after
