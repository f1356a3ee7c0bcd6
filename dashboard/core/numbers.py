"""Numbers without gaps, per tenant and kind: the ids that integrations see, order and invoice numbers."""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from dashboard.core.context import Principal
from dashboard.core.db import Base, TenantOwned, atomic, table_of
from dashboard.core.tenancy import OWN_TENANT


class Counter(TenantOwned, Base):
    """The last number given out in one scope (`user`, `order 2026`) of one tenant."""

    __tablename__ = "counter"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(60), primary_key=True)
    n: Mapped[int]


_counters = table_of(Counter)


def _statement(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> ReturningInsert[Any]:
    return (
        insert(_counters)
        .on_conflict_do_update(index_elements=[_counters.c.tenant_id, _counters.c.scope], set_={"n": _counters.c.n + 1})
        .returning(_counters.c.n)
    )


_TAKE = {"sqlite": _statement(sqlite.Insert), "postgresql": _statement(postgresql.Insert)}


def take(by: Principal, scope: str, *, tenant_id: int | None = None) -> int:
    """The next number of `scope`, from 1, given back if the command fails.

    The tenant's other commands on this scope wait for the commit: take it last. `tenant_id` is for system work.
    """
    owner = by.tenant_id if tenant_id is None else tenant_id
    with atomic(by) as session:
        statement = _TAKE[session.get_bind().dialect.name]
        return session.execute(
            statement, {"tenant_id": owner, "scope": scope, "n": 1}, execution_options=OWN_TENANT
        ).scalar_one()
