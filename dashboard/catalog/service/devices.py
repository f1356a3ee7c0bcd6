"""Writing devices: one path for a single edit and for a batch of an import."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, select, update

from dashboard.catalog.models import CatalogSource, Category, Device, DeviceModelNumber, Make
from dashboard.catalog.normalise import search_text, slugify
from dashboard.catalog.service import search_keys
from dashboard.catalog.service.counts import CountChange
from dashboard.catalog.service.facts import DeviceFacts, new_columns
from dashboard.catalog.service.merging import Known, Merged, Names, fold_number, merge, unknown_names
from dashboard.catalog.service.quality import assess
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of

T = TypeVar("T")

_devices = table_of(Device)
_numbers = table_of(DeviceModelNumber)

_makes = table_of(Make)
_categories = table_of(Category)

_all_makes = select(_makes.c.id, _makes.c.name, _makes.c.search_name)
_all_categories = select(_categories.c.id, _categories.c.slug, _categories.c.search_name)
_credit = (
    update(_devices)
    .where(_devices.c.id == bindparam("key"))
    .values(provenance=bindparam("new_provenance", type_=_devices.c.provenance.type))
)

_delete_numbers = _numbers.delete().where(_numbers.c.device_id == bindparam("device"))

SLUG_LENGTH = 150
"""What leaves room for a number behind it."""

CHUNK = 400
"""How many values one IN list holds: the same statement is then prepared once."""


@dataclass(slots=True)
class BatchResult:
    """What became of the rows of a batch, in their order, and the makes and categories that were added for them."""

    rows: list[Merged]
    new_makes: list[str] = field(default_factory=list[str])
    new_categories: list[str] = field(default_factory=list[str])


def add_source(by: Principal, name: str, *, kind: str, licence: str | None = None) -> CatalogSource:
    """Register something that tells facts; devices credit their fields to it."""
    with atomic(by) as session:
        source = CatalogSource(name=name[:120], kind=kind, licence=licence, added_by=by.label, added_at=clock.now())
        session.add(source)
        session.flush()
    return source


def save_batch(by: Principal, batch: Sequence[DeviceFacts], *, source_id: int, overwrite: bool = False) -> BatchResult:
    """Add or complete the devices of `batch`. Rows of one device, by make and folded name or by model numbers, merge.

    The search heads are not brought up to date: `search_keys.rebuild_heads` follows an import.
    """
    by.require("operator")
    with atomic(by) as session:
        names = names_for(session, batch)
        known = Known(devices_near(session, batch, lock=True))
        written = _Writing(session, names, source_id)
        rows = merge(batch, known, names, written, source_id=source_id, overwrite=overwrite)
        written.finish()
    return BatchResult(rows, names.new_makes, names.new_categories)


def change_devices(
    session: CommandSession, changes: Sequence[tuple[dict[str, Any], Mapping[str, Any]]], source_id: int | None = None
) -> None:
    """Inside a command, change columns of devices (whole rows, as read); scores, counts and search keys follow.

    Where `source_id` is given the changed fields are credited to it.
    """
    writing = _Writing(session, all_names(session), source_id or 0)
    for device, changed in changes:
        credit = {} if source_id is None else dict.fromkeys(changed.keys() - _NEVER_CREDITED, source_id)
        writing.change(device, {**changed, "provenance": {**device["provenance"], **credit}})
    writing.finish()


def bring_into_search(session: CommandSession, device: Mapping[str, Any]) -> None:
    """After a single edit: the search finds `device` at once under its present names."""
    search_keys.write_heads_of(session, device, all_names(session).make_names)


_NEVER_CREDITED = {"released", "release_precision", "search_name", "merge_key", "provenance"}


class _Writing:
    """Collects the rows of a batch and writes each table once."""

    def __init__(self, session: CommandSession, names: Names, source_id: int) -> None:
        self._session = session
        self._names = names
        self._source_id = source_id
        self._counts = CountChange()
        self._new: list[dict[str, Any]] = []
        self._before: dict[int, dict[str, Any]] = {}
        self._touched: dict[int, dict[str, Any]] = {}
        self._credited: dict[int, dict[str, Any]] = {}
        self._slugs: set[str] = set()
        self._now = clock.now()

    def add(self, facts: DeviceFacts) -> dict[str, Any]:
        columns = new_columns(
            facts,
            make_id=self._names.make_of(facts),
            category_id=self._names.categories[search_text(facts.category)],
            slug=facts.slug or slugify(facts.name) or "device",
            source_id=self._source_id,
        )
        self._new.append(columns)
        return columns

    def change(self, device: dict[str, Any], changes: Mapping[str, Any]) -> None:
        known_as = device.get("id")  # None: added by an earlier row of this batch
        if known_as is not None and changes.keys() <= {"provenance"}:
            self._credited[known_as] = device
        elif known_as is not None:
            self._before.setdefault(known_as, dict(device))
            self._touched[known_as] = device
        device.update(changes)

    def finish(self) -> None:
        self._insert_new()
        self._update_touched()
        self._update_credited()
        rows = [*self._new, *self._touched.values()]
        renamed = [row for row in rows if self._needs_new_keys(row)]
        known = [row["id"] for row in renamed if row["id"] in self._before]
        search_keys.write_keys(self._session, renamed, self._names.make_names, had_keys=known)
        self._write_numbers(renamed, known)
        self._counts.write(self._session)

    def _needs_new_keys(self, row: Mapping[str, Any]) -> bool:
        before = self._before.get(row["id"])
        watched = ("name", "make_id", "category_id", "released", "model_numbers")
        return before is None or any(before[name] != row[name] for name in watched)

    def _insert_new(self) -> None:
        if not self._new:
            return
        self._free_slugs()
        for row in self._new:
            self._derive(row)
            row["created_at"] = self._now
            row["version"] = 1
            self._counts.add(row)
        # RETURNING would make one statement with tens of thousands of parameters, each size of which stays prepared.
        self._session.execute(insert(_devices), [dict(row) for row in self._new])
        ids: dict[str, int] = {}
        for chunk in chunks([row["merge_key"] for row in self._new]):
            written = select(_devices.c.merge_key, _devices.c.id).where(_devices.c.merge_key.in_(chunk))
            ids.update((key, device_id) for key, device_id in self._session.execute(written))
        for row in self._new:
            row["id"] = ids[row["merge_key"]]

    def _update_touched(self) -> None:
        if not self._touched:
            return
        rows: list[dict[str, Any]] = []
        for device_id, row in sorted(self._touched.items()):
            self._counts.add(self._before[device_id], sign=-1)
            self._derive(row)
            row["version"] = row["version"] + 1
            self._counts.add(row)
            rows.append({**row, "key": device_id})
        columns = [name for name in rows[0] if name not in ("id", "key", "created_at")]
        statement = (
            update(_devices)
            .where(_devices.c.id == bindparam("key"))
            .values({name: bindparam(f"new_{name}") for name in columns})
        )
        self._session.execute(
            statement, [{"key": row["key"], **{f"new_{name}": row[name] for name in columns}} for row in rows]
        )

    def _update_credited(self) -> None:
        """Devices of which nothing changed but who vouches for it keep their version."""
        rows = [
            {"key": device_id, "new_provenance": device["provenance"]}
            for device_id, device in sorted(self._credited.items())
            if device_id not in self._touched
        ]
        if rows:
            self._session.execute(_credit, rows)

    def _derive(self, row: dict[str, Any]) -> None:
        quality = assess(row, self._names.category_slugs[row["category_id"]])
        row["quality_score"] = quality.score
        row["has_specs"] = bool(row["specs"])
        row["has_model_numbers"] = bool(row["model_numbers"])
        row["missing_fields"] = len(quality.missing)
        row["gap_value"] = len(quality.missing) * (row["price_avg"] or 0)
        row["updated_at"] = self._now

    def _free_slugs(self) -> None:
        """Give every new device a slug of its own: the name's, else with the make before it, else numbered."""
        led = {id(row): self._led_by_make(row) for row in self._new}
        asked = {row["slug"] for row in self._new} | set(led.values())
        taken = set[str]()
        for chunk in chunks(sorted(asked)):
            taken.update(self._session.scalars(select(_devices.c.slug).where(_devices.c.slug.in_(chunk))))
        for row in self._new:
            slug, number = row["slug"], 2
            if slug in taken:
                slug = led[id(row)]
            base = slug
            while slug in taken or (slug not in asked and self._exists(slug)):
                slug, number = f"{base}-{number}", number + 1
            taken.add(slug)
            row["slug"] = slug

    def _led_by_make(self, row: Mapping[str, Any]) -> str:
        make = slugify(self._names.make_names[row["make_id"]])
        return row["slug"] if row["slug"].startswith(make) else f"{make}-{row['slug']}"[:SLUG_LENGTH]

    def _exists(self, slug: str) -> bool:
        return self._session.scalar(select(_devices.c.id).where(_devices.c.slug == slug)) is not None

    def _write_numbers(self, rows: Sequence[Mapping[str, Any]], known: Sequence[int]) -> None:
        if known:
            self._session.execute(_delete_numbers, [{"device": device_id} for device_id in known])
        values = [
            {"number": number, "device_id": row["id"]}
            for row in rows
            for number in {fold_number(each) for each in row["model_numbers"]}
            if number
        ]
        if values:
            self._session.execute(insert(_numbers), values)


