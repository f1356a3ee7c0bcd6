"""Reading what is there: products with their stock by place, levels, and the lines of the ledger."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.inventory.imei import clean_imei, fold_serial
from dashboard.inventory.models import (
    Claim,
    Location,
    Product,
    ProductCategory,
    StockLevel,
    StockMove,
    Supplier,
    Unit,
    UnitTally,
)
from dashboard.inventory.service.products import fold_sku


@dataclass(frozen=True, slots=True)
class PlaceStock:
    """What is at one place: pieces or units there, those that somebody holds, and those on their way there."""

    location_id: int
    code: str
    name: str
    on_hand: int
    held: int
    in_transit: int

    @property
    def free(self) -> int:
        """What can be sold now."""
        return self.on_hand - self.held


class Stocked(ABC):
    """A product with what is there of it, by place."""

    __slots__ = ()

    places: Sequence[PlaceStock]

    @property
    @abstractmethod
    def minimum(self) -> int | None:
        """What there should be at least; None where nobody counts."""

    @property
    def on_hand(self) -> int:
        return sum(place.on_hand for place in self.places)

    @property
    def held(self) -> int:
        return sum(place.held for place in self.places)

    @property
    def in_transit(self) -> int:
        return sum(place.in_transit for place in self.places)

    @property
    def free(self) -> int:
        return self.on_hand - self.held

    @property
    def low(self) -> bool:
        """Whether there is less than the minimum, what is on its way between places included."""
        return self.minimum is not None and self.on_hand + self.in_transit < self.minimum


@dataclass(frozen=True, slots=True)
class StockedProduct(Stocked):
    """A whole product with what is there of it. Money in minor units of the tenant's currency."""

    product: Product
    category: str | None
    supplier: int | None
    places: Sequence[PlaceStock] = field(default_factory=list[PlaceStock])

    @property
    def minimum(self) -> int | None:
        return self.product.min_stock


def stocked_by_id(by: Principal, product_ids: Sequence[int]) -> list[StockedProduct]:
    """These products by their number."""
    statement = _product_columns().where(Product.id.in_(product_ids)).order_by(Product.number)
    return _with_stock(by, reads(by).execute(statement).all())


def show_stocked(by: Principal, number: int, kinds: tuple[str, ...] = ()) -> StockedProduct:
    """The product with this number, archived ones too. Raises NotFound."""
    statement = _product_columns().where(Product.number == number)
    if kinds:
        statement = statement.where(Product.kind.in_(kinds))
    row = reads(by).execute(statement).one_or_none()
    if row is None:
        raise NotFound(f"There is no product {number}.")
    return _with_stock(by, [row])[0]


def _product_columns() -> AnySelect:
    return (
        select(Product, ProductCategory.name, Supplier.number)
        .outerjoin(ProductCategory, ProductCategory.id == Product.category_id)
        .outerjoin(Supplier, Supplier.id == Product.supplier_id)
    )


def _with_stock(by: Principal, rows: Sequence[Any]) -> list[StockedProduct]:
    there = places_of(by, [product.id for product, _, _ in rows])
    return [StockedProduct(product, category, supplier, there[product.id]) for product, category, supplier in rows]


def places_of(by: Principal, product_ids: Sequence[int]) -> dict[int, list[PlaceStock]]:
    """What is where of these products: three statements, whatever their number."""
    names = {
        row.id: (row.code, row.name) for row in reads(by).execute(select(Location.id, Location.code, Location.name))
    }
    here: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    if product_ids:
        _add_pieces(by, product_ids, here)
        _add_units(by, product_ids, here)
        _add_claims(by, product_ids, here)
    found: dict[int, list[PlaceStock]] = defaultdict(list)
    for (product, location), counts in sorted(here.items(), key=lambda item: (item[0][0], names[item[0][1]][1])):
        if any(counts):
            found[product].append(PlaceStock(location, *names[location], *counts))
    return found


_Counts = dict[tuple[int, int], list[int]]


def _add_pieces(by: Principal, product_ids: Sequence[int], here: _Counts) -> None:
    columns = select(StockLevel.product_id, StockLevel.location_id, StockLevel.on_hand)
    for product, location, on_hand in reads(by).execute(columns.where(StockLevel.product_id.in_(product_ids))):
        here[product, location][0] += on_hand


def _add_units(by: Principal, product_ids: Sequence[int], here: _Counts) -> None:
    columns = select(UnitTally.product_id, UnitTally.location_id, UnitTally.in_stock, UnitTally.in_transit)
    for product, location, in_stock, in_transit in reads(by).execute(
        columns.where(UnitTally.product_id.in_(product_ids))
    ):
        here[product, location][0] += in_stock
        here[product, location][2] += in_transit


def _add_claims(by: Principal, product_ids: Sequence[int], here: _Counts) -> None:
    """Pieces on their way stand at their new place under a claim; units on their way are counted as such already."""
    travelling = Claim.holder == "transfer"
    statement = (
        select(
            Claim.product_id,
            Claim.location_id,
            func.sum(case((travelling, 0), else_=Claim.quantity)),
            func.sum(case((travelling, Claim.quantity), else_=0)),
        )
        .outerjoin(Unit, Unit.id == Claim.unit_id)
        .where(
            Claim.product_id.in_(product_ids),
            Claim.ended_at.is_(None),
            or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now()),
            or_(Claim.unit_id.is_(None), Unit.state == "in_stock"),
        )
        .group_by(Claim.product_id, Claim.location_id)
    )
    for product, location, held, on_their_way in reads(by).execute(statement):
        counts = here[product, location]
        counts[0] -= int(on_their_way)
        counts[1] += int(held)
        counts[2] += int(on_their_way)


