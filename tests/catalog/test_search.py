"""Search: what people type finds what they mean, and the index answers as a look at every device would."""

import random
import string
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.catalog import queries
from dashboard.catalog import service as catalog
from dashboard.catalog.models import Category, Device, Make
from dashboard.catalog.normalise import words
from dashboard.catalog.service import DeviceFacts
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, reads
from tests.conftest import FULL, World

SEED = 20_260_301
DRAWN = 1_500 if FULL else 150
BEGINNINGS = 6_000 if FULL else 600
MOST = 25


@dataclass(frozen=True)
class Known:
    """A device as the oracle knows it."""

    id: int
    name: str
    make: str
    make_id: int
    category_id: int
    released: int
    model_numbers: tuple[str, ...]

    @cached_property
    def full_name(self) -> list[str]:
        """The words of make and name, the make said once."""
        make, name = words(self.make), words(self.name)
        return name if name[: len(make)] == make else make + name

    @cached_property
    def own_name(self) -> list[str]:
        """The words of the name without the make; all of them where nothing else is left."""
        make = words(self.make)
        return self.full_name[len(make) :] or self.full_name

    @cached_property
    def texts(self) -> list[tuple[str, int]]:
        """Where a query may begin: 0 the name's start, with or without the make, 1 a later word, 2 a model number."""
        full, name = self.full_name, words(self.name)
        starts = {0, len(full) - len(self.own_name), len(full) - len(name)}
        found = [("".join(full[at:])[:48], 0 if at in starts else 1) for at in range(len(full))]
        for number in self.model_numbers:
            parts = words(number)
            found += [("".join(parts[at:])[:48], 2) for at in range(min(2, len(parts)))]
        return found


class Oracle:
    """Takes every device that fits, and sorts: slow and plainly right."""

    def __init__(self, devices: list[Known]) -> None:
        self.devices = devices
        self._texts = sorted(
            ((text, kind, device) for device in devices for text, kind in device.texts), key=lambda each: each[0]
        )

    def _under(self, text: str) -> Iterator[tuple[str, int, Known]]:
        for own, kind, device in self._texts[bisect_left(self._texts, text, key=lambda each: each[0]) :]:
            if not own.startswith(text):
                return
            yield own, kind, device

    def best(self, text: str, limit: int, make_id: int = 0, category_id: int = 0) -> list[int]:
        kinds: dict[Known, int] = {}
        for own, kind, device in self._under(text):
            if make_id in (0, device.make_id) and category_id in (0, device.category_id):
                ranked = -1 if kind == 0 and own == text else kind
                kinds[device] = min(ranked, kinds.get(device, ranked))
        ranked = sorted(kinds, key=lambda device: (kinds[device], -device.released, -device.id))
        return [device.id for device in ranked[:limit]]

    def begins(self, text: str) -> bool:
        return any(True for _ in self._under(text))


@pytest.fixture(scope="module")
def oracle(world: World) -> Iterator[Oracle]:
    """The oracle, with the world's application at hand for direct queries."""
    columns = (Device.id, Device.name, Make.name, Device.make_id, Device.category_id, Device.released)
    with world.app.app_context():
        rows = reads(SYSTEM).execute(select(*columns, Device.model_numbers).join(Make, Make.id == Device.make_id)).all()
        yield Oracle([Known(*row[:6], tuple(row[6])) for row in rows])


@pytest.fixture(scope="module")
def drawn(oracle: Oracle) -> list[Known]:
    """Random shipped devices, the same in every run."""
    return random.Random(SEED).sample(oracle.devices, DRAWN)


def found(typed: str, limit: int = MOST, make_id: int = 0, category_id: int = 0) -> list[int]:
    hits = queries.suggest(SYSTEM, typed, limit=limit, make_id=make_id, category_id=category_id)
    return [hit.device_id for hit in hits]


