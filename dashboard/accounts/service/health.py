"""How the installation stands, for the operator: workers, background work of all tenants, database, mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dashboard.accounts.models import Tenant
from dashboard.core import mail, schema
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.jobs import overview
from dashboard.core.jobs.overview import KindOfWork, Worker
from dashboard.core.paging import Slice
from dashboard.core.schema import Database


@dataclass(frozen=True, slots=True)
class Health:
    """How the installation stands. `mail_host` is None where mail stays in the outbox."""

    workers: Sequence[Worker]
    kinds: Sequence[KindOfWork]
    database: Database
    mail_host: str | None


@dataclass(frozen=True, slots=True)
class FailedWork:
    """Work that was given up, and why. `business_code` is None for work of the installation itself."""

    id: int
    kind: str
    business_code: str | None
    reason: str
    attempts: int
    ended_at: datetime | None


def health(by: Principal) -> Health:
    """How the installation stands. Raises NotAllowed for all but the operator."""
    above = by.above_tenants()
    server = mail.server_of(above)
    return Health(
        workers=overview.workers(above),
        kinds=overview.kinds(above),
        database=schema.database(above),
        mail_host=None if server is None else server.host,
    )


def failed_work(by: Principal, *, after: str | None = None, size: int = 25) -> Slice[FailedWork]:
    """What was given up, of all tenants, the latest first."""
    above = by.above_tenants()
    found = overview.failed(above, after=after, size=size)
    ids = {each.tenant_id for each in found.items if each.tenant_id is not None}
    tenants = reads(above).scalars(select(Tenant).where(Tenant.id.in_(ids)))
    codes = {tenant.id: tenant.business_code for tenant in tenants}
    rows = [
        FailedWork(
            id=each.id,
            kind=each.kind,
            business_code=None if each.tenant_id is None else codes.get(each.tenant_id),
            reason=each.last_error or "",
            attempts=each.attempts,
            ended_at=each.ended_at,
        )
        for each in found.items
    ]
    return Slice(rows, found.after)


def retry_work(by: Principal, work_id: int) -> str:
    """Let failed work be tried again; its kind. Raises NotFound or Conflict."""
    return overview.retry_anywhere(by, work_id).kind
