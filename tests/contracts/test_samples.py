"""The reference's catalogue samples, replayed: host and key changed, nothing else.

They are read from the reference itself where it lies beside the project, else from this suite's own copy of the
requests and of what their answers must hold.
"""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.conftest import World

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "seeds" / "000_a0d603f6989796d7.txt"
OWN_COPY = Path(__file__).parent / "samples" / "catalogue.json"
CUT = "…"
"""Stands where the reference leaves something out: a value that may be anything, or further keys of an object."""


@dataclass(frozen=True)
class Sample:
    """A request as documented, and the answer under it."""

    method: str
    path: str
    headers: dict[str, str]
    answer: Any


def from_reference(text: str) -> list[Sample]:
    """The samples of the catalogue: each curl command and the JSON between it and the next heading."""
    catalogue = text[: text.index("Merchant API")]
    found: list[Sample] = []
    for part in catalogue.split("EXAMPLE REQUEST\n")[1:]:
        command, _, rest = part.partition("EXAMPLE RESPONSE\n")
        found.append(_sample(command, _json_at(rest)))
    return found


def _sample(command: str, answer: Any) -> Sample:
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "curl"
    method, address, headers = "GET", "", dict[str, str]()
    pairs = iter(words[1:])
    for word in pairs:
        if word == "-X":
            method = next(pairs)
        elif word == "-H":
            name, _, value = next(pairs).partition(":")
            headers[name] = value.strip()
        else:
            address = word
    parts = urlsplit(address)
    return Sample(method, f"{parts.path}?{parts.query}".rstrip("?"), headers, answer)


def _json_at(text: str) -> Any:
    """The JSON value at the beginning of `text`, its cuts made readable."""
    text = re.sub(r",\s*\.\.\.\s*}", f', "{CUT}": "{CUT}"}}', text)
    value, _ = json.JSONDecoder().raw_decode(text)
    return value


def from_own_copy() -> list[Sample]:
    return [Sample(**each) for each in json.loads(OWN_COPY.read_text(encoding="utf-8"))]


SAMPLES = from_reference(REFERENCE.read_text(encoding="utf-8")) if REFERENCE.exists() else from_own_copy()
BY_PATH = {urlsplit(sample.path).path.removeprefix("/api/catalog/"): sample for sample in SAMPLES}


def replay(world: World, sample: Sample) -> TestResponse:
    key = world.described["keys"]["techfleet"]
    headers = {name: value.replace("YOUR_API_KEY", key) for name, value in sample.headers.items()}
    return world.app.test_client().open(sample.path, method=sample.method, headers=headers)


def is_cut(value: object) -> bool:
    return isinstance(value, str) and (value in (CUT, "...") or value.endswith("-..."))


def assert_same_shape(documented: Any, answered: Any, at: str) -> None:
    """Every documented key is there with the documented type, all the way down."""
    if is_cut(documented):
        assert answered is None or isinstance(answered, str), at
    elif isinstance(documented, dict):
        assert isinstance(answered, dict), at
        for key, value in documented.items():  # pyright: ignore[reportUnknownVariableType]
            if key != CUT:
                assert key in answered, f"{at}.{key}"
                assert_same_shape(value, answered[key], f"{at}.{key}")
    elif isinstance(documented, list):
        assert isinstance(answered, list), at
        assert answered, f"{at} is empty"
        for item in answered:  # pyright: ignore[reportUnknownVariableType]
            assert_same_shape(documented[0], item, f"{at}[]")
    elif isinstance(documented, bool | str):
        assert type(answered) is type(documented), f"{at}: {answered!r}"
    else:
        assert isinstance(answered, int | float), f"{at}: {answered!r}"
        assert not isinstance(answered, bool), f"{at}: {answered!r}"


def assert_same_values(documented: Any, answered: Any, at: str) -> None:
    """Every documented value is the answered one; further keys may stand beside the documented ones."""
    if is_cut(documented) or at.endswith(".request_id"):
        return
    if isinstance(documented, dict):
        for key, value in documented.items():  # pyright: ignore[reportUnknownVariableType]
            if key != CUT:
                assert_same_values(value, answered[key], f"{at}.{key}")
    elif isinstance(documented, list):
        assert len(answered) == len(documented), at  # pyright: ignore[reportUnknownArgumentType]
        for position, (expected, item) in enumerate(zip(documented, answered, strict=True)):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            assert_same_values(expected, item, f"{at}[{position}]")
    else:
        assert answered == documented, at


