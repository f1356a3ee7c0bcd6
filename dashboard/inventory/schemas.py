"""What clients send and get for products and stock, in the words of F and P."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StrictInt

from dashboard.web.schemas import BodyModel, QueryModel


def _plus_for_space(raw: object) -> object:
    """`grade=A+` that was not encoded arrives as `A ` (F196); `Aplus` is a way round it."""
    if not isinstance(raw, str):
        return raw
    text = raw.rstrip(" ") + "+" if raw.endswith(" ") else raw
    return text.removesuffix("plus") + "+" if text.lower().endswith("plus") else text


class UnitListQuery(QueryModel):
    """F187 to F208."""

    model: str | None = None
    grade: Annotated[str | None, BeforeValidator(_plus_for_space)] = None
    carrier_locked: bool | None = None
    min_battery: Annotated[int, Field(ge=0, le=100)] | None = None
    available: bool | None = None
    warehouse_id: str | None = None


class SkuListQuery(QueryModel):
    """F257 to F262."""

    model: str | None = None
    include_pricing: bool = False


class NewUnitBody(BodyModel):
    """A unit to take in: its product by SKU, its IMEI or serial number. Money in cents."""

    sku: Annotated[str, Field(min_length=1, max_length=80)]
    imei: Annotated[str, Field(max_length=40)] | None = None
    serial: Annotated[str, Field(max_length=40)] | None = None
    color: Annotated[str, Field(max_length=40)] | None = None
    battery_health: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    carrier: Annotated[str, Field(max_length=40)] | None = None
    carrier_locked: bool = False
    price: Annotated[StrictInt, Field(ge=0, le=10**12)] | None = None
    cost: Annotated[StrictInt, Field(ge=0, le=10**12)] = 0
    warehouse_id: str | None = None


class UnitChangeBody(BodyModel):
    """What can be corrected of a unit; only what is sent changes. Money in cents."""

    grade: Annotated[str, Field(max_length=12)] | None = None
    price: Annotated[StrictInt, Field(ge=0, le=10**12)] | None = None
    battery_health: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    warehouse_id: str | None = None


class UnitJson(BaseModel):
    """F216 to F233."""

    id: str
    imei: str | None
    model: str
    storage: str | None
    color: str | None
    grade: str
    battery_health: int | None
    carrier_locked: bool
    carrier: str | None
    price: int
    currency: str
    warehouse_id: str
    available: bool
    created_at: datetime
    updated_at: datetime


class SkuPricingJson(BaseModel):
    """F270."""

    min: int | None
    max: int | None
    avg: int | None
    currency: str


class SkuJson(BaseModel):
    """F263 to F276."""

    sku: str
    model: str
    storage: str | None
    grade: str
    quantity_available: int
    quantity_total: int
    pricing: SkuPricingJson | None = None


class PartsProductJson(BaseModel):
    """P15 to P33."""

    id: str
    sku: str
    name: str
    category: str | None
    manufacturer: str | None
    price: Decimal
    currency: str
    stock: int
    in_stock: bool
    specifications: dict[str, Any]
    warranty: str | None
    created_at: datetime
    updated_at: datetime


class StoreProductJson(BaseModel):
    """S8 to S18; attributes of the product stand beside these."""

    id: str
    title: str
    sku: str
    price: Decimal
    images: list[str]


class QuantityBody(BodyModel):
    """P117 to P122. `expected_quantity` refuses the change where somebody else was faster."""

    quantity: Annotated[StrictInt, Field(ge=0, le=9999)]
    reason: Annotated[str, Field(max_length=200)] | None = None
    expected_quantity: Annotated[StrictInt, Field(ge=0)] | None = None


class QuantityJson(BaseModel):
    """P131 to P141."""

    sku: str
    product_id: str
    product_name: str
    quantity: int
    previous_quantity: int
    change: int
    updated_at: datetime
    updated_by: str
