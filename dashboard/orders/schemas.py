"""What clients send and get for orders, in the words of F, P and S."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt

from dashboard.web.moments import Moment
from dashboard.web.schemas import BodyModel, QueryModel

Status = Literal["pending", "confirmed", "shipped", "delivered", "cancelled"]
Money = Any
"""Cents (F) or a decimal number (P, S): the dialect's."""


class OrderListQuery(QueryModel):
    """F285 to F293. Days are the tenant's, both inclusive; instants: from inclusive, to exclusive."""

    status: Status | None = None
    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")
    buyer_id: str | None = None


class DeviceLine(BodyModel):
    """F335: a unit, and what the caller believes it costs, in cents."""

    inventory_id: Annotated[str, Field(min_length=1, max_length=60)]
    price: Annotated[StrictInt, Field(ge=0, le=10**12)]


class DeviceOrderBody(BodyModel):
    """F330 to F337."""

    buyer_id: Annotated[str, Field(min_length=1, max_length=60)]
    line_items: Annotated[list[DeviceLine], Field(min_length=1, max_length=50)]
    notes: Annotated[str, Field(max_length=2000)] = ""


class PartsItem(BodyModel):
    """P48, P49."""

    product_id: Annotated[str, Field(min_length=1, max_length=60)]
    quantity: Annotated[StrictInt, Field(ge=1, le=999)]


class PartsAddress(BodyModel):
    """P50 to P55; which fields are required depends on the country."""

    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    name: str = ""


class PartsOrderBody(BodyModel):
    """P45 to P55."""

    customer_id: Annotated[str, Field(min_length=1, max_length=60)]
    items: Annotated[list[PartsItem], Field(min_length=1, max_length=50)]
    shipping_address: PartsAddress


class CancelBody(BodyModel):
    """Why an order is cancelled."""

    reason: Annotated[str, Field(max_length=200)] = ""


class ShipBody(BodyModel):
    """With whom it went, and under which number."""

    carrier: Annotated[str, Field(max_length=60)] | None = None
    tracking_number: Annotated[str, Field(max_length=80)] | None = None


class DeviceLineJson(BaseModel):
    """A line of an order (F305); `imei`, `model` and `grade` for units."""

    inventory_id: str | None
    imei: str | None
    model: str
    grade: str | None
    price: Money
    quantity: int = 1


class DeviceOrderJson(BaseModel):
    """F297 to F317."""

    id: str
    status: Status
    buyer_id: str
    buyer_name: str
    line_items: list[DeviceLineJson]
    total: Money
    currency: str
    created_at: datetime
    reserved_until: datetime | None = None
    cancel_reason: str | None = None


class PlacedDeviceLineJson(BaseModel):
    """F353."""

    inventory_id: str
    price: Money
    reserved_until: datetime


class PlacedDeviceOrderJson(BaseModel):
    """F349 to F364."""

    id: str
    status: Status
    buyer_id: str
    line_items: list[PlacedDeviceLineJson]
    total: Money
    currency: str
    created_at: datetime


class PartsOrderJson(BaseModel):
    """P82 to P94."""

    order_id: str
    status: Status
    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal
    currency: str
    items_count: int
    created_at: datetime
    estimated_delivery: datetime
    tracking_url: str


class StoreItemJson(BaseModel):
    """A line of an order (S157)."""

    product_id: str
    sku: str
    title: str
    quantity: int
    price: Decimal


class StoreOrderJson(BaseModel):
    """An order in the words of S149 to S172."""

    id: str
    order_id: str
    status: Status
    store_id: str | None
    total: Decimal
    currency: str
    items: list[StoreItemJson]
    customer: dict[str, str | None]
    created_at: datetime
