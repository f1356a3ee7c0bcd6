"""A dry run's notebook: what an import would have written, on scratch paper instead of in the catalogue.

Later rows must meet what earlier rows would have left, or a dry run would promise other figures than the import keeps.
SQLite's nameless database is private to this object, goes to disk as it grows, and is gone with it.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from dashboard.catalog.service.devices import BatchResult, all_names, chunks, devices_near
from dashboard.catalog.service.facts import SPEC_COLUMNS, DeviceFacts, new_columns
from dashboard.catalog.service.merging import Known, Names, fold_number, merge, unknown_names
from dashboard.core.context import Principal
from dashboard.core.db import reads

NO_SOURCE = 0
_FIRST_ID = 1 << 40
"""Devices that a dry run would add are numbered behind all real ones, so that those are found first."""

_KEPT = (
    *("id", "merge_key", "make_id", "model_numbers", "image_url", "gtin", "release_date", "release_precision"),
    *("specs", "provenance", *SPEC_COLUMNS),
)
_TABLES = """
CREATE TABLE device (id INTEGER PRIMARY KEY, merge_key TEXT UNIQUE, columns BLOB);
CREATE TABLE number (number TEXT, device_id INTEGER, PRIMARY KEY (number, device_id)) WITHOUT ROWID;
CREATE TABLE price (device_id INTEGER PRIMARY KEY, amounts BLOB);
"""


class Trial:
    """All that one dry run has read so far. Close it when done; use it in one thread."""

    def __init__(self) -> None:
        self._paper = sqlite3.connect("", isolation_level=None)
        self._paper.executescript(_TABLES)
        self._makes: dict[str, int] = {}
        self._categories: dict[str, int] = {}
        self._names = Names({}, {}, {}, {})
        self._next_id = _FIRST_ID
        self._touched: dict[int, dict[str, Any]] = {}

    def close(self) -> None:
        """Throw the scratch paper away."""
        self._paper.close()

    def merge_batch(self, by: Principal, batch: Sequence[DeviceFacts], *, overwrite: bool) -> BatchResult:
        """What `save_batch` would have answered. Only reads the catalogue."""
        names = self._names_for(by, batch)
        devices = {device["id"]: device for device in devices_near(reads(by), batch)}
        devices.update(self._noted(devices, batch))
        self._touched = {}
        rows = merge(batch, Known(devices.values()), names, self, source_id=NO_SOURCE, overwrite=overwrite)
        self._note()
        return BatchResult(rows, names.new_makes, names.new_categories)

    def add(self, facts: DeviceFacts) -> dict[str, Any]:
        """See `Target`."""
        device = new_columns(facts, make_id=self._names.make_of(facts), category_id=0, slug="", source_id=NO_SOURCE) | {
            "id": self._next_id
        }
        self._next_id += 1
        self._touched[device["id"]] = device
        return device

    def change(self, device: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """See `Target`."""
        device.update(changes)
        self._touched[device["id"]] = device

    def prices(self, device_ids: Iterable[int]) -> dict[int, set[int]]:
        """The amounts that the dry run has noted for these devices."""
        return {
            row[0]: set(orjson.loads(row[1]))
            for chunk in chunks(sorted(device_ids))
            for row in self._ask("SELECT device_id, amounts FROM price WHERE device_id IN", chunk)
        }

    def note_prices(self, amounts: Mapping[int, Iterable[int]]) -> None:
        """Remember the amounts, in cents, that devices were seen at."""
        rows = [(device_id, orjson.dumps(sorted(seen))) for device_id, seen in amounts.items()]
        self._paper.executemany("INSERT OR REPLACE INTO price VALUES (?, ?)", rows)

    def _names_for(self, by: Principal, batch: Sequence[DeviceFacts]) -> Names:
        names = all_names(reads(by))
        names.makes = self._makes | names.makes
        names.categories = self._categories | names.categories
        makes, categories = unknown_names(batch, names)
        self._makes |= {key: -len(self._makes) - at for at, key in enumerate(makes, 1)}
        self._categories |= {key: -len(self._categories) - at for at, key in enumerate(categories, 1)}
        names.makes |= self._makes
        names.new_makes, names.new_categories = list(makes.values()), list(categories.values())
        self._names = names
        return names

    def _noted(self, ids: Iterable[int], batch: Sequence[DeviceFacts]) -> dict[int, dict[str, Any]]:
        keys = sorted({facts.merge_key for facts in batch})
        numbers = sorted({fold_number(each) for facts in batch for each in facts.model_numbers})
        of_number = "SELECT columns FROM device JOIN number ON device_id = id WHERE number IN"
        rows = [
            *(
                row
                for chunk in chunks(sorted(ids))
                for row in self._ask("SELECT columns FROM device WHERE id IN", chunk)
            ),
            *(
                row
                for chunk in chunks(keys)
                for row in self._ask("SELECT columns FROM device WHERE merge_key IN", chunk)
            ),
            *(row for chunk in chunks(numbers) for row in self._ask(of_number, chunk)),
        ]
        devices = map(_unpack, rows)
        return {device["id"]: device for device in devices}

    def _note(self) -> None:
        devices = self._touched.values()
        self._paper.execute("BEGIN")
        self._paper.executemany("INSERT OR REPLACE INTO device VALUES (?, ?, ?)", map(_pack, devices))
        self._paper.executemany(
            "INSERT OR IGNORE INTO number VALUES (?, ?)",
            ((fold_number(number), device["id"]) for device in devices for number in device["model_numbers"]),
        )
        self._paper.execute("COMMIT")

    def _ask(self, statement: str, values: Sequence[object]) -> list[Any]:
        marks = ", ".join("?" * len(values))
        return self._paper.execute(f"{statement} ({marks})", list(values)).fetchall()


def _pack(device: Mapping[str, Any]) -> tuple[int, str, bytes]:
    return device["id"], device["merge_key"], orjson.dumps({name: device[name] for name in _KEPT})


def _unpack(row: tuple[bytes]) -> dict[str, Any]:
    device: dict[str, Any] = orjson.loads(row[0])
    released = device["release_date"]
    device["release_date"] = None if released is None else date.fromisoformat(released)
    return device
