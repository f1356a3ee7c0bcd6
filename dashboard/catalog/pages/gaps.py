"""The fill-gaps queue: what to complete next, and completing it in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict

from dashboard.catalog import presentation, queries
from dashboard.catalog.pages.blueprint import pages
from dashboard.catalog.queries import GAP_FIELDS, GapFilter
from dashboard.catalog.service import EDITABLE, expected_specs, field_text
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web.pages import render_page

PAGE_SIZE = 25
MAX_CELL = 22
"""Characters that a cell shows."""

FIELD_WORDS = {**EDITABLE, "image_url": "Image", "pricing": "Market price"}
"""Fields that can be missing, as headings."""

_IN_TEXT = {
    name: word if word[:2].isupper() or word[0].isdigit() else word.lower() for name, word in FIELD_WORDS.items()
}

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Queue:
    """What the queue is narrowed to, as its address says: slugs and a field; empty for any."""

    make: str = ""
    category: str = ""
    missing: str = ""

    def url(self, *, after: str | None = None, **changes: str) -> str:
        """The address of this state with `changes`."""
        state = replace(self, **changes).state()
        params: dict[str, Any] = {name: value or None for name, value in state.items()}
        return url_for("catalog.gaps", **params, after=after)

    def state(self) -> dict[str, str]:
        """The query parameters."""
        return {"make": self.make, "category": self.category, "missing": self.missing}

    def hidden(self, own: str) -> list[tuple[str, str]]:
        """The state as hidden inputs, without the parameter that a form has a field of its `own` for."""
        return [(name, value) for name, value in self.state().items() if value and name != own]

    @property
    def columns(self) -> list[str]:
        """The fields that stand side by side: the one asked for first, then codes, image and the expected specs."""
        usual = ["gtin", "model_numbers", "image_url", *expected_specs(self.category)]
        if self.missing in ("", "pricing"):
            return usual
        return [self.missing, *(name for name in usual if name != self.missing)]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The filter of a queue, and what else could be chosen: slug or field, and name."""

    where: GapFilter
    makes: Choices
    categories: Choices
    fields: Choices = tuple((field, FIELD_WORDS[field]) for field in GAP_FIELDS)


@pages.page("/gaps", needs="catalog:read")
def gaps(by: Principal) -> Response:
    queue = read_queue(request.args)
    narrowing = _narrow(by, queue)
    after = request.args.get("after") or None
    found = queries.gap_page(by, narrowing.where, after=after, size=PAGE_SIZE)
    return render_page(
        "catalog/coverage/gaps.html",
        fragment="catalog/coverage/_gap_rows.html",
        queue=queue,
        narrowing=narrowing,
        rows=found.items,
        more=queue.url(after=found.after) if found.after else "",
        labels=FIELD_WORDS,
        listed=listed,
        text_of=cell_text,
        words=presentation,
    )


def listed(fields: Sequence[str], most: int = len(FIELD_WORDS)) -> str:
    """Fields in words, "GTIN, image, RAM and 2 more" where there are more than `most`."""
    named = ", ".join(_IN_TEXT[field] for field in fields[:most])
    return f"{named} and {len(fields) - most} more" if len(fields) > most else named


def cell_text(device: Mapping[str, Any], field: str) -> str:
    """A field of `device` (columns of the device table) as short as a cell has room for."""
    text = field_text(device, field)
    if field == "image_url":
        return "Known" if text else ""
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def read_queue(args: MultiDict[str, str]) -> Queue:
    """The state in an address."""
    return Queue(*(args.get(name, "").strip() for name in ("make", "category", "missing")))


def _narrow(by: Principal, queue: Queue) -> Narrowing:
    makes = {make.slug: make for make in queries.makes(by) if make.devices}
    categories = {slug: (category_id, name) for category_id, name, slug in queries.list_categories(by)}
    if queue.make and queue.make not in makes:
        raise Invalid.field("make", "The catalogue has no devices of such a make. Take it out of the address.")
    if queue.category and queue.category not in categories:
        raise Invalid.field("category", "The catalogue has no such category. Take it out of the address.")
    return Narrowing(
        GapFilter(
            makes[queue.make].id if queue.make else None,
            categories[queue.category][0] if queue.category else None,
            queue.missing or None,
        ),
        [(slug, make.name) for slug, make in makes.items()],
        [(slug, name) for slug, (_, name) in categories.items()],
    )
