"""Writing the batches of an import: devices, prices, problems and counts of each in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select

from dashboard.catalog.models import CatalogImport, ImportProblem, PriceObservation
from dashboard.catalog.service.devices import BatchResult, save_batch
from dashboard.catalog.service.imports.reading import ReadRows
from dashboard.catalog.service.imports.trial import Trial
from dashboard.catalog.service.merging import Merged, Outcome
from dashboard.catalog.service.prices import Observation, observe_prices
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads, table_of
from dashboard.core.errors import NotFound

SHOWN_NAMES = 30
MAX_REASONS = 200

_problems = table_of(ImportProblem)
_observations = table_of(PriceObservation)


def save_rows(by: Principal, run: CatalogImport, read: ReadRows, trial: Trial | None = None) -> None:
    """Write one batch: devices, prices, problems and counts together. With `trial` the devices go there instead."""
    by.require("operator")
    tried = None if trial is None else trial.merge_batch(by, read.facts, overwrite=run.overwrite)
    with atomic(by) as session:
        run = locked(session, run.id)
        if tried is None:
            assert run.source_id is not None
            result = save_batch(by, read.facts, source_id=run.source_id, overwrite=run.overwrite)
        else:
            result = tried
        _save_prices(by, run, read.prices, result.rows, trial)
        if read.problems:
            session.execute(insert(_problems), [{"import_id": run.id, **each} for each in read.problems])
        run.counts = _added_up(run.counts, read, result)


def _save_prices(
    by: Principal, run: CatalogImport, prices: Sequence[int | None], rows: Sequence[Merged], trial: Trial | None
) -> None:
    """Observe the prices of a batch that are not what this source said last; such a row has changed its device."""
    offered = [(row, price) for row, price in zip(rows, prices, strict=True) if price is not None]
    if not offered or run.started_at is None:
        return
    source, condition = run.source_name[:60], run.defaults["condition"]
    ids = {row.device["id"] for row, _ in offered}
    seen = _last_seen(by, ids, source, condition)
    if trial is not None:
        seen |= trial.prices(ids)
    observed: list[Observation] = []
    amounts: dict[int, set[int]] = {}
    for row, price in offered:
        device_id = row.device["id"]
        if price in seen.get(device_id, ()) or price in amounts.get(device_id, ()):
            continue
        amounts.setdefault(device_id, set()).add(price)
        observed.append(Observation(device_id, source, condition, price, run.started_at))
        if row.outcome == Outcome.UNCHANGED:
            row.outcome = Outcome.CHANGED
    if trial is None:
        observe_prices(by, observed)
    else:
        trial.note_prices(amounts)


def _last_seen(by: Principal, device_ids: set[int], source: str, condition: str) -> dict[int, set[int]]:
    """The amounts that `source` gave for each device when it last gave any."""
    at, amount, device = _observations.c.observed_at, _observations.c.amount, _observations.c.device_id
    ours = (device.in_(device_ids), _observations.c.source == source, _observations.c.condition == condition)
    latest = select(device, func.max(at).label("at")).where(*ours).group_by(device).subquery("latest")
    statement = select(device, amount).where(*ours).join(latest, (latest.c.device_id == device) & (latest.c.at == at))
    seen: dict[int, set[int]] = {}
    for device_id, cents in reads(by).execute(statement):
        seen.setdefault(device_id, set()).add(cents)
    return seen


def _added_up(before: Mapping[str, Any], read: ReadRows, result: BatchResult) -> dict[str, Any]:
    outcomes = Counter(row.outcome for row in result.rows)
    counts: dict[str, Any] = {
        name: before.get(name, 0) + more
        for name, more in (
            ("read", read.count),
            *((outcome.value, outcomes[outcome]) for outcome in Outcome),
            ("refused", read.refused),
            ("problems", len(read.problems)),
            ("left_out", sum(len(row.left_out) for row in result.rows)),
        )
    }
    reasons: dict[str, int] = dict(before.get("reasons", {}))
    for problem in read.problems:
        reason = f"{problem['field'] or ''}: {problem['reason']}"
        if reason not in reasons and len(reasons) >= MAX_REASONS:
            reason = ": other reasons"
        reasons[reason] = reasons.get(reason, 0) + 1
    counts["reasons"] = reasons
    for name, found in (("makes", result.new_makes), ("categories", result.new_categories)):
        shown: list[str] = before.get(f"{name}_shown", [])
        counts[name] = before.get(name, 0) + len(found)
        counts[f"{name}_shown"] = [*shown, *found][:SHOWN_NAMES]
    return counts


def locked(session: CommandSession, import_id: int) -> CatalogImport:
    """The import as it is now, for the present command alone. Raises NotFound."""
    statement = select(CatalogImport).where(CatalogImport.id == import_id).with_for_update()
    run = session.scalar(statement, execution_options={"populate_existing": True})
    if run is None:
        raise NotFound(f"There is no import {import_id}.")
    return run
