"""How much of the API each caller uses: added up day by day, shown for thirty days, kept for four hundred."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.accounts.models import ApiKey, ApiUsage, OAuthClient, Tenant
from dashboard.accounts.service.grants import is_own
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads, table_of

SHOWN_DAYS = 30
KEPT_DAYS = 400
_ROWS_A_STATEMENT = 500
_COUNTED = ("requests", "limited", "failed")
_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

_KEYS, _USAGE = table_of(ApiKey), table_of(ApiUsage)
Owned = TypeVar("Owned", ApiKey, OAuthClient)
_NEWER_USE = (
    update(_KEYS)
    .where(
        _KEYS.c.id == bindparam("key_id"),
        _KEYS.c.last_used_at.is_(None) | (_KEYS.c.last_used_at < bindparam("used_at")),
    )
    .values(last_used_at=bindparam("used_at"), last_used_from=bindparam("used_from"))
)


@dataclass(frozen=True, slots=True)
class CallerUsage:
    """What one caller asked: `today` by UTC, the rest in thirty days with today.

    `caller` is `key:3`, `client:5` or `people`. `limited` were refused by the rate limit (429), `failed` broke on our
    side (5xx).
    """

    caller: str
    name: str
    sandbox: bool
    ended: bool
    today: int
    requests: int
    limited: int
    failed: int
    last_used_at: datetime | None
    last_used_from: str | None


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What was asked on one day, by UTC."""

    day: date
    requests: int
    limited: int
    failed: int


def write_usage(
    counts: Mapping[tuple[int, str, date], Sequence[int]], uses: Mapping[int, tuple[datetime, str | None]]
) -> None:
    """Add to each caller's day what one process has counted, and note when keys were last used and from where.

    Several processes may add to the same rows. What is of a tenant that was deleted meanwhile is dropped.
    """
    with atomic(SYSTEM) as session:
        asked = {tenant_id for tenant_id, _, _ in counts}
        known = set(session.scalars(select(Tenant.id).where(Tenant.id.in_(asked))))
        # In one order everywhere, so that processes that write the same rows wait for each other in a line.
        rows = [
            {"tenant_id": tenant, "caller": caller, "day": day, "requests": n[0], "limited": n[1], "failed": n[2]}
            for (tenant, caller, day), n in sorted(counts.items())
            if tenant in known
        ]
        insert = _INSERTS[session.get_bind().dialect.name]
        for start in range(0, len(rows), _ROWS_A_STATEMENT):
            adding = insert(_USAGE).values(rows[start : start + _ROWS_A_STATEMENT])
            added = {name: _USAGE.c[name] + adding.excluded[name] for name in _COUNTED}
            session.execute(adding.on_conflict_do_update(index_elements=["tenant_id", "caller", "day"], set_=added))
        if uses:
            noted = [
                {"key_id": key_id, "used_at": at, "used_from": where and where[:60]}
                for key_id, (at, where) in sorted(uses.items())
            ]
            session.execute(_NEWER_USE, noted)


def usage_by_caller(by: Principal) -> list[CallerUsage]:
    """Everybody who may call the API for one's business or its sandbox, the busiest first.

    Those that have ended stand there as long as thirty days hold a request of theirs.
    """
    by.require("keys:manage")
    sums = {(row.tenant_id, row.caller): row for row in _sums(by)}
    found = _programs(by, sums)
    tenants = reads(by).execute(
        select(Tenant.id, Tenant.sandbox_of_id.is_not(None)).where(is_own(by, Tenant.id)).order_by(Tenant.id)
    )
    for tenant_id, sandbox in tenants:
        row = sums.get((tenant_id, "people"))
        if row is not None or not sandbox:
            found.append(_usage("people", "People, by their sign-in", row, sandbox=sandbox))
    return sorted(found, key=lambda each: (-each.requests, each.ended, each.name))


