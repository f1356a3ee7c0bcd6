"""Money: integers of minor units, rounded in one place."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.money import Money, divide, precision, share


@pytest.mark.parametrize(("currency", "places"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_knows_its_places(currency: str, places: int) -> None:
    assert precision(currency) == places


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("549.00", "USD", 54900), ("549", "USD", 54900), ("0.1", "USD", 10), ("-3.50", "USD", -350), ("7", "JPY", 7)],
)
def test_a_decimal_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert Money.from_decimal(Decimal(text), currency) == Money(minor, currency)


@pytest.mark.parametrize(("text", "currency"), [("1.005", "USD"), ("0.001", "USD"), ("7.5", "JPY")])
def test_more_places_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="decimal places"):
        Money.from_decimal(Decimal(text), currency)


@pytest.mark.parametrize(
    ("money", "text"),
    [(Money(54900, "USD"), "549.00"), (Money(0, "USD"), "0.00"), (Money(-5, "USD"), "-0.05"), (Money(7, "JPY"), "7")],
)
def test_a_decimal_has_exactly_the_places_of_its_currency(money: Money, text: str) -> None:
    assert str(money.to_decimal()) == text


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "JPY", "KWD"]))
def test_minor_units_survive_the_way_through_decimals(minor: int, currency: str) -> None:
    assert Money.from_decimal(Money(minor, currency).to_decimal(), currency).minor == minor


def test_amounts_of_one_currency_add_up_and_those_of_two_are_refused() -> None:
    assert Money(1, "USD") + Money(2, "USD") == Money(3, "USD")
    with pytest.raises(ValueError, match="cannot be added"):
        _ = Money(1, "USD") + Money(2, "EUR")


def test_an_amount_reads_as_a_person_writes_it() -> None:
    assert Money(159999, "USD").format() == "$1,599.99"


@pytest.mark.parametrize(
    ("minor", "by", "expected"),
    [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (10, 4, 2), (6, 4, 2), (1, 3, 0), (2, 3, 1), (10, 5, 2)],
)
def test_halves_are_rounded_to_even(minor: int, by: int, expected: int) -> None:
    assert divide(minor, by) == expected


def test_a_share_is_in_basis_points() -> None:
    assert share(214_998, 800) == 17_200
    assert share(250, 5_000) == 125
    assert share(1, 5_000) == 0
    assert share(3, 5_000) == 2
