"""The device list as its templates need it: rows, chips and facets, every link with the whole state in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.catalog import queries
from dashboard.catalog.pages.listing import (
    FLAGS,
    SORT_WORDS,
    VIEWS,
    Listing,
    device_filter,
    number_text,
    range_text,
    spec_of,
)
from dashboard.catalog.queries import MAX_MATCHES, RANGES, DeviceFilter, DeviceRow
from dashboard.catalog.queries.coverage import Facet, Facets
from dashboard.core.context import Principal

PAGE_SIZE = 50
TOP_MAKES = 12
TOP_CATEGORIES = 8
TOP_YEARS = 8
MAIN_RANGES = ("display_size_in", "ram_gb", "storage_gb", "battery_mah")
"""Specs whose ranges stand open; the others are folded away."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: where it leads, and how many devices that leaves (None where nobody counts)."""

    label: str
    url: str
    count: int | None = None
    current: bool = False
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the way out of it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """Values of one facet: those shown at once, and the rest behind a fold."""

    top: Sequence[Choice] = ()
    rest: Sequence[Choice] = ()

    @property
    def names(self) -> list[str]:
        """All labels in alphabetical order."""
        return sorted((choice.label for choice in (*self.top, *self.rest)), key=str.casefold)


@dataclass(frozen=True, slots=True)
class RangeField:
    """A spec range of the facets."""

    key: str
    label: str
    unit: str
    low: float | None
    high: float | None

    @property
    def low_text(self) -> str:
        return number_text(self.low)

    @property
    def high_text(self) -> str:
        return number_text(self.high)


@dataclass(frozen=True, slots=True)
class Rows:
    """One stretch of the list and the address of the next."""

    listing: Listing
    items: Sequence[DeviceRow]
    more_url: str | None


@dataclass(frozen=True, slots=True)
class DeviceList:
    """The whole page; in a search its rows are the best matches. `total` is None where only counting all would tell."""

    listing: Listing
    rows: Rows
    total: int | None
    further_down: bool
    makes: FacetGroup
    categories: FacetGroup
    years: FacetGroup
    chips: Sequence[Chip]

    @property
    def searching(self) -> bool:
        return bool(self.listing.typed)

    @property
    def full(self) -> bool:
        """Whether a search found as much as is shown at most."""
        return self.searching and len(self.rows.items) >= MAX_MATCHES

    @property
    def bare(self) -> bool:
        """Whether there is nothing at all to narrow or to sort: no device, no search, no filter."""
        return not (self.rows.items or self.searching or self.chips or self.further_down)

    @property
    def flags(self) -> list[tuple[str, list[Choice]]]:
        """For each flag its words and the ways to ask for it and for its absence; asking again takes it back."""
        listing = self.listing
        return [
            (
                words,
                [
                    Choice(
                        "With",
                        _flag_url(listing, name, name not in listing.having or None),
                        None,
                        name in listing.having,
                    ),
                    Choice(
                        "Without",
                        _flag_url(listing, name, None if name in listing.lacking else False),
                        None,
                        name in listing.lacking,
                    ),
                ],
            )
            for name, words in FLAGS.items()
        ]

    @property
    def sorts(self) -> list[Choice]:
        return [
            Choice(words, _url(self.listing, sort=key), None, key == self.listing.sort)
            for key, words in SORT_WORDS.items()
        ]

    @property
    def sort_urls(self) -> dict[str, str]:
        return {key: _url(self.listing, sort=key) for key in SORT_WORDS}

    @property
    def views(self) -> list[Choice]:
        icons = {"table": "table", "cards": "layout-grid"}
        return [
            Choice(each.capitalize(), _url(self.listing, view=each), None, each == self.listing.view, icons[each])
            for each in VIEWS
        ]

    @property
    def facet_state(self) -> list[tuple[str, Any]]:
        """What the form of the facets keeps; it has fields of its own for the ranges."""
        return replace(self.listing, ranges={}).hidden()

    @property
    def clear_url(self) -> str:
        return Listing(sort=self.listing.sort, view=self.listing.view).url()

    @property
    def has_other_ranges(self) -> bool:
        return any(key not in MAIN_RANGES for key in self.listing.ranges)

    def ranges(self, *, main: bool) -> list[RangeField]:
        """The spec ranges that stand open, or the others."""
        return [
            RangeField(spec.key, spec.label, spec.unit, *self.listing.ranges.get(spec.key, (None, None)))
            for spec in RANGES
            if (spec.key in MAIN_RANGES) is main
        ]


def load_rows(by: Principal, listing: Listing, after: str | None) -> Rows:
    """One stretch of the list alone. Raises Invalid for a position that does not exist, NotFound for a make."""
    return _rows(by, listing, device_filter(by, listing), after)


