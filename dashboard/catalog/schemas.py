"""Parameters and shapes of the catalogue's API."""

from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from dashboard.web.schemas import Positive, QueryModel, at_most


def _two_or_more(text: str) -> str:
    if len(text.strip()) < 2:
        raise ValueError("Field 'q' must have at least 2 characters")
    return text


class AutocompleteQuery(QueryModel):
    """What was typed so far, and what to stay within."""

    q: Annotated[str, Field(max_length=100, description="Search prefix."), AfterValidator(_two_or_more)]
    limit: Annotated[Positive, at_most(25), Field(description="Max suggestions. Default: 10, max: 25.")] = 10
    make: Annotated[str | None, Field(max_length=80, description="Name, slug or id of a manufacturer.")] = None
    category: Annotated[str | None, Field(max_length=80, description="Name or slug of a category.")] = None


class CompareQuery(QueryModel):
    """Which devices to lay side by side."""

    slugs: Annotated[str, Field(max_length=700, description="Two to four device slugs, separated by commas.")]


class DeviceListQuery(QueryModel):
    """What to narrow the list to. Any normalised spec may be given as `min_<spec>` and `max_<spec>`."""

    make: Annotated[str | None, Field(max_length=80)] = None
    category: Annotated[str | None, Field(max_length=80)] = None
    year: Annotated[int | None, Field(ge=1900, le=9999)] = None
    has_gtin: bool | None = None
    sort: Annotated[str, Field(max_length=20, description="newest, name, price or quality")] = "newest"


class PricingJson(TypedDict):
    """Amounts in cents of USD."""

    avg_price_usd: int
    min_price_usd: int
    max_price_usd: int
    sources: int
    last_updated: str


class DeviceJson(TypedDict):
    """One device in full (F32–F68)."""

    name: str
    slug: str
    make: str
    category: str
    image_url: str | None
    release_date: str | None
    model_numbers: str
    model_numbers_list: list[str]
    gtin: str | None
    data_quality_score: int
    specs: dict[str, str]
    normalized_specs: dict[str, Any]
    pricing: PricingJson | None


class DeviceInListJson(TypedDict):
    """One device of a list."""

    name: str
    slug: str
    make: str
    category: str
    image_url: str | None
    release_date: str | None
    model_numbers: str
    gtin: str | None
    data_quality_score: int
    avg_price_usd: int | None


class SuggestionJson(TypedDict):
    """One suggestion (F97)."""

    name: str
    slug: str
    make: str
    category: str
    image_url: str | None
    release_year: int | None


class SuggestionsJson(TypedDict):
    """The answer of autocomplete."""

    suggestions: list[SuggestionJson]
    request_id: NotRequired[str]


class ComparedJson(TypedDict):
    """One of the compared devices."""

    slug: str
    name: str
    make: str
    normalized_specs: dict[str, Any]


class ComparisonJson(TypedDict):
    """The answer of compare: `diff` has the specs whose values differ, by slug; null where unknown."""

    devices: list[ComparedJson]
    diff: dict[str, dict[str, Any]]
    request_id: NotRequired[str]


class MakeJson(TypedDict):
    """A manufacturer (F140)."""

    id: str
    name: str
    slug: str
    device_count: int
    website_url: str | None


class MakesJson(TypedDict):
    """The answer of makes."""

    data: list[MakeJson]
    request_id: NotRequired[str]


class CoverageJson(TypedDict):
    """Shares in percent, one decimal."""

    specs: float
    images: float
    model_numbers: float
    gtin: float


class CountJson(TypedDict):
    """A name and its number of devices."""

    name: str
    count: int


class StatsJson(TypedDict):
    """The answer of stats (F155)."""

    total_devices: int
    coverage: CoverageJson
    by_category: list[CountJson]
    by_make: list[CountJson]
    last_updated: str | None
    request_id: NotRequired[str]
