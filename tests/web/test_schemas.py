"""Reading requests: every wrong field at once, in sentences."""

from datetime import date, datetime
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, Field
from werkzeug.datastructures import MultiDict

from dashboard.core.errors import BadRequest, Invalid
from dashboard.web.schemas import BodyModel, Positive, QueryModel, at_most, read_body, read_query


def must_be_even(value: int) -> int:
    if value % 2:
        raise ValueError("Field 'even' must be even")
    return value


class Inner(BodyModel):
    sku: str
    quantity: Annotated[int, Field(ge=1)]


class Everything(BodyModel):
    text: Annotated[str, Field(min_length=2, max_length=5)] = "abc"
    whole: int = 1
    real: float = 1.0
    truth: bool = True
    word: Literal["a", "b"] = "a"
    day: date | None = None
    time: datetime | None = None
    code: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    even: Annotated[int, AfterValidator(must_be_even)] = 2
    items: Annotated[list[Inner] | None, Field(min_length=1, max_length=2)] = None
    inner: Inner | None = None


def refused(raw: str) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        read_body(Everything, raw.encode(), "application/json")
    return [(item.field, item.message) for item in caught.value.fields]


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        ('{"text": "a"}', "text", "Field 'text' must have at least 2 characters"),
        ('{"text": "abcdef"}', "text", "Field 'text' must have at most 5 characters"),
        ('{"text": 5}', "text", "Field 'text' must be text"),
        ('{"text": null}', "text", "Field 'text' must be text"),
        ('{"whole": "x"}', "whole", "Field 'whole' must be a whole number"),
        ('{"whole": 1.5}', "whole", "Field 'whole' must be a whole number"),
        ('{"real": "x"}', "real", "Field 'real' must be a number"),
        ('{"truth": "perhaps"}', "truth", "Field 'truth' must be true or false"),
        ('{"word": "c"}', "word", "Field 'word' must be one of 'a' or 'b'"),
        ('{"day": "soon"}', "day", "Field 'day' must be a date such as 2026-03-01"),
        ('{"time": "soon"}', "time", "Field 'time' must be a time such as 2026-03-01T10:00:00Z"),
        ('{"code": "usa"}', "code", "Field 'code' has not the documented form"),
        ('{"even": 3}', "even", "Field 'even' must be even"),
        ('{"items": []}', "items", "Field 'items' must contain at least 1 item"),
        ('{"items": 5}', "items", "Field 'items' must be a list"),
        ('{"items": [{"sku": "x"}]}', "items[0].quantity", "Field 'items[0].quantity' is required"),
        (
            '{"items": [{"sku": "x", "quantity": 0}]}',
            "items[0].quantity",
            "Field 'items[0].quantity' must be at least 1",
        ),
        ('{"items": [{"sku": "x", "quantity": 1}, 5]}', "items[1]", "Field 'items[1]' must be an object"),
        ('{"inner": {"sku": 5, "quantity": 1}}', "inner.sku", "Field 'inner.sku' must be text"),
    ],
)
def test_a_wrong_field_is_named_with_its_path_and_told_what_it_must_be(raw: str, field: str, message: str) -> None:
    assert refused(raw) == [(field, message)]


def test_all_wrong_fields_are_named_at_once_the_missing_ones_first() -> None:
    raw = '{"text": "a", "whole": "x", "items": [{"quantity": 0}]}'
    assert [name for name, _ in refused(raw)] == ["items[0].sku", "text", "whole", "items[0].quantity"]


def test_infinite_and_huge_numbers_are_refused() -> None:
    for raw in ('{"whole": 1e400}', '{"whole": ' + "9" * 400 + ".5}", '{"whole": "' + "9" * 5000 + '"}'):
        assert [name for name, _ in refused(raw)] == ["whole"]


