"""What clients send and get for customers, in the words of K and F."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StrictInt

from dashboard.web.schemas import BodyModel, QueryModel

Name = Annotated[str, Field(min_length=1, max_length=160)]
Company = Annotated[str, Field(max_length=160)]
Email = Annotated[str, Field(max_length=254)]
Phone = Annotated[str, Field(max_length=40)]
Days = Annotated[StrictInt, Field(ge=0, le=365)]
Cents = Annotated[StrictInt, Field(ge=0, le=10**12)]
Notes = Annotated[str, Field(max_length=10_000)]


class CustomerListQuery(QueryModel):
    """`search` looks at names, e-mail addresses and digits of phone numbers."""

    search: Annotated[str, Field(max_length=100)] = ""


class NewCustomerBody(BodyModel):
    """A customer to add."""

    name: Name
    company: Company | None = None
    email: Email | None = None
    phone: Phone | None = None
    terms_days: Days = 0
    credit_limit_cents: Cents | None = None
    tax_exempt: bool = False
    notes: Notes = ""


class CustomerChangeBody(BodyModel):
    """What is to change; what is not sent stays. With `version` only if nobody changed the record since."""

    name: Name | None = None
    company: Company | None = None
    email: Email | None = None
    phone: Phone | None = None
    terms_days: Days | None = None
    credit_limit_cents: Cents | None = None
    tax_exempt: bool | None = None
    notes: Notes | None = None
    version: Annotated[StrictInt, Field(ge=1)] | None = None


class AddressJson(BaseModel):
    """A place of a customer."""

    label: str
    street: str
    street2: str
    city: str
    state: str
    zip: str
    country: str
    ships: bool
    bills: bool


class CustomerJson(BaseModel):
    """A customer in a list."""

    id: int
    name: str
    company: str | None
    email: str | None
    phone: str | None
    terms_days: int
    credit_limit_cents: int | None
    tax_exempt: bool
    notes: str
    version: int
    created_at: datetime
    updated_at: datetime


class CustomerDetailJson(CustomerJson):
    """A customer with the places, and the record that it was merged into, if any."""

    addresses: list[AddressJson]
    merged_into_id: int | None


class BuyerJson(BaseModel):
    """A buyer (F289)."""

    id: str
    name: str
    company: str | None
    email: str | None
    phone: str | None
    created_at: datetime
