"""What the catalogue gives to the pages that belong to no domain: search hits and its part of the overview."""

from typing import Any

from flask import url_for

from dashboard.catalog import presentation, queries
from dashboard.core.context import Principal
from dashboard.web.registry import SearchHit

NEWEST = 5
GAPS = 5


def find_devices(by: Principal, typed: str, limit: int) -> list[SearchHit]:
    """Devices for what was typed into the search box."""
    return [
        SearchHit(
            title=each.name,
            detail=" · ".join(str(part) for part in (each.make, each.release_year) if part),
            url=url_for("catalog.device", slug=each.slug),
            kind="Devices",
            icon="devices",
        )
        for each in queries.suggest(by, typed, limit=limit)
    ]


def load_tile(by: Principal) -> dict[str, Any]:
    """How much is in the catalogue, what came out last, and what to complete next."""
    stats = queries.stats(by)
    return {
        "overall": stats.overall,
        "makes": len(stats.by_make),
        "categories": stats.by_category,
        "updated": presentation.day_text(stats.last_updated, by.time_zone) if stats.last_updated else "",
        "newest": queries.browse(by, queries.DeviceFilter(), size=NEWEST).items,
        "gaps": queries.gaps(by, size=GAPS),
        "words": presentation,
    }
