"""Exact counts of units, kept in the transaction of every change so that a list's total costs no counting."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, table_of
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Product, UnitTally

tallies = table_of(UnitTally)

Change = tuple[int, int, bool, int, int]
"""Product, location, whether locked to a carrier; by how many more are in stock, and by how many more on their way."""


def _add(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    changed = insert(tallies)
    keys = [tallies.c.tenant_id, tallies.c.product_id, tallies.c.location_id, tallies.c.carrier_locked]
    return changed.on_conflict_do_update(
        index_elements=keys,
        set_={
            "in_stock": tallies.c.in_stock + changed.excluded.in_stock,
            "in_transit": tallies.c.in_transit + changed.excluded.in_transit,
        },
    )


_ADD = {"sqlite": _add(sqlite.Insert), "postgresql": _add(postgresql.Insert)}


def add(by: Principal, session: CommandSession, changes: Iterable[Change]) -> None:
    """Count what changed, in the order of the keys, so that no two commands wait for each other."""
    summed: dict[tuple[int, int, bool], list[int]] = defaultdict(lambda: [0, 0])
    for product, location, locked, in_stock, in_transit in changes:
        summed[product, location, locked][0] += in_stock
        summed[product, location, locked][1] += in_transit
    rows = [
        {
            "tenant_id": by.tenant_id,
            "product_id": product,
            "location_id": location,
            "carrier_locked": locked,
            "in_stock": in_stock,
            "in_transit": in_transit,
        }
        for (product, location, locked), (in_stock, in_transit) in sorted(summed.items())
        if in_stock or in_transit
    ]
    if rows:
        session.execute(_ADD[session.get_bind().dialect.name], rows, execution_options=OWN_TENANT)
        _mark_low(by, session, {product for product, _, _ in summed})


products = table_of(Product)
_there = (
    select(func.coalesce(func.sum(tallies.c.in_stock + tallies.c.in_transit), 0))
    .where(tallies.c.tenant_id == products.c.tenant_id, tallies.c.product_id == products.c.id)
    .scalar_subquery()
)
_watched = and_(
    products.c.tenant_id == bindparam("tenant", type_=BigInteger),
    products.c.id.in_(bindparam("products", expanding=True, type_=BigInteger)),
    products.c.min_stock.is_not(None),
)
_lock_watched = select(products.c.id).where(_watched).order_by(products.c.id).with_for_update(key_share=True)
_set_low = (
    update(products)
    .where(_watched, products.c.low != (_there < products.c.min_stock))
    .values(low=_there < products.c.min_stock)
)


def _mark_low(by: Principal, session: CommandSession, product_ids: set[int]) -> None:
    """Whether there are fewer units than the minimum now. Products that have none are neither locked nor written."""
    values = {"tenant": by.tenant_id, "products": sorted(product_ids)}
    if session.execute(_lock_watched, values, execution_options=OWN_TENANT).first() is not None:
        session.execute(_set_low, values, execution_options=OWN_TENANT)
