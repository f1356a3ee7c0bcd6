"""Charts as SVG, made on the server: coloured by classes of the style sheet, a tooltip on every mark.

The figures belong beside them as a table: see the macro `chart` in templates/ui/charts.html.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

WIDTH, HEIGHT = 720, 240
"""Size of the drawing in its own units; it scales with its box."""

MAX_SERIES = 4
"""Colours and marks that can be told apart."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 30
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """One mark: when, how much, and what its tooltip says."""

    at: datetime
    value: float
    title: str


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one colour, in order of time."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label below, how high, and what its tooltip says."""

    label: str
    value: float
    title: str


Write = Callable[[float], str]
"""How a value is written on the axis."""


def line_chart(series: Sequence[Series], *, label: str, write: Write) -> Markup:
    """Values over time: a mark for every point, a line through the mean of each day.

    At most MAX_SERIES series; each has a shape of its own beside its colour. Raises ValueError for more, or for none.
    """
    points = [point for each in series for point in each.points]
    if not points or len(series) > MAX_SERIES:
        raise ValueError(f"A chart shows one to {MAX_SERIES} series.")
    axis = _axis(min(point.value for point in points), max(point.value for point in points))
    first, last = min(point.at for point in points), max(point.at for point in points)
    across = _Scale(first.timestamp(), last.timestamp(), _LEFT + 8, WIDTH - _RIGHT - 8)
    up = _Scale(axis[0], axis[-1], HEIGHT - _BOTTOM, _TOP)
    parts = [_grid(axis, up, write), _days(first, last, across)]
    for number, each in enumerate(series, 1):
        parts.append(_drawn(each, number, across, up))
    return _svg(label, parts)


def bar_chart(bars: Sequence[Bar], *, label: str, write: Write) -> Markup:
    """Upright bars from zero, in the order given. Raises ValueError for none."""
    if not bars:
        raise ValueError("A chart needs a bar.")
    axis = _axis(0, max(bar.value for bar in bars))
    up = _Scale(axis[0], axis[-1], HEIGHT - _BOTTOM, _TOP)
    step = (WIDTH - _LEFT - _RIGHT) / len(bars)
    parts = [_grid(axis, up, write), Markup('<g class="series-1">')]
    every = math.ceil(len(bars) / 12)
    for at, bar in enumerate(bars):
        left, top = _LEFT + at * step, up(bar.value)
        shape = Markup('<rect class="chart-bar" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>')
        size = (round(step * 0.7, 1), round(HEIGHT - _BOTTOM - top, 1))
        parts.append(shape.format(round(left + step * 0.15, 1), top, *size, bar.title))
        if at % every == 0:
            parts.append(_text(left + step / 2, HEIGHT - 8, "middle", bar.label))
    parts.append(Markup("</g>"))
    return _svg(label, parts)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return round(self.start + share * (self.end - self.start), 1)


def _axis(low: float, high: float) -> list[float]:
    """Round values from just below `low` to just above `high`."""
    rough = (high - low or abs(high) / 4 or 1) / _TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    first = math.floor(low / step)
    count = max(math.ceil(high / step) - first, 1)
    return [(first + at) * step for at in range(count + 1)]


def _grid(axis: Sequence[float], up: _Scale, write: Write) -> Markup:
    line = Markup('<line class="chart-grid" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    lines = [line.format(_LEFT, WIDTH - _RIGHT, up(value), up(value)) for value in axis]
    return Markup("").join(lines + [_text(_LEFT - 8, up(value) + 4, "end", write(value)) for value in axis])


def _days(first: datetime, last: datetime, across: _Scale) -> Markup:
    span = last - first
    count = min(_TICKS, max(span.days, 1)) if span >= timedelta(days=1) else 0
    moments = [first + span * at / count for at in range(count + 1)] if count else [first]
    ends = {0: "start", len(moments) - 1: "end"} if count else {}
    return Markup("").join(
        _text(across(moment.timestamp()), HEIGHT - 8, ends.get(at, "middle"), _day(moment.date(), span))
        for at, moment in enumerate(moments)
    )


def _day(day: date, span: timedelta) -> str:
    return f"{day:%b %Y}" if span > timedelta(days=150) else f"{day.day} {day:%b %Y}"


def _drawn(series: Series, number: int, across: _Scale, up: _Scale) -> Markup:
    days: dict[date, list[Point]] = {}
    for point in series.points:
        days.setdefault(point.at.date(), []).append(point)
    corners = [
        (across(sum(p.at.timestamp() for p in of_day) / len(of_day)), up(sum(p.value for p in of_day) / len(of_day)))
        for of_day in days.values()
    ]
    parts = [Markup('<g class="series-{}">').format(number)]
    if len(corners) > 1:
        path = " ".join(f"{x},{y}" for x, y in corners)
        parts.append(Markup('<polyline class="chart-line" points="{}"/>').format(path))
    for point in series.points:
        shape = _mark(number, across(point.at.timestamp()), up(point.value))
        parts.append(Markup('<path class="chart-dot" d="{}"><title>{}</title></path>').format(shape, point.title))
    return Markup("").join([*parts, Markup("</g>")])


def _mark(number: int, x: float, y: float) -> str:
    """A dot, square, triangle or diamond round (x, y)."""
    start = f"M{x} {y}"
    if number == 1:
        return f"{start}m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z"
    return start + {2: "m-4 -4h8v8h-8z", 3: "m0 -5.5l5.2 9h-10.4z", 4: "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z"}[number]


def _text(x: float, y: float, anchor: str, words: str) -> Markup:
    return Markup('<text class="chart-axis" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        round(x, 1), round(y, 1), anchor, words
    )


def _svg(label: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, label)
    return Markup("").join([head, *parts, Markup("</svg>")])
