"""Which device a row speaks of, and what the row changes in it: the same for a real import and for a dry run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

from dashboard.catalog.normalise import make_name, search_text
from dashboard.catalog.service.facts import DeviceFacts, lay_over

NUMBER_LENGTH = 40


class Outcome(StrEnum):
    """What a row did to the catalogue."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class Merged:
    """What became of one row: its device as it is now, whether the row changed it, and the values that were not taken
    because others stood there."""

    outcome: Outcome
    device: dict[str, Any]
    left_out: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Names:
    """The makes and categories that a batch speaks of, by folded name; and back."""

    makes: dict[str, int]
    categories: dict[str, int]
    make_names: dict[int, str]
    category_slugs: dict[int, str]
    new_makes: list[str] = field(default_factory=list[str])
    new_categories: list[str] = field(default_factory=list[str])

    def make_of(self, facts: DeviceFacts) -> int:
        """The id of the make of `facts`."""
        return self.makes[search_text(make_name(facts.make, facts.name))]


def unknown_names(batch: Iterable[DeviceFacts], names: Names) -> tuple[dict[str, str], dict[str, str]]:
    """Makes and categories in `batch` that `names` lacks: how they are written, by folded name."""
    makes = {search_text(make): make for make in {make_name(facts.make, facts.name) for facts in batch}}
    categories = {search_text(category): category for category in {facts.category for facts in batch}}
    return (
        {key: makes[key] for key in sorted(makes.keys() - names.makes.keys())},
        {key: categories[key] for key in sorted(categories.keys() - names.categories.keys())},
    )


class Target(Protocol):
    """What takes the rows of a batch: the database, or the notebook of a dry run."""

    def add(self, facts: DeviceFacts) -> dict[str, Any]:
        """A new device; returns its columns."""
        ...

    def change(self, device: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """Bring `changes` into the columns of `device`."""
        ...


class Known:
    """Devices that rows of a batch may speak of, by merge key and by make and model number.

    Where devices share a model number, it leads to the one that had it first: the same in every run.
    """

    def __init__(self, devices: Iterable[dict[str, Any]]) -> None:
        self._by_key: dict[str, dict[str, Any]] = {}
        self._by_number: dict[tuple[int, str], dict[str, Any]] = {}
        for device in sorted(devices, key=lambda each: each["id"]):
            self.learn(device)

    def learn(self, device: dict[str, Any]) -> None:
        """Know `device`, or the model numbers that it has got since."""
        self._by_key[device["merge_key"]] = device
        for number in device["model_numbers"]:
            self._by_number.setdefault((device["make_id"], fold_number(number)), device)

    def find(self, facts: DeviceFacts, make_id: int) -> dict[str, Any] | None:
        """The device of that name, or else the one of the same make that has all the model numbers of `facts`."""
        device = self._by_key.get(facts.merge_key)
        if device is not None or not facts.model_numbers:
            return device
        found = [self._by_number.get((make_id, fold_number(number))) for number in facts.model_numbers]
        first = found[0]
        return first if first is not None and all(each is first for each in found) else None


def merge(
    batch: Sequence[DeviceFacts], known: Known, names: Names, target: Target, *, source_id: int, overwrite: bool
) -> list[Merged]:
    """Lay the rows of `batch` over what is known, one after the other. One result for each row, in order."""
    merged: list[Merged] = []
    for facts in batch:
        device = known.find(facts, names.make_of(facts))
        if device is None:
            device = target.add(facts)
            known.learn(device)
            merged.append(Merged(Outcome.ADDED, device))
            continue
        left_out: list[str] = []
        changes = lay_over(device, facts, source_id=source_id, overwrite=overwrite, left_out=left_out)
        if changes:
            target.change(device, changes)
        if "model_numbers" in changes:
            known.learn(device)
        # A source that only confirms what is there changes no fact of the device.
        outcome = Outcome.CHANGED if changes.keys() - {"provenance"} else Outcome.UNCHANGED
        merged.append(Merged(outcome, device, left_out))
    return merged


@lru_cache(maxsize=65536)
def fold_number(number: str) -> str:
    """A model number as devices are found by it."""
    return search_text(number)[:NUMBER_LENGTH]
