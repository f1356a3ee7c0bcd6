"""Where the far pages of the list of units begin, remembered for some seconds.

To pass over fifty thousand rows costs as much as to read them. The id at every 500th row of a list is kept in this
process for at most ten seconds, so a page far down is as fast as the first; what came or went meanwhile shows there
that much later. The first pages are always exact.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select

from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.queries.unit_filters import UnitFilter, here, units

EVERY = 500
EXACT_UP_TO = 2 * EVERY
KEPT_S = 10.0
LISTS = 512

_lock = threading.Lock()


@dataclass(slots=True)
class _Known:
    until: float
    ids: dict[int, int] = field(default_factory=dict[int, int])


_known: OrderedDict[tuple[int | None, UnitFilter], _Known] = OrderedDict()


def begin(by: Principal, where: UnitFilter, offset: int) -> tuple[int | None, int]:
    """The id below which to begin for the row at `offset` (None: at the first), and how many rows to pass over."""
    if offset < EXACT_UP_TO:
        return None, offset
    step = offset // EVERY
    known = _of(by, where)
    found = known.get(step)
    if found is None:
        near = max((each for each in known if each < step), default=0)
        found = _look_up(by, where, known.get(near), (step - near) * EVERY - 1)
        if found is None:
            return None, offset  # the list ends before it
        known[step] = found
    return found, offset - step * EVERY


def forget() -> None:
    """Forget all of it: for tests, and after rows were written past the service."""
    with _lock:
        _known.clear()


def _of(by: Principal, where: UnitFilter) -> dict[int, int]:
    key = (by.tenant_id, where)
    moment = time.monotonic()
    with _lock:
        known = _known.get(key)
        if known is None or known.until <= moment:
            known = _known[key] = _Known(moment + KEPT_S)
        _known.move_to_end(key)
        while len(_known) > LISTS:
            _known.popitem(last=False)
        return known.ids


def _look_up(by: Principal, where: UnitFilter, before: int | None, skip: int) -> int | None:
    statement = _statement(where.shape, from_boundary=before is not None)
    values = where.values(by) | {"before": before, "skip": skip}
    return reads(by).execute(statement, values, execution_options=OWN_TENANT).scalar_one_or_none()


@lru_cache(maxsize=512)
def _statement(shape: tuple[str, ...], *, from_boundary: bool) -> Select[*tuple[Any, ...]]:
    wanted = here(shape)
    if from_boundary:
        wanted.append(units.c.id < bindparam("before", type_=BigInteger))
    statement = select(units.c.id).where(*wanted).order_by(units.c.id.desc())
    return statement.limit(1).offset(bindparam("skip", type_=BigInteger))
