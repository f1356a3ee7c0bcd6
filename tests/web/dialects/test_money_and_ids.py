"""Money and ids in the words of each dialect, out and in."""

from typing import Any

import pytest

from dashboard.core.errors import Invalid
from dashboard.web.dialects import DIALECTS
from tests.web.conftest import Suite
from tests.web.dialects.calls import ALL, CENTS, DOLLARS, JSON, NUMBERS, PREFIXED, body_of, call


@pytest.mark.parametrize("dialect", ALL)
def test_money_goes_out_in_the_dialects_unit_with_exactly_two_places_where_it_has_any(
    suite: Suite, dialect: str
) -> None:
    text = call(suite.api(), dialect, "GET", "/one").get_data(as_text=True)
    price, free = ("54900", "0") if dialect in CENTS else ("549.00", "0.00")
    assert f'"price":{price},"free":{free}' in text


def read_price(suite: Suite, dialect: str, raw: str) -> tuple[int, Any]:
    answer = call(suite.api(), dialect, "POST", "/prices", data=f'{{"price": {raw}}}', headers=JSON)
    body = body_of(answer)
    if answer.status_code != 200:
        return answer.status_code, None
    return 200, (body["data"] if dialect == "tradekitt" else body)["devices"][0]


@pytest.mark.parametrize("dialect", CENTS)
@pytest.mark.parametrize("raw", ["0", "1", "54900", "-5", "1000000000000000"])
def test_cents_come_in_as_whole_numbers(suite: Suite, dialect: str, raw: str) -> None:
    assert read_price(suite, dialect, raw) == (200, int(raw))


@pytest.mark.parametrize("dialect", DOLLARS)
@pytest.mark.parametrize(
    ("raw", "minor"),
    [("549", 54900), ("549.00", 54900), ("430.5", 43050), ("0.1", 10), ("0", 0), ("19.99", 1999), ("1.005e1", 1005)],
)
def test_dollars_come_in_as_decimals_and_never_as_binary_floats(
    suite: Suite, dialect: str, raw: str, minor: int
) -> None:
    assert read_price(suite, dialect, raw) == (200, minor)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    "raw", ["1.005", "0.001", "true", "null", "[]", '"abc"', "1e400", "1e30", "-1e30", "9" * 30, '"NaN"', '"Infinity"']
)
def test_what_is_no_amount_is_refused_by_its_field(suite: Suite, dialect: str, raw: str) -> None:
    answer = call(suite.api(), dialect, "POST", "/prices", data=f'{{"price": {raw}}}', headers=JSON)
    assert answer.status_code == 422
    assert "price" in answer.get_data(as_text=True)


@pytest.mark.parametrize("dialect", CENTS)
def test_dollars_are_not_taken_for_cents(suite: Suite, dialect: str) -> None:
    assert read_price(suite, dialect, "549.50")[0] == 422


@pytest.mark.parametrize("dialect", ALL)
def test_an_amount_as_a_binary_float_is_refused(dialect: str) -> None:
    for raw in (549.0, float("nan"), float("inf"), True, None, "549", [1]):
        with pytest.raises(Invalid):
            DIALECTS[dialect].read_money(raw, "USD", "price")


# Ids.
@pytest.mark.parametrize("dialect", ALL)
def test_an_id_comes_in_as_the_dialect_gives_it_out(suite: Suite, dialect: str) -> None:
    ref, expected = ("7", [7, None]) if dialect in NUMBERS else ("ord_7", [None, "ord_7"])
    body = body_of(call(suite.api(), dialect, "GET", f"/things/{ref}"))
    assert (body["data"] if dialect == "tradekitt" else body)["devices"] == expected


@pytest.mark.parametrize("dialect", NUMBERS)
@pytest.mark.parametrize("ref", ["0", "-1", "abc", "ord_7", "1.5", "٣", "9" * 30, "%00", "true"])
def test_what_is_no_number_is_refused_as_an_id(suite: Suite, dialect: str, ref: str) -> None:
    assert call(suite.api(), dialect, "GET", f"/things/{ref}").status_code == 422


@pytest.mark.parametrize("dialect", PREFIXED)
@pytest.mark.parametrize("ref", ["x" * 65, "a%00b", "%E2%80%AEx", "a%0Ab"])
def test_what_is_no_prefixed_id_is_refused(suite: Suite, dialect: str, ref: str) -> None:
    assert call(suite.api(), dialect, "GET", f"/things/{ref}").status_code == 422


@pytest.mark.parametrize("dialect", NUMBERS)
@pytest.mark.parametrize("raw", [True, False, 0, -1, 1.0, None, 2**60, [], "", "x"])
def test_only_positive_numbers_are_ids_in_a_body(dialect: str, raw: object) -> None:
    with pytest.raises(Invalid):
        DIALECTS[dialect].read_id(raw)


@pytest.mark.parametrize("dialect", PREFIXED)
@pytest.mark.parametrize("raw", [True, 7, None, [], "", "x" * 65, "a\0b"])
def test_only_short_printable_text_is_a_prefixed_id_in_a_body(dialect: str, raw: object) -> None:
    with pytest.raises(Invalid):
        DIALECTS[dialect].read_id(raw)
