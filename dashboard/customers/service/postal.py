"""Postal addresses: the one rule by which they are checked, and those of customers."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Self, cast

from babel import Locale

from dashboard.core.errors import FieldError, Invalid

NEEDS_STATE = frozenset({"US", "CA"})
"""Countries whose post needs the state."""

_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
_TERRITORIES: dict[str, str] = cast(Any, Locale("en").territories)
COUNTRIES = {
    code: name for code, name in _TERRITORIES.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
}
"""ISO 3166-1 alpha-2 and the English name."""

_LENGTHS = {"label": 60, "name": 160, "street": 160, "street2": 160, "city": 80, "state": 40, "zip": 20}
_REQUIRED = ("street", "city", "zip", "country")


class Fault(NamedTuple):
    """What is wrong with a part of an address; `most` is how many characters fit, `country` what was given for it."""

    part: str
    kind: Literal["missing", "too_long", "no_country", "no_state"]
    most: int
    country: str


def said_in_a_form(fault: Fault) -> FieldError:
    """A fault in the words of a page."""
    part = "postal code" if fault.part == "zip" else fault.part
    if fault.kind == "missing":
        message = f"Fill in the {part}."
    elif fault.kind == "too_long":
        message = f"At most {fault.most} characters fit into the {part}."
    elif fault.kind == "no_country":
        message = "Choose a country, such as US."
    else:
        message = f"Addresses in {COUNTRIES[fault.country]} need the state."
    return FieldError(fault.part, message)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """A checked postal address; `country` is ISO 3166-1 alpha-2."""

    street: str
    city: str
    zip: str
    country: str
    state: str = ""
    street2: str = ""

    @classmethod
    def checked(cls, parts: Mapping[str, str], say: Callable[[Fault], FieldError] = said_in_a_form) -> Self:
        """The address of `parts`, spaces trimmed. Raises Invalid that names every wrong field as `say` does."""
        given = {key: " ".join(value.split()) for key, value in parts.items() if key in cls.__dataclass_fields__}
        given["country"] = given.get("country", "").upper()
        if wrong := [say(fault) for fault in _faults(given)]:
            raise Invalid(wrong[0].message, fields=tuple(wrong))
        return cls(**given)


def _faults(given: Mapping[str, str]) -> list[Fault]:
    country = given["country"]
    found = [Fault(part, "missing", 0, country) for part in _REQUIRED if not given.get(part)]
    found += [
        Fault(part, "too_long", most, country) for part, most in _LENGTHS.items() if len(given.get(part, "")) > most
    ]
    if country and country not in COUNTRIES:
        found.append(Fault("country", "no_country", 0, country))
    elif country in NEEDS_STATE and not given.get("state"):
        found.append(Fault("state", "no_state", 0, country))
    return found


@dataclass(frozen=True, slots=True)
class Address(PostalAddress):
    """A place of a customer; `label` is what the customer calls it."""

    label: str = ""

    def columns(self) -> dict[str, str]:
        """By column."""
        return asdict(self)
