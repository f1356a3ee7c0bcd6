"""Changing everything that a list finds, however long it is: batch by batch in the background, with a way back.

A batch is one command that also says how far the change is: whoever goes on after a crash changes no unit twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, select

from dashboard.core import clock, events, jobs
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.core.jobs import Work
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import BulkChange, BulkChangeRow, Unit
from dashboard.inventory.queries.unit_filters import UnitFilter, here, units
from dashboard.inventory.queries.units import count_units
from dashboard.inventory.service import bulk
from dashboard.inventory.service.bulk import Outcome, Report, Wanted, check_wanted

JOB, UNDO_JOB = "inventory.change-list", "inventory.undo-list"
BATCH = 250
"""Units of one command. A list of no more is changed while the person waits."""

SHOWN = 20
EXAMPLES = 10
"""Units that are named in a report for each reason why units stay as they are."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a list has, of it how many units somebody holds, and what a change would do to the first of them."""

    total: int
    held: int
    sample: Report


def preview_list(by: Principal, where: UnitFilter, wanted: Wanted) -> Preview:
    """What `change_list` would do now, by exact counts and a sample. Raises Invalid."""
    held = replace(where, status="held") if where.status is None else where
    counted = 0 if where.status in ("available", "quarantined", "in_transit") else count_units(by, held)
    sample = bulk.preview_units(by, lambda session: _some(by, session, where, limit=SHOWN), wanted)
    return Preview(count_units(by, where), counted, sample)


def change_list(by: Principal, where: UnitFilter, wanted: Wanted, *, seen: int) -> BulkChange:
    """Change all units that a list has now: at once where they are few, else in the background.

    `seen` is how many there were when somebody said yes. Raises Invalid, or Conflict where there are others now.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        check_wanted(session, wanted)
        total = count_units(by, where)
        if total != seen:
            raise Conflict(f"The list has {total:,} units now, not {seen:,}. Look at the preview again.")
        if not total:
            raise Invalid.field("units", "The list has no units.")
        change = BulkChange(
            changed=wanted.as_json(),
            actor=by.label,
            at=clock.now(),
            found_by=_as_json(where),
            up_to=session.scalar(select(func.max(Unit.id))),
            total=total,
            report=_nothing_yet(),
        )
        session.add(change)
        session.flush()
        if total > BATCH:
            change.work_id = jobs.enqueue(by, JOB, {"bulk_id": change.id}, unique_key=f"bulk:{change.id}").id
        else:
            change_some(by, change.id, after=0)
        told = {"units": total, "changed": wanted.as_json()}
        events.record(by, "inventory.bulk-changed", f"bulk:{change.id}", told)
    return change


def change_some(by: Principal, bulk_id: int, *, after: int) -> int | None:
    """Change the next units of a list above the id `after` in one command; the last one's id, None after the last."""
    with atomic(by) as session:
        change = get_change(by, bulk_id)
        found = _some(by, session, _filter(change.found_by or {}), after=after, up_to=change.up_to, limit=BATCH)
        if not found:
            return None
        rows, before = bulk.change_units(by, session, found, Wanted(**change.changed))
        bulk.keep_before(by, session, bulk_id, before)
        change.report = _with(change.report, rows)
    return found[-1]


def undo_change(by: Principal, bulk_id: int) -> Report | None:
    """Take back the actor's last change, as `bulk.undo_bulk`; None where it is long and goes on in the background.

    Raises Conflict also while the change itself is still going on.
    """
    by.require("inventory:write")
    with atomic(by) as session:
        change = get_change(by, bulk_id)
        if is_live(by, change.work_id) or is_live(by, change.undo_work_id):
            raise Conflict("This change is still being worked on. Wait for its end, or stop it.", code="not_undoable")
        kept = session.scalar(select(func.count()).select_from(BulkChangeRow).where(BulkChangeRow.bulk_id == bulk_id))
        if (kept or 0) <= bulk.MOST:
            return bulk.undo_bulk(by, bulk_id)
        last = bulk.last_bulk(by)
        if last is None or last.id != bulk_id:
            raise Conflict("Only your last change can be taken back, and only once.", code="not_undoable")
        change.undo_report = change.undo_report or _nothing_yet()
        change.undo_work_id = jobs.enqueue(by, UNDO_JOB, {"bulk_id": bulk_id}, unique_key=f"undo:{bulk_id}").id
    return None


