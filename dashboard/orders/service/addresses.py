"""Where a parcel goes (P50 to P55)."""

from dataclasses import asdict, dataclass

from dashboard.core.errors import FieldError, Invalid
from dashboard.customers.service.postal import COUNTRIES, NEEDS_STATE

_LENGTHS = {"name": 160, "street": 160, "street2": 160, "city": 80, "state": 40, "zip": 20}


@dataclass(frozen=True, slots=True)
class Address:
    """A checked postal address; `country` is ISO 3166-1 alpha-2."""

    street: str
    city: str
    zip: str
    country: str
    state: str = ""
    street2: str = ""
    name: str = ""

    def as_json(self) -> dict[str, str]:
        """As it is kept with an order and shown again."""
        return {key: value for key, value in asdict(self).items() if value}

    @classmethod
    def checked(cls, parts: dict[str, str], *, prefix: str = "shipping_address.") -> "Address":
        """The address of `parts`, spaces trimmed. Raises Invalid that names every field that is wrong."""
        given = {key: " ".join(value.split()) for key, value in parts.items() if key in cls.__dataclass_fields__}
        given["country"] = given.get("country", "").upper()
        wrong = [
            FieldError(prefix + key, f"Field '{prefix}{key}' is required")
            for key in ("street", "city", "zip", "country")
            if not given.get(key)
        ]
        wrong += [
            FieldError(prefix + key, f"Field '{prefix}{key}' must be at most {length} characters")
            for key, length in _LENGTHS.items()
            if len(given.get(key, "")) > length
        ]
        if given["country"] and given["country"] not in COUNTRIES:
            message = f"Field '{prefix}country' must be a country code of ISO 3166, such as 'US'"
            wrong.append(FieldError(prefix + "country", message))
        elif given["country"] in NEEDS_STATE and not given.get("state"):
            wrong.append(FieldError(prefix + "state", f"Field '{prefix}state' is required in {given['country']}"))
        if wrong:
            raise Invalid(wrong[0].message, fields=tuple(wrong))
        return cls(**given)
