"""Reading units: the list with exact totals, one unit, and who holds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads, table_of
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Claim, Product, Unit, UnitTally
from dashboard.inventory.queries import boundaries
from dashboard.inventory.queries.unit_filters import (
    CONDITIONS,
    OF_PRODUCT,
    UnitFilter,
    claims,
    free,
    here,
    locations,
    now,
    products,
    tenant,
    units,
)

_tallies = table_of(UnitTally)
# Written out: where PostgreSQL cannot see how long a page is it takes it for a tenth of all rows, and plans each anew.
_skip = bindparam("skip", type_=BigInteger, literal_execute=True)
_size = bindparam("size", type_=BigInteger, literal_execute=True)
_before = bindparam("before", type_=BigInteger)
_AVAILABILITY = frozenset({"available", "unavailable", "held", "quarantined", "in_transit"})


@dataclass(slots=True)
class UnitLine:
    """What every list shows of a unit. Money in minor units of the tenant's currency; times UTC.

    Not frozen: fifty of them are made for a page, and passing by the guard of a frozen class takes six times as long.
    """

    id: int
    public_id: str
    sku: str
    imei: str | None
    serial: str | None
    model: str
    storage: str | None
    color: str | None
    grade: str
    battery_health: int | None
    carrier: str | None
    carrier_locked: bool
    price: int
    cost: int
    state: str
    location_code: str
    location_name: str
    created_at: datetime

    @property
    def number(self) -> str:
        """What is printed on it: the IMEI, or else the serial number."""
        return self.imei or self.serial or ""


@dataclass(slots=True)
class UnitRow(UnitLine):
    """A unit of the list; `available` where it is in stock and nobody holds it."""

    available: bool
    updated_at: datetime


def _live_claim() -> ColumnElement[bool]:
    claim = aliased(Claim)
    return exists().where(
        claim.tenant_id == Unit.tenant_id,
        claim.unit_id == Unit.id,
        claim.ended_at.is_(None),
        or_(claim.expires_at.is_(None), claim.expires_at > clock.now()),
    )


def is_available() -> ColumnElement[bool]:
    """In stock, and no live claim on it."""
    return and_(Unit.state == "in_stock", ~_live_claim())


LINE = (
    units.c.id, units.c.public_id, products.c.sku, units.c.imei, units.c.serial, units.c.model, units.c.storage,
    units.c.color, units.c.grade, units.c.battery_health, units.c.carrier, units.c.carrier_locked, units.c.price,
    units.c.cost, units.c.state, locations.c.code, locations.c.name, units.c.created_at,
)  # fmt: skip
"""The columns of a UnitLine, in its order."""

JOINED = units.join(
    products, and_(products.c.tenant_id == units.c.tenant_id, products.c.id == units.c.product_id)
).join(locations, and_(locations.c.tenant_id == units.c.tenant_id, locations.c.id == units.c.location_id))
"""Units with what a UnitLine takes from elsewhere."""

_COLUMNS = (*LINE, free.label("available"), units.c.updated_at)


def unit_page(by: Principal, where: UnitFilter, page: PageRequest) -> Page[UnitRow]:
    """The newest units first, with the exact number of all that fit: one statement, two where the page is empty.

    A page far down begins at a row that may have been looked up some seconds ago, by one more: see `boundaries`.
    """
    values = where.values(by) | {"size": page.size}
    before, skip = boundaries.begin(by, where, page.offset)
    statement = _page_statement(where.shape, by_kind=where.by_kind, from_boundary=before is not None)
    values |= {"before": before, "skip": skip}
    rows = reads(by).execute(statement, values, execution_options=OWN_TENANT).all()
    total = int(rows[0].total or 0) if rows else count_units(by, where)
    return Page([UnitRow(*row[1:]) for row in rows], page, total)


@lru_cache(maxsize=512)
def _page_statement(shape: tuple[str, ...], *, by_kind: bool, from_boundary: bool) -> Select[*tuple[Any, ...]]:
    known = {"available": True, "unavailable": False}
    told = next((literal(value).label("available") for name, value in known.items() if name in shape), None)
    columns = [told if told is not None and column.name == "available" else column for column in _COLUMNS]
    counted = _tally_statement(shape) if by_kind else _count_statement(shape)
    return (
        select(counted.correlate(None).scalar_subquery().label("total"), *columns)
        .select_from(JOINED)
        .where(*here(shape), *([units.c.id < _before] if from_boundary else []))
        .order_by(units.c.id.desc())
        .limit(_size)
        .offset(_skip)
    )


def count_units(by: Principal, where: UnitFilter) -> int:
    """How many units fit: from the tallies where they can tell, less the few that are held; else counted."""
    values = where.values(by)
    statement = _tally_statement(where.shape) if where.by_kind else _count_statement(where.shape)
    return int(reads(by).execute(statement, values, execution_options=OWN_TENANT).scalar_one() or 0)


@lru_cache(maxsize=512)
def _count_statement(shape: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(func.count()).select_from(units).where(*here(shape))


@lru_cache(maxsize=512)
def _tally_statement(shape: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """One statement: what the tallies say, and what is held of it."""
    in_stock, in_transit = _tally(shape, _tallies.c.in_stock), _tally(shape, _tallies.c.in_transit)
    held = _held_in_stock(shape, None)
    known = {
        "available": in_stock - held,
        "unavailable": in_transit + held,
        "held": _held_in_stock(shape, claims.c.holder != "quarantine"),
        "quarantined": _held_in_stock(shape, claims.c.holder == "quarantine"),
        "in_transit": in_transit,
    }
    asked = [name for name in shape if name in known]
    return select(known[asked[0]] if len(asked) == 1 else in_stock + in_transit)


def state_counts(by: Principal, where: UnitFilter) -> tuple[int, int, int, int]:
    """Available, held, quarantined, in transit: whatever state `where` asks for. It must be one that tallies count."""
    shape = tuple(name for name in where.shape if name not in _AVAILABILITY)
    row = reads(by).execute(_states_statement(shape), where.values(by), execution_options=OWN_TENANT).one()
    in_stock, in_transit, held, quarantined = (int(each or 0) for each in row)
    return in_stock - held - quarantined, held, quarantined, in_transit


@lru_cache(maxsize=512)
def _states_statement(shape: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(
        _tally(shape, _tallies.c.in_stock),
        _tally(shape, _tallies.c.in_transit),
        _held_in_stock(shape, claims.c.holder != "quarantine"),
        _held_in_stock(shape, claims.c.holder == "quarantine"),
    )


def _tally(shape: tuple[str, ...], column: Any) -> Any:
    statement = select(func.coalesce(func.sum(column), 0)).where(_tallies.c.tenant_id == tenant)
    of_product = [OF_PRODUCT[name] for name in shape if name in OF_PRODUCT]
    if of_product:
        same = and_(products.c.tenant_id == _tallies.c.tenant_id, products.c.id == _tallies.c.product_id)
        statement = statement.join_from(_tallies, products, same).where(*of_product)
    if "carrier_locked" in shape:
        statement = statement.where(_tallies.c.carrier_locked == bindparam("locked"))
    if "location" in shape:
        at = select(locations.c.id).where(locations.c.tenant_id == tenant, locations.c.code == bindparam("place"))
        statement = statement.where(_tallies.c.location_id == at.scalar_subquery())
    return statement.scalar_subquery()


def _held_in_stock(shape: tuple[str, ...], condition: ColumnElement[bool] | None) -> Any:
    return (
        select(func.count())
        .select_from(claims.join(units, and_(units.c.tenant_id == claims.c.tenant_id, units.c.id == claims.c.unit_id)))
        .where(
            claims.c.tenant_id == tenant,
            claims.c.ended_at.is_(None),
            claims.c.unit_id.is_not(None),
            or_(claims.c.expires_at.is_(None), claims.c.expires_at > now),
            units.c.state == "in_stock",
            *([] if condition is None else [condition]),
            *(CONDITIONS[name] for name in shape if name not in _AVAILABILITY),
        )
        .scalar_subquery()
    )


_ONE = (
    select(*_COLUMNS)
    .select_from(JOINED)
    .where(units.c.tenant_id == tenant, units.c.public_id == bindparam("public_id"))
)


def show_unit(by: Principal, public_id: str) -> UnitRow:
    """The unit with this id (`inv_…`). Raises NotFound."""
    values = {"tenant": by.tenant_id, "now": clock.now(), "public_id": public_id}
    row = reads(by).execute(_ONE, values, execution_options=OWN_TENANT).one_or_none()
    if row is None:
        raise NotFound(f"There is no unit '{public_id}'.")
    return UnitRow(*row)


@dataclass(frozen=True, slots=True)
class SkuGroup:
    """A product of units with what is there of it. Prices in minor units, of what is available."""

    sku: str
    model: str
    storage: str | None
    grade: str
    available: int
    total: int
    min_price: int | None
    max_price: int | None
    avg_price: int | None


def sku_groups(by: Principal, *, model: str | None, page: PageRequest) -> Page[SkuGroup]:
    """Products of units, by SKU: how many are in stock and how many of those can be sold, and their prices."""
    session = reads(by)
    wanted: list[ColumnElement[bool]] = [Product.kind == "serialised", Product.archived_at.is_(None)]
    if model:
        wanted.append(Product.model_key == model.lower())
    total = session.scalar(select(func.count(Product.id)).where(*wanted)) or 0
    products = session.execute(
        select(Product.id, Product.sku, Product.model, Product.storage, Product.grade)
        .where(*wanted)
        .order_by(Product.sku_key)
        .limit(page.size)
        .offset(page.offset)
    ).all()
    there = _there(by, [product.id for product in products])
    groups: list[SkuGroup] = []
    for product in products:
        found = there.get(product.id)
        counts = (0, 0, None, None, None) if found is None else found
        groups.append(SkuGroup(product.sku, product.model or "", product.storage, product.grade or "", *counts))
    return Page(groups, page, total)


_Counts = tuple[int, int, int | None, int | None, int | None]


def _there(by: Principal, product_ids: Sequence[int]) -> dict[int, _Counts]:
    free = is_available()
    statement = (
        select(
            Unit.product_id,
            func.count().filter(free),
            func.count(),
            func.min(Unit.price).filter(free),
            func.max(Unit.price).filter(free),
            func.sum(Unit.price).filter(free),
        )
        .where(Unit.product_id.in_(product_ids), Unit.state == "in_stock")
        .group_by(Unit.product_id)
    )
    found: dict[int, _Counts] = {}
    for product, available, total, least, most, worth in reads(by).execute(statement):
        average = None if not available else (2 * int(worth) + available) // (2 * available)
        found[product] = (available, total, least, most, average)
    return found
