"""What each dialect puts round one object, a page of them and bare keys, to the key."""

from collections.abc import Callable

import pytest

from tests.web.conftest import Suite
from tests.web.dialects.calls import ALL, ONE, RID, Body, body_of, call, shown


@pytest.mark.parametrize("dialect", ALL)
def test_a_single_object_stands_in_the_dialects_envelope(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "GET", "/one")
    assert answer.status_code == 200
    assert body_of(answer) == ONE[dialect](shown(dialect))


@pytest.mark.parametrize("dialect", ALL)
def test_a_created_object_stands_in_the_same_envelope_with_201(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "POST", "/things", json={"name": "a", "quantity": 3})
    assert answer.status_code == 201
    assert body_of(answer) == ONE[dialect](shown(dialect, 3))


MANY: dict[str, Callable[[list[Body]], Body]] = {
    "techfleet": lambda rows: {
        "data": rows,
        "meta": {"page": 2, "per_page": 50, "total": 120, "pages": 3},
        "request_id": RID,
    },
    "techparts": lambda rows: {"data": rows, "meta": {"page": 2, "per_page": 50, "total": 120, "pages": 3}},
    "syncauction": lambda rows: {
        "data": rows,
        "meta": {"page": 2, "per_page": 50, "total": 120, "pages": 3},
        "request_id": RID,
    },
    "tradekitt": lambda rows: {
        "ok": True,
        "data": {"items": rows, "total": 120, "page": 2, "limit": 50, "total_pages": 3},
        "request_id": RID,
    },
    "autosync": lambda rows: {
        "success": True,
        "data": rows,
        "pagination": {"page": 2, "per_page": 25, "total": 120, "pages": 5, "has_more": True},
        "request_id": RID,
    },
}
SIZE_WORD = {name: "limit" if name == "tradekitt" else "per_page" for name in ALL}
SIZES = {name: (25, 100) if name == "autosync" else (50, 200) for name in ALL}


@pytest.mark.parametrize("dialect", ALL)
def test_a_page_stands_in_the_dialects_envelope_with_its_figures(suite: Suite, dialect: str) -> None:
    size = SIZES[dialect][0]
    answer = call(suite.api(), dialect, "GET", "/many?page=2")
    rows = [shown(dialect, number) for number in range(size + 1, 2 * size + 1)]
    assert body_of(answer) == MANY[dialect](rows)


def figures(body: Body) -> tuple[int, int, int]:
    """Page, size and rows of a page's answer, under whatever words."""
    place: Body = body.get("meta") or body.get("pagination") or body["data"]
    rows: list[Body] = place["items"] if "items" in place else body["data"]
    return place["page"], place["limit" if "limit" in place else "per_page"], len(rows)


@pytest.mark.parametrize("dialect", ALL)
def test_page_and_size_have_the_dialects_words_defaults_and_maximum(suite: Suite, dialect: str) -> None:
    api, word, (default, maximum) = suite.api(), SIZE_WORD[dialect], SIZES[dialect]
    assert figures(body_of(call(api, dialect, "GET", "/many"))) == (1, default, default)
    assert figures(body_of(call(api, dialect, "GET", f"/many?{word}=7&page=3"))) == (3, 7, 7)
    assert figures(body_of(call(api, dialect, "GET", f"/many?{word}={maximum}"))) == (1, maximum, min(120, maximum))
    assert figures(body_of(call(api, dialect, "GET", f"/many?{word}=100000"))) == (1, maximum, min(120, maximum))
    assert figures(body_of(call(api, dialect, "GET", "/many?page=999"))) == (999, default, 0)
    other = "per_page" if word == "limit" else "limit"
    assert figures(body_of(call(api, dialect, "GET", f"/many?{other}=7"))) == (1, default, default)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("value", ["0", "-1", "abc", "", "1.5", "%2B1", "1e3", "٣", "9" * 40])
def test_a_page_that_is_no_positive_number_is_refused_by_its_word(suite: Suite, dialect: str, value: str) -> None:
    for word in ("page", SIZE_WORD[dialect]):
        answer = call(suite.api(), dialect, "GET", f"/many?{word}={value}")
        assert answer.status_code == 422
        assert word in answer.get_data(as_text=True)


def test_only_the_last_page_of_autosync_has_no_more(suite: Suite) -> None:
    pages = [body_of(call(suite.api(), "autosync", "GET", f"/many?page={page}")) for page in (4, 5)]
    assert [page["pagination"]["has_more"] for page in pages] == [True, False]


@pytest.mark.parametrize("dialect", ALL)
def test_keys_without_an_envelope_stand_bare_except_in_tradekitt(suite: Suite, dialect: str) -> None:
    stamp: Body = {} if dialect == "techparts" else {"request_id": RID}
    keys: Body = {"devices": [1, 2]}
    expected: Body = {"ok": True, "data": keys} if dialect == "tradekitt" else keys
    assert body_of(call(suite.api(), dialect, "GET", "/bare")) == {**expected, **stamp}


@pytest.mark.parametrize("dialect", ALL)
def test_a_deletion_answers_204_without_a_body(suite: Suite, dialect: str) -> None:
    answer = call(suite.api(), dialect, "DELETE", "/empty")
    assert (answer.status_code, answer.data) == (204, b"")
