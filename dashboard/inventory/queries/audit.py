"""The equations of stock: ledger, levels, tallies, claims and units agree."""

from sqlalchemy import case, func, literal, or_, select, union_all

from dashboard.core import clock
from dashboard.core.audit import equation
from dashboard.core.db import AnySelect
from dashboard.inventory.models import Claim, Product, StockLevel, StockMove, Unit, UnitTally


@equation("stock.levels", "A level is the sum of its moves.")
def levels_are_sums() -> AnySelect:
    moved = (
        select(
            StockMove.tenant_id,
            StockMove.product_id,
            StockMove.location_id,
            func.sum(StockMove.quantity).label("moved"),
        )
        .where(StockMove.unit_id.is_(None))
        .group_by(StockMove.tenant_id, StockMove.product_id, StockMove.location_id)
        .subquery()
    )
    return (
        select(
            StockLevel.tenant_id,
            StockLevel.product_id,
            StockLevel.location_id,
            StockLevel.on_hand,
            func.coalesce(moved.c.moved, 0),
        )
        .outerjoin(
            moved,
            (moved.c.tenant_id == StockLevel.tenant_id)
            & (moved.c.product_id == StockLevel.product_id)
            & (moved.c.location_id == StockLevel.location_id),
        )
        .where(StockLevel.on_hand != func.coalesce(moved.c.moved, 0))
    )


@equation("stock.claims", "No more pieces are claimed at a place than lie there.")
def claims_are_covered() -> AnySelect:
    live = or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now())
    claimed = (
        select(Claim.tenant_id, Claim.product_id, Claim.location_id, func.sum(Claim.quantity).label("claimed"))
        .where(Claim.unit_id.is_(None), Claim.ended_at.is_(None), live)
        .group_by(Claim.tenant_id, Claim.product_id, Claim.location_id)
        .subquery()
    )
    return (
        select(claimed)
        .outerjoin(
            StockLevel,
            (StockLevel.tenant_id == claimed.c.tenant_id)
            & (StockLevel.product_id == claimed.c.product_id)
            & (StockLevel.location_id == claimed.c.location_id),
        )
        .where(claimed.c.claimed > func.coalesce(StockLevel.on_hand, 0))
    )


@equation("stock.gone", "Nobody claims a unit that has left.")
def nothing_gone_is_claimed() -> AnySelect:
    return (
        select(Claim.tenant_id, Claim.id, Claim.unit_id, Unit.state)
        .join(Unit, Unit.id == Claim.unit_id)
        .where(Claim.ended_at.is_(None), Unit.state.in_(("sold", "scrapped")))
    )


@equation("stock.states", "A unit has a time at which it left exactly when it is sold or scrapped.")
def states_are_timed() -> AnySelect:
    gone = Unit.state.in_(("sold", "scrapped"))
    return select(Unit.tenant_id, Unit.id, Unit.state, Unit.gone_at).where(gone != Unit.gone_at.is_not(None))


@equation("stock.unit_ledger", "A unit's moves add up to one while it is in stock, and to nothing otherwise.")
def units_are_sums() -> AnySelect:
    moved = (
        select(StockMove.tenant_id, StockMove.unit_id, func.sum(StockMove.quantity).label("moved"))
        .where(StockMove.unit_id.is_not(None))
        .group_by(StockMove.tenant_id, StockMove.unit_id)
        .subquery()
    )
    should = case((Unit.state == "in_stock", 1), else_=0)
    return (
        select(Unit.tenant_id, Unit.id, Unit.state, func.coalesce(moved.c.moved, 0))
        .outerjoin(moved, (moved.c.tenant_id == Unit.tenant_id) & (moved.c.unit_id == Unit.id))
        .where(func.coalesce(moved.c.moved, 0) != should)
    )


@equation("stock.low", "A product is marked as low exactly when there is less of it than its minimum.")
def low_is_marked() -> AnySelect:
    pieces = (
        select(func.coalesce(func.sum(StockLevel.on_hand), 0))
        .where(StockLevel.tenant_id == Product.tenant_id, StockLevel.product_id == Product.id)
        .scalar_subquery()
    )
    units = (
        select(func.coalesce(func.sum(UnitTally.in_stock + UnitTally.in_transit), 0))
        .where(UnitTally.tenant_id == Product.tenant_id, UnitTally.product_id == Product.id)
        .scalar_subquery()
    )
    is_low = func.coalesce(pieces + units < Product.min_stock, literal(False))
    return select(Product.tenant_id, Product.id, Product.sku, pieces + units, Product.min_stock).where(
        Product.low != is_low
    )


@equation("stock.tallies", "The tallies count what is in stock and on its way.")
def tallies_count() -> AnySelect:
    counted = select(
        Unit.tenant_id,
        Unit.product_id,
        Unit.location_id,
        Unit.carrier_locked,
        case((Unit.state == "in_stock", 1), else_=0).label("in_stock"),
        case((Unit.state == "in_transit", 1), else_=0).label("in_transit"),
    ).where(Unit.gone_at.is_(None))
    tallied = select(
        UnitTally.tenant_id,
        UnitTally.product_id,
        UnitTally.location_id,
        UnitTally.carrier_locked,
        -UnitTally.in_stock,
        -UnitTally.in_transit,
    )
    both = union_all(counted, tallied).subquery()
    key = (both.c.tenant_id, both.c.product_id, both.c.location_id, both.c.carrier_locked)
    in_stock, in_transit = func.sum(both.c.in_stock), func.sum(both.c.in_transit)
    wrong = or_(in_stock != literal(0), in_transit != literal(0))
    return select(*key, in_stock, in_transit).group_by(*key).having(wrong)
