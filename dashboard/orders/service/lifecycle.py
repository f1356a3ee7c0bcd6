"""What happens to an order after it was placed: confirmed, shipped, delivered, or cancelled.

Each command locks claims before the order's row, as taking them does, and lets the row count of one conditional
statement decide: of two commands at once one finds the order in another state.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, select, update

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, UTCDateTime, atomic, reads, table_of
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.events import Happened
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder, HoldExpired
from dashboard.orders.models import Order
from dashboard.orders.queries.placed import EXPIRED, OrderRow, named_by, show_numbered

orders = table_of(Order)

_tenant = bindparam("tenant", type_=BigInteger)
_order = bindparam("order", type_=BigInteger)
_now = bindparam("now", type_=UTCDateTime)
_this = and_(orders.c.tenant_id == _tenant, orders.c.id == _order)
_told = (orders.c.public_id, orders.c.code, orders.c.total, orders.c.currency, orders.c.buyer_name)
_find = {
    name: select(orders.c.id).where(orders.c.tenant_id == _tenant, orders.c[name] == bindparam("ref"))
    for name in ("public_id", "code")
}
_state = select(orders.c.status, orders.c.reserved_until, orders.c.extended_at, orders.c.public_id).where(_this)
_changed = {"updated_at": _now, "version": orders.c.version + 1}
_confirm = (
    update(orders)
    .where(_this, orders.c.status == "pending", orders.c.reserved_until > _now)
    .values(status="confirmed", confirmed_at=_now, reserved_until=None, **_changed)
    .returning(*_told)
)
_extend = (
    update(orders)
    .where(_this, orders.c.status == "pending", orders.c.reserved_until > _now, orders.c.extended_at.is_(None))
    .values(reserved_until=bindparam("until", type_=UTCDateTime), extended_at=_now, **_changed)
    .returning(*_told)
)
_cancel = (
    update(orders)
    .where(_this, orders.c.status.in_(("pending", "confirmed", "shipped")))
    .values(status="cancelled", cancelled_at=_now, reserved_until=None, cancel_reason=bindparam("why"), **_changed)
    .returning(*_told)
)
_lapse = (
    update(orders)
    .where(_this, orders.c.status == "pending", orders.c.reserved_until <= _now)
    .values(status="cancelled", cancelled_at=_now, reserved_until=None, cancel_reason=EXPIRED, **_changed)
    .returning(*_told)
)
_deliver = (
    update(orders)
    .where(_this, orders.c.status == "shipped")
    .values(status="delivered", delivered_at=_now, **_changed)
    .returning(*_told)
)


def find_id(by: Principal, ref: str) -> int:
    """The id of the placed order with this public id (`ord_…`) or code (`ORD-…`). Raises NotFound."""
    values = {"tenant": by.tenant_id, "ref": ref}
    found = reads(by).execute(_find[named_by(ref)], values, execution_options=OWN_TENANT).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no order '{ref}'.")
    return found


def act_on(by: Principal, ref: str, command: Callable[[int], object]) -> OrderRow:
    """Do `command` to the order with this public id or code, and show it: found, changed and read in one transaction.

    Raises NotFound, and whatever `command` raises.
    """
    with atomic(by):
        order_id = find_id(by, ref)
        command(order_id)
        return show_numbered(by, order_id)


def confirm(by: Principal, order_id: int) -> None:
    """Sell what the order holds: the hold no longer lapses. Confirming twice is once.

    Raises HoldExpired where the hold has lapsed, Conflict for an order in another state.
    """
    by.require("orders:write")
    with atomic(by) as session:
        claims.commit(by, Holder("order", order_id))
        done = _run(by, session, _confirm, order_id)
        if done is None:
            state = _present(by, session, order_id)
            if state.status in ("confirmed", "shipped", "delivered"):
                return
            if state.status == "pending":
                raise HoldExpired("The hold of this order has lapsed. Place it again.")
            raise _refusal(state, "confirmed")
        _record(by, "order.confirmed", order_id, done)


def extend(by: Principal, order_id: int, *, minutes: int, reason: str) -> None:
    """Let the hold last `minutes` longer (1 to 1,440), once. Raises Invalid, HoldExpired, Conflict."""
    by.require("orders:write")
    if not 1 <= minutes <= 1440:
        raise Invalid.field("minutes", "Extend a hold by 1 to 1,440 minutes.")
    if not reason.strip():
        raise Invalid.field("reason", "Say why the hold should last longer.")
    with atomic(by) as session:
        claims.lock(by, Holder("order", order_id))
        state = _present(by, session, order_id)
        if state.status != "pending":
            raise _refusal(state, "extended")
        if state.extended_at is not None:
            raise Conflict("The hold was extended once already. Confirm the order, or place it again.")
        until = state.reserved_until + timedelta(minutes=minutes)
        done = _run(by, session, _extend, order_id, until=until)
        if done is None:
            raise HoldExpired("The hold of this order has lapsed. Place it again.")
        claims.extend(by, Holder("order", order_id), until)
        _record(by, "order.hold_extended", order_id, done, reason=reason.strip()[:200], until=until.isoformat())


def cancel(by: Principal, order_id: int, *, reason: str = "") -> None:
    """Cancel an order that was not delivered yet, and let go of what it holds. Cancelling twice is once.

    What was shipped stays sold until it comes back as a return. Raises Conflict.
    """
    by.require("orders:write")
    with atomic(by) as session:
        claims.end(by, Holder("order", order_id), "released")
        done = _run(by, session, _cancel, order_id, why=reason.strip()[:200] or "cancelled")
        if done is None:
            state = _present(by, session, order_id)
            if state.status == "cancelled":
                return
            raise _refusal(state, "cancelled")
        _record(by, "order.cancelled", order_id, done, reason=reason.strip()[:200])


def lapse(by: Principal, order_id: int) -> bool:
    """Cancel an order whose hold has lapsed; whether it was still to do."""
    with atomic(by) as session:
        claims.lock(by, Holder("order", order_id))
        done = _run(by, session, _lapse, order_id)
        if done is None:
            return False
        claims.end(by, Holder("order", order_id), "expired")
        _record(by, "order.cancelled", order_id, done, reason=EXPIRED)
        return True


def lapse_displaced(happened: Happened) -> None:
    """Somebody took over an expired hold: cancel its order, in the same transaction.

    The other holds of that order have lapsed as well, and are left to the sweeper: locking them here could cross
    another command that takes them.
    """
    by, order_id = happened.by, int(happened.data["order_id"])
    with atomic(by) as session:
        done = _run(by, session, _lapse, order_id)
        if done is not None:
            _record(by, "order.cancelled", order_id, done, reason=EXPIRED)


def deliver(by: Principal, order_id: int) -> None:
    """Note that a shipped order has arrived. Noting it twice is once. Raises Conflict."""
    by.require("orders:write")
    with atomic(by) as session:
        done = _run(by, session, _deliver, order_id)
        if done is None:
            state = _present(by, session, order_id)
            if state.status == "delivered":
                return
            raise _refusal(state, "delivered")
        _record(by, "order.delivered", order_id, done)


def _run(by: Principal, session: CommandSession, statement: Any, order_id: int, **values: Any) -> Any:
    named = {"tenant": by.tenant_id, "order": order_id, "now": clock.now(), **values}
    return session.execute(statement, named, execution_options=OWN_TENANT).one_or_none()


def _present(by: Principal, session: CommandSession, order_id: int) -> Any:
    named = {"tenant": by.tenant_id, "order": order_id}
    found = session.execute(_state, named, execution_options=OWN_TENANT).one_or_none()
    if found is None:
        raise NotFound("There is no such order.")
    return found


def _refusal(state: Any, wanted: str) -> Conflict:
    return Conflict(f"The order is {state.status}, so it cannot be {wanted}.", details={"status": state.status})


def _record(by: Principal, name: str, order_id: int, row: Any, **more: str) -> None:
    told: Mapping[str, Any] = {
        "order_id": row.public_id,
        "number": row.code,
        "total": row.total,
        "currency": row.currency,
        "customer": row.buyer_name,
    }
    events.record(by, name, f"order:{order_id}", {**told, **more})
