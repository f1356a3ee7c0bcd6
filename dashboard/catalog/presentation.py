"""How the catalogue's facts read on a page: pure functions from rows to words, groups and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from dashboard.catalog.normalise import FIELD_BY_KEY, SPEC_FIELDS, SpecField, format_spec
from dashboard.catalog.queries import Comparison, ComparisonRow, DeviceDetail
from dashboard.catalog.queries.devices import PricePoint
from dashboard.catalog.service.quality import FIELD_WEIGHTS, SPECS_WEIGHT, expected_specs
from dashboard.core.money import Money
from dashboard.web.charts import MAX_SERIES, Point, Series, line_chart

_FIELD_WORDS = {
    "name": "Name",
    "image_url": "Image",
    "model_numbers": "Model numbers",
    "gtin": "GTIN",
    "pricing": "Market price",
    "release_date": "Release date",
    "category_id": "Category",
    "make_id": "Make",
}
_CONDITIONS = {
    "new": "New",
    "refurbished": "Refurbished",
    "used": "Used",
    "used-a": "Used, grade A",
    "used-b": "Used, grade B",
    "used-c": "Used, grade C",
    "used-d": "Used, grade D",
}
_MADE_UP = "demo:"


def money_text(cents: int | None) -> str:
    """Cents of USD as a person reads them, empty for None."""
    return "" if cents is None else Money(cents, "USD").format()


def day_text(moment: date | datetime, zone: str = "UTC") -> str:
    """A day such as "20 Sep 2024", of a moment in the time zone `zone`."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(ZoneInfo(zone))
    return f"{moment.day} {moment:%b %Y}"


def released_text(day: date | None, precision: str | None) -> str:
    """A release date as exactly as it is known: a day, "Sep 2024" or "2024"; empty for None."""
    if day is None:
        return ""
    return {"year": f"{day:%Y}", "month": f"{day:%b %Y}"}.get(precision or "day", day_text(day))


def field_text(name: str) -> str:
    """What a person calls the field `name` of the device table, or of its specs as given ("specs.Colours")."""
    if name.startswith("specs."):
        return f"{name[6:]} (as given)"
    return FIELD_BY_KEY[name].label if name in FIELD_BY_KEY else _FIELD_WORDS.get(name, name.replace("_", " "))


def condition_text(condition: str) -> str:
    """The condition of a price in words."""
    return _CONDITIONS.get(condition, condition.replace("-", " ").replace("_", " ").capitalize())


def market_text(source: str) -> str:
    """The market that a price was seen on; made-up prices of the demo world say so."""
    name = source.removeprefix(_MADE_UP).strip().replace("_", " ").title()
    return f"{name} (made up for the demo)" if source.startswith(_MADE_UP) else name


