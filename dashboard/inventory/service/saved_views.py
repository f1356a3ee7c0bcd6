"""Lists of units that somebody keeps under a name."""

from sqlalchemy import delete, func, select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Invalid, NotFound
from dashboard.inventory.models import InventoryView

MOST = 30
NAME_LENGTH, QUERY_LENGTH = 60, 1000


def keep_view(by: Principal, name: str, query: str) -> None:
    """Keep the query of a list's address under a name; one of the same name is replaced. Raises Invalid."""
    by.require("inventory:read")
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise Invalid.field("name", f"Give the view a name of 1 to {NAME_LENGTH} characters.")
    if len(query) > QUERY_LENGTH or not query.isprintable():
        raise Invalid.field("name", "This list has too many filters to be kept.")
    with atomic(by) as session:
        present = session.scalar(
            select(InventoryView).where(InventoryView.actor == by.label, InventoryView.name == name)
        )
        kept = session.scalar(select(func.count()).select_from(InventoryView).where(InventoryView.actor == by.label))
        if present is None and (kept or 0) >= MOST:
            raise Invalid.field("name", f"You keep {MOST} views already. Remove one first.")
        if present is None:
            session.add(InventoryView(actor=by.label, name=name, query=query, created_at=clock.now()))
        else:
            present.query = query


def drop_view(by: Principal, view_id: int) -> None:
    """Forget one of the actor's own views. Raises NotFound."""
    by.require("inventory:read")
    with atomic(by) as session:
        gone = delete(InventoryView).where(InventoryView.id == view_id, InventoryView.actor == by.label)
        if session.execute(gone.returning(InventoryView.id)).one_or_none() is None:
            raise NotFound("There is no such view.")