def undo_some(by: Principal, bulk_id: int) -> bool:
    """Take back the next units of a change in one command; False after the last.

    What was kept of them goes with it: whoever goes on after a crash begins where it had got to.
    """
    with atomic(by) as session:
        change = get_change(by, bulk_id)
        kept = select(BulkChangeRow).where(BulkChangeRow.bulk_id == bulk_id).order_by(BulkChangeRow.unit_id)
        rows = session.scalars(kept.limit(BATCH)).all()
        if rows:
            change.undo_report = _with(change.undo_report, bulk.undo_rows(by, session, rows))
            session.execute(
                delete(BulkChangeRow).where(BulkChangeRow.bulk_id == bulk_id, BulkChangeRow.unit_id <= rows[-1].unit_id)
            )
        elif change.undone_at is None:
            change.undone_at = clock.now()
            events.record(by, "inventory.bulk-undone", f"bulk:{bulk_id}", {"units": change.undo_report["changed"]})
    return bool(rows)


def get_change(by: Principal, bulk_id: int) -> BulkChange:
    """A change of many units as it is now. Raises NotFound."""
    statement = select(BulkChange).where(BulkChange.id == bulk_id).execution_options(populate_existing=True)
    found = reads(by).scalar(statement)
    if found is None:
        raise NotFound("There is no such change.")
    return found


def stop(by: Principal, bulk_id: int) -> None:
    """Stop a change, or its undoing, where it is: what is done stays done. Raises NotFound, or Conflict at its end."""
    by.require("inventory:write")
    change = get_change(by, bulk_id)
    work_id = change.undo_work_id or change.work_id
    if work_id is None:
        raise Conflict("This has already ended, so there is nothing to stop.", code="already_ended")
    jobs.request_cancel(by, work_id)


def work_of(by: Principal, change: BulkChange) -> Work | None:
    """The work that goes on for a change, or went on last; None where there was or is none any more."""
    work_id = change.undo_work_id or change.work_id
    return None if work_id is None else jobs.find(by, work_id)


def is_live(by: Principal, work_id: int | None) -> bool:
    """Whether work is waiting or going on."""
    work = None if work_id is None else jobs.find(by, work_id)
    return work is not None and work.live


def _some(
    by: Principal, session: CommandSession, where: UnitFilter, *, limit: int, after: int = 0, up_to: int | None = None
) -> list[int]:
    wanted = [*here(where.shape), units.c.id > bindparam("after", type_=BigInteger)]
    if up_to is not None:
        wanted.append(units.c.id <= bindparam("up_to", type_=BigInteger))
    values = where.values(by) | {"after": after, "up_to": up_to}
    statement = select(units.c.id).where(*wanted).order_by(units.c.id).limit(limit)
    return list(session.execute(statement, values, execution_options=OWN_TENANT).scalars())


def _as_json(where: UnitFilter) -> dict[str, Any]:
    values = {each.name: getattr(where, each.name) for each in fields(where)}
    return {name: value for name, value in values.items() if value is not None}


def _filter(found_by: Mapping[str, Any]) -> UnitFilter:
    values: dict[str, Any] = {**found_by, "grades": tuple(found_by.get("grades", ()))}
    return UnitFilter(**values)


def _nothing_yet() -> dict[str, Any]:
    return {"done": 0, "changed": 0, "problems": {}}


def _with(report: Mapping[str, Any], rows: Sequence[Outcome]) -> dict[str, Any]:
    """The report with some more units: reasons are counted, and some units of each named."""
    problems: dict[str, Any] = {text: dict(each) for text, each in report["problems"].items()}
    for row in _refused(rows):
        known = problems.setdefault(row.problem, {"count": 0, "units": []})
        known["count"] += 1
        if len(known["units"]) < EXAMPLES:
            known["units"] = [*known["units"], [row.public_id, row.number]]
    changed = sum(bool(row.changed) for row in rows)
    return {"done": report["done"] + len(rows), "changed": report["changed"] + changed, "problems": problems}


def _refused(rows: Iterable[Outcome]) -> Iterable[Outcome]:
    return (row for row in rows if row.problem)