def test_all_five_documented_samples_are_replayed() -> None:
    assert set(BY_PATH) == {"devices/iphone-16-pro-max", "autocomplete", "compare", "makes", "stats"}


@pytest.mark.parametrize("name", BY_PATH)
def test_a_sample_answers_with_every_documented_key_and_type(world: World, name: str) -> None:
    sample = BY_PATH[name]
    answer = replay(world, sample)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert_same_shape(without_optional(name, sample.answer), answer.get_json(), name)


def without_optional(name: str, documented: Any) -> Any:
    """Catalogues differ in what they know: where the sample shows one row of many, its image or website may be null."""
    if name == "autocomplete":
        rows = [{**row, "image_url": CUT} for row in documented["suggestions"]]
        return {**documented, "suggestions": rows}
    if name == "makes":
        return {**documented, "data": [{**row, "website_url": CUT} for row in documented["data"]]}
    return documented


@pytest.mark.parametrize("name", BY_PATH)
def test_the_keys_of_a_sample_come_in_the_documented_order(world: World, name: str) -> None:
    sample = BY_PATH[name]
    answered = list(replay(world, sample).get_json())
    assert [key for key in answered if key in sample.answer] == list(sample.answer)


def test_the_documented_device_answers_value_by_value(world: World) -> None:
    sample = BY_PATH["devices/iphone-16-pro-max"]
    assert_same_values(sample.answer, replay(world, sample).get_json(), "device")


def test_the_documented_comparison_answers_value_by_value(world: World) -> None:
    sample = BY_PATH["compare"]
    answered = replay(world, sample).get_json()
    assert_same_values(sample.answer, answered, "compare")
    first, second = (device["normalized_specs"] for device in answered["devices"])
    for key, values in answered["diff"].items():
        assert list(values.values()) == [first.get(key), second.get(key)]
        assert first.get(key) != second.get(key)
    same = {key for key in {*first, *second} if first.get(key) == second.get(key)}
    assert "display_size_in" in same
    assert not same & set(answered["diff"])


def test_the_documented_suggestions_come_in_the_documented_order(world: World) -> None:
    sample = BY_PATH["autocomplete"]
    documented = [row["slug"] for row in sample.answer["suggestions"]]
    answered = replay(world, sample).get_json()["suggestions"]
    assert len(answered) == 5
    places = [[row["slug"] for row in answered].index(slug) for slug in documented]
    assert places == sorted(places)
    by_slug = {row["slug"]: row for row in answered}
    for row in sample.answer["suggestions"]:
        assert_same_values({**row, "image_url": CUT}, by_slug[row["slug"]], row["slug"])


def test_the_documented_makes_answer_with_their_names_slugs_and_websites(world: World) -> None:
    sample = BY_PATH["makes"]
    answered = {row["slug"]: row for row in replay(world, sample).get_json()["data"]}
    for row in sample.answer["data"]:
        found = answered[row["slug"]]
        assert (found["name"], found["website_url"]) == (row["name"], row["website_url"])
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["id"])
        assert found["device_count"] > 0


def test_the_figures_of_the_catalogue_agree_with_each_other(world: World) -> None:
    answered = replay(world, BY_PATH["stats"]).get_json()
    makes = replay(world, BY_PATH["makes"]).get_json()["data"]
    total = answered["total_devices"]
    assert total >= 5_000
    assert len(answered["by_category"]) >= 8
    assert sum(row["count"] for row in answered["by_category"]) == total
    assert sum(row["count"] for row in answered["by_make"]) == total
    assert {row["name"]: row["device_count"] for row in makes if row["device_count"]} == {
        row["name"]: row["count"] for row in answered["by_make"]
    }
    assert all(0 <= share <= 100 for share in answered["coverage"].values())


def test_the_own_copy_asks_what_the_reference_asks() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference does not lie beside the project")
    own = {(each.method, each.path): each for each in from_own_copy()}
    assert set(own) == {(sample.method, sample.path) for sample in SAMPLES}
    for sample in SAMPLES:
        mine = own[sample.method, sample.path]
        assert mine.headers == sample.headers
        assert_same_shape(mine.answer, sample.answer, mine.path)
        assert set(mine.answer) == set(sample.answer)
