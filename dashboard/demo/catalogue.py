"""The shipped catalogue: real devices from `data/`, and prices that are generated and say so."""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dashboard.catalog import service as catalog
from dashboard.catalog.models import Category, Device, Make, PriceObservation
from dashboard.catalog.normalise import clean_model_numbers, normalise_specs, parse_release_date, search_text, words
from dashboard.catalog.service import DeviceFacts, Observation
from dashboard.core import events
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads
from dashboard.core.events import Event

DATA = Path(__file__).parent / "data"
BATCH = 1000
LOADED = "demo.catalogue_loaded"
SOURCE = "Shipped catalogue"

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

# Observations that make the reference's sample true: 3 sources, average $899.00, from $799.00 to $1,199.00.
SAMPLE_SLUG = "iphone-16-pro-max"
SAMPLE_PRICES = (
    ("demo: swappa", "used-a", 79_900, "2025-03-08T09:00:00Z"),
    ("demo: ebay", "used-a", 79_900, "2025-03-09T11:30:00Z"),
    ("demo: ebay", "used-b", 79_900, "2025-03-09T11:30:00Z"),
    ("demo: back_market", "new", 119_900, "2025-03-10T14:00:00Z"),
)


def load(report: Report, *, seed: int, limit: int | None = None) -> None:
    """Load what is missing of makes, categories, devices and prices."""
    if is_loaded():
        return
    rows = _read_devices(limit)
    _load_names()
    source = catalog.add_source(SYSTEM, SOURCE, kind="shipped", licence="MIT, see docs/data.md")
    for start in range(0, len(rows), BATCH):
        report("devices", start, len(rows))
        facts = [_facts(row) for row in rows[start : start + BATCH]]
        catalog.save_batch(SYSTEM, facts, source_id=source.id)
    report("devices", len(rows), len(rows))
    report("prices", 0, 1)
    _load_prices(seed)
    report("search index", 0, 1)
    catalog.rebuild_heads(SYSTEM)
    with atomic(SYSTEM):
        events.record(SYSTEM, LOADED, "catalogue", {"devices": len(rows), "seed": seed})
    report("search index", 1, 1)


def is_loaded() -> bool:
    """Whether the catalogue was loaded to its end."""
    return reads(SYSTEM).scalar(select(Event.id).where(Event.name == LOADED).limit(1)) is not None


def _read_devices(limit: int | None) -> list[dict[str, Any]]:
    with gzip.open(DATA / "devices.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    if limit is None or limit >= len(rows):
        return rows
    # The named devices are the latest; a small world keeps those with the most specs.
    rows.sort(key=lambda row: (-len(row["specs"]), row["slug"]))
    return sorted(rows[:limit], key=lambda row: (row["release_date"] or "", row["name"]))


def _load_names() -> None:
    with atomic(SYSTEM) as session:
        makes = set(session.scalars(select(Make.search_name)))
        for row in _table("makes.csv"):
            if (key := search_text(row["name"])) not in makes:
                session.add(
                    Make(name=row["name"], slug=row["slug"], search_name=key, website_url=row["website_url"] or None)
                )
        categories = set(session.scalars(select(Category.search_name)))
        for row in _table("categories.csv"):
            if (key := search_text(row["name"])) not in categories:
                session.add(Category(name=row["name"], slug=row["slug"], search_name=key))


def _table(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _facts(row: dict[str, Any]) -> DeviceFacts:
    normalized, _ = normalise_specs(row["specs"])
    day: date | None = None
    precision: str | None = None
    if row["release_date"]:
        day, precision = parse_release_date(row["release_date"], date(2100, 1, 1))
    return DeviceFacts(
        make=row["make"],
        name=row["name"],
        category=row["category"],
        slug=row["slug"],
        image_url=row["image_url"],
        release_date=day,
        release_precision=precision,
        model_numbers=clean_model_numbers(row["model_numbers"] or ""),
        gtin=row["gtin"],
        specs=row["specs"],
        normalized=dict(normalized),
    )


_TYPICAL = {"Smartphones": 45_000, "Tablets": 38_000, "Laptops": 80_000, "Smartwatches": 25_000, "Desktops": 95_000}
_DEAR = {"pro": 1.5, "max": 1.2, "ultra": 1.9, "fold": 2.2, "plus": 1.2, "iphone": 1.5, "ipad": 1.3, "macbook": 1.6,
         "mini": 0.8, "lite": 0.6, "se": 0.6, "fe": 0.75, "neo": 0.7}  # fmt: skip
_SOURCES = ("demo: ebay", "demo: swappa", "demo: back_market")
_CONDITIONS = (("used-a", 100), ("used-b", 86), ("new", 128))


def _load_prices(seed: int) -> None:
    """Generated observations of two years for devices young enough to be traded; their source begins with "demo"."""
    numbers = random.Random(seed)
    statement = (
        select(Device.id, Device.slug, Device.released, Device.name, Category.name)
        .join(Category, Category.id == Device.category_id)
        .where(Device.released >= 20_170_000)
        .order_by(Device.id)
    )
    if reads(SYSTEM).scalar(select(PriceObservation.id).limit(1)) is not None:
        return
    observations: list[Observation] = []
    for device_id, slug, released, name, category in reads(SYSTEM).execute(statement).all():
        if slug == SAMPLE_SLUG:
            observations += _sample_prices(device_id)
        else:
            observations += _made_up_prices(numbers, device_id, released, name, _TYPICAL.get(category, 20_000))
    catalog.observe_prices(SYSTEM, observations)


def _standing(name: str) -> float:
    """How much dearer than its category's typical device a name sounds."""
    told = set(words(name))
    factor = 1.0
    for word, times in _DEAR.items():
        if word in told:
            factor *= times
    return factor


def _sample_prices(device_id: int) -> list[Observation]:
    history = [
        Observation(
            device_id, "demo: ebay", "used-a", 99_900 - month * 2_500, datetime(2024, 10 + month, 9, tzinfo=UTC)
        )
        for month in range(3)
    ]
    return history + [
        Observation(device_id, source, condition, amount, datetime.fromisoformat(at))
        for source, condition, amount, at in SAMPLE_PRICES
    ]


def _made_up_prices(
    numbers: random.Random, device_id: int, released: int, name: str, typical: int
) -> list[Observation]:
    age = 2026 - released // 10_000
    base = typical * _standing(name) * 0.78**age * numbers.uniform(0.85, 1.15)
    last = datetime(2026, 11, 1, 12, tzinfo=UTC) - timedelta(days=numbers.randrange(20))
    found: list[Observation] = []
    for months_ago in (15, 12, 9, 6, 3, 0):
        source = numbers.choice(_SOURCES)
        condition, percent = numbers.choice(_CONDITIONS)
        amount = base * percent / 100 * (1 + months_ago * 0.018) * numbers.uniform(0.95, 1.05)
        seen = last - timedelta(days=months_ago * 30)
        found.append(Observation(device_id, source, condition, max(900, round(amount / 100) * 100), seen))
    return found
