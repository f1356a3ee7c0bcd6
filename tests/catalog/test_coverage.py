"""Counts that every change keeps true, and the queue of what to complete next."""

import contextlib
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dashboard.catalog import queries, service
from dashboard.catalog.models import Device, DeviceCount
from dashboard.catalog.queries import DeviceFilter, GapFilter
from dashboard.catalog.service import DeviceFacts, Observation
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads, table_of
from dashboard.core.errors import DomainError, Invalid
from tests.catalog.factories import add_devices, add_price, columns_of, phone
from tests.conftest import Merchants

_devices = table_of(Device)
_counts = table_of(DeviceCount)

GTINS = ("0195949770272", "8806095851112", "")
TYPED: dict[str, tuple[str, ...]] = {
    "gtin": GTINS,
    "image_url": ("https://img.example/a.jpg", ""),
    "model_numbers": ("A1, B2", "SM-S938B", ""),
    "release_date": ("2024-09-20", "2021", ""),
    "ram_gb": ("8 GB", "12", ""),
    "has_5g": ("Yes", "No", ""),
    "name": ("Renamed one", "Renamed two", "Renamed three"),
}


def counted(by: Principal) -> dict[Any, dict[str, int]]:
    """The kept counts that are not zero, by make, category and year."""
    rows = reads(by).execute(select(_counts)).mappings()
    cells = {(row["make_id"], row["category_id"], row["year"]): dict(row) for row in rows}
    return {
        cell: {name: row[name] for name in row if name not in _counts.primary_key.columns}
        for cell, row in cells.items()
        if row["devices"]
    }


