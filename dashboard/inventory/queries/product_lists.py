"""Lists of products: rows by keyset and counts that cost the same at any number of products.

What fits a filter is counted up to COUNTED_TO. Where it is fewer, exactly those are sorted; where there are more, a
page is found soonest by walking in the order of the list, which is an index, and passing over what does not fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, tuple_, union_all

from dashboard.catalog.normalise import search_text
from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads, table_of
from dashboard.core.errors import Invalid
from dashboard.core.paging import Page, PageRequest, Slice, decode_cursor, encode_cursor
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Location, Product, ProductCategory, ProductTerm, StockLevel, UnitTally
from dashboard.inventory.queries.stock import PlaceStock, Stocked, StockedProduct, places_of, stocked_by_id
from dashboard.inventory.service.products import TERM_LENGTH, fold_sku

COUNTED_TO = 1_000
"""How far products are counted."""

SORTS = {"sku": "sku_key", "name": "search_name"}
STOCKED = ("counted", "unique", "serialised")
"""Kinds of which there is stock."""

products, categories, terms = table_of(Product), table_of(ProductCategory), table_of(ProductTerm)
levels, tallies, locations = table_of(StockLevel), table_of(UnitTally), table_of(Location)


Dense: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products. `kinds` none means all; `category` a slug; `place` the code of one where some of it lies; `low`
    those below their minimum; `text` words of a name that follow each other, the beginning of a SKU, or a barcode.
    """

    kinds: tuple[str, ...] = ()
    category: str = ""
    place: str = ""
    low: bool = False
    archived: bool = False
    text: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether it may leave out much of what is in the order of a list."""
        return bool(self.category or self.place or self.low or self.text or (self.kinds and self.kinds != STOCKED))


@dataclass(frozen=True, slots=True)
class ListedProduct(Stocked):
    """A product as lists show it, with what is there of it. Money in minor units of the tenant's currency."""

    id: int
    number: int
    sku: str
    name: str
    kind: str
    price: int
    cost: int
    min_stock: int | None
    model: str | None
    grade: str | None
    category: str | None
    places: Sequence[PlaceStock] = field(default_factory=list[PlaceStock])

    @property
    def minimum(self) -> int | None:
        return self.min_stock


@dataclass(frozen=True, slots=True)
class ProductCount:
    """How many products fit; `more` says that there are still more."""

    total: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.total:,}{'+' if self.more else ''}"


def count_products(by: Principal, where: ProductFilter) -> ProductCount:
    """How many products fit, counted up to COUNTED_TO."""
    return _count(by, where, _dense(by, where))


def _count(by: Principal, where: ProductFilter, dense: Dense) -> ProductCount:
    some = _some_ids(by, where, dense).subquery()
    counted = reads(by).execute(select(func.count()).select_from(some), execution_options=OWN_TENANT).scalar_one()
    return ProductCount(min(counted, COUNTED_TO), counted > COUNTED_TO)


def list_products(
    by: Principal, where: ProductFilter, *, sort: str = "sku", after: str | None = None, size: int = 50
) -> tuple[Slice[ListedProduct], ProductCount]:
    """Products by SKU or name, from a position on, and how many fit. Raises Invalid for a position that is none."""
    if sort not in SORTS:
        raise Invalid.field("sort", "Products are sorted by sku or name.")
    column: Any = products.c[SORTS[sort]]
    dense = _dense(by, where)
    counted = _count(by, where, dense)
    statement = _columns(column)
    if where.narrowed and not counted.more:
        column = column.concat("")  # so that no database walks the order of the list to find these few
        statement = statement.where(
            products.c.tenant_id == by.tenant_id, products.c.id.in_(_some_ids(by, where, dense).correlate(None))
        )
    else:
        begin = _beginning(by, where, sort) if "text" in dense else None
        rest = where if begin is None else replace(where, text="")
        statement = statement.where(*_conditions(by, rest, dense, walking=True), *([] if begin is None else [begin]))
    if after is not None:
        statement = statement.where(tuple_(column, products.c.id) > tuple_(*decode_cursor(after, (str, int))))
    statement = statement.order_by(column, products.c.id).limit(size + 1)
    rows = reads(by).execute(statement, execution_options=OWN_TENANT).all()
    there = places_of(by, [row.id for row in rows[:size]])
    items = [_listed(row, there) for row in rows[:size]]
    return Slice(items, encode_cursor([rows[size - 1][-1], items[-1].id]) if len(rows) > size else None), counted


