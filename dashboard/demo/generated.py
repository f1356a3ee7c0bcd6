"""Devices that do not exist, by the hundred thousand: only for measuring how the catalogue behaves when it is huge."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from dashboard.catalog import service as catalog
from dashboard.catalog.queries import stats
from dashboard.catalog.service import DeviceFacts
from dashboard.core.context import SYSTEM
from dashboard.demo.catalogue import Report

BATCH = 2_000
_MAKES = ("Samsung", "Xiaomi", "Motorola", "OnePlus", "Oppo", "Vivo", "Realme", "Huawei", "Honor", "Nokia", "Sony",
          "Asus", "Lenovo", "ZTE", "TCL", "Alcatel", "Infinix", "Tecno", "Google", "LG")  # fmt: skip
_SERIES = ("Galaxy", "Note", "Edge", "Pulse", "Nova", "Reno", "Magic", "Moto", "Redmi", "Pixel", "Zen", "Tab", "Watch",
           "Pad", "Mate", "Find", "Spark", "Camon", "Blade", "Axon")  # fmt: skip
_VARIANTS = ("", "Pro", "Ultra", "Plus", "Lite", "Max", "5G", "FE", "Neo", "Mini")
_CATEGORY = {"Tab": "Tablets", "Pad": "Tablets", "Watch": "Smartwatches"}


def load(report: Report, *, seed: int, wanted: int) -> None:
    """Add generated devices until there are `wanted`."""
    missing = wanted - stats(SYSTEM).overall.devices
    if missing <= 0:
        return
    source = catalog.add_source(SYSTEM, "Generated for measurements", kind="shipped")
    batch: list[DeviceFacts] = []
    for number, facts in enumerate(_devices(seed, missing), 1):
        batch.append(facts)
        if len(batch) == BATCH or number == missing:
            catalog.save_batch(SYSTEM, batch, source_id=source.id)
            report("generated devices", number, missing)
            batch = []
    report("search index", 0, 1)
    catalog.rebuild_heads(SYSTEM)


def _devices(seed: int, count: int) -> Iterator[DeviceFacts]:
    numbers = random.Random(seed)
    first = date(2005, 1, 1)
    for number in range(count):
        make, series, variant = numbers.choice(_MAKES), numbers.choice(_SERIES), numbers.choice(_VARIANTS)
        letter = numbers.choice("ACEFGKMSTXZ")
        name = f"{make} {series} {letter}{number % 9973} {variant} {number // 9973 or ''}".strip()
        yield DeviceFacts(
            make=make,
            name=" ".join(name.split()),
            category=_CATEGORY.get(series, "Smartphones"),
            release_date=first + timedelta(days=numbers.randrange(7_900)),
            release_precision="day",
            model_numbers=[f"{make[:2].upper()}-{letter}{number:06d}"],
            specs={"RAM": "8 GB"},
            normalized={
                "ram_gb": float(numbers.choice((2, 3, 4, 6, 8, 12))),
                "storage_gb": float(numbers.choice((32, 64, 128, 256, 512))),
                "battery_mah": numbers.randrange(2_000, 6_000),
                "display_size_in": numbers.randrange(40, 72) / 10,
            },
        )
