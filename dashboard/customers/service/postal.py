"""Postal addresses of customers."""

from dataclasses import asdict, dataclass
from typing import Any, cast

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

_LENGTHS = {"label": 60, "street": 160, "street2": 160, "city": 80, "state": 40, "zip": 20}


@dataclass(frozen=True, slots=True)
class Address:
    """A checked place of a customer; `country` is ISO 3166-1 alpha-2, `label` what the customer calls it."""

    street: str
    city: str
    zip: str
    country: str
    state: str = ""
    street2: str = ""
    label: str = ""

    def columns(self) -> dict[str, str]:
        """By column."""
        return asdict(self)

    @classmethod
    def checked(cls, parts: dict[str, str]) -> "Address":
        """The address of `parts`, spaces trimmed. Raises Invalid that names every field that is wrong."""
        given = {key: " ".join(value.split()) for key, value in parts.items() if key in cls.__dataclass_fields__}
        given["country"] = given.get("country", "").upper()
        wrong = [
            FieldError(key, f"Fill in the {'postal code' if key == 'zip' else key}.")
            for key in ("street", "city", "zip", "country")
            if not given.get(key)
        ]
        wrong += [
            FieldError(key, f"At most {length} characters fit here.")
            for key, length in _LENGTHS.items()
            if len(given.get(key, "")) > length
        ]
        if given["country"] and given["country"] not in COUNTRIES:
            wrong.append(FieldError("country", "Choose a country, such as US."))
        elif given["country"] in NEEDS_STATE and not given.get("state"):
            wrong.append(FieldError("state", f"Addresses in {COUNTRIES[given['country']]} need the state."))
        if wrong:
            raise Invalid(wrong[0].message, fields=tuple(wrong))
        return cls(**given)
