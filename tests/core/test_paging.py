"""Numbered pages and cursors."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.errors import Invalid
from dashboard.core.paging import CursorValue, Page, PageRequest, decode_cursor, encode_cursor


@pytest.mark.parametrize(
    ("total", "size", "pages"), [(0, 50, 0), (1, 50, 1), (50, 50, 1), (51, 50, 2), (1842, 50, 37), (3, 1, 3)]
)
def test_a_page_knows_how_many_pages_there_are(total: int, size: int, pages: int) -> None:
    page: Page[int] = Page([], PageRequest(1, size), total)
    assert page.pages == pages


def test_the_first_page_skips_nothing() -> None:
    assert PageRequest(1, 50).offset == 0
    assert PageRequest(3, 50).offset == 100


@given(
    st.lists(
        st.one_of(
            st.none(), st.integers(-(2**53), 2**53), st.text(st.characters(codec="utf-8", exclude_characters="\0"))
        ),
        max_size=5,
    )
)
def test_a_cursor_gives_back_what_it_was_made_of(values: list[CursorValue]) -> None:
    kinds = [str if value is None else type(value) for value in values]
    text = encode_cursor(values)
    assert text.isascii()
    assert not set(text) & set("+/=&?#% ")
    assert decode_cursor(text, kinds) == values


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a cursor",
        "ÿ",
        "\0",
        "AAAA",
        "W" * 5000,
        packed([1]),
        packed([1, "a", 2]),
        packed(["a", 1]),
        packed([1.5, "a"]),
        packed([2**60, "a"]),
        packed({"a": 1}),
        packed([[1], "a"]),
        packed([1, "a"]) + "!",
        packed([1, "a\0"]),
    ],
)
def test_anything_else_is_refused_as_an_unknown_position(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(text, [int, str])
    assert refused.value.fields[0].field == "after"


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_cursor(text: str) -> None:
    try:
        decode_cursor(text, [int, str])
    except Invalid:
        return
