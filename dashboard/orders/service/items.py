"""The lines of an order: what was asked for, found, priced, and claimed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, and_, bindparam, or_, select

from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, table_of
from dashboard.core.errors import FieldError, Invalid
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Product, Unit
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder, OutOfStock, Pieces
from dashboard.orders.models import CustomerPrice

products = table_of(Product)
units = table_of(Unit)
prices = table_of(CustomerPrice)

MAX_LINES = 50
MAX_QUANTITY = 999
DISCOUNT = "orders:discount"

_tenant = bindparam("tenant", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as it was asked for: a unit by its id (`inv_…`), or a number of pieces of a product by its id or code.

    `price` (minor units, for one) is what the caller believes it costs, or agreed; None takes the present price.
    `field` is how the caller's request names the line, for what is wrong with it.
    """

    unit: str | None = None
    product: str | None = None
    quantity: int = 1
    price: int | None = None
    field: str = "lines"


class Shortage(OutOfStock):
    """Lines that cannot be had, in the words of whoever asked: each names its field, what it is, and what is left."""

    def __init__(self, cause: OutOfStock, message: str, lines: Sequence[dict[str, object]]) -> None:
        super().__init__(message, units=cause.units, products=cause.products)
        self.lines = tuple(lines)
        if lines and "available_quantity" in lines[0]:
            self.details["available_quantity"] = lines[0]["available_quantity"]
        if len(lines) > 1:
            self.details["details"] = [line["message"] for line in lines]


_own_price = and_(
    prices.c.tenant_id == products.c.tenant_id,
    prices.c.product_id == products.c.id,
    prices.c.customer_id == bindparam("customer", type_=BigInteger),
)
_product_columns = (
    products.c.id,
    products.c.public_id,
    products.c.code,
    products.c.kind,
    products.c.sku,
    products.c.name,
    products.c.tax_class,
    products.c.archived_at,
    prices.c.price.label("own_price"),
)
_refs = bindparam("refs", expanding=True, type_=String)
_wanted_products = (
    select(*_product_columns, products.c.price)
    .select_from(products.outerjoin(prices, _own_price))
    .where(products.c.tenant_id == _tenant, or_(products.c.public_id.in_(_refs), products.c.code.in_(_refs)))
)
_wanted_units = (
    select(
        *_product_columns,
        units.c.price,
        units.c.id.label("unit_id"),
        units.c.public_id.label("unit_ref"),
        units.c.location_id,
    )
    .select_from(
        units.join(
            products, and_(products.c.tenant_id == units.c.tenant_id, products.c.id == units.c.product_id)
        ).outerjoin(prices, _own_price)
    )
    .where(units.c.tenant_id == _tenant, units.c.public_id.in_(_refs))
)


@dataclass(slots=True)
class Item:
    """A line that was found: `row` is the product (and unit) it means, money in minor units."""

    row: Any
    wanted: Wanted
    position: int
    quantity: int
    price: int

    @property
    def unit_id(self) -> int | None:
        return self.row.unit_id if self.wanted.unit is not None else None

    @property
    def location_id(self) -> int | None:
        return self.row.location_id if self.wanted.unit is not None else None

    @property
    def taxed(self) -> bool:
        return self.row.tax_class != "exempt"

    @property
    def list_price(self) -> int:
        return self.row.price


def find_items(by: Principal, session: CommandSession, lines: Sequence[Wanted], customer_id: int) -> list[Item]:
    """What each line means; a product that is asked for twice, by whatever name, is added up to one item.

    Raises Invalid for all lines that are wrong at once.
    """
    wrong: list[FieldError] = []
    if not 1 <= len(lines) <= MAX_LINES:
        raise Invalid.field(lines[0].field if lines else "lines", f"An order has 1 to {MAX_LINES} lines.")
    found = _look_up(by, session, lines, customer_id)
    items: dict[tuple[bool, int], Item] = {}
    for line in lines:
        row = found.get(line.unit or line.product or "")
        if row is None or row.archived_at is not None:
            what = f"unit '{line.unit}'" if line.unit else f"product '{line.product}'"
            wrong.append(FieldError(line.field, f"There is no {what} for sale."))
            continue
        key = (line.unit is not None, row.unit_id if line.unit else row.id)
        before = items.get(key)
        if before is None:
            items[key] = Item(row, line, len(items), line.quantity, _price(by, line, row, wrong))
        elif line.unit:
            wrong.append(FieldError(line.field, f"Unit '{line.unit}' is in the order twice. Leave one of them out."))
        else:
            before.quantity += line.quantity
    too_many = f"Quantity must be 1 to {MAX_QUANTITY}, all lines of a product together."
    wrong += [
        FieldError(item.wanted.field, too_many) for item in items.values() if not 1 <= item.quantity <= MAX_QUANTITY
    ]
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return list(items.values())


