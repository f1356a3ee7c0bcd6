"""Counts by make, category and year, changed in the transaction that changes a device."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from dashboard.catalog.models import DeviceCount
from dashboard.core.db import CommandSession, table_of

_COUNTED = ("devices", "with_specs", "with_image", "with_model_numbers", "with_gtin", "with_price", "score_sum")
_table = table_of(DeviceCount)

Cell = tuple[int, int, int]


class CountChange:
    """What a command adds to and takes from the counts."""

    def __init__(self) -> None:
        self._cells: dict[Cell, Counter[str]] = {}

    def add(self, device: Mapping[str, Any], *, sign: int = 1) -> None:
        """Count `device` (columns of the device table) in, or out with sign -1."""
        cell = (device["make_id"], device["category_id"], device["released"] // 10_000)
        counter = self._cells.setdefault(cell, Counter())
        counter["devices"] += sign
        counter["with_specs"] += sign * bool(device["specs"])
        counter["with_image"] += sign * bool(device["image_url"])
        counter["with_model_numbers"] += sign * bool(device["model_numbers"])
        counter["with_gtin"] += sign * bool(device["gtin"])
        counter["with_price"] += sign * (device["price_avg"] is not None)
        counter["score_sum"] += sign * device["quality_score"]

    def write(self, session: CommandSession) -> None:
        """Write all changes, in the order of their cells so that two commands cannot wait for each other."""
        rows = [
            {"make_id": cell[0], "category_id": cell[1], "year": cell[2], **{name: counter[name] for name in _COUNTED}}
            for cell, counter in sorted(self._cells.items())
            if any(counter.values())
        ]
        if rows:
            session.execute(_upsert(session), rows)


def _upsert(session: CommandSession) -> Any:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(_table)
    changed = {name: _table.c[name] + statement.excluded[name] for name in _COUNTED}
    return statement.on_conflict_do_update(index_elements=["make_id", "category_id", "year"], set_=changed)
