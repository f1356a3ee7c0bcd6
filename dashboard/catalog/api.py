"""The device catalogue API, in the shapes of F."""

from datetime import UTC, datetime
from typing import Any

from flask import request

from dashboard.catalog import queries
from dashboard.catalog.normalise import SPEC_FIELDS, SpecValue
from dashboard.catalog.queries import DeviceDetail, DeviceFilter, DeviceRow
from dashboard.catalog.schemas import (
    AutocompleteQuery,
    CompareQuery,
    ComparisonJson,
    DeviceInListJson,
    DeviceJson,
    DeviceListQuery,
    MakesJson,
    StatsJson,
    SuggestionsJson,
)
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid, NotFound
from dashboard.core.money import Money
from dashboard.core.paging import PageRequest
from dashboard.web.answers import Bare, Many, One
from dashboard.web.api import ApiBlueprint
from dashboard.web.dialects import Dialect

api = ApiBlueprint("catalog_api", __name__, url_prefix="/api/catalog", speaks="techfleet", area="catalog")

READ = "catalog:read"


@api.operation("GET", "/devices/<slug>", needs=READ, answer=DeviceJson)
def device_show(by: Principal, slug: str) -> One[DeviceDetail]:
    """Get device details"""
    return One(queries.show_device(by, slug), device_json)


@api.operation("GET", "/devices", needs=READ, answer=DeviceInListJson, shape="many", query=DeviceListQuery)
def device_list(by: Principal, page: PageRequest, query: DeviceListQuery) -> Many[DeviceRow]:
    """List devices"""
    where = DeviceFilter(
        make_ids=(_make(by, query.make),) if query.make else (),
        category_ids=(_category(by, query.category),) if query.category else (),
        years=(query.year,) if query.year else (),
        ranges=_ranges(),
        has_gtin=query.has_gtin,
    )
    return Many(queries.device_page(by, where, page, sort=query.sort), device_in_list_json)


@api.operation("GET", "/autocomplete", needs=READ, answer=SuggestionsJson, shape="bare", query=AutocompleteQuery)
def autocomplete(by: Principal, query: AutocompleteQuery) -> Bare:
    """Autocomplete device names"""
    found = queries.suggest(
        by,
        query.q,
        limit=query.limit,
        make_id=_make(by, query.make) if query.make else 0,
        category_id=_category(by, query.category) if query.category else 0,
    )
    shown = [
        {
            "name": each.name,
            "slug": each.slug,
            "make": each.make,
            "category": each.category,
            "image_url": each.image_url,
            "release_year": each.release_year,
        }
        for each in found
    ]
    return Bare({"suggestions": shown})


@api.operation("GET", "/compare", needs=READ, answer=ComparisonJson, shape="bare", query=CompareQuery)
def compare(by: Principal, query: CompareQuery) -> Bare:
    """Compare devices"""
    comparison = queries.compare(by, query.slugs.split(","))
    devices = [
        {
            "slug": device.columns["slug"],
            "name": device.columns["name"],
            "make": device.make,
            "normalized_specs": normalized_json(device),
        }
        for device in comparison.devices
    ]
    slugs = [device["slug"] for device in devices]
    diff = {
        row.spec.api_key: dict(zip(slugs, map(_plain, row.values), strict=True))
        for row in comparison.rows
        if row.differs
    }
    return Bare({"devices": devices, "diff": diff})


@api.operation("GET", "/makes", needs=READ, answer=MakesJson, shape="bare")
def make_list(by: Principal) -> Bare:
    """List manufacturers"""
    shown = [
        {
            "id": make.public_id,
            "name": make.name,
            "slug": make.slug,
            "device_count": make.devices,
            "website_url": make.website_url,
        }
        for make in queries.makes(by)
    ]
    return Bare({"data": shown})


