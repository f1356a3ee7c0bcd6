"""A list of products as its address says it: what it is narrowed to, and how it is sorted."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from dashboard.inventory.forms.stockroom import KIND_WORDS
from dashboard.inventory.models import Location, ProductCategory
from dashboard.inventory.queries.product_lists import SORTS, STOCKED, ProductFilter


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the way out of it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The state of a list: a kind, a category's slug, a place's code; `low` and `archived` are "1" or empty."""

    endpoint: str
    kind: str = ""
    category: str = ""
    place: str = ""
    low: str = ""
    archived: str = ""
    q: str = ""
    sort: str = ""

    def url(self, *, after: str | None = None, **changes: str) -> str:
        """The address of this state with `changes`."""
        return url_for(f"stockroom.{self.endpoint}", **replace(self, **changes).state(), after=after)

    def state(self) -> dict[str, Any]:
        """The query parameters that are set."""
        return {name: value for name, value in asdict(self).items() if value and name != "endpoint"}

    @property
    def where(self) -> ProductFilter:
        """The filter that this state stands for."""
        kinds = (self.kind,) if self.kind in KIND_WORDS else ()
        if self.endpoint == "stock" and not kinds:
            kinds = STOCKED
        return ProductFilter(kinds, self.category, self.place, bool(self.low), bool(self.archived), self.q)

    @property
    def order(self) -> str:
        """How it is sorted: by SKU, unless the address says name."""
        return self.sort if self.sort in SORTS else "sku"

    def chips(self, categories: list[ProductCategory], places: list[Location]) -> list[Chip]:
        """What is set, each with the way out."""
        categories_by = {each.slug: each.name for each in categories}
        places_by = {each.code: each.name for each in places}
        found = [
            Chip("Kind", KIND_WORDS.get(self.kind, self.kind), self.url(kind="")) if self.kind else None,
            Chip("Category", categories_by.get(self.category, self.category), self.url(category=""))
            if self.category
            else None,
            Chip("Place", places_by.get(self.place, self.place), self.url(place="")) if self.place else None,
            Chip("Archived", "", self.url(archived="")) if self.archived else None,
            Chip("Search", self.q, self.url(q="")) if self.q else None,
        ]
        return [chip for chip in found if chip is not None]


def read_listing(endpoint: str, args: MultiDict[str, str]) -> Listing:
    """The state in an address."""
    names = ("kind", "category", "place", "low", "archived", "q", "sort")
    return Listing(endpoint, *(args.get(name, "").strip()[:200] for name in names))