def recounted(by: Principal) -> dict[Any, dict[str, int]]:
    """The same, counted over the devices."""
    cells: dict[Any, Counter[str]] = {}
    for row in reads(by).execute(select(_devices)).mappings():
        cell = cells.setdefault((row["make_id"], row["category_id"], row["released"] // 10_000), Counter())
        cell.update(
            devices=1,
            with_specs=int(bool(row["specs"])),
            with_image=int(bool(row["image_url"])),
            with_model_numbers=int(bool(row["model_numbers"])),
            with_gtin=int(row["gtin"] is not None),
            with_price=int(row["price_avg"] is not None),
            score_sum=row["quality_score"],
        )
    return {cell: dict(counter) for cell, counter in cells.items()}


def some_facts(dice: random.Random) -> DeviceFacts:
    """Facts of one of a few devices, so that imports often speak of one that is there."""
    number = dice.randrange(8)
    return DeviceFacts(
        make=f"Make {number % 3}",
        name=f"Model {number}",
        category=("Smartphones", "Laptops")[number % 2],
        slug=f"model-{number}",
        image_url=dice.choice([None, "https://img.example/b.jpg"]),
        model_numbers=dice.choice([[], [f"M-{number}"]]),
        specs=dice.choice([{}, {"RAM": "6 GB"}]),
        normalized=dice.choice([{}, {"ram_gb": 6.0, "os": "Android 15"}]),
    )


def change_something(operator: Principal, dice: random.Random) -> None:
    """One import, price, edit, or try at one that is refused."""
    slugs = list(reads(operator).scalars(select(_devices.c.slug)))
    kind = dice.choice(("import", "price", "edit", "edit", "edit")) if slugs else "import"
    if kind == "import":
        source_id = service.add_source(operator, "random", kind="import").id
        batch = [some_facts(dice) for _ in range(dice.randrange(1, 5))]
        service.save_batch(operator, batch, source_id=source_id, overwrite=dice.random() < 0.5)
    elif kind == "price":
        device = columns_of(operator, dice.choice(slugs))
        when = clock.now() - timedelta(days=dice.randrange(30))
        seen = Observation(device["id"], dice.choice(["swappa", "ebay"]), "used-a", dice.randrange(1, 90_000), when)
        service.observe_prices(operator, [seen])
    else:
        fields = dice.sample(sorted(TYPED), dice.randrange(1, 4))
        with contextlib.suppress(DomainError):  # a name that is taken: then nothing may have been counted
            service.edit_device(operator, dice.choice(slugs), {name: dice.choice(TYPED[name]) for name in fields})


@pytest.mark.parametrize("seed", range(6))
def test_counts_equal_a_recount_after_any_imports_prices_and_edits(merchants: Merchants, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(25):
        change_something(merchants.operator, dice)
        assert counted(merchants.operator) == recounted(merchants.operator)
    assert recounted(merchants.operator), "the sequence made no device"


def test_coverage_by_make_and_category_adds_up_to_the_whole(merchants: Merchants) -> None:
    add_devices(
        merchants.operator,
        phone(gtin="0195949770272", specs={"RAM": "8 GB"}),
        phone("Pixel 8", "pixel-8"),
        phone("Galaxy Book", "galaxy-book", make="Samsung", category="Laptops"),
    )
    found = queries.stats(merchants.bob)
    assert [(row.name, row.devices) for row in found.by_make] == [("Google", 2), ("Samsung", 1)]
    assert [(row.slug, row.devices) for row in found.by_category] == [("smartphones", 2), ("laptops", 1)]
    assert (found.overall.devices, found.overall.with_gtin, found.overall.with_specs) == (3, 1, 1)
    assert found.overall.percent(found.overall.with_gtin) == 33.3
    assert found.overall.score_sum == sum(row.score_sum for row in found.by_make)


def test_an_empty_catalogue_covers_nothing(merchants: Merchants) -> None:
    found = queries.stats(merchants.bob)
    assert (found.overall.devices, found.overall.average_score, found.overall.percent(0)) == (0, 0, 0.0)
    assert found.last_updated is None
    assert queries.gap_page(merchants.bob).items == []


def test_the_flags_of_coverage_count_the_devices_that_the_list_shows(merchants: Merchants) -> None:
    add_devices(merchants.operator, phone(gtin="0195949770272"), phone("Pixel 8", "pixel-8"))
    lacking = DeviceFilter(has_gtin=False)
    assert queries.count_devices(merchants.bob, lacking) == 1
    assert [row.slug for row in queries.browse(merchants.bob, lacking).items] == ["pixel-8"]


def test_the_queue_begins_with_the_dearest_device_that_lacks_most(merchants: Merchants) -> None:
    full = {"image_url": "https://img.example/a.jpg", "model_numbers": ["X1"], "gtin": "0195949770272"}
    cheap, dear, known, unpriced = add_devices(
        merchants.operator,
        phone("Cheap", "cheap"),
        phone("Dear", "dear"),
        phone("Known", "known", **full),
        phone("Unpriced", "unpriced"),
    )
    for device, amount in ((cheap, 10_000), (dear, 60_000), (known, 70_000)):
        add_price(merchants.operator, device["id"], amount)
    found = queries.gap_page(merchants.bob).items
    assert [gap.slug for gap in found] == ["dear", "known", "cheap", "unpriced"]
    assert [gap.missing * (gap.price_avg or 0) for gap in found] == [11 * 60_000, 8 * 70_000, 11 * 10_000, 0]
    assert unpriced["gap_value"] == 0


def test_a_completed_device_leaves_the_queue(merchants: Merchants) -> None:
    (device,) = add_devices(merchants.operator, phone("Nest", "nest", category="Smart Speakers", model_numbers=["GA1"]))
    add_price(merchants.operator, device["id"], 5_000)
    assert queries.gap_page(merchants.bob).items[0].fields == (
        "image_url",
        "gtin",
        "chipset",
        "weight_g",
        "os",
    )
    service.edit_device(
        merchants.operator,
        "nest",
        {
            "image_url": "https://img.example/nest.jpg",
            "gtin": "0195949770272",
            "chipset": "Cortex-A53",
            "weight_g": "345 g",
            "os": "Fuchsia",
        },
    )
    assert queries.gap_page(merchants.bob).items == []
    assert columns_of(merchants.bob, "nest")["quality_score"] == 100


def test_paging_through_the_queue_shows_every_gap_once(merchants: Merchants) -> None:
    made = add_devices(merchants.operator, *(phone(f"Phone {n}", f"phone-{n}") for n in range(23)))
    for device in made[:12]:
        add_price(merchants.operator, device["id"], 10_000)  # equal values: the id decides
    seen: list[str] = []
    after = None
    while True:
        page = queries.gap_page(merchants.bob, after=after, size=5)
        seen += [gap.slug for gap in page.items]
        after = page.after
        if after is None:
            break
    assert sorted(seen) == sorted(device["slug"] for device in made)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("field", "slugs"),
    [
        ("gtin", {"phone", "book"}),
        ("model_numbers", {"book"}),
        ("pricing", {"book"}),
        ("ram_gb", {"book"}),
        ("has_5g", {"phone"}),  # not expected of a laptop
        ("cpu_cores", set[str]()),  # expected of neither
    ],
)
def test_the_queue_is_narrowed_to_one_missing_field(merchants: Merchants, field: str, slugs: set[str]) -> None:
    first, _ = add_devices(
        merchants.operator,
        phone("Phone", "phone", model_numbers=["P1"], normalized={"ram_gb": 8.0}),
        phone("Book", "book", category="Laptops"),
    )
    add_price(merchants.operator, first["id"], 10_000)
    found = queries.gap_page(merchants.bob, GapFilter(missing=field)).items
    assert {gap.slug for gap in found} == slugs
    assert all(field in gap.fields for gap in found)


def test_the_queue_is_narrowed_to_a_make_and_a_category(merchants: Merchants) -> None:
    phone_, book = add_devices(merchants.operator, phone(), phone("Book", "book", make="Samsung", category="Laptops"))
    for where, slug in (
        (GapFilter(make_id=phone_["make_id"]), "pixel-9"),
        (GapFilter(category_id=book["category_id"]), "book"),
    ):
        assert [gap.slug for gap in queries.gap_page(merchants.bob, where).items] == [slug]


def test_a_field_that_cannot_be_missing_is_refused(merchants: Merchants) -> None:
    with pytest.raises(Invalid, match="missing must be one of"):
        queries.gap_page(merchants.bob, GapFilter(missing="slug"))


@pytest.mark.parametrize("after", ["", "x", "WzFd", "WyJhIiwiYiJd"])
def test_an_unreadable_position_in_the_queue_is_refused(merchants: Merchants, after: str) -> None:
    with pytest.raises(Invalid, match="position"):
        queries.gap_page(merchants.bob, after=after)
