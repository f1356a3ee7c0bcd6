"""What domains above add to a customer's page: their orders, their prices. The way upward, as `web.registry` is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app

from dashboard.core.context import Principal


@dataclass(frozen=True, slots=True)
class CustomerPart:
    """A section of the customer's page: a template, the right to see it, and what it shows.

    `load` is given the customer's id. `moves` says what of this would move with a merge: pairs of words and a count.
    """

    template: str
    needs: str
    load: Callable[[Principal, int], dict[str, Any]]
    moves: Callable[[Principal, int], Sequence[tuple[str, int]]]
    order: int = 100


@dataclass(slots=True)
class _Parts:
    found: list[CustomerPart] = field(default_factory=list[CustomerPart])


def add_part(app: Flask, part: CustomerPart) -> None:
    """Add a section to the customer's page of `app`."""
    _of(app).found.append(part)


def parts_for(by: Principal) -> list[CustomerPart]:
    """The sections that `by` may see, in their order."""
    return sorted((part for part in _of(current_app).found if by.may(part.needs)), key=lambda part: part.order)


def _of(app: Flask) -> _Parts:
    found = app.extensions.setdefault("customer_parts", _Parts())
    assert isinstance(found, _Parts)
    return found
