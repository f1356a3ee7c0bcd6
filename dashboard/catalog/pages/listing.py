"""What the address of the device list says: read once, and written into every link on the page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from dashboard.catalog import queries
from dashboard.catalog.normalise import FIELD_BY_KEY, SpecField, format_spec
from dashboard.catalog.queries import RANGES, DeviceFilter
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid, NotFound

FLAGS = {"specs": "specs", "image": "image", "model_numbers": "model numbers", "gtin": "GTIN", "price": "market price"}
"""What a record may have or lack, and its words."""

SORT_WORDS = {"newest": "Newest", "name": "Name", "price": "Highest price", "quality": "Best record"}
VIEWS = ("table", "cards")
MAX_TYPED = 100
MAX_CHOICES = 20
_OLDEST, _LATEST = 1970, 2100
_LARGEST = 1e9

Range = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Listing:
    """The state of the list. Makes and categories are as in the address: names or slugs."""

    typed: str = ""
    makes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=dict[str, Range])
    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    sort: str = "newest"
    view: str = "table"

    def params(self) -> dict[str, Any]:
        """Query parameters; whatever is as usual is left out."""
        params: dict[str, Any] = {
            "q": self.typed or None,
            "make": list(self.makes),
            "category": list(self.categories),
            "year": list(self.years),
        }
        for key, (low, high) in self.ranges.items():
            params |= {f"{key}_min": number_text(low), f"{key}_max": number_text(high)}
        params |= {"with": list(self.having), "without": list(self.lacking)}
        params["sort"] = self.sort if self.sort != "newest" else None
        params["view"] = self.view if self.view != "table" else None
        return {name: value for name, value in params.items() if value not in (None, "", [])}

    def hidden(self, *own: str) -> list[tuple[str, Any]]:
        """The parameters as hidden inputs of a form, those left out that the form has fields of its `own` for."""
        pairs: list[tuple[str, Any]] = []
        for name, value in self.params().items():
            if name not in own:
                pairs += [(name, each) for each in value] if isinstance(value, list) else [(name, value)]  # pyright: ignore[reportUnknownVariableType]
        return pairs

    def url(self, after: str | None = None) -> str:
        """The address of this state, from the first row unless `after` says where to go on."""
        query = urlencode(self.params() | ({"after": after} if after else {}), doseq=True)
        start = url_for("catalog.devices")
        return f"{start}?{query}" if query else start

    def flagged(self, name: str, wanted: bool | None) -> "Listing":  # noqa: FBT001 - three states, named by place
        """With the flag `name` asked for, asked to be missing, or None for either."""
        having = tuple(each for each in self.having if each != name)
        lacking = tuple(each for each in self.lacking if each != name)
        return replace(
            self,
            having=(*having, name) if wanted else having,
            lacking=(*lacking, name) if wanted is False else lacking,
        )

    @property
    def narrowed_by(self) -> int:
        """How many filters are set."""
        chosen = (self.makes, self.categories, self.years, self.ranges, self.having, self.lacking)
        return sum(map(len, chosen))

    @property
    def set_aside_by_search(self) -> bool:
        """Whether filters are set that a search by name does not know."""
        return bool(self.years or self.ranges or self.having or self.lacking)


def read_listing(args: MultiDict[str, str]) -> Listing:
    """The state in an address. Raises Invalid, naming the parameter that cannot be read."""
    sort = _one_of("sort", args.get("sort") or "newest", SORT_WORDS)
    view = _one_of("view", args.get("view") or "table", VIEWS)
    having = _several(args, "with", FLAGS)
    lacking = _several(args, "without", FLAGS)
    if both := set(having) & set(lacking):
        raise Invalid.field("without", f"Nothing is both with and without {FLAGS[both.pop()]}. Choose one of the two.")
    return Listing(
        typed=clean_typed(args.get("q", "")),
        makes=_several(args, "make"),
        categories=_several(args, "category"),
        years=tuple(_year(text) for text in _several(args, "year")),
        ranges={spec.key: limits for spec in RANGES if (limits := _range(args, spec)) != (None, None)},
        having=having,
        lacking=lacking,
        sort=sort,
        view=view,
    )


def clean_typed(text: str) -> str:
    """What was typed into a search box, without what no device's name holds."""
    return "".join(each for each in text if each.isprintable()).strip()[:MAX_TYPED]


def device_filter(by: Principal, listing: Listing) -> DeviceFilter:
    """The filter that `listing` asks for. Raises NotFound for a make or category that does not exist."""
    makes = queries.find_makes(by, listing.makes) if listing.makes else {}
    categories = queries.find_categories(by, listing.categories) if listing.categories else {}
    for name, wanted, found in (("make", listing.makes, makes), ("category", listing.categories, categories)):
        if unknown := [text for text in wanted if text not in found]:
            raise NotFound(f"The catalogue has no {name} called “{unknown[0][:80]}”. Take it out of the address.")
    flags = {f"has_{name}": True for name in listing.having} | {f"has_{name}": False for name in listing.lacking}
    return DeviceFilter(
        make_ids=tuple(makes[text] for text in listing.makes),
        category_ids=tuple(categories[text] for text in listing.categories),
        years=listing.years,
        ranges=listing.ranges,
        **flags,
    )


def range_text(spec: SpecField, limits: Range) -> str:
    """A range in words: "6 in to 7 in", "from 8 GB", "up to 200 g"."""
    low, high = (format_spec(spec, limit) if limit is not None else "" for limit in limits)
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}"


def number_text(value: float | None) -> str:
    """A limit as it is typed, empty for None."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def spec_of(key: str) -> SpecField:
    """The spec that a range is of."""
    return FIELD_BY_KEY[key]


def _one_of(name: str, text: str, allowed: Iterable[str]) -> str:
    if text not in allowed:
        raise Invalid.field(name, f"{name} must be one of {', '.join(allowed)}.")
    return text


def _several(args: MultiDict[str, str], name: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:
    """Different values of a repeated parameter, empty ones left out."""
    values: Sequence[str] = [text for text in dict.fromkeys(map(str.strip, args.getlist(name))) if text]
    if len(values) > MAX_CHOICES:
        raise Invalid.field(name, f"At most {MAX_CHOICES} values of {name} can be combined.")
    if allowed is not None:
        for text in values:
            _one_of(name, text, allowed)
    return tuple(values)


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4 and _OLDEST <= int(text) <= _LATEST):
        raise Invalid.field("year", f"year must be a year from {_OLDEST} to {_LATEST}.")
    return int(text)


def _range(args: MultiDict[str, str], spec: SpecField) -> Range:
    low, high = (_limit(args, f"{spec.key}_{end}", spec) for end in ("min", "max"))
    if low is not None and high is not None and low > high:
        raise Invalid.field(f"{spec.key}_min", f"{spec.label}: the first number must not be above the second.")
    return low, high


def _limit(args: MultiDict[str, str], name: str, spec: SpecField) -> float | None:
    text = args.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise Invalid.field(name, f"{spec.label} must be a number, such as {spec.example}.") from error
    if not abs(value) < _LARGEST:
        raise Invalid.field(name, f"{spec.label} must be a number below a billion.")
    return value
