"""How complete the catalogue is, as pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from dashboard.catalog import presentation, queries
from dashboard.catalog.pages.blueprint import pages
from dashboard.catalog.pages.listing import FLAGS
from dashboard.catalog.queries import CoverageRow
from dashboard.core.context import Principal
from dashboard.web.pages import render_page

READ = "catalog:read"
TOP_MAKES = 20


@dataclass(frozen=True, slots=True)
class Share:
    """How many devices of a group have something: `percent` rounded down to a tenth; `url` lists those without."""

    label: str
    percent: float
    count: int
    devices: int
    url: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Coverage of one make or category."""

    name: str
    url: str
    devices: int
    shares: Sequence[Share]
    score: int


@pages.page("/coverage", needs=READ)
def coverage(by: Principal) -> Response:
    found = queries.stats(by)
    all_makes = request.args.get("makes") == "all"
    return render_page(
        "catalog/coverage/show.html",
        overall=found.overall,
        updated=presentation.day_text(found.last_updated, by.time_zone) if found.last_updated else "",
        shares=_shares(found.overall),
        categories=[_group(row, "category") for row in found.by_category],
        makes=[_group(row, "make") for row in found.by_make[: None if all_makes else TOP_MAKES]],
        make_count=len(found.by_make),
        columns=[words[:1].upper() + words[1:] for words in FLAGS.values()],
    )


def _group(row: CoverageRow, kind: str) -> GroupRow:
    narrowed: dict[str, Any] = {kind: row.slug}
    url = url_for("catalog.devices", **narrowed)
    return GroupRow(row.name, url, row.devices, _shares(row, narrowed), row.average_score)


def _shares(row: CoverageRow, narrowed: Mapping[str, Any] | None = None) -> list[Share]:
    counts = {flag: getattr(row, f"with_{flag}") for flag in FLAGS}
    return [
        Share(
            label=FLAGS[flag][:1].upper() + FLAGS[flag][1:],
            percent=row.percent(count),
            count=count,
            devices=row.devices,
            url=url_for("catalog.devices", **(narrowed or {}), without=flag),
        )
        for flag, count in counts.items()
    ]