@api.operation("GET", "/stats", needs=READ, answer=StatsJson, shape="bare")
def stats(by: Principal) -> Bare:
    """Catalog coverage stats"""
    found = queries.stats(by)
    overall = found.overall
    return Bare(
        {
            "total_devices": overall.devices,
            "coverage": {
                "specs": overall.percent(overall.with_specs),
                "images": overall.percent(overall.with_image),
                "model_numbers": overall.percent(overall.with_model_numbers),
                "gtin": overall.percent(overall.with_gtin),
            },
            "by_category": [{"name": row.name, "count": row.devices} for row in found.by_category],
            "by_make": [{"name": row.name, "count": row.devices} for row in found.by_make],
            "last_updated": instant(found.last_updated),
        }
    )


def device_json(device: DeviceDetail, dialect: Dialect) -> dict[str, Any]:
    """A device in the shape of F32."""
    columns = device.columns
    return {
        "name": columns["name"],
        "slug": columns["slug"],
        "make": device.make,
        "category": device.category,
        "image_url": columns["image_url"],
        "release_date": _day(columns["release_date"], columns["release_precision"]),
        "model_numbers": ", ".join(columns["model_numbers"]),
        "model_numbers_list": columns["model_numbers"],
        "gtin": columns["gtin"],
        "data_quality_score": columns["quality_score"],
        "specs": columns["specs"],
        "normalized_specs": normalized_json(device),
        "pricing": _pricing_json(columns, dialect),
    }


def device_in_list_json(device: DeviceRow, dialect: Dialect) -> dict[str, Any]:
    """A device of a list."""
    return {
        "name": device.name,
        "slug": device.slug,
        "make": device.make,
        "category": device.category,
        "image_url": device.image_url,
        "release_date": _day(device.release_date, device.release_precision),
        "model_numbers": ", ".join(device.model_numbers),
        "gtin": device.gtin,
        "data_quality_score": device.quality_score,
        "avg_price_usd": None if device.price_avg is None else dialect.money(Money(device.price_avg, "USD")),
    }


def normalized_json(device: DeviceDetail) -> dict[str, SpecValue]:
    """Normalised specs; whole numbers without a decimal point."""
    return {key: _plain(value) for key, value in device.normalized.items()}


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with whole seconds and `Z`."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pricing_json(columns: Any, dialect: Dialect) -> dict[str, Any] | None:
    if columns["price_avg"] is None:
        return None
    return {
        "avg_price_usd": dialect.money(Money(columns["price_avg"], "USD")),
        "min_price_usd": dialect.money(Money(columns["price_min"], "USD")),
        "max_price_usd": dialect.money(Money(columns["price_max"], "USD")),
        "sources": columns["price_sources"],
        "last_updated": instant(columns["price_observed_at"]),
    }


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _day(day: Any, precision: str | None) -> str | None:
    """A date as exact as it is known: 2024-09-20, 2024-09 or 2024."""
    return None if day is None else day.isoformat()[: {"year": 4, "month": 7}.get(precision or "day", 10)]


def _make(by: Principal, text: str) -> int:
    found = queries.find_makes(by, [text])
    if text not in found:
        raise NotFound(f"Manufacturer '{text[:80]}' does not exist. GET /api/catalog/makes lists them.")
    return found[text]


def _category(by: Principal, text: str) -> int:
    found = queries.find_categories(by, [text])
    if text not in found:
        raise NotFound(f"Category '{text[:80]}' does not exist. GET /api/catalog/stats lists them.")
    return found[text]


def _ranges() -> dict[str, tuple[float | None, float | None]]:
    ranges: dict[str, tuple[float | None, float | None]] = {}
    known = {spec.api_key: spec.key for spec in SPEC_FIELDS if spec in queries.RANGES}
    for name, text in request.args.items():
        end, _, key = name.partition("_")
        if end not in ("min", "max"):
            continue
        if key not in known:
            raise Invalid.field(name, f"'{name[:60]}' is not a spec. Use one of {', '.join(known)}.")
        low, high = ranges.get(known[key], (None, None))
        value = _number(name, text)
        ranges[known[key]] = (value, high) if end == "min" else (low, value)
    return ranges


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise Invalid.field(name, f"{name} must be a number.") from error
    if not abs(value) < 1e9:
        raise Invalid.field(name, f"{name} must be a number below a billion.")
    return value