@pytest.mark.parametrize(
    "raw", ["[]", '"x"', "5", "null", "true", "", " ", "{", "{'a': 1}", '{"a": 1,}', "\ufeff{}x", "[" * 100_000]
)
def test_what_is_no_json_object_is_a_bad_request(raw: str) -> None:
    with pytest.raises(BadRequest):
        read_body(Everything, raw.encode(), "application/json")


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b'{"text": "\\udc00\\ud800"}']
)
def test_what_is_no_utf_8_or_holds_half_a_character_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(Everything, raw, "application/json")


@pytest.mark.parametrize(
    "raw",
    [
        '{"text": "a\\u0000b"}',
        '{"items": [{"sku": "a\\u0000", "quantity": 1}]}',
        '{"inner": {"sku": "\\u0000", "quantity": 1}}',
    ],
)
def test_a_nul_anywhere_in_a_body_is_refused(raw: str) -> None:
    with pytest.raises(Invalid, match="NUL"):
        read_body(Everything, raw.encode(), "application/json")


@pytest.mark.parametrize("text", ["日本語", "😀", "שלום", "a\u202eb", "é" * 5])
def test_any_other_text_is_taken_as_it_is(text: str) -> None:
    body = read_body(Everything, f'{{"text": "{text[:5].ljust(2)}"}}'.encode(), "application/json")
    assert body.text == text[:5].ljust(2)


def test_keys_that_are_not_documented_are_ignored() -> None:
    assert "admin" not in read_body(Everything, b'{"admin": true}', "application/json").model_dump()


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ('{"whole": 1, "whole": 2}', "whole"),
        ('{"inner": {"sku": "a", "quantity": 1, "sku": "b"}}', "sku"),
        ('{"whole": 1, "unknown": 1, "unknown": 2}', "unknown"),
        ('{"whole": 1, "wh\\u006fle": 2}', "whole"),
    ],
)
def test_a_key_that_stands_twice_is_refused(raw: str, key: str) -> None:
    with pytest.raises(BadRequest, match=f"'{key}' twice"):
        read_body(Everything, raw.encode(), "application/json")


class Query(QueryModel):
    q: Annotated[str, Field(min_length=2, max_length=10)]
    limit: Annotated[Positive, at_most(25)] = 10
    flag: bool = False


def query(**values: str) -> "MultiDict[str, str]":
    return MultiDict(values)


def test_a_required_parameter_that_is_missing_is_a_bad_request_that_names_it() -> None:
    with pytest.raises(BadRequest, match="Query parameter 'q' is required"):
        read_query(Query, query(limit="5"))


def test_parameters_are_read_with_their_defaults() -> None:
    assert read_query(Query, query(q="ab")) == Query(q="ab", limit=10, flag=False)
    assert read_query(Query, query(q="ab", limit="5", flag="1")) == Query(q="ab", limit=5, flag=True)


def test_of_a_parameter_that_stands_twice_the_first_is_taken() -> None:
    assert read_query(Query, MultiDict([("q", "first"), ("q", "second")])).q == "first"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", "a"),
        ("q", "x" * 11),
        ("q", "x" * 10_000),
        ("q", "a\0b"),
        ("q", "a\ud800b"),
        ("unknown", "a\0b"),
        ("limit", "0"),
        ("limit", "-5"),
        ("limit", "ten"),
        ("limit", "1.5"),
        ("limit", "1e2"),
        ("limit", str(2**31)),
        ("limit", "9" * 5000),
        ("limit", ""),
        ("flag", "perhaps"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_query(Query, query(**{"q": "ab", name: value}))
    assert [item.field for item in caught.value.fields] == [name]
    assert "\0" not in caught.value.message
    caught.value.message.encode()


@pytest.mark.parametrize(("given", "taken"), [("1", 1), ("25", 25), ("26", 25), (str(2**31 - 1), 25)])
def test_a_number_above_the_maximum_is_clamped(given: str, taken: int) -> None:
    assert read_query(Query, query(q="ab", limit=given)).limit == taken
