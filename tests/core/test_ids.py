"""Public ids and request ids."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.core import clock, ids

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_an_id_names_its_kind_and_has_26_characters_of_crockfords_alphabet() -> None:
    assert re.fullmatch(r"ord_[0-9a-hjkmnp-tv-z]{26}", ids.public_id("ord"))


def test_ids_sort_by_the_time_they_were_made() -> None:
    with clock.frozen(NOON) as move:
        made = [ids.ulid()]
        for _ in range(20):
            move(timedelta(milliseconds=1))
            made.append(ids.ulid())
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    with clock.frozen(NOON):
        assert len({ids.ulid() for _ in range(1000)}) == 1000


def test_the_time_of_an_id_can_be_read_from_its_head() -> None:
    with clock.frozen(NOON):
        head = ids.ulid()[:10]
    value = 0
    for character in head:
        value = value * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(character)
    assert value == int(NOON.timestamp() * 1000)


def test_a_harmless_request_id_is_kept() -> None:
    assert ids.request_id("client-4.7_A") == "client-4.7_A"


@pytest.mark.parametrize(
    "offered", [None, "", "abc", "x" * 65, "a b c d", "line\nbreak", "<script>", "ünicode", "a\0bcd"]
)
def test_any_other_request_id_is_replaced(offered: str | None) -> None:
    assert re.fullmatch(r"req_[0-9a-f]{12}", ids.request_id(offered))
