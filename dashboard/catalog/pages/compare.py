"""Devices side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request, url_for

from dashboard.catalog import presentation, queries
from dashboard.catalog.pages.blueprint import pages
from dashboard.catalog.pages.listing import clean_typed
from dashboard.catalog.queries import Comparison, DeviceDetail, Suggestion
from dashboard.core.context import Principal
from dashboard.core.errors import NotFound
from dashboard.web.pages import render_page

MOST = 4
CHOICES = 8
SHOWN_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Side:
    """What an address asks to be compared: what was found, what is not known, and what is too many."""

    devices: Sequence[DeviceDetail]
    comparison: Comparison | None
    unknown: Sequence[str]
    too_many: Sequence[str]

    @property
    def slugs(self) -> list[str]:
        return [device.columns["slug"] for device in self.devices]

    def url(self, *, without: str = "", adding: str = "") -> str:
        """The address of this comparison, one device less or one more."""
        slugs = [slug for slug in self.slugs if slug != without] + ([adding] if adding else [])
        return url_for("catalog.compare", slugs=",".join(slugs) or None)


@pages.page("/compare", needs="catalog:read")
def compare(by: Principal) -> Response:
    side = gather(by, read_slugs(request.args.getlist("slugs")))
    typed = clean_typed(request.args.get("add", ""))
    groups = presentation.compared_groups(side.comparison) if side.comparison else []
    return render_page(
        "catalog/devices/compare.html",
        fragment="catalog/devices/_choices.html",
        status=404 if side.unknown and not side.devices else 200,
        side=side,
        typed=typed,
        choices=_choices(by, typed, side) if typed else [],
        groups=groups,
        most=MOST,
    )


def read_slugs(values: Sequence[str]) -> list[str]:
    """Different slugs of a repeated or comma-separated parameter, in the order given."""
    slugs = [slug.strip().lower() for value in values for slug in value.split(",")]
    return [slug for slug in dict.fromkeys(slugs) if slug]


def gather(by: Principal, wanted: Sequence[str]) -> Side:
    """The first four devices of `wanted` that exist; the rest is told apart into unknown and too many."""
    unknown = [slug[:SHOWN_LENGTH] for slug in wanted[:MOST] if not slug.isprintable()]
    slugs = [slug for slug in wanted[:MOST] if slug.isprintable()]
    comparison = None
    while len(slugs) > 1 and comparison is None:
        try:
            comparison = queries.compare(by, slugs)
        except NotFound as error:
            missing = str(error.details["slug"])
            unknown.append(missing)
            slugs = [slug for slug in slugs if slug[:SHOWN_LENGTH] != missing]
    devices: Sequence[DeviceDetail] = comparison.devices if comparison else ()
    if comparison is None and slugs:
        try:
            devices = [queries.get_device(by, slugs[0])]
        except NotFound:
            unknown.append(slugs[0][:SHOWN_LENGTH])
    return Side(devices, comparison, unknown, wanted[MOST:][:MOST])


def _choices(by: Principal, typed: str, side: Side) -> list[Suggestion]:
    """What could be added, what is there already left out."""
    found = queries.suggest(by, typed, limit=CHOICES + MOST)
    return [each for each in found if each.slug not in side.slugs][:CHOICES]