def assert_found(oracle: Oracle, device: Known, typed: str) -> None:
    """`typed` finds `device`, unless so many rank before it that it has no place."""
    hits = found(typed)
    if device.id not in hits:
        rivals = oracle.best("".join(words(typed))[:48], MOST)
        assert len(rivals) == MOST, f"{typed!r} does not find {device.make} {device.name}"
        assert device.id not in rivals, f"{typed!r} does not find {device.make} {device.name}"


@pytest.mark.prove
def test_random_devices_are_found_by_their_full_name(oracle: Oracle, drawn: list[Known]) -> None:
    for device in drawn:
        assert_found(oracle, device, device.name)
        assert_found(
            oracle, device, f"{device.make} {device.name}" if not device.name.startswith(device.make) else device.name
        )


@pytest.mark.prove
def test_random_devices_are_found_without_their_make(oracle: Oracle, drawn: list[Known]) -> None:
    for device in drawn:
        typed = " ".join(device.own_name)
        if len(typed) >= 2:
            assert_found(oracle, device, typed)


def called(device: Known) -> set[str]:
    """The whole name of `device` as it may be typed, with and without the make."""
    return {text for text, kind in device.texts if kind == 0 and len(text) >= 2}


@pytest.mark.prove
def test_whoever_types_a_whole_name_sees_its_devices_before_those_that_begin_alike(
    oracle: Oracle, drawn: list[Known]
) -> None:
    namesakes: dict[str, set[int]] = defaultdict(set)
    for device in oracle.devices:
        for text in called(device):
            namesakes[text].add(device.id)
    # Where more than ten others begin alike, the newest of them would take all places.
    crowded = [text for text in namesakes if len(oracle.best(text, 12)) > 10]
    assert len(crowded) > 100
    for text in {*crowded, *(text for device in drawn for text in called(device))}:
        hits = found(text, 10)
        share = min(len(namesakes[text]), 10)
        assert len(namesakes[text].intersection(hits[:share])) == share, text


@pytest.mark.prove
def test_random_devices_are_found_from_any_later_word_on(oracle: Oracle, drawn: list[Known]) -> None:
    tried = 0
    for device in drawn:
        for at in range(1, len(device.full_name)):
            typed = " ".join(device.full_name[at:])
            if len(typed.replace(" ", "")) >= 3:
                assert_found(oracle, device, typed)
                tried += 1
    assert tried > DRAWN


@pytest.mark.prove
def test_random_devices_are_found_without_spaces_in_capitals_and_with_hyphens(
    oracle: Oracle, drawn: list[Known]
) -> None:
    for device in drawn:
        for typed in (
            device.name.replace(" ", ""),
            device.name.upper(),
            device.name.replace(" ", "-"),
            f"  {device.name} ",
        ):
            assert_found(oracle, device, typed)


@pytest.mark.prove
def test_random_devices_are_found_by_their_model_numbers(oracle: Oracle, drawn: list[Known]) -> None:
    tried = 0
    for device in drawn:
        for number in device.model_numbers[:3]:
            if len("".join(words(number))) >= 3:
                assert_found(oracle, device, number)
                assert_found(oracle, device, number.lower().replace("-", ""))
                tried += 1
    assert tried > DRAWN / 3


def mistakes(numbers: random.Random, text: str) -> dict[str, str]:
    """`text` with one typing error of each kind, inside of it."""
    at = numbers.randrange(1, len(text) - 1)
    letter = numbers.choice(string.ascii_lowercase)
    return {
        "a letter too many": text[:at] + letter + text[at:],
        "a letter missing": text[:at] + text[at + 1 :],
        "a wrong letter": text[:at] + letter + text[at + 1 :],
        "two letters swapped": text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :],
    }


