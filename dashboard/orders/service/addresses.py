"""Where a parcel goes (P50 to P55)."""

from dataclasses import asdict, dataclass

from dashboard.core.errors import FieldError
from dashboard.customers.service.postal import Fault, PostalAddress


@dataclass(frozen=True, slots=True)
class Address(PostalAddress):
    """Where an order is sent; `name` is whoever takes it in."""

    name: str = ""

    def as_json(self) -> dict[str, str]:
        """As it is kept with an order and shown again."""
        return {key: value for key, value in asdict(self).items() if value}


def said_in_a_body(fault: Fault) -> FieldError:
    """A fault in the words of the reference: the field as it stands in the body of a request."""
    field = f"shipping_address.{fault.part}"
    wrong = {
        "missing": "is required",
        "too_long": f"must be at most {fault.most} characters",
        "no_country": "must be a country code of ISO 3166, such as 'US'",
        "no_state": f"is required in {fault.country}",
    }
    return FieldError(field, f"Field '{field}' {wrong[fault.kind]}")
