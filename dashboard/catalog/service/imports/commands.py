"""Importing devices from a file: accepting the file, starting, stopping, going on, the end."""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import delete, select

from dashboard.catalog.models import CatalogImport, ImportProblem
from dashboard.catalog.normalise import clean_text, search_text
from dashboard.catalog.service.devices import add_source
from dashboard.catalog.service.imports.reading import short
from dashboard.catalog.service.imports.saving import locked
from dashboard.catalog.service.imports.trial import Trial
from dashboard.catalog.sources import (
    ReadLimits,
    RowSource,
    SourceError,
    SourceRow,
    check_mapping,
    open_rows,
    suggest_mapping,
)
from dashboard.core import clock, events, jobs
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, DomainError, FieldError, Invalid, NotFound
from dashboard.core.jobs import Work

JOB = "catalog.import"
FOLDER = "imports"
COPY_BYTES = 1024 * 1024

SAMPLE_ROWS = 200
SAMPLES = 3
CONDITIONS = ("new", "used-a", "used-b", "used-c", "used-d")
KEEP_FILES = timedelta(days=14)

_SUFFIXES = frozenset((".csv", ".tsv", ".json", ".jsonl", ".gz", ".zip"))


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is to become of a file: `mapping` (column to target), what its rows share, and how it is laid over.

    `condition` is that of the devices whose prices the file states.
    """

    mapping: Mapping[str, str]
    source_name: str
    licence: str = ""
    make: str = ""
    category: str = ""
    make_from_name: bool = False
    condition: str = "new"
    overwrite: bool = False
    dry_run: bool = False


def _stored_name(filename: str) -> str:
    """A name of our own for an uploaded file; only what says of which kind it is stays of the given one."""
    suffixes = [suffix for suffix in Path(filename.lower()).suffixes[-2:] if suffix in _SUFFIXES]
    return uuid.uuid4().hex + "".join(suffixes)


def import_folder(instance_path: Path) -> Path:
    """The folder of import files, made if need be."""
    folder = instance_path / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def add_import(by: Principal, file: IO[bytes], filename: str, folder: Path, limits: ReadLimits) -> CatalogImport:
    """Keep `file` in `folder` under a name of our own, and make a draft for it.

    Raises Invalid where it is no table, with the reason; then nothing is kept.
    """
    by.require("operator")
    path = folder / _stored_name(filename)
    try:
        with path.open("xb") as kept:
            shutil.copyfileobj(file, kept, COPY_BYTES)
        return _add_draft(by, path, filename, limits)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _add_draft(by: Principal, path: Path, filename: str, limits: ReadLimits) -> CatalogImport:
    try:
        source = open_rows(path, limits=limits)
        samples = _samples(source)
    except SourceError as error:
        raise Invalid.field("file", str(error)) from error
    if any(not column.isprintable() for column in source.columns):
        raise Invalid.field("file", "A column's name holds characters that cannot be shown; rename it.")
    with atomic(by) as session:
        run = CatalogImport(
            filename=short(Path(filename).name or "file", 200),
            path=path.name,
            size=source.size,
            encoding_note=source.encoding_note,
            row_count=source.row_count,
            columns=source.columns,
            samples=samples,
            mapping=suggest_mapping(source.columns),
            source_name="",
            **_as_before_a_run(by),
        )
        session.add(run)
        session.flush()
    return run


def _as_before_a_run(by: Principal) -> dict[str, Any]:
    return {
        "defaults": {},
        "dry_run": False,
        "overwrite": False,
        "counts": {},
        "requested_by": by.label,
        "requester": by.name[:120],
        "created_at": clock.now(),
    }


def _samples(source: RowSource) -> dict[str, list[str]]:
    """A few different values of each column, from the first rows."""
    found: dict[str, list[str]] = {column: [] for column in source.columns}
    for row in islice(source, SAMPLE_ROWS):
        for column, value in row.values.items() if isinstance(row, SourceRow) else ():
            text = short(clean_text(value), 60)
            if text and len(found[column]) < SAMPLES and text not in found[column]:
                found[column].append(text)
    return found


def start_import(by: Principal, import_id: int, plan: ImportPlan) -> CatalogImport:
    """Promise the run of a draft under `plan`. Raises Invalid with the fields to mend, Conflict where it has begun."""
    by.require("operator")
    with atomic(by) as session:
        run = locked(session, import_id)
        if run.work_id is not None:
            raise Conflict("This import has been started already.", code="already_started")
        _check(plan, run.columns)
        run.mapping = dict(plan.mapping)
        run.source_name = clean_text(plan.source_name)
        run.licence = clean_text(plan.licence) or None
        run.defaults = {
            "make": clean_text(plan.make),
            "category": clean_text(plan.category),
            "make_from_name": plan.make_from_name,
            "condition": plan.condition,
        }
        run.dry_run, run.overwrite = plan.dry_run, plan.overwrite
        _promise(by, run)
    return run


def _check(plan: ImportPlan, columns: Sequence[str]) -> None:
    unknown = [f'The file has no column "{short(column, 60)}".' for column in plan.mapping if column not in columns]
    amiss = [*unknown, *check_mapping(plan.mapping)]
    wrong = [FieldError("mapping", " ".join(amiss))] if amiss else []
    if "make" not in plan.mapping.values() and not search_text(plan.make) and not plan.make_from_name:
        advice = "Say which column is the make, type one that all rows share, or take it from the name."
        wrong.append(FieldError("make", advice))
    if not clean_text(plan.source_name):
        wrong.append(FieldError("source_name", "Name the source: devices credit their fields to it."))
    for name, length in (("source_name", 120), ("licence", 60), ("make", 80), ("category", 60)):
        if len(getattr(plan, name)) > length:
            wrong.append(FieldError(name, f"Use at most {length} characters."))
    if plan.category and not search_text(plan.category):
        wrong.append(FieldError("category", "A category has letters or digits."))
    if plan.condition not in CONDITIONS:
        wrong.append(FieldError("condition", f"Choose one of {', '.join(CONDITIONS)}."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _promise(by: Principal, run: CatalogImport) -> None:
    if not run.dry_run:
        run.source_id = add_source(by, run.source_name, kind="import", licence=run.licence).id
    run.started_at = clock.now()
    run.work_id = jobs.enqueue(by, JOB, {"import_id": run.id}).id


def repeat_import(by: Principal, import_id: int, *, start: bool) -> CatalogImport:
    """A new import of the same file under the same plan: started for real, or a draft whose mapping can be changed."""
    by.require("operator")
    with atomic(by) as session:
        former = locked(session, import_id)
        copied = ("filename", "path", "size", "encoding_note", "row_count", "columns", "samples", "mapping")
        values = {name: getattr(former, name) for name in (*copied, "source_name", "licence")}
        run = CatalogImport(**values, **_as_before_a_run(by))
        run.defaults, run.overwrite = former.defaults, former.overwrite
        session.add(run)
        session.flush()
        if start:
            if former.work_id is None:
                raise Conflict("This import has not been mapped yet.", code="not_started")
            _promise(by, run)
    return run


def cancel_import(by: Principal, import_id: int) -> None:
    """Stop a run at its next batch; what was written stays. Raises Conflict where it has ended."""
    by.require("operator")
    jobs.request_cancel(by, _work_of(by, import_id))


def resume_import(by: Principal, import_id: int) -> None:
    """Go on with a run that was cancelled or has failed. Raises Conflict where it is running or done."""
    by.require("operator")
    jobs.retry(by, _work_of(by, import_id))


def _work_of(by: Principal, import_id: int) -> int:
    work_id = reads(by).scalar(select(CatalogImport.work_id).where(CatalogImport.id == import_id))
    if work_id is None:
        raise NotFound(f"There is no import {import_id} that was started.")
    return work_id


def begin_trial(by: Principal, import_id: int) -> Trial:
    """An empty notebook for a dry run, which starts from its first row again: nothing of it was written."""
    with atomic(by) as session:
        locked(session, import_id).counts = {}
        session.execute(delete(ImportProblem).where(ImportProblem.import_id == import_id))
    return Trial()


def finish_import(by: Principal, import_id: int) -> CatalogImport:
    """Put down that the last row was read and the search is up to date."""
    with atomic(by) as session:
        run = locked(session, import_id)
        if run.finished_at is None:
            run.finished_at = clock.now()
            if not run.dry_run:
                kept = ("read", "added", "changed", "unchanged", "refused")
                data = {name: run.counts[name] for name in kept} | {"source": run.source_name}
                events.record(by, "catalog.imported", f"import:{run.id}", data | {"requested_by": run.requested_by})
    return run


def forgotten_files(by: Principal) -> list[str]:
    """Names of import files that nobody has used for two weeks; drafts of them are forgotten too."""
    old = clock.now() - KEEP_FILES
    live = select(Work.id).where(Work.id == CatalogImport.work_id, Work.ended_at.is_(None)).exists()
    with atomic(by) as session:
        needed = set(session.scalars(select(CatalogImport.path).where((CatalogImport.created_at >= old) | live)))
        session.execute(delete(CatalogImport).where(CatalogImport.created_at < old, CatalogImport.work_id.is_(None)))
        return [path for path in session.scalars(select(CatalogImport.path).distinct()) if path not in needed]


class FileGone(DomainError):
    """The file of an import is not in the folder of this machine."""

    code = "file_gone"


def open_import(run: CatalogImport, folder: Path, limits: ReadLimits) -> RowSource:
    """The rows of the import's file. Raises FileGone, and Invalid where the file can no longer be read."""
    try:
        return open_rows(folder / run.path, limits=limits)
    except FileNotFoundError as error:
        raise FileGone("The uploaded file is no longer there. Upload it again.") from error
    except SourceError as error:
        raise Invalid.field("file", str(error)) from error


def plan_of(run: CatalogImport) -> dict[str, Any]:
    """What a form about `run` begins with."""
    shared = asdict(ImportPlan({}, run.source_name, run.licence or "", overwrite=run.overwrite))
    return {**shared, **run.defaults, "mapping": run.mapping}