@pytest.mark.prove
def test_random_devices_are_found_despite_one_typing_error(oracle: Oracle, drawn: list[Known]) -> None:
    numbers = random.Random(SEED)
    tried: Counter[str] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    for device in drawn:
        text = "".join(device.full_name)
        if not 6 <= len(text) <= 30 or device.id not in oracle.best(text, MOST):
            continue
        for kind, typed in mistakes(numbers, text).items():
            if typed == text or oracle.begins(typed):
                continue  # it is the beginning of something else, and that is what is answered
            tried[kind] += 1
            hits = found(typed)
            assert hits, f"{kind}: {typed!r} finds nothing"
            if device.id not in hits:
                missed[kind].append(f"{typed} for {device.name}")
    assert min(tried.values()) > DRAWN / 3
    # A short name may be one error away from more names than are looked at.
    assert {kind: names for kind, names in missed.items() if len(names) > tried[kind] * 0.03} == {}


def beginnings(oracle: Oracle) -> list[str]:
    """Random beginnings of what the catalogue knows, short ones more often, and the commonest of all."""
    numbers = random.Random(SEED)
    texts = [text for device in oracle.devices for text, _ in device.texts]
    drawn = {numbers.choice(texts)[: numbers.choice((2, 2, 3, 3, 4, 5, 6, 8, 10, 14))] for _ in range(BEGINNINGS)}
    common = {"sa", "samsung", "ga", "galaxy", "galaxys", "sm", "smg", "mo", "moto", "ip", "iphone", "ipad", "xi", "a1"}
    return sorted(text for text in drawn | common if len(text) >= 2)


@pytest.mark.prove
def test_the_index_answers_any_beginning_as_a_look_at_every_device_would(oracle: Oracle) -> None:
    typed = beginnings(oracle)
    assert len(typed) > BEGINNINGS / 3
    crowded = 0
    for text in typed:
        expected = oracle.best(text, MOST)
        assert found(text)[: len(expected)] == expected, text
        crowded += len(expected) == MOST
    assert crowded > 30


@pytest.mark.prove
def test_the_index_answers_within_a_make_or_category_as_a_look_at_every_device_would(oracle: Oracle) -> None:
    numbers = random.Random(SEED)
    typed = [*numbers.sample(beginnings(oracle), BEGINNINGS // 5), "ga", "sa", "samsung", "galaxy", "sm"]
    by_id = {each.id: each for each in oracle.devices}
    for text in typed:
        device = numbers.choice(oracle.devices)
        fitting = oracle.best(text, 1_000)
        device = by_id[numbers.choice(fitting)] if fitting else device
        for make_id, category_id in (
            (device.make_id, 0),
            (0, device.category_id),
            (device.make_id, device.category_id),
        ):
            expected = oracle.best(text, MOST, make_id, category_id)
            assert found(text, MOST, make_id, category_id)[: len(expected)] == expected, (text, make_id, category_id)


def test_fewer_suggestions_are_the_first_of_more(oracle: Oracle, drawn: list[Known]) -> None:
    for device in drawn[:20]:
        typed = device.name[:4]
        assert found(typed, 3) == found(typed, 25)[:3]


# The searches that the reference and the issue name.
@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("iphone 16", "iphone-16-pro-max"),
        ("16 pro", "iphone-16-pro"),
        ("galaxy s25 u", "samsung-galaxy-s25-ultra"),
        ("SM-S938", "samsung-galaxy-s25-ultra"),
        ("A3089", "iphone-16-pro-max"),
        ("iphnoe 16 pro", "iphone-16-pro"),
        ("i phone 16 pro", "iphone-16-pro"),
        ("pro max iphone 16", "iphone-16-pro-max"),
        ("samsung s25 ultra", "samsung-galaxy-s25-ultra"),
        ("HTC One", "htc-one"),
    ],
)
def test_the_searches_that_are_named_find_what_they_mean(world: World, typed: str, slug: str) -> None:
    answer = world.api().get("/api/catalog/autocomplete", query_string={"q": typed, "limit": 10})
    assert slug in [row["slug"] for row in answer.get_json()["suggestions"]]