def _price(by: Principal, line: Wanted, row: Any, wrong: list[FieldError]) -> int:
    """What one costs: today's price, or a lower one where `by` may give a discount."""
    today: int = row.price if row.own_price is None else row.own_price
    if line.price is None or line.price == today:
        return today
    if not (by.may(DISCOUNT) and 0 <= line.price < today):
        message = f"The price is {today} now, not {line.price} (in minor units). Send the present price, or none."
        wrong.append(FieldError(f"{line.field}.price", message))
    return line.price


def _look_up(by: Principal, session: CommandSession, lines: Sequence[Wanted], customer_id: int) -> dict[str, Any]:
    values = {"tenant": by.tenant_id, "customer": customer_id}
    found: dict[str, Any] = {}
    if refs := [line.unit for line in lines if line.unit]:
        rows = session.execute(_wanted_units, {**values, "refs": refs}, execution_options=OWN_TENANT)
        found |= {row.unit_ref: row for row in rows}
    if refs := [line.product for line in lines if line.product]:
        for row in session.execute(_wanted_products, {**values, "refs": refs}, execution_options=OWN_TENANT):
            found[row.public_id] = found[row.code] = row
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """What of an item comes from where: pieces from a place, or one unit."""

    quantity: int
    location_id: int | None = None
    unit_id: int | None = None


def claim_items(
    by: Principal, holder: Holder, items: Sequence[Item], until: datetime | None, prefer: int | None = None
) -> dict[int, list[Part]]:
    """Take the stock of all items for `holder`; of a product that is sold unit by unit, whichever units are free.

    Returns, by position, what each item is made up of. Raises Shortage.
    """
    physical = [item for item in items if item.row.kind != "service"]
    try:
        taken = claims.take(
            by,
            holder,
            units=[item.unit_id for item in physical if item.unit_id is not None],
            picks={item.row.id: item.quantity for item in physical if _is_picked(item)},
            pieces=[
                Pieces(item.row.id, item.quantity)
                for item in physical
                if item.unit_id is None and item.row.kind != "serialised"
            ],
            until=until,
            prefer=prefer,
        )
    except OutOfStock as short:
        raise _name_line(short, physical) from short
    parts: dict[int, list[Part]] = {}
    for item in physical:
        if item.unit_id is not None:
            parts[item.position] = [Part(1, item.location_id, item.unit_id)]
        elif _is_picked(item):
            parts[item.position] = [Part(1, None, unit) for unit in taken.picked[item.row.id]]
        else:
            mine = [each for each in taken.pieces if each.product_id == item.row.id]
            parts[item.position] = [Part(each.quantity, each.location_id) for each in mine]
    return parts


def _is_picked(item: Item) -> bool:
    return item.unit_id is None and item.row.kind == "serialised"


def _name_line(short: OutOfStock, items: Sequence[Item]) -> Shortage:
    lines: list[dict[str, object]] = []
    for item in items:
        if item.unit_id in short.units:
            message = f"Unit '{item.wanted.unit}' is not available any more."
            lines.append({"field": item.wanted.field, "inventory_id": item.wanted.unit, "message": message})
        elif item.unit_id is None and item.row.id in short.products:
            free = short.products[item.row.id]
            message = f"Product '{item.wanted.product}' has only {free} units available. Requested: {item.quantity}"
            lines.append(
                {"field": item.wanted.field, "product_id": item.wanted.product, "available_quantity": free,
                 "message": message}
            )  # fmt: skip
    if not lines:
        return Shortage(short, short.message, [])
    return Shortage(short, str(lines[0]["message"]), lines)
