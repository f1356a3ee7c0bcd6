"""Importing devices from a file."""

from dashboard.catalog.service.imports.commands import (
    CONDITIONS,
    JOB,
    FileGone,
    ImportPlan,
    add_import,
    begin_trial,
    cancel_import,
    finish_import,
    forgotten_files,
    import_folder,
    open_import,
    plan_of,
    repeat_import,
    resume_import,
    start_import,
)
from dashboard.catalog.service.imports.reading import ReadRows, read_rows
from dashboard.catalog.service.imports.saving import save_rows
from dashboard.catalog.service.imports.trial import Trial

__all__ = [
    "CONDITIONS",
    "JOB",
    "FileGone",
    "ImportPlan",
    "ReadRows",
    "Trial",
    "add_import",
    "begin_trial",
    "cancel_import",
    "finish_import",
    "forgotten_files",
    "import_folder",
    "open_import",
    "plan_of",
    "read_rows",
    "repeat_import",
    "resume_import",
    "save_rows",
    "start_import",
]
