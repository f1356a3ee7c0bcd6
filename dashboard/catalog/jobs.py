"""Background work of the catalogue: imports, and clearing away what they leave."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from flask import current_app

from dashboard.catalog import service
from dashboard.catalog.models import CatalogImport
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.service import imports
from dashboard.catalog.sources import ReadLimits, RowProblem, RowSource, SourceRow
from dashboard.config import Settings
from dashboard.core import jobs
from dashboard.core.db import atomic

BATCH = 500
"""Rows of one transaction: what a killed worker has to read again at most."""


@jobs.job(imports.JOB, installation=True)
def import_devices(task: jobs.Task) -> dict[str, object]:
    """Read the file of an import batch by batch. Goes on where it had got to; a dry run begins again."""
    settings: Settings = current_app.extensions["settings"]
    import_id: int = task.args["import_id"]
    run = queries.get_import(task.by, import_id).run
    if run.finished_at is None:
        limits = ReadLimits(max_bytes=settings.max_import_bytes)
        source = imports.open_import(run, imports.import_folder(settings.instance_path), limits)
        if run.dry_run:
            _try_rows(task, run, source)
        else:
            _import_rows(task, run, source)
        run = imports.finish_import(task.by, import_id)
    return dict(run.counts)


def _import_rows(task: jobs.Task, run: CatalogImport, source: RowSource) -> None:
    done: int = task.saved.get("rows", 0)
    for batch in _batches(source, done):
        read = imports.read_rows(run, batch)
        task.checkpoint()
        done += read.count
        with atomic(task.by):
            imports.save_rows(task.by, run, read)
            task.save({"rows": done})
            task.progress(done, source.row_count, "Reading rows")
    counts = queries.get_import(task.by, run.id).run.counts
    if counts["added"] or counts["changed"]:
        task.progress(done, source.row_count, "Bringing the search up to date")
        service.rebuild_heads(task.by, task.checkpoint)


def _try_rows(task: jobs.Task, run: CatalogImport, source: RowSource) -> None:
    done = 0
    trial = imports.begin_trial(task.by, run.id)
    try:
        for batch in _batches(source, done):
            read = imports.read_rows(run, batch)
            task.checkpoint()
            done += read.count
            imports.save_rows(task.by, run, read, trial)
            task.progress(done, source.row_count, "Trying rows")
    finally:
        trial.close()


def _batches(source: RowSource, start: int) -> Iterator[list[SourceRow | RowProblem]]:
    rows = islice(source, start, None)
    while batch := list(islice(rows, BATCH)):
        yield batch


@jobs.periodic("catalog.forget_import_files", every=timedelta(days=1))
def forget_import_files(task: jobs.Task) -> dict[str, object]:
    """Delete import files that nobody has used for two weeks; their reports stay."""
    settings: Settings = current_app.extensions["settings"]
    folder = imports.import_folder(settings.instance_path)
    forgotten = imports.forgotten_files(task.by)
    for name in forgotten:
        (folder / name).unlink(missing_ok=True)
    return {"deleted": len(forgotten)}