@dataclass(frozen=True, slots=True)
class LevelRow:
    """Pieces of a counted product at a place, as K shows them."""

    product: StockedProduct
    place: PlaceStock
    location: int


def level_page(by: Principal, page: PageRequest, *, location: int | None = None, low: bool = False) -> Page[LevelRow]:
    """Levels of counted products by their numbers; `location` is a number, `low` those of products that run low."""
    session = reads(by)
    wanted: list[ColumnElement[bool]] = [Product.archived_at.is_(None)]
    if location is not None:
        wanted.append(Location.number == location)
    if low:
        wanted.append(Product.low.is_(True))
    joined = (
        select(Product.number, Location.id, Location.number)
        .select_from(StockLevel)
        .join(Product, Product.id == StockLevel.product_id)
        .join(Location, Location.id == StockLevel.location_id)
        .where(*wanted)
    )
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    keys = session.execute(joined.order_by(Product.number, Location.number).limit(page.size).offset(page.offset)).all()
    numbers = sorted({number for number, _, _ in keys})
    rows = session.execute(_product_columns().where(Product.number.in_(numbers))).all()
    products = {each.product.number: each for each in _with_stock(by, rows)}
    return Page([_level(products[number], place, shown) for number, place, shown in keys], page, total)


def _level(product: StockedProduct, location_id: int, number: int) -> LevelRow:
    nothing = PlaceStock(location_id, "", "", 0, 0, 0)
    place = next((each for each in product.places if each.location_id == location_id), nothing)
    return LevelRow(product, place, number)


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A line of the ledger as it is shown; `unit_cost` in minor units."""

    id: int
    kind: str
    quantity: int
    place: str
    unit: str | None
    unit_cost: int | None
    reason: str | None
    source: str | None
    actor: str
    at: datetime


def moves_of(by: Principal, product_id: int, *, after: str | None = None, size: int = 30) -> Slice[MoveRow]:
    """The ledger of a product, the latest first."""
    statement = (
        select(
            StockMove.id,
            StockMove.kind,
            StockMove.quantity,
            Location.name,
            Unit.public_id,
            StockMove.unit_cost,
            StockMove.reason,
            StockMove.source,
            StockMove.actor,
            StockMove.at,
        )
        .join(Location, Location.id == StockMove.location_id)
        .outerjoin(Unit, Unit.id == StockMove.unit_id)
        .where(StockMove.product_id == product_id)
    )
    if after is not None:
        statement = statement.where(StockMove.id < decode_cursor(after, (int,))[0])
    rows = [MoveRow(*row) for row in reads(by).execute(statement.order_by(StockMove.id.desc()).limit(size + 1))]
    shown = rows[:size]
    return Slice(shown, encode_cursor([shown[-1].id]) if len(rows) > size else None)


def list_locations(by: Principal) -> list[Location]:
    """Places that are in use, the default first."""
    statement = select(Location).where(Location.archived_at.is_(None))
    return list(reads(by).scalars(statement.order_by(Location.is_default.desc(), Location.name, Location.id)))


def list_categories(by: Principal) -> list[ProductCategory]:
    """Categories of products by name."""
    return list(reads(by).scalars(select(ProductCategory).order_by(ProductCategory.name, ProductCategory.id)))


def find_by_code(by: Principal, codes: Iterable[str]) -> dict[str, Product]:
    """Products by what was typed or scanned of them: barcode or SKU."""
    wanted = {code: fold_sku(code) for code in codes}
    if not wanted:
        return {}
    statement = select(Product).where(
        Product.archived_at.is_(None),
        or_(Product.sku_key.in_(sorted(set(wanted.values()))), Product.barcode.in_(sorted(wanted))),
    )
    found = list(reads(by).scalars(statement))
    by_sku = {product.sku_key: product for product in found}
    by_barcode = {product.barcode: product for product in found if product.barcode}
    matched = {code: by_barcode.get(code) or by_sku.get(folded) for code, folded in wanted.items()}
    return {code: product for code, product in matched.items() if product is not None}


def find_units_by_number(by: Principal, codes: Iterable[str]) -> dict[str, int]:
    """Ids of units that have not left, by the IMEI or serial number that was scanned."""
    wanted = {code: (clean_imei(code) or "", fold_serial(code)) for code in codes}
    if not wanted:
        return {}
    imeis = sorted({imei for imei, _ in wanted.values() if imei})
    serials = sorted({serial for _, serial in wanted.values() if serial})
    statement = select(Unit.id, Unit.imei, Unit.serial_key).where(
        Unit.gone_at.is_(None), or_(Unit.imei.in_(imeis), Unit.serial_key.in_(serials))
    )
    rows = reads(by).execute(statement).all()
    known = {number: row.id for row in rows for number in (row.imei, row.serial_key) if number}
    matched = {code: known.get(imei) or known.get(serial) for code, (imei, serial) in wanted.items()}
    return {code: unit for code, unit in matched.items() if unit is not None}
