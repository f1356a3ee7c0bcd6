"""What clients send and get for parts, places, suppliers and purchase orders, in the words of K. Money in cents."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

from dashboard.web.schemas import BodyModel, Positive, QueryModel

Cents = Annotated[StrictInt, Field(ge=0, le=10**12)]
Pieces = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
Minimum = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Number = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Serial = Annotated[str, Field(min_length=1, max_length=40)]
Sku = Annotated[str, Field(min_length=1, max_length=80)]


class PartListQuery(QueryModel):
    """Parts can be searched by name, SKU and barcode, and narrowed to those that run low."""

    search: str = ""
    low_stock: bool = False
    archived: bool = False


class NewPartBody(BodyModel):
    """K355 to K362."""

    name: Name
    sku: Sku
    price_cents: Cents
    cost_cents: Cents = 0
    min_stock: Minimum | None = None
    reorder_quantity: Pieces | None = None
    auto_reorder: bool = False
    supplier_id: Number | None = None
    description: str = ""
    barcode: Annotated[str, Field(max_length=40)] | None = None


class PartChangeBody(BodyModel):
    """What can be changed of a part; only what is sent changes."""

    name: Name | None = None
    sku: Sku | None = None
    price_cents: Cents | None = None
    cost_cents: Cents | None = None
    min_stock: Minimum | None = None
    reorder_quantity: Pieces | None = None
    auto_reorder: bool | None = None
    supplier_id: Number | None = None
    description: str | None = None
    barcode: Annotated[str, Field(max_length=40)] | None = None


class PartJson(BaseModel):
    """A part. `quantity` is on hand, `available` what nobody holds; `cost_cents` needs the right `costs:read`."""

    id: int
    name: str
    sku: str
    description: str
    barcode: str | None
    category: str | None
    price_cents: int
    cost_cents: int | None
    min_stock: int | None
    reorder_quantity: int | None
    auto_reorder: bool
    supplier_id: int | None
    quantity: int
    available: int
    in_transit: int
    low_stock: bool
    archived: bool
    created_at: datetime
    updated_at: datetime


class StockQuery(QueryModel):
    """Levels of one place, or of parts that run low."""

    location_id: Positive | None = None
    low_stock: bool = False


class StockJson(BaseModel):
    """Pieces of a part at a place: on hand, held for somebody, available, and on their way there."""

    part_id: int
    sku: str
    name: str
    location_id: int
    location: str
    quantity: int
    held: int
    available: int
    in_transit: int
    min_stock: int | None
    low_stock: bool


class ReceiveBody(BodyModel):
    """K370 to K378. Without `location_id` pieces come to the default place; `unit_cost_cents` moves the average."""

    part_id: Number
    quantity: Pieces
    location_id: Number | None = None
    unit_cost_cents: Cents | None = None
    notes: Annotated[str, Field(max_length=200)] = ""


class ReceivedJson(BaseModel):
    """What was taken in, and how many there are at that place now."""

    part_id: int
    sku: str
    location_id: int
    location: str
    quantity: int
    quantity_on_hand: int
    notes: str


class NewLocationBody(BodyModel):
    """A place; `code` is made of the name where none is given."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    code: Annotated[str, Field(max_length=40)] = ""
    kind: Literal["warehouse", "shop", "van"] = "warehouse"


class LocationJson(BaseModel):
    """A place where stock lies."""

    id: int
    code: str
    name: str
    kind: str
    is_default: bool


class NewSupplierBody(BodyModel):
    """A supplier; `lead_days` is how long a delivery takes."""

    name: Annotated[str, Field(min_length=1, max_length=160)]
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    lead_days: Annotated[StrictInt, Field(ge=0, le=365)] = 7
    notes: str = ""


class SupplierJson(BaseModel):
    """A supplier."""

    id: int
    name: str
    email: str | None
    phone: str | None
    lead_days: int
    notes: str
    archived: bool
    created_at: datetime


class PurchaseItemBody(BodyModel):
    """A line of a purchase order; without `unit_cost_cents` at the part's present cost."""

    part_id: Number
    quantity: Pieces
    unit_cost_cents: Cents | None = None


class NewPurchaseBody(BodyModel):
    """K384 to K392. What a program orders has gone to the supplier, unless it says `draft`."""

    supplier_id: Number
    items: Annotated[list[PurchaseItemBody], Field(min_length=1, max_length=500)]
    location_id: Number | None = None
    expected_on: date | None = None
    status: Literal["draft", "ordered"] = "ordered"
    notes: Annotated[str, Field(max_length=2000)] = ""


class PurchaseListQuery(QueryModel):
    """Purchase orders of a status, or `open`: all but received and cancelled ones."""

    status: Literal["", "open", "draft", "ordered", "partial", "received", "cancelled"] = ""
    supplier_id: Positive | None = None


class PurchaseItemJson(BaseModel):
    """A line of a purchase order; costs need the right `costs:read`."""

    part_id: int
    sku: str
    name: str
    quantity: int
    received: int
    unit_cost_cents: int | None
    total_cents: int | None


class PurchaseJson(BaseModel):
    """A purchase order; costs need the right `costs:read`."""

    id: int
    code: str
    status: str
    supplier_id: int
    supplier: str
    location_id: int
    location: str
    items: list[PurchaseItemJson]
    total_cents: int | None
    expected_on: date | None
    notes: str
    created_at: datetime
    updated_at: datetime


class ReceivedItemBody(BodyModel):
    """What came of a line; units come with their IMEIs or serial numbers."""

    part_id: Number
    quantity: Pieces
    unit_cost_cents: Cents | None = None
    serials: list[Serial] = Field(default_factory=list[str], max_length=1000)


class ReceivePurchaseBody(BodyModel):
    """What came; without `items` all that is outstanding. More than was ordered needs `allow_over`."""

    items: list[ReceivedItemBody] = Field(default_factory=list[ReceivedItemBody], max_length=500)
    allow_over: bool = False


class LineItemListQuery(QueryModel):
    """Products of any kind, searched by name and SKU."""

    search: str = ""
    kind: Literal["", "serialised", "counted", "unique", "service"] = ""


class NewLineItemBody(BodyModel):
    """Something to sell; a service unless it says otherwise. Its SKU is made where none is given."""

    name: Name
    price_cents: Cents
    kind: Literal["counted", "unique", "service"] = "service"
    sku: Annotated[str, Field(max_length=80)] = ""
    cost_cents: Cents = 0
    description: str = ""
    taxable: bool = True


class LineItemJson(BaseModel):
    """What sales, rates and invoices refer to by `item_id`."""

    id: int
    name: str
    sku: str
    kind: str
    description: str
    price_cents: int
    cost_cents: int | None
    taxable: bool
    archived: bool
