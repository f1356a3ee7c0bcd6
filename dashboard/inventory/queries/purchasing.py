"""Reading suppliers and purchase orders."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import Location, Product, PurchaseOrder, PurchaseOrderLine, Supplier

STATUSES = ("draft", "ordered", "partial", "received", "cancelled")


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """A line of a purchase order. Money in minor units."""

    id: int
    product: int
    sku: str
    name: str
    kind: str
    barcode: str | None
    quantity: int
    received: int
    unit_cost: int
    reorder: bool

    @property
    def outstanding(self) -> int:
        """Pieces that are still to come."""
        return max(self.quantity - self.received, 0)


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase order as it is shown. `supplier` and `location` are their numbers; money in minor units."""

    id: int
    number: int
    code: str
    status: str
    supplier: int
    supplier_name: str
    supplier_email: str | None
    location: int
    location_name: str
    expected_on: date | None
    notes: str
    created_at: datetime
    updated_at: datetime
    lines: tuple[BoughtLine, ...] = ()

    @property
    def total(self) -> int:
        return sum(line.quantity * line.unit_cost for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def received(self) -> int:
        return sum(line.received for line in self.lines)


@dataclass(frozen=True, slots=True)
class PurchaseFilter:
    """Which purchase orders: a status (or `open`, which is all but received and cancelled), a supplier's number."""

    status: str = ""
    supplier: int | None = None


def purchase_slice(
    by: Principal, where: PurchaseFilter, *, after: str | None = None, size: int = 50
) -> Slice[PurchaseRow]:
    """The latest purchase orders first, from a position on."""
    statement = _columns().where(*_conditions(where))
    if after is not None:
        statement = statement.where(PurchaseOrder.id < decode_cursor(after, (int,))[0])
    rows = reads(by).execute(statement.order_by(PurchaseOrder.id.desc()).limit(size + 1)).all()
    items = _with_lines(by, rows[:size])
    return Slice(items, encode_cursor([items[-1].id]) if len(rows) > size else None)


def purchase_page(by: Principal, where: PurchaseFilter, page: PageRequest) -> Page[PurchaseRow]:
    """The latest purchase orders first, with the number of all that fit."""
    session = reads(by)
    counted = select(func.count()).select_from(PurchaseOrder)
    total = session.scalar(counted.join(Supplier, Supplier.id == PurchaseOrder.supplier_id).where(*_conditions(where)))
    statement = _columns().where(*_conditions(where)).order_by(PurchaseOrder.id.desc())
    rows = session.execute(statement.limit(page.size).offset(page.offset)).all()
    return Page(_with_lines(by, rows), page, total or 0)


def show_purchase(by: Principal, number: int) -> PurchaseRow:
    """The purchase order with this number. Raises NotFound."""
    row = reads(by).execute(_columns().where(PurchaseOrder.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"There is no purchase order {number}.")
    return _with_lines(by, [row])[0]


def _columns() -> AnySelect:
    return (
        select(
            PurchaseOrder.id,
            PurchaseOrder.number,
            PurchaseOrder.code,
            PurchaseOrder.status,
            Supplier.number,
            Supplier.name,
            Supplier.email,
            Location.number,
            Location.name,
            PurchaseOrder.expected_on,
            PurchaseOrder.notes,
            PurchaseOrder.created_at,
            PurchaseOrder.updated_at,
        )
        .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .join(Location, Location.id == PurchaseOrder.location_id)
    )


def _conditions(where: PurchaseFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.status == "open":
        found.append(PurchaseOrder.status.in_(("draft", "ordered", "partial")))
    elif where.status:
        found.append(PurchaseOrder.status == where.status)
    if where.supplier is not None:
        found.append(Supplier.number == where.supplier)
    return found


def _with_lines(by: Principal, rows: Any) -> list[PurchaseRow]:
    lines: dict[int, list[BoughtLine]] = {row[0]: [] for row in rows}
    statement: AnySelect = (
        select(
            PurchaseOrderLine.purchase_order_id,
            PurchaseOrderLine.id,
            Product.number,
            Product.sku,
            Product.name,
            Product.kind,
            Product.barcode,
            PurchaseOrderLine.quantity,
            PurchaseOrderLine.received,
            PurchaseOrderLine.unit_cost,
            PurchaseOrderLine.reorder,
        )
        .join(Product, Product.id == PurchaseOrderLine.product_id)
        .where(PurchaseOrderLine.purchase_order_id.in_(sorted(lines)))
        .order_by(PurchaseOrderLine.id)
    )
    for order, *line in reads(by).execute(statement) if lines else ():
        lines[order].append(BoughtLine(*line))
    return [PurchaseRow(*row, lines=tuple(lines[row[0]])) for row in rows]


def list_suppliers(by: Principal, *, archived: bool = False) -> list[Supplier]:
    """Suppliers by name; those that are offered no more where `archived`."""
    wanted = Supplier.archived_at.is_not(None) if archived else Supplier.archived_at.is_(None)
    return list(reads(by).scalars(select(Supplier).where(wanted).order_by(Supplier.name, Supplier.id)))


def supplier_page(by: Principal, page: PageRequest) -> Page[Supplier]:
    """Suppliers by number, archived ones too."""
    session = reads(by)
    total = session.scalar(select(func.count(Supplier.id))) or 0
    rows = session.scalars(select(Supplier).order_by(Supplier.number).limit(page.size).offset(page.offset))
    return Page(list(rows), page, total)


def location_page(by: Principal, page: PageRequest) -> Page[Location]:
    """Places by number."""
    session = reads(by)
    total = session.scalar(select(func.count(Location.id))) or 0
    rows = session.scalars(select(Location).order_by(Location.number).limit(page.size).offset(page.offset))
    return Page(list(rows), page, total)


def show_supplier(by: Principal, number: int) -> Supplier:
    """The supplier with this number. Raises NotFound."""
    found = reads(by).scalar(select(Supplier).where(Supplier.number == number))
    if found is None:
        raise NotFound(f"There is no supplier {number}.")
    return found