def _beginning(by: Principal, where: ProductFilter, sort: str) -> ColumnElement[bool] | None:
    """Where many SKUs (or names) begin with what was typed, a list in their order shows those alone: they lie side by
    side, and to look for others among all products would take long.
    """
    begins = _begins(products.c[SORTS[sort]], fold_sku(where.text) if sort == "sku" else search_text(where.text))
    archived = products.c.archived_at.is_not(None) if where.archived else products.c.archived_at.is_(None)
    some = select(products.c.id).where(products.c.tenant_id == by.tenant_id, archived, begins).limit(COUNTED_TO + 1)
    counted = reads(by).execute(select(func.count()).select_from(some.subquery()), execution_options=OWN_TENANT)
    return begins if counted.scalar_one() > COUNTED_TO else None


def stocked_page(by: Principal, where: ProductFilter, page: PageRequest) -> Page[StockedProduct]:
    """Products by their number, with the number of all that fit."""
    conditions = _conditions(by, where, _dense(by, where))
    session = reads(by)
    counted = select(func.count()).select_from(products).where(*conditions)
    total = session.execute(counted, execution_options=OWN_TENANT).scalar_one()
    ids = select(products.c.id).where(*conditions).order_by(products.c.number).limit(page.size).offset(page.offset)
    found = list(session.execute(ids, execution_options=OWN_TENANT).scalars())
    return Page(stocked_by_id(by, found), page, total)


def find_products(by: Principal, typed: str, *, limit: int) -> list[ListedProduct]:
    """Products for the search box: the one with exactly this SKU or barcode first, then by SKU."""
    found, _ = list_products(by, ProductFilter(text=typed), size=limit)
    exact, key = _by_code(by, typed), fold_sku(typed)
    rest = [each for each in found.items if each.id not in {one.id for one in exact}]
    return [*exact, *sorted(rest, key=lambda each: not each.sku.upper().startswith(key))][:limit]


def _by_code(by: Principal, typed: str) -> list[ListedProduct]:
    code, same = typed.strip(), products.alias()
    mine = select(same.c.id).where(same.c.tenant_id == by.tenant_id, same.c.archived_at.is_(None))
    # Two questions, an index each: one with OR in it is answered by walking all products.
    exactly = union_all(mine.where(same.c.sku_key == fold_sku(code)), mine.where(same.c.barcode == code))
    statement = _columns(products.c.sku_key).where(products.c.tenant_id == by.tenant_id, products.c.id.in_(exactly))
    rows = reads(by).execute(statement.order_by(products.c.id).limit(3), execution_options=OWN_TENANT).all()
    there = places_of(by, [row.id for row in rows])
    return [_listed(row, there) for row in rows]


def _listed(row: Any, there: Mapping[int, Sequence[PlaceStock]]) -> ListedProduct:
    *columns, _ = row
    return ListedProduct(*columns, places=there[row.id])


def _columns(sorted_by: ColumnElement[Any]) -> AnySelect:
    of_category = and_(categories.c.tenant_id == products.c.tenant_id, categories.c.id == products.c.category_id)
    return select(
        products.c.id,
        products.c.number,
        products.c.sku,
        products.c.name,
        products.c.kind,
        products.c.price,
        products.c.cost,
        products.c.min_stock,
        products.c.model,
        products.c.grade,
        categories.c.name.label("category"),
        sorted_by.label("position"),
    ).select_from(products.outerjoin(categories, of_category))


def _some_ids(by: Principal, where: ProductFilter, dense: Dense) -> AnySelect:
    some = select(products.c.id).where(*_conditions(by, where, dense)).limit(COUNTED_TO + 1)
    looked_up = where.category or where.low or where.text or len(where.kinds) == 1
    if looked_up or (where.place and "place" not in dense):
        return some
    return some.order_by(products.c.sku_key, products.c.id)  # by the index that holds these and no others