def spec_groups(device: DeviceDetail) -> list[tuple[str, list[tuple[str, str]]]]:
    """Normalised specs by group: label and value with its unit, "" for an expected one that is not known."""
    expected = expected_specs(device.category_slug)
    groups: dict[str, list[tuple[str, str]]] = {}
    for spec in SPEC_FIELDS:
        value = device.columns[spec.key]
        if value is not None or spec.key in expected:
            groups.setdefault(spec.group, []).append((spec.label, format_spec(spec, value)))
    return list(groups.items())


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One line of how the quality score is made."""

    label: str
    earned: str
    weight: int
    note: str


def score_parts(device: DeviceDetail) -> list[ScorePart]:
    """How the score of `device` comes about; the parts add up to it, rounded down."""
    expected = expected_specs(device.category_slug)
    missing = set(device.quality.missing)
    known = sum(key not in missing for key in expected)
    earned = f"{SPECS_WEIGHT * known / len(expected):.1f}".removesuffix(".0")
    parts = [ScorePart("Specs", earned, SPECS_WEIGHT, f"{known} of {len(expected)} expected for {device.category}")]
    for name, weight in FIELD_WEIGHTS.items():
        present = name not in missing
        parts.append(
            ScorePart(field_text(name), str(weight if present else 0), weight, "Known" if present else "Missing")
        )
    return parts


@dataclass(frozen=True, slots=True)
class Credit:
    """A field, who said its value, and when."""

    field: str
    source: str
    day: str


def credited(device: DeviceDetail, sources: Mapping[int, tuple[str, datetime]], zone: str) -> list[Credit]:
    """Provenance of every field that has one."""
    return [
        Credit(field_text(name), sources[source_id][0], day_text(sources[source_id][1], zone))
        for name, source_id in device.columns["provenance"].items()
        if source_id in sources
    ]


@dataclass(frozen=True, slots=True)
class PriceChart:
    """A drawing of prices with its legend, and the same as a table, the latest first."""

    svg: Markup
    series: Sequence[str]
    rows: Sequence[tuple[str, str, str, str]]
    made_up: bool

    columns = ("Seen on", "Market", "Condition", "Price")


def price_chart(points: Sequence[PricePoint], name: str, zone: str) -> PriceChart | None:
    """Prices over time by condition; None where there are none. Rare conditions share the last colour."""
    if not points:
        return None
    by_condition: dict[str, list[PricePoint]] = {}
    for point in points:
        by_condition.setdefault(condition_text(point.condition), []).append(point)
    names = sorted(by_condition, key=lambda each: (each != "New", each))
    if len(names) > MAX_SERIES:
        rest = names[MAX_SERIES - 1 :]
        names = [*names[: MAX_SERIES - 1], "Other"]
        others = [point for each in rest for point in by_condition[each]]
        by_condition["Other"] = sorted(others, key=lambda point: point.observed_at)
    series = [Series(each, [_point(point, zone) for point in by_condition[each]]) for each in names]
    svg = line_chart(series, label=f"Market price of {name}", write=lambda value: f"${value:,.0f}")
    rows = [
        (day_text(p.observed_at, zone), market_text(p.source), condition_text(p.condition), money_text(p.amount))
        for p in reversed(points)
    ]
    return PriceChart(svg, names, rows, any(point.source.startswith(_MADE_UP) for point in points))


def _point(point: PricePoint, zone: str) -> Point:
    title = f"{money_text(point.amount)} · {market_text(point.source)} · {condition_text(point.condition)}"
    return Point(point.observed_at, point.amount / 100, f"{title} · {day_text(point.observed_at, zone)}")


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A line of the comparison: a text for each device, and what is said of the winners ("" where there are none)."""

    label: str
    values: Sequence[str]
    differs: bool
    best: frozenset[int] = frozenset()
    praise: str = ""


_PRAISE = {"weight_g": "Lightest", "thickness_mm": "Thinnest"}


def compared_groups(comparison: Comparison) -> list[tuple[str, list[ComparedRow]]]:
    """Lines of the comparison by group: market and record first, then the specs."""
    groups: dict[str, list[ComparedRow]] = {"Market": _market_rows(comparison.devices)}
    for row in comparison.rows:
        groups.setdefault(row.spec.group, []).append(_compared(row))
    return list(groups.items())


def _compared(row: ComparisonRow) -> ComparedRow:
    values = [format_spec(row.spec, value) for value in row.values]
    return ComparedRow(row.spec.label, values, row.differs, row.best, praise(row.spec) if row.best else "")


def praise(spec: SpecField) -> str:
    """What is said of the best value of `spec`."""
    if spec.kind == "flag":
        return "Has it"
    return _PRAISE.get(spec.key, "Lowest" if spec.better == "lower" else "Best")


def _market_rows(devices: Sequence[DeviceDetail]) -> list[ComparedRow]:
    prices = [device.columns["price_avg"] for device in devices]
    known = [price for price in prices if price is not None]
    cheapest = frozenset(at for at, price in enumerate(prices) if len(set(known)) > 1 and price == min(known))
    released = [released_text(each.columns["release_date"], each.columns["release_precision"]) for each in devices]
    categories = [device.category for device in devices]
    return [
        ComparedRow("Market price", [*map(money_text, prices)], len(set(prices)) > 1, cheapest, "Lowest"),
        ComparedRow("Released", released, len(set(released)) > 1),
        ComparedRow("Category", categories, len(set(categories)) > 1),
    ]
