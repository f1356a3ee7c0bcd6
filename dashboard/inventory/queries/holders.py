"""Who holds a unit, in words. A domain above says once how its claims are named; nothing here knows an order."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from dashboard.core.context import Principal

FindNames = Callable[[Principal, Collection[int]], Mapping[int, tuple[str, str]]]
"""The label and the public id of each of these holders, as far as they exist."""


@dataclass(frozen=True, slots=True)
class HolderKind:
    """Claims of one kind: how they are named, who may know it, and the page of one (`endpoint`, its `argument`)."""

    find: FindNames
    needs: str
    endpoint: str
    argument: str


@dataclass(frozen=True, slots=True)
class HolderName:
    """A holder as it is shown; `ref` and `kind` are None where it has no page."""

    label: str
    ref: str | None = None
    kind: HolderKind | None = None


_WORDS = {
    "quarantine": "Quarantine", "order": "An order", "draft": "An order being typed", "transfer": "A transfer",
    "count": "A stocktake", "repair": "A repair",
}  # fmt: skip
_kinds: dict[str, HolderKind] = {}


def name_holders(holder: str, kind: HolderKind) -> None:
    """Name the claims of `holder` by `kind`; called in create_app()."""
    _kinds[holder] = kind


def holder_names(by: Principal, held: Iterable[tuple[str, int]]) -> dict[tuple[str, int], HolderName]:
    """A name for each holder: one look-up a kind that is known and that `by` may read."""
    wanted: dict[str, set[int]] = {}
    for holder, holder_id in held:
        wanted.setdefault(holder, set()).add(holder_id)
    names: dict[tuple[str, int], HolderName] = {}
    for holder, numbers in wanted.items():
        kind = _kinds.get(holder)
        found: Mapping[int, tuple[str, str]] = {}
        if kind is not None and by.may(kind.needs):
            found = kind.find(by, numbers)
        for number in numbers:
            label, ref = found.get(number, (_WORDS.get(holder, holder.capitalize()), ""))
            names[holder, number] = HolderName(label, ref or None, kind if ref else None)
    return names
