"""Facts that rules state."""

from dashboard.core import errors
from dashboard.core.errors import DomainError, FieldError, Invalid, NotAllowed, TooMany


def test_each_fact_has_a_stable_word_of_its_own() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, DomainError)]
    words = [each.code for each in kinds]
    assert len(set(words)) == len(kinds) >= 10
    assert all(word.replace("_", "").isalpha() and word.islower() for word in words)


def test_a_fact_may_have_a_word_and_details_of_its_own() -> None:
    error = DomainError("Only 2 are left.", code="insufficient_stock", details={"available_quantity": 2})
    assert (error.code, error.message, error.details) == ("insufficient_stock", str(error), {"available_quantity": 2})
    assert DomainError("x").code == "error"


def test_the_refusal_of_a_field_names_it() -> None:
    error = Invalid.field("imei", "An IMEI has 15 digits.")
    assert error.fields == (FieldError("imei", "An IMEI has 15 digits."),)
    assert error.message == "An IMEI has 15 digits."


def test_a_missing_right_and_a_used_up_limit_say_what_would_help() -> None:
    assert NotAllowed("No.", scope="orders:write").scope == "orders:write"
    assert TooMany("Slow down.", retry_after=7).retry_after == 7


def test_details_are_a_copy() -> None:
    given: dict[str, object] = {"a": 1}
    error = DomainError("x", details=given)
    given["a"] = 2
    assert error.details == {"a": 1}
