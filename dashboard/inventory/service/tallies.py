"""Exact counts of units, kept in the transaction of every change so that a list's total costs no counting."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, table_of
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import UnitTally

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