@pytest.mark.parametrize("typed", ["zzzzqqqq", "----", "  ", "!!", "\u202e", "📱📱", "%%", "__", "\U0010ffff"])
def test_what_nothing_is_called_finds_nothing(oracle: Oracle, typed: str) -> None:
    assert found(typed) == []


# Ranking, on a catalogue of a few devices.
@pytest.fixture
def shelf(app: Flask) -> dict[str, int]:
    """A few devices by name, with their ids."""
    with atomic(SYSTEM) as session:
        for name in ("Acme", "Other"):
            session.add(Make(name=name, slug=name.lower(), search_name=name.lower()))
        session.add(Category(name="Phones", slug="phones", search_name="phones"))
    source = catalog.add_source(SYSTEM, "test", kind="shipped")

    def facts(make: str, name: str, year: int, *numbers: str) -> DeviceFacts:
        return DeviceFacts(
            make=make,
            name=name,
            category="Phones",
            release_date=date(year, 1, 1),
            release_precision="day",
            model_numbers=list(numbers),
        )

    batch = [
        facts("Other", "Thing Rocket", 2026),
        facts("Acme", "Rocket One", 2020),
        facts("Acme", "Rocket Two", 2024),
        facts("Other", "Zebra", 2026, "ROCK-77"),
        facts("Acme", "Acme Rocket Three", 2022),
    ]
    catalog.save_batch(SYSTEM, batch, source_id=source.id)
    return {name: device_id for device_id, name in reads(SYSTEM).execute(select(Device.id, Device.name))}


def test_the_names_start_goes_before_a_later_word_before_a_model_number_and_newer_before_older(
    shelf: dict[str, int],
) -> None:
    names = {device_id: name for name, device_id in shelf.items()}
    ranked = [names[device_id] for device_id in found("rock")]
    assert ranked == ["Rocket Two", "Acme Rocket Three", "Rocket One", "Thing Rocket", "Zebra"]
    assert [names[device_id] for device_id in found("acme rock")] == ["Rocket Two", "Acme Rocket Three", "Rocket One"]


def test_the_whole_name_goes_first_with_and_without_its_make_in_range_and_head(shelf: dict[str, int]) -> None:
    more = [DeviceFacts(make="Acme", name="Rocket", category="Phones", slug="acme-rocket")]
    more += [DeviceFacts(make="Acme", name=f"Rocket {number}", category="Phones") for number in range(120)]
    catalog.save_batch(SYSTEM, more, source_id=catalog.add_source(SYSTEM, "test", kind="shipped").id)
    rocket = reads(SYSTEM).scalar(select(Device.id).where(Device.name == "Rocket"))
    make_id = reads(SYSTEM).scalar(select(Make.id).where(Make.name == "Acme"))
    assert make_id is not None
    asked: list[tuple[str, int]] = [("rocket", 0), ("ACME-Rocket", 0), ("rocket", make_id)]
    ranged = [found(typed, make_id=within) for typed, within in asked]
    assert [hits[0] for hits in ranged] == [rocket] * 3
    catalog.rebuild_heads(SYSTEM)
    assert [found(typed, make_id=within) for typed, within in asked] == ranged
    catalog.edit_device(SYSTEM, "acme-rocket", {"release_date": "1990"})
    assert [found(typed, make_id=within) for typed, within in asked] == ranged


def test_words_may_come_in_any_order(shelf: dict[str, int]) -> None:
    assert found("three rocket acme") == [shelf["Acme Rocket Three"]]
    assert found("rocket thing") == [shelf["Thing Rocket"]]


def test_heads_answer_as_the_range_does(shelf: dict[str, int]) -> None:
    before = {typed: found(typed) for typed in ("ro", "rock", "acme", "th")}
    catalog.rebuild_heads(SYSTEM)
    assert {typed: found(typed) for typed in before} == before