def load_list(by: Principal, listing: Listing, after: str | None) -> DeviceList:
    """The page: a search where something was typed, else the list with its facets. Raises Invalid, NotFound."""
    where = device_filter(by, listing)
    if listing.typed:
        return _searched(by, listing, where)
    facets = queries.facets(by, where)
    return DeviceList(
        listing=listing,
        rows=_rows(by, listing, where, after),
        total=_total(where, facets),
        further_down=after is not None,
        makes=_group(listing, "makes", facets.makes, where, TOP_MAKES),
        categories=_group(listing, "categories", facets.categories, where, TOP_CATEGORIES),
        years=_group(listing, "years", facets.years, where, TOP_YEARS),
        chips=_chips(listing, facets, where),
    )


def _rows(by: Principal, listing: Listing, where: DeviceFilter, after: str | None) -> Rows:
    found = queries.browse(by, where, sort=listing.sort, after=after, size=PAGE_SIZE)
    return Rows(listing, found.items, None if found.after is None else listing.url(found.after))


def _searched(by: Principal, listing: Listing, where: DeviceFilter) -> DeviceList:
    """The best matches of a search; its facets count the matches themselves."""
    make_id = where.make_ids[0] if len(where.make_ids) == 1 else 0
    category_id = where.category_ids[0] if len(where.category_ids) == 1 else 0
    found = queries.suggest(by, listing.typed, limit=MAX_MATCHES, make_id=make_id, category_id=category_id)
    makes = Counter(each.make for each in found)
    categories = Counter(each.category for each in found)
    return DeviceList(
        listing=listing,
        rows=Rows(listing, queries.device_rows(by, [each.device_id for each in found]), None),
        total=len(found),
        further_down=False,
        makes=_matched(listing, "makes", makes, bool(make_id)),
        categories=_matched(listing, "categories", categories, bool(category_id)),
        years=FacetGroup(),
        chips=[
            Chip("Search", listing.typed, _url(listing, typed="")),
            *(Chip("Make", text, _url(listing, makes=_without(listing.makes, text))) for text in listing.makes),
            *(
                Chip("Category", text, _url(listing, categories=_without(listing.categories, text)))
                for text in listing.categories
            ),
        ],
    )


def _matched(listing: Listing, name: str, counted: Counter[str], narrowed: bool) -> FacetGroup:  # noqa: FBT001
    choices = [
        Choice(label, _url(listing, **{name: () if narrowed else (label,)}), count, narrowed)
        for label, count in counted.most_common()
    ]
    return FacetGroup(choices[:TOP_MAKES], choices[TOP_MAKES:])


def _group(listing: Listing, name: str, facets: Sequence[Facet], where: DeviceFilter, top: int) -> FacetGroup:
    """Choices of one facet; what is chosen stays in sight. Counts are left out where they would not hold."""
    chosen = {"makes": where.make_ids, "categories": where.category_ids, "years": where.years}[name]
    shown: list[Choice] = []
    folded: list[Choice] = []
    for place, facet in enumerate(facets):
        current = facet.id in chosen
        count = facet.devices if where.counted else None
        (shown if place < top or current else folded).append(
            Choice(facet.name, _toggle_url(listing, name, facet, chosen), count, current)
        )
    return FacetGroup(shown, folded)


def _toggle_url(listing: Listing, name: str, facet: Facet, chosen: Sequence[int]) -> str:
    values = getattr(listing, name)
    if facet.id in chosen:
        kept = tuple(value for value, number in zip(values, chosen, strict=True) if number != facet.id)
    else:
        kept = (*values, facet.id if name == "years" else facet.slug)
    return _url(listing, **{name: kept})


def _chips(listing: Listing, facets: Facets, where: DeviceFilter) -> list[Chip]:
    makes = {facet.id: facet.name for facet in facets.makes}
    categories = {facet.id: facet.name for facet in facets.categories}
    chips = [
        Chip("Make", makes.get(make_id, text), _url(listing, makes=_without(listing.makes, text)))
        for text, make_id in zip(listing.makes, where.make_ids, strict=True)
    ]
    chips += [
        Chip("Category", categories.get(number, text), _url(listing, categories=_without(listing.categories, text)))
        for text, number in zip(listing.categories, where.category_ids, strict=True)
    ]
    chips += [Chip("Year", str(year), _url(listing, years=_without(listing.years, year))) for year in listing.years]
    for key, limits in listing.ranges.items():
        others = {name: other for name, other in listing.ranges.items() if name != key}
        chips.append(Chip(spec_of(key).label, range_text(spec_of(key), limits), _url(listing, ranges=others)))
    for word, names in (("With", listing.having), ("Without", listing.lacking)):
        chips += [Chip(word, FLAGS[name], _flag_url(listing, name, None)) for name in names]
    return chips


def _url(listing: Listing, **changes: Any) -> str:
    return replace(listing, **changes).url()


def _without(values: Sequence[object], gone: object) -> tuple[object, ...]:
    return tuple(value for value in values if value != gone)


def _flag_url(listing: Listing, name: str, wanted: bool | None) -> str:  # noqa: FBT001 - three states
    return listing.flagged(name, wanted).url()


def _total(where: DeviceFilter, facets: Facets) -> int | None:
    """How many devices the list has, as the facets add up to it; None where only counting all would tell."""
    if not where.counted:
        return None
    return sum(facet.devices for facet in facets.categories if not where.category_ids or facet.id in where.category_ids)