def devices_near(session: CommandSession, batch: Sequence[DeviceFacts], *, lock: bool = False) -> list[dict[str, Any]]:
    """Columns of all devices that rows of `batch` may speak of. `lock` keeps others from changing them meanwhile."""
    found: dict[int, dict[str, Any]] = {}
    numbers = select(_numbers.c.device_id).where(_numbers.c.number.in_(bindparam("values", expanding=True)))
    keys = _devices.c.merge_key.in_(bindparam("values", expanding=True))
    for condition, values in (
        (keys, {facts.merge_key for facts in batch}),
        (_devices.c.id.in_(numbers), {fold_number(each) for facts in batch for each in facts.model_numbers}),
    ):
        statement = select(_devices).where(condition).order_by(_devices.c.id)
        if lock:
            statement = statement.with_for_update()
        for chunk in chunks(sorted(values)):
            for row in session.execute(statement, {"values": list(chunk)}).mappings():
                found.setdefault(row["id"], dict(row))
    return list(found.values())


def names_for(session: CommandSession, batch: Sequence[DeviceFacts]) -> Names:
    """Ids of all makes and categories, those of `batch` that are new being added."""
    names = all_names(session)
    makes, categories = unknown_names(batch, names)
    new_makes = [
        Make(name=name[:80], slug=slugify(name, max_length=80) or key[:80], search_name=key[:80])
        for key, name in makes.items()
    ]
    new_categories = [
        Category(name=name[:60], slug=slugify(name, max_length=60) or key[:60], search_name=key[:60])
        for key, name in categories.items()
    ]
    if new_makes or new_categories:
        session.add_all([*new_makes, *new_categories])
        session.flush()
        names.makes |= {key: made.id for key, made in zip(makes, new_makes, strict=True)}
        names.make_names |= {made.id: made.name for made in new_makes}
        names.categories |= {key: made.id for key, made in zip(categories, new_categories, strict=True)}
        names.category_slugs |= {made.id: made.slug for made in new_categories}
        names.new_makes, names.new_categories = list(makes.values()), list(categories.values())
    return names


def all_names(session: CommandSession) -> Names:
    """All makes and categories that there are."""
    names = Names({}, {}, {}, {})
    for make_id, name, key in session.execute(_all_makes):
        names.makes[key] = make_id
        names.make_names[make_id] = name
    for category_id, slug, key in session.execute(_all_categories):
        names.categories[key] = category_id
        names.category_slugs[category_id] = slug
    return names


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """`values` in pieces that one IN list holds."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
