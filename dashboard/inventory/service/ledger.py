"""The ledger: every piece that comes, goes or is found missing, and the levels that are its sums."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict
from dashboard.core.money import divide
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Product, StockLevel, StockMove
from dashboard.inventory.service.claims import FreeLevel, lock_levels

moves = table_of(StockMove)
levels = table_of(StockLevel)
products = table_of(Product)


@dataclass(frozen=True, slots=True)
class Move:
    """A change of what is there: `quantity` signed, `unit_cost` in minor units where something was bought.

    Whoever moves pieces that it claimed ends its claim first: the ledger lets leave what nobody holds.
    """

    product_id: int
    location_id: int
    quantity: int
    kind: str
    unit_id: int | None = None
    unit_cost: int | None = None
    reason: str | None = None
    source: str | None = None


class HeldStock(Conflict):
    """More would leave than nobody holds."""

    code = "stock_held"


def _open_level(insert_: type[sqlite.Insert] | type[postgresql.Insert]) -> Any:
    return insert_(levels).on_conflict_do_nothing()


_OPEN_LEVEL = {"sqlite": _open_level(sqlite.Insert), "postgresql": _open_level(postgresql.Insert)}
_insert_moves = insert(moves)
_change_level = (
    update(levels)
    .where(levels.c.id == bindparam("level", type_=BigInteger))
    .values(on_hand=levels.c.on_hand + bindparam("change", type_=BigInteger))
)
_thresholds = select(
    products.c.id,
    products.c.number,
    products.c.sku,
    products.c.name,
    products.c.min_stock,
    products.c.cost,
    products.c.low,
).where(
    products.c.tenant_id == bindparam("tenant", type_=BigInteger),
    products.c.id.in_(bindparam("products", expanding=True)),
)
_set_cost = (
    update(products)
    .where(products.c.tenant_id == bindparam("tenant", type_=BigInteger), products.c.id == bindparam("product"))
    .values(cost=bindparam("new_cost", type_=BigInteger))
)
_set_low = (
    update(products)
    .where(products.c.tenant_id == bindparam("tenant", type_=BigInteger), products.c.id == bindparam("product"))
    .values(low=bindparam("is_low"))
)


def post_pieces(by: Principal, batch: Sequence[Move]) -> None:
    """Write moves of counted products and change their levels; none of it where pieces would leave that are held.

    Records `inventory.low-stock` for each product that falls below its minimum. Raises HeldStock.
    """
    if not batch:
        return
    with atomic(by) as session:
        _open_missing(by, session, batch)
        locked = lock_levels(by, (move.product_id for move in batch))
        by_place = {(level.product_id, level.location_id): level for level in locked}
        changes: dict[FreeLevel, int] = defaultdict(int)
        for move in batch:
            level = by_place.get((move.product_id, move.location_id))
            if level is None:
                raise HeldStock("There are no pieces of it at this place.")
            changes[level] += move.quantity
        for level, change in changes.items():
            if change < 0 and level.free + change < 0:
                held = level.on_hand - level.free
                raise HeldStock(
                    f"{held} of {level.on_hand} pieces are held, so no more than {max(level.free, 0)} can leave."
                )
        session.execute(
            _change_level,
            [{"level": level.id, "change": change} for level, change in changes.items() if change],
            execution_options=OWN_TENANT,
        )
        write_moves(by, session, batch)
        _settle_products(by, session, locked, changes, batch)


def write_moves(by: Principal, session: CommandSession, batch: Iterable[Move]) -> None:
    """Write lines of the ledger alone: for units, whose own row says where they are."""
    now = clock.now()
    rows = [
        {
            "tenant_id": by.tenant_id,
            "product_id": move.product_id,
            "location_id": move.location_id,
            "unit_id": move.unit_id,
            "kind": move.kind,
            "quantity": move.quantity,
            "unit_cost": move.unit_cost,
            "reason": move.reason,
            "source": move.source,
            "actor": by.label,
            "at": now,
        }
        for move in batch
    ]
    session.execute(_insert_moves, rows, execution_options=OWN_TENANT)


def _open_missing(by: Principal, session: CommandSession, batch: Sequence[Move]) -> None:
    places = sorted({(move.product_id, move.location_id) for move in batch if move.quantity > 0})
    if places:
        statement = _OPEN_LEVEL[session.get_bind().dialect.name]
        rows = [{"tenant_id": by.tenant_id, "product_id": p, "location_id": at, "on_hand": 0} for p, at in places]
        session.execute(statement, rows, execution_options=OWN_TENANT)


def _settle_products(
    by: Principal,
    session: CommandSession,
    locked: list[FreeLevel],
    changes: dict[FreeLevel, int],
    batch: Sequence[Move],
) -> None:
    """What follows from new levels: the average cost, and that something runs low."""
    before: dict[int, int] = defaultdict(int)
    change_of: dict[int, int] = defaultdict(int)
    for level in locked:
        before[level.product_id] += level.on_hand
        change_of[level.product_id] += changes.get(level, 0)
    wanted = {"tenant": by.tenant_id, "products": sorted(before)}
    for product in session.execute(_thresholds, wanted, execution_options=OWN_TENANT).all():
        had, has = before[product.id], before[product.id] + change_of[product.id]
        bought = [(m.quantity, m.unit_cost) for m in batch if m.product_id == product.id and m.unit_cost is not None]
        if bought:
            pieces = max(had, 0) + sum(n for n, _ in bought)
            worth = max(had, 0) * product.cost + sum(n * cost for n, cost in bought)
            values = {"tenant": by.tenant_id, "product": product.id, "new_cost": divide(worth, pieces)}
            session.execute(_set_cost, values, execution_options=OWN_TENANT)
        is_low = product.min_stock is not None and has < product.min_stock
        if is_low != product.low:
            values = {"tenant": by.tenant_id, "product": product.id, "is_low": is_low}
            session.execute(_set_low, values, execution_options=OWN_TENANT)
        if product.min_stock is not None and has < product.min_stock <= had:
            events.record(
                by,
                "inventory.low-stock",
                f"product:{product.id}",
                {
                    "product_id": product.id,
                    "part_id": product.number,
                    "sku": product.sku,
                    "name": product.name,
                    "quantity": has,
                    "min_stock": product.min_stock,
                },
            )
