"""What a source says of a device, and how it is laid over what is already known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dashboard.catalog.normalise import SPEC_FIELDS, merge_key, search_text

SPEC_COLUMNS = tuple(spec.key for spec in SPEC_FIELDS)
MAX_MODEL_NUMBERS = 60


@dataclass(slots=True)
class DeviceFacts:
    """One device as a source describes it: names, not ids. Absent facts are None or empty."""

    make: str
    name: str
    category: str
    slug: str | None = None
    image_url: str | None = None
    release_date: date | None = None
    release_precision: str | None = None
    model_numbers: list[str] = field(default_factory=list[str])
    gtin: str | None = None
    specs: dict[str, str] = field(default_factory=dict[str, str])
    normalized: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def merge_key(self) -> str:
        return merge_key(self.make, self.name)


def new_columns(facts: DeviceFacts, *, make_id: int, category_id: int, slug: str, source_id: int) -> dict[str, Any]:
    """Columns of a device seen for the first time; everything it says is credited to `source_id`."""
    columns: dict[str, Any] = {
        "slug": slug,
        "name": facts.name,
        "search_name": search_text(facts.name)[:160],
        "merge_key": facts.merge_key,
        "make_id": make_id,
        "category_id": category_id,
        "image_url": facts.image_url,
        "release_date": facts.release_date,
        "release_precision": facts.release_precision,
        "released": released(facts.release_date),
        "model_numbers": facts.model_numbers[:MAX_MODEL_NUMBERS],
        "gtin": facts.gtin,
        "specs": dict(facts.specs),
        **{name: facts.normalized.get(name) for name in SPEC_COLUMNS},
        "price_avg": None,
    }
    columns["provenance"] = dict.fromkeys(("name", *_stated(facts)), source_id)
    return columns


def lay_over(
    device: Mapping[str, Any], facts: DeviceFacts, *, source_id: int, overwrite: bool, left_out: list[str] | None = None
) -> dict[str, Any]:
    """The columns that `facts` change in `device`. Gaps are filled; what is there stays unless `overwrite`.

    With `overwrite` the source takes the place of others, but never of itself: of two rows of one device the first
    counts. A value that it only confirms is credited to it, so the result may be a new provenance alone.
    The names of values that differ and were not taken are added to `left_out`.
    """
    changes: dict[str, Any] = {}
    credits_of: dict[str, Any] = device["provenance"]
    credited: list[str] = []

    def takes(name: str, present: Any, value: Any) -> bool:
        if value is None or (present is not None and not (overwrite and credits_of.get(name) != source_id)):
            if left_out is not None and value is not None and present != value:
                left_out.append(name)
            return False
        credited.append(name)
        return present != value

    plain = {"image_url": facts.image_url, "gtin": facts.gtin, **facts.normalized}
    changes.update({name: value for name, value in plain.items() if takes(name, device[name], value)})
    said = None if facts.release_date is None else (facts.release_date, facts.release_precision)
    present = None if device["release_date"] is None else (device["release_date"], device["release_precision"])
    if takes("release_date", None if _more_exact(said, present) else present, said):
        changes["release_date"], changes["release_precision"] = facts.release_date, facts.release_precision
        changes["released"] = released(facts.release_date)
    if added := _new_numbers(device["model_numbers"], facts.model_numbers):
        changes["model_numbers"] = [*device["model_numbers"], *added]
        credited.append("model_numbers")
    specs: dict[str, str] = device["specs"]
    taken = {label: text for label, text in facts.specs.items() if takes(f"specs.{label}", specs.get(label), text)}
    if taken:
        changes["specs"] = {**specs, **taken}
    if any(credits_of.get(name) != source_id for name in credited):
        changes["provenance"] = {**credits_of, **dict.fromkeys(credited, source_id)}
    return changes


def _new_numbers(present: list[str], offered: list[str]) -> list[str]:
    known = {number.casefold() for number in present}
    added = [number for number in offered if number.casefold() not in known]
    return added[: max(0, MAX_MODEL_NUMBERS - len(present))]


def released(day: date | None) -> int:
    """A date as the number yyyymmdd, by which devices are sorted; 0 where unknown."""
    return 0 if day is None else day.year * 10_000 + day.month * 100 + day.day


def _more_exact(said: tuple[date, str | None] | None, present: tuple[date, str | None] | None) -> bool:
    """Whether a date says the same year as the one that is there, and more of it."""
    if said is None or present is None or said[0].year != present[0].year:
        return False
    order = {None: 0, "year": 1, "month": 2, "day": 3}
    return order[said[1]] > order[present[1]]


def _stated(facts: DeviceFacts) -> list[str]:
    stated = [name for name in ("image_url", "release_date", "gtin") if getattr(facts, name) is not None]
    if facts.model_numbers:
        stated.append("model_numbers")
    stated += [name for name in SPEC_COLUMNS if facts.normalized.get(name) is not None]
    return stated + [f"specs.{label}" for label in facts.specs]
