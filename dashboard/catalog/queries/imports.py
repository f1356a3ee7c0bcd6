"""Looking at imports: all of them, one, and the report of what it could not take."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from dashboard.catalog.models import CatalogImport, ImportProblem
from dashboard.core import jobs
from dashboard.core.context import Principal
from dashboard.core.db import reads, table_of
from dashboard.core.errors import NotFound
from dashboard.core.jobs import Work
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.core.tenancy import OWN_TENANT

PAGE = 50
REPORT_CHUNK = 2_000
REPORT_COLUMNS = ("row", "refused", "field", "value", "reason")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_problems = table_of(ImportProblem)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was left out, of which field ("" for whole rows), and how many times."""

    field: str
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import and how it stands: draft, waiting, running, done, failed or cancelled.

    `done` of `total` rows are read; `error` is what stopped it, "" for nothing.
    """

    run: CatalogImport
    state: str
    done: int
    total: int
    doing: str
    error: str

    @property
    def live(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in ("waiting", "running")

    def count(self, name: str) -> int:
        """One of the figures of the report; 0 while there is none."""
        return self.run.counts.get(name, 0)

    @property
    def reasons(self) -> list[Reason]:
        """Why rows or values were left out, the most frequent first."""
        found: dict[str, int] = self.run.counts.get("reasons", {})
        split = ((*key.partition(": "), times) for key, times in found.items())
        reasons = [Reason(field, reason, times) for field, _, reason, times in split]
        return sorted(reasons, key=lambda each: (-each.times, each.field, each.reason))

    def names(self, kind: str) -> list[str]:
        """The first names of new `makes` or `categories`."""
        return self.run.counts.get(f"{kind}_shown", [])


def list_imports(by: Principal, *, after: str | None = None, limit: int = PAGE) -> Slice[ImportView]:
    """Imports, newest first. Raises Invalid for an unknown cursor."""
    by.require("operator")
    statement = (
        select(CatalogImport, Work)
        .outerjoin(Work, Work.id == CatalogImport.work_id)
        .order_by(CatalogImport.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(CatalogImport.id < decode_cursor(after, [int])[0])
    rows = reads(by).execute(statement, execution_options={**OWN_TENANT, "populate_existing": True}).all()
    views = [_view(run, work) for run, work in rows[:limit]]
    return Slice(views, encode_cursor([views[-1].run.id]) if len(rows) > limit else None)


def get_import(by: Principal, import_id: int) -> ImportView:
    """One import as it is now. Raises NotFound."""
    by.require("operator")
    statement = select(CatalogImport).where(CatalogImport.id == import_id)
    run = reads(by).scalar(statement, execution_options={"populate_existing": True})
    if run is None:
        raise NotFound(f"There is no import {import_id}.")
    return _view(run, None if run.work_id is None else jobs.find(by, run.work_id))


def _view(run: CatalogImport, work: Work | None) -> ImportView:
    read = run.counts.get("read", 0)
    if run.work_id is None:
        return ImportView(run, "draft", 0, run.row_count, "", "")
    if run.finished_at is not None:
        return ImportView(run, "done", read, run.row_count, "", "")
    if work is None:  # work that ended long ago is forgotten
        return ImportView(run, "failed", read, run.row_count, "", "It was stopped long ago and cannot go on.")
    state = "running" if work.state == "done" else work.state
    error = (work.last_error or "") if state in ("failed", "waiting") else ""
    return ImportView(run, state, read, run.row_count, work.progress_text or "", error)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row (`refused`), or a value in a row, that was left out, and why. Rows are numbered as in a spreadsheet."""

    row: int
    position: int
    refused: bool
    field: str | None
    value: str
    reason: str


def problems(
    by: Principal, import_id: int, *, refused_only: bool = False, after: str | None = None, limit: int = PAGE
) -> Slice[Problem]:
    """What an import left out, in the order of its rows. Raises Invalid for an unknown cursor."""
    by.require("operator")
    start = None
    if after is not None:
        start = tuple(decode_cursor(after, [int, int]))
    found = _problems_after(by, import_id, start, limit + 1, refused_only=refused_only)
    items = found[:limit]
    more = len(found) > limit
    return Slice(items, encode_cursor([items[-1].row, items[-1].position]) if more else None)


def _problems_after(
    by: Principal, import_id: int, start: tuple[Any, ...] | None, limit: int, *, refused_only: bool = False
) -> list[Problem]:
    columns = [_problems.c[name] for name in ("row", "position", "refused", "field", "value", "reason")]
    statement = select(*columns).where(_problems.c.import_id == import_id)
    if refused_only:
        statement = statement.where(_problems.c.refused)
    if start is not None:
        statement = statement.where(tuple_(_problems.c.row, _problems.c.position) > tuple_(*start))
    ordered = statement.order_by(_problems.c.row, _problems.c.position).limit(limit)
    return [Problem(*row) for row in reads(by).execute(ordered)]


def problem_report(by: Principal, import_id: int) -> Iterator[str]:
    """All that an import left out as CSV (RFC 4180, with a mark for UTF-8), in pieces.

    No cell is a formula: one that a spreadsheet would run begins with an apostrophe.
    """
    by.require("operator")
    yield "\ufeff" + _csv([REPORT_COLUMNS])
    start: tuple[int, int] | None = None
    while found := _problems_after(by, import_id, start, REPORT_CHUNK):
        start = (found[-1].row, found[-1].position)
        yield _csv(
            [(each.row, "yes" if each.refused else "no", each.field or "", each.value, each.reason) for each in found]
        )


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[harmless(str(cell)) for cell in row] for row in rows])
    return text.getvalue()


def harmless(cell: str) -> str:
    """`cell` as a spreadsheet shows it, never runs it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