def _dense(by: Principal, where: ProductFilter) -> Dense:
    """Which of the filters that are looked up in other tables fit so many products that looking at each is quicker."""
    asked = {"text": _named(by, where.text) if where.text else []}
    asked["place"] = _there(by, where.place) if where.place else []
    found: set[str] = set()
    for name, ids in asked.items():
        if ids:
            some = union_all(*(select(one.limit(COUNTED_TO + 1).subquery().c[0]) for one in ids))
            counted = reads(by).execute(select(func.count()).select_from(some.subquery()), execution_options=OWN_TENANT)
            found |= {name} if counted.scalar_one() > COUNTED_TO else set()
    return frozenset(found)


def _conditions(
    by: Principal, where: ProductFilter, dense: Dense, *, walking: bool = False
) -> list[ColumnElement[bool]]:
    """`walking` says them in a way for which no index is looked up, so that the order of the list is kept."""
    row = products.c
    found: list[ColumnElement[bool]] = [
        row.tenant_id == by.tenant_id,
        row.archived_at.is_not(None) if where.archived else row.archived_at.is_(None),
    ]
    if where.kinds:
        kind = row.kind.concat("") if walking or len(where.kinds) > 1 else row.kind
        found.append(kind.in_(where.kinds))
    if where.category:
        slug = (
            select(categories.c.id)
            .where(categories.c.tenant_id == by.tenant_id, categories.c.slug == where.category)
            .scalar_subquery()
        )
        found.append((row.category_id + 0 if walking else row.category_id) == slug)
    if where.low:
        found.append(row.low != false() if walking else row.low)
    if where.place:
        look = walking or "place" in dense
        found.append(_is_there(by, where.place) if look else row.id.in_(union_all(*_there(by, where.place))))
    if where.text:
        look = walking or "text" in dense
        found.append(_is_named(by, where.text) if look else row.id.in_(union_all(*_named(by, where.text))))
    return found


def _at(by: Principal, code: str) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """Conditions of levels and of tallies that there is something at the place."""
    place = (
        select(locations.c.id).where(locations.c.tenant_id == by.tenant_id, locations.c.code == code).scalar_subquery()
    )
    return (
        [levels.c.tenant_id == by.tenant_id, levels.c.location_id == place, levels.c.on_hand > 0],
        [
            tallies.c.tenant_id == by.tenant_id,
            tallies.c.location_id == place,
            tallies.c.in_stock + tallies.c.in_transit > 0,
        ],
    )


def _there(by: Principal, code: str) -> list[AnySelect]:
    pieces, units = _at(by, code)
    return [select(levels.c.product_id).where(*pieces), select(tallies.c.product_id).where(*units)]


def _is_there(by: Principal, code: str) -> ColumnElement[bool]:
    pieces, units = _at(by, code)
    return or_(
        exists().where(levels.c.product_id == products.c.id, *pieces),
        exists().where(tallies.c.product_id == products.c.id, *units),
    )


def _named(by: Principal, text: str) -> list[AnySelect]:
    term, same = search_text(text)[:TERM_LENGTH], products.alias()
    mine = same.c.tenant_id == by.tenant_id
    ways: list[AnySelect] = [
        select(same.c.id).where(mine, _begins(same.c.sku_key, fold_sku(text))),
        select(same.c.id).where(mine, same.c.barcode == text.strip()),
    ]
    if term:
        named = select(terms.c.product_id).where(terms.c.tenant_id == by.tenant_id, _begins(terms.c.term, term))
        ways.append(named)
    return ways


def _is_named(by: Principal, text: str) -> ColumnElement[bool]:
    term = search_text(text)[:TERM_LENGTH]
    follows = exists().where(
        terms.c.tenant_id == by.tenant_id,
        terms.c.product_id == products.c.id,
        _begins(terms.c.term.concat(""), term),
    )
    sku: ColumnElement[Any] = products.c.sku_key.concat("")
    return or_(_begins(sku, fold_sku(text)), products.c.barcode == text.strip(), follows if term else false())


def _begins(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return and_(column >= text, column < f"{text}\U0010ffff")