def usage_by_day(by: Principal, caller: str | None = None) -> list[DayUsage]:
    """The last thirty days, today last, of all callers together or of one; days without a request are there too."""
    by.require("keys:manage")
    statement = (
        select(ApiUsage.day, *(func.sum(_USAGE.c[name]) for name in _COUNTED))
        .where(is_own(by, ApiUsage.tenant_id), ApiUsage.day > _first_shown())
        .group_by(ApiUsage.day)
    )
    if caller is not None:
        statement = statement.where(ApiUsage.caller == caller)
    found = {row[0]: [int(count) for count in row[1:]] for row in reads(by).execute(statement)}
    days = (_today() - timedelta(days=ago) for ago in range(SHOWN_DAYS - 1, -1, -1))
    return [DayUsage(day, *found.get(day, (0, 0, 0))) for day in days]


def prune_usage(by: Principal) -> int:
    """Forget days that are more than four hundred days past; how many rows went."""
    with atomic(by) as session:
        old = delete(ApiUsage).where(ApiUsage.day < _today() - timedelta(days=KEPT_DAYS))
        return len(session.scalars(old.returning(ApiUsage.day)).all())


def _today() -> date:
    return clock.now().astimezone(UTC).date()


def _first_shown() -> date:
    return _today() - timedelta(days=SHOWN_DAYS)


def _sums(by: Principal) -> Sequence[Any]:
    today = func.sum(case((ApiUsage.day == _today(), ApiUsage.requests), else_=0))
    statement = (
        select(
            ApiUsage.tenant_id,
            ApiUsage.caller,
            today.label("today"),
            *(func.sum(_USAGE.c[name]).label(name) for name in _COUNTED),
        )
        .where(is_own(by, ApiUsage.tenant_id), ApiUsage.day > _first_shown())
        .group_by(ApiUsage.tenant_id, ApiUsage.caller)
    )
    return reads(by).execute(statement).all()


def _programs(by: Principal, sums: Mapping[tuple[int, str], Any]) -> list[CallerUsage]:
    found: list[CallerUsage] = []
    for key, sandbox in _of(by, ApiKey, ApiKey.tenant_id):
        past = key.expires_at is not None and key.expires_at <= clock.now()
        ended = key.revoked_at is not None or past
        row = sums.get((key.tenant_id, f"key:{key.id}"))
        used = (key.last_used_at, key.last_used_from)
        if row is not None or not ended:
            found.append(_usage(f"key:{key.id}", key.name, row, sandbox=sandbox, ended=ended, used=used))
    for client, sandbox in _of(by, OAuthClient, OAuthClient.tenant_id):
        ended = client.revoked_at is not None
        row = sums.get((client.tenant_id, f"client:{client.id}"))
        used = (client.last_used_at, None)
        if row is not None or not ended:
            found.append(_usage(f"client:{client.id}", client.name, row, sandbox=sandbox, ended=ended, used=used))
    return found


def _of(by: Principal, model: type[Owned], tenant_id: InstrumentedAttribute[int]) -> Sequence[tuple[Owned, bool]]:
    """One's own rows of `model` and those of the sandbox, each with whether it is the sandbox's."""
    statement = select(model, Tenant.sandbox_of_id.is_not(None)).join(Tenant, Tenant.id == tenant_id)
    return [(row, sandbox) for row, sandbox in reads(by).execute(statement.where(is_own(by, tenant_id)))]


def _usage(
    caller: str,
    name: str,
    row: Any | None,
    *,
    sandbox: bool,
    ended: bool = False,
    used: tuple[datetime | None, str | None] = (None, None),
) -> CallerUsage:
    return CallerUsage(
        caller=caller,
        name=name,
        sandbox=sandbox,
        ended=ended,
        today=0 if row is None else int(row.today),
        requests=0 if row is None else int(row.requests),
        limited=0 if row is None else int(row.limited),
        failed=0 if row is None else int(row.failed),
        last_used_at=used[0],
        last_used_from=used[1],
    )
